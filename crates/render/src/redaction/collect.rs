//! What is private in a document, found where its fields say so.

use std::net::IpAddr;

use serde_json::Value;

use super::ledger::{Ledger, is_placeholder_name};
use super::web::Address;
use super::{header, keep, page};
use reach365_judge::verdict::{Signatures, known_words, short};
use reach365_model::catalog::CUSTOM;
use reach365_model::endpoint::{Endpoint, Expect, Host};
use reach365_model::evidence::{
    Attempt, ControlHostSeen, Evidence, Lookup, RecordKind, Redirect, SkipReason, Trust,
};
use reach365_model::plan::MSOID_GROUP;
use reach365_model::report::{EndpointReport, Report};
use reach365_model::verdict::Code;
use reach365_proxy::route::Hop;

/// Where a name server made something up: its answers are not the service's addresses.
const MADE_UP: [Code; 5] = [
    Code::HttpCaptivePortal,
    Code::DnsSinkhole,
    Code::DnsOutsidePublishedRange,
    Code::DnsForeignCname,
    Code::DnsRewritten,
];
/// Characters of a page that a sentence quotes.
const QUOTED: usize = 80;
/// Organizations that issue for everybody, and Microsoft.
const PUBLIC_ORGANISATIONS: [&str; 12] = [
    "microsoft",
    "digicert",
    "baltimore",
    "globalsign",
    "sectigo",
    "comodo",
    "entrust",
    "verisign",
    "let's encrypt",
    "internet security research group",
    "google trust services",
    "akamai",
];

/// What the fields of a report say by themselves.
pub(super) fn report(report: &Report, ledger: &mut Ledger) {
    if let Some(host) = &report.run.host {
        ledger.name("machine", host);
    }
    if let Some(site) = &report.run.site {
        ledger.name("site", site);
    }
    let prefixes = report.run.evidence.nat64.iter();
    prefixes.for_each(|prefix| ledger.nat64(*prefix));
    let private = private_hosts(report, ledger);
    ledger.share(&private);
    for row in &report.endpoints {
        endpoint(&row.endpoint, ledger);
        service_names(row, ledger);
        service_addresses(row, ledger);
        proxy_names(&row.evidence, ledger);
        if let Some(SkipReason::UnreadableSetting { value, .. }) = &row.evidence.skipped {
            replaced(value, page::masked, ledger);
        }
        if let Some(redirect) = &row.evidence.redirected {
            redirected(redirect, ledger);
        }
    }
    for control in &report.run.evidence.control_hosts {
        control_host(control, ledger);
    }
}

/// The private hosts that rules compare: those of the rows, and those that answers lead to.
fn private_hosts<'a>(report: &'a Report, ledger: &Ledger) -> Vec<&'a str> {
    let own = report.endpoints.iter();
    let own = own.filter_map(|row| row.endpoint.host.name());
    let answers = report.endpoints.iter().flat_map(|row| {
        let controls = row.evidence.controls.iter();
        let beside = controls.flat_map(|control| &control.evidence.attempts);
        row.evidence.attempts.iter().chain(beside)
    });
    let answers = answers.filter_map(|attempt| attempt.http.as_ref()?.value.as_ref());
    let targets = answers.flat_map(|seen| {
        let location = seen.headers.get("location");
        let location = location.and_then(|text| Some(Address::at(text.trim())?.host()));
        location.into_iter().chain(seen.leads_to.as_deref())
    });
    let hosts = own.chain(targets);
    hosts.filter(|host| !ledger.is_public_name(host)).collect()
}

/// What an entry has that the built-in list does not have under its id.
fn endpoint(endpoint: &Endpoint, ledger: &mut Ledger) {
    let listed = ledger.listed_as(&endpoint.id);
    let host = endpoint.host.to_string();
    let private = !ledger.is_public_name(&host);
    if endpoint.groups.iter().any(|group| group == MSOID_GROUP) {
        let domain = host.strip_prefix("msoid.").unwrap_or(&host);
        ledger.name("domain", domain);
        ledger.owner(domain);
    } else if private && matches!(endpoint.host, Host::Name(_)) {
        ledger.private_host("host", &host);
    }
    if !listed.iter().any(|entry| entry.path == endpoint.path) {
        ledger.path(&endpoint.path);
    }
    if !listed.iter().any(|entry| entry.expect == endpoint.expect) {
        expected(&endpoint.expect, ledger);
    }
    if !private {
        let ranges = endpoint.ranges.iter();
        ranges.for_each(|range| ledger.keep_address(range.network()));
    }
    if !endpoint.id.contains(&host) && listed.is_empty() {
        ledger.name("endpoint", &endpoint.id);
    }
    groups(endpoint, ledger);
}

fn groups(endpoint: &Endpoint, ledger: &mut Ledger) {
    for group in &endpoint.groups {
        let own = ![CUSTOM, MSOID_GROUP].contains(&group.as_str());
        if own && !ledger.has_public_group(group) {
            ledger.name("group", group);
        }
    }
}

/// A text or a key that only a list of one's own asks for. It has a placeholder of its own, so that
/// an answer that holds it is still told from one that does not.
fn expected(expect: &Expect, ledger: &mut Ledger) {
    match expect {
        Expect::Body(text) if !page::is_known(text) => ledger.name("text", text),
        Expect::JsonKey(key) if !page::is_known(key) => ledger.name("key", key),
        _ => {}
    }
}

/// Names of proxies may have one label, and are then found by nothing but their place.
fn proxy_names(evidence: &Evidence, ledger: &mut Ledger) {
    for proxy in &evidence.proxy_names {
        for name in [&proxy.name].into_iter().chain(&proxy.asked) {
            ledger.private_host("proxy", name);
        }
    }
    for control in &evidence.controls {
        proxy_names(&control.evidence, ledger);
    }
}

fn control_host(control: &ControlHostSeen, ledger: &mut Ledger) {
    proxy_names(&control.evidence, ledger);
    if let Host::Name(name) = &control.host {
        ledger.private_host("host", name);
        if ledger.is_public_name(name) {
            aliases(&control.evidence, ledger);
        }
    }
}

/// `http://probe.contoso.example/test.txt = "…"`, or `probe = 192.0.2.1`.
fn redirected(redirect: &Redirect, ledger: &mut Ledger) {
    let host = match Address::at(&redirect.to) {
        Some(address) => address.host(),
        None => redirect.to.split(" =").next().unwrap_or_default(),
    };
    ledger.private_host("host", host);
    let text = redirect.to.split_once(" = \"");
    let text = text.map(|(_, text)| text.trim_end_matches('"'));
    if let Some(text) = text.filter(|text| page::masked(text) != **text) {
        ledger.name("text", text);
    }
}

/// Names of content networks and services to which a host of Microsoft points.
fn service_names(row: &EndpointReport, ledger: &mut Ledger) {
    if ledger.is_public_name(&row.endpoint.host.to_string()) && !is_made_up(row) {
        aliases(&row.evidence, ledger);
        let controls = row.evidence.controls.iter();
        controls.for_each(|control| aliases(&control.evidence, ledger));
    }
}

fn aliases(evidence: &Evidence, ledger: &mut Ledger) {
    for lookup in &evidence.lookups {
        let answer = lookup.outcome.value.iter();
        let records = answer.flat_map(|answer| &answer.records);
        let aliases = records.filter(|record| record.kind == RecordKind::Cname);
        aliases.for_each(|record| ledger.alias(&record.data));
    }
}

/// Whether the verdict says that a name server made something up.
fn is_made_up(row: &EndpointReport) -> bool {
    let causes = [row.verdict.code, row.verdict.consequence_of];
    causes.iter().flatten().any(|code| MADE_UP.contains(code))
}

/// The addresses of a service of Microsoft stay: a rule of a firewall is about them.
fn service_addresses(row: &EndpointReport, ledger: &mut Ledger) {
    let endpoint = &row.endpoint;
    if !ledger.is_public_name(&endpoint.host.to_string()) {
        return;
    }
    seen_addresses(endpoint, &row.evidence, is_made_up(row), ledger);
}

fn seen_addresses(endpoint: &Endpoint, evidence: &Evidence, made_up: bool, ledger: &mut Ledger) {
    for address in evidence.lookups.iter().flat_map(addresses_of) {
        let published = endpoint.ranges.iter().any(|range| range.contains(&address));
        if published || !made_up {
            ledger.keep_address(address);
        }
    }
    for attempt in evidence.attempts.iter().filter(|it| is_genuine(it)) {
        ledger.keep_address(attempt.address.ip());
    }
    for control in &evidence.controls {
        seen_addresses(endpoint, &control.evidence, made_up, ledger);
    }
}

fn addresses_of(lookup: &Lookup) -> Vec<IpAddr> {
    let answer = lookup.outcome.value.iter();
    let records = answer.flat_map(|answer| &answer.records);
    records
        .filter_map(|record| record.data.parse().ok())
        .collect()
}

fn is_genuine(attempt: &Attempt) -> bool {
    let tls = attempt.tls.as_ref().and_then(|tls| tls.value.as_ref());
    attempt.hop.is_none() && tls.is_some_and(|seen| seen.public_roots == Some(Trust::Trusted))
}

/// What is found in a tree of any document by the names of its fields.
pub(super) fn tree(value: &Value, ledger: &mut Ledger) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| tree(item, ledger)),
        Value::Object(fields) => {
            for (key, value) in fields {
                match value {
                    Value::String(text) => field(key, text, ledger),
                    Value::Object(headers) if key == "headers" => {
                        let texts = headers.iter();
                        let texts = texts.filter_map(|(name, text)| Some((name, text.as_str()?)));
                        texts.for_each(|(name, text)| header(name, text, ledger));
                    }
                    Value::Array(items) => {
                        let texts = items.iter().filter_map(Value::as_str);
                        texts.for_each(|text| field(key, text, ledger));
                    }
                    _ => {}
                }
                tree(value, ledger);
            }
        }
        _ => {}
    }
}

fn field(key: &str, text: &str, ledger: &mut Ledger) {
    match key {
        "hop" | "hops" => hop(text, ledger),
        "script" | "url" | "redirects" | "pac_url" => script(text, ledger),
        "subject" | "issuer" => distinguished_name(text, ledger),
        "title" | "body_text" | "first_bytes" | "reason" | "proxy_error" => {
            replaced(text, page::masked, ledger);
        }
        "extended_errors" => replaced(text, page::extended_error, ledger),
        "leads_to" => ledger.private_host("host", text),
        "domain" => {
            ledger.name("domain", text);
            ledger.owner(text);
        }
        _ => {}
    }
}

/// A header of an answer: the machines and owners that it names, and copies of the whole.
fn header(name: &str, text: &str, ledger: &mut Ledger) {
    if name == "location" {
        web_address(text, ledger);
    }
    let shown = header::value(name, text, ledger);
    match name {
        "x-squid-error" => replaced(text, page::masked, ledger),
        "server" => replaced(text, page::software, ledger),
        "via" => replaced(text, |_| shown.clone(), ledger),
        _ => {}
    }
}

fn hop(text: &str, ledger: &mut Ledger) {
    let Ok(hop) = text.parse::<Hop>() else { return };
    if let Some(proxy) = hop.proxy() {
        ledger.private_host("proxy", &proxy.host.to_string());
    }
}

/// The host of an address, where it is private.
fn web_address<'a>(text: &'a str, ledger: &mut Ledger) -> Option<Address<'a>> {
    let address = Address::at(text.trim())?;
    let host = address.host();
    if !host.is_empty() && host.parse::<IpAddr>().is_err() {
        ledger.private_host("host", host);
    }
    Some(address)
}

/// Where a script is: its path is private whatever the host is.
fn script(text: &str, ledger: &mut Ledger) {
    if let Some(address) = web_address(text, ledger)
        && address.tail.starts_with('/')
    {
        ledger.path(address.tail);
    }
}

fn distinguished_name(text: &str, ledger: &mut Ledger) {
    let lower = text.to_lowercase();
    if PUBLIC_ORGANISATIONS
        .iter()
        .any(|name| lower.contains(&format!("o={name}")))
    {
        return;
    }
    for part in text.split(',') {
        let Some((kind, value)) = part.trim().split_once('=') else {
            continue;
        };
        let country = kind == "C" && value.len() == 2;
        // Who reads the report shall know the product too, and nothing more of its owner.
        let mark = Signatures::builtin().issuer_mark(part.trim());
        if let Some(mark) = mark.filter(|_| !is_product(part.trim(), value)) {
            ledger.replace(value, mark);
            continue;
        }
        if !country && !keep::is_host(value) && !is_product(part.trim(), value) {
            ledger.name("organisation", value);
        }
    }
}

/// A name of a product with no word beside it that is not known.
fn is_product(part: &str, value: &str) -> bool {
    let words = value.split(|c: char| !c.is_alphanumeric());
    let mut words = words.filter(|word| !word.is_empty());
    Signatures::builtin().names_issuer(part)
        && words.all(|word| known_words().contains(&word.to_lowercase()))
}

/// The words of another party, and their copies in sentences and facts, cut or not.
fn replaced(text: &str, shown: impl Fn(&str) -> String, ledger: &mut Ledger) {
    let folded = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let quoted: String = folded.chars().take(QUOTED).collect();
    for copy in [text.trim().to_owned(), short(text.trim()), quoted] {
        let one_word = copy.chars().all(char::is_alphanumeric);
        let ours = is_placeholder_name(&copy) || (one_word && page::is_of_ours(&copy));
        if copy.chars().count() > 3 && !ours {
            ledger.replace(&copy, shown(&copy).trim());
        }
    }
}
