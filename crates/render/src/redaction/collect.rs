//! What is private in a document, found where its fields say so.

use std::net::IpAddr;

use serde_json::Value;

use super::web::Address;
use super::{header, page, public_names};
use super::{placeholder::is_placeholder_name, pseudonym_map::PseudonymMap};
use reach365_judge::verdict::{Signatures, known_words};
use reach365_model::catalog::CUSTOM;
use reach365_model::endpoint::{Endpoint, Expect, Host};
use reach365_model::evidence::{
    Attempt, ControlHostSeen, Evidence, Lookup, RecordKind, Redirect, SkipReason, Trust,
};
use reach365_model::facts::short;
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
const PUBLIC_ORGANIZATIONS: [&str; 12] = [
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
pub(super) fn report(report: &Report, pseudonyms: &mut PseudonymMap) {
    if let Some(host) = &report.run.host {
        pseudonyms.name("machine", host);
    }
    if let Some(site) = &report.run.site {
        pseudonyms.name("site", site);
    }
    let prefixes = report.run.evidence.nat64.iter();
    prefixes.for_each(|prefix| pseudonyms.nat64(*prefix));
    let private = private_hosts(report, pseudonyms);
    pseudonyms.share(&private);
    for row in &report.endpoints {
        endpoint(&row.endpoint, pseudonyms);
        service_names(row, pseudonyms);
        service_addresses(row, pseudonyms);
        proxy_names(&row.evidence, pseudonyms);
        if let Some(SkipReason::UnreadableSetting { value, .. }) = &row.evidence.skipped {
            replaced(value, page::masked, pseudonyms);
        }
        if let Some(redirect) = &row.evidence.redirected {
            redirected(redirect, pseudonyms);
        }
    }
    for control in &report.run.evidence.control_hosts {
        control_host(control, pseudonyms);
    }
}

/// The private hosts that rules compare: those of the endpoints, and those that answers lead to.
fn private_hosts<'a>(report: &'a Report, pseudonyms: &PseudonymMap) -> Vec<&'a str> {
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
    hosts
        .filter(|host| !pseudonyms.is_public_name(host))
        .collect()
}

/// What an entry has that the built-in list does not have under its id.
fn endpoint(endpoint: &Endpoint, pseudonyms: &mut PseudonymMap) {
    let listed = pseudonyms.listed_as(&endpoint.id);
    let host = endpoint.host.to_string();
    let private = !pseudonyms.is_public_name(&host);
    if endpoint.groups.iter().any(|group| group == MSOID_GROUP) {
        let domain = host.strip_prefix("msoid.").unwrap_or(&host);
        pseudonyms.name("domain", domain);
        pseudonyms.owner(domain);
    } else if private && matches!(endpoint.host, Host::Name(_)) {
        pseudonyms.private_host("host", &host);
    }
    if !listed.iter().any(|entry| entry.path == endpoint.path) {
        pseudonyms.path(&endpoint.path);
    }
    if !listed.iter().any(|entry| entry.expect == endpoint.expect) {
        expected(&endpoint.expect, pseudonyms);
    }
    if !private {
        let ranges = endpoint.ranges.iter();
        ranges.for_each(|range| pseudonyms.keep_address(range.network()));
    }
    if !endpoint.id.contains(&host) && listed.is_empty() {
        pseudonyms.name("endpoint", &endpoint.id);
    }
    groups(endpoint, pseudonyms);
}

fn groups(endpoint: &Endpoint, pseudonyms: &mut PseudonymMap) {
    for group in &endpoint.groups {
        let own = ![CUSTOM, MSOID_GROUP].contains(&group.as_str());
        if own && !pseudonyms.has_public_group(group) {
            pseudonyms.name("group", group);
        }
    }
}

/// A text or a key that only a list of one's own asks for. It has a placeholder of its own, so that
/// an answer that holds it is still told from one that does not.
fn expected(expect: &Expect, pseudonyms: &mut PseudonymMap) {
    match expect {
        Expect::Body(text) if !page::is_known(text) => pseudonyms.name("text", text),
        Expect::JsonKey(key) if !page::is_known(key) => pseudonyms.name("key", key),
        _ => {}
    }
}

/// Names of proxies may have one label, and are then found by nothing but their place.
fn proxy_names(evidence: &Evidence, pseudonyms: &mut PseudonymMap) {
    for proxy in &evidence.proxy_names {
        for name in [&proxy.name].into_iter().chain(&proxy.asked) {
            pseudonyms.private_host("proxy", name);
        }
    }
    for control in &evidence.controls {
        proxy_names(&control.evidence, pseudonyms);
    }
}

fn control_host(control: &ControlHostSeen, pseudonyms: &mut PseudonymMap) {
    proxy_names(&control.evidence, pseudonyms);
    if let Host::Name(name) = &control.host {
        pseudonyms.private_host("host", name);
        if pseudonyms.is_public_name(name) {
            aliases(&control.evidence, pseudonyms);
        }
    }
}

/// `http://probe.contoso.example/test.txt = "…"`, or `probe = 192.0.2.1`.
fn redirected(redirect: &Redirect, pseudonyms: &mut PseudonymMap) {
    let host = match Address::at(&redirect.to) {
        Some(address) => address.host(),
        None => redirect.to.split(" =").next().unwrap_or_default(),
    };
    pseudonyms.private_host("host", host);
    let text = redirect.to.split_once(" = \"");
    let text = text.map(|(_, text)| text.trim_end_matches('"'));
    if let Some(text) = text.filter(|text| page::masked(text) != **text) {
        pseudonyms.name("text", text);
    }
}

/// Names of content networks and services to which a host of Microsoft points.
fn service_names(row: &EndpointReport, pseudonyms: &mut PseudonymMap) {
    if pseudonyms.is_public_name(&row.endpoint.host.to_string()) && !is_made_up(row) {
        aliases(&row.evidence, pseudonyms);
        let controls = row.evidence.controls.iter();
        controls.for_each(|control| aliases(&control.evidence, pseudonyms));
    }
}

fn aliases(evidence: &Evidence, pseudonyms: &mut PseudonymMap) {
    for lookup in &evidence.lookups {
        let answer = lookup.outcome.value.iter();
        let records = answer.flat_map(|answer| &answer.records);
        let aliases = records.filter(|record| record.kind == RecordKind::Cname);
        aliases.for_each(|record| pseudonyms.alias(&record.data));
    }
}

/// Whether the verdict says that a name server made something up.
fn is_made_up(row: &EndpointReport) -> bool {
    let causes = [row.verdict.code(), row.verdict.consequence_of];
    causes.iter().flatten().any(|code| MADE_UP.contains(code))
}

/// The addresses of a service of Microsoft stay: a rule of a firewall is about them.
fn service_addresses(row: &EndpointReport, pseudonyms: &mut PseudonymMap) {
    let endpoint = &row.endpoint;
    if !pseudonyms.is_public_name(&endpoint.host.to_string()) {
        return;
    }
    seen_addresses(endpoint, &row.evidence, is_made_up(row), pseudonyms);
}

fn seen_addresses(
    endpoint: &Endpoint,
    evidence: &Evidence,
    made_up: bool,
    pseudonyms: &mut PseudonymMap,
) {
    for address in evidence.lookups.iter().flat_map(addresses_of) {
        let published = endpoint.ranges.iter().any(|range| range.contains(&address));
        if published || !made_up {
            pseudonyms.keep_address(address);
        }
    }
    for attempt in evidence.attempts.iter().filter(|it| is_genuine(it)) {
        pseudonyms.keep_address(attempt.address.ip());
    }
    for control in &evidence.controls {
        seen_addresses(endpoint, &control.evidence, made_up, pseudonyms);
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
pub(super) fn tree(value: &Value, pseudonyms: &mut PseudonymMap) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| tree(item, pseudonyms)),
        Value::Object(fields) => {
            for (key, value) in fields {
                match value {
                    Value::String(text) => field(key, text, pseudonyms),
                    Value::Object(headers) if key == "headers" => {
                        let texts = headers.iter();
                        let texts = texts.filter_map(|(name, text)| Some((name, text.as_str()?)));
                        texts.for_each(|(name, text)| header(name, text, pseudonyms));
                    }
                    Value::Array(items) => {
                        let texts = items.iter().filter_map(Value::as_str);
                        texts.for_each(|text| field(key, text, pseudonyms));
                    }
                    _ => {}
                }
                tree(value, pseudonyms);
            }
        }
        _ => {}
    }
}

fn field(key: &str, text: &str, pseudonyms: &mut PseudonymMap) {
    match key {
        "hop" | "hops" => hop(text, pseudonyms),
        "script" | "url" | "redirects" | "pac_url" => script(text, pseudonyms),
        "subject" | "issuer" => distinguished_name(text, pseudonyms),
        "title" | "body_text" | "first_bytes" | "reason" | "proxy_error" => {
            replaced(text, page::masked, pseudonyms);
        }
        "extended_errors" => replaced(text, page::extended_error, pseudonyms),
        "leads_to" => pseudonyms.private_host("host", text),
        "domain" => {
            pseudonyms.name("domain", text);
            pseudonyms.owner(text);
        }
        _ => {}
    }
}

/// A header of an answer: the machines and owners that it names, and copies of the whole.
fn header(name: &str, text: &str, pseudonyms: &mut PseudonymMap) {
    if name == "location" {
        web_address(text, pseudonyms);
    }
    let shown = header::value(name, text, pseudonyms);
    match name {
        "x-squid-error" => replaced(text, page::masked, pseudonyms),
        "server" => replaced(text, page::software, pseudonyms),
        "via" => replaced(text, |_| shown.clone(), pseudonyms),
        _ => {}
    }
}

fn hop(text: &str, pseudonyms: &mut PseudonymMap) {
    let Ok(hop) = text.parse::<Hop>() else { return };
    if let Some(proxy) = hop.proxy() {
        pseudonyms.private_host("proxy", &proxy.host.to_string());
    }
}

/// The host of an address, where it is private.
fn web_address<'a>(text: &'a str, pseudonyms: &mut PseudonymMap) -> Option<Address<'a>> {
    let address = Address::at(text.trim())?;
    let host = address.host();
    if !host.is_empty() && host.parse::<IpAddr>().is_err() {
        pseudonyms.private_host("host", host);
    }
    Some(address)
}

/// Where a script is: its path is private whatever the host is.
fn script(text: &str, pseudonyms: &mut PseudonymMap) {
    if let Some(address) = web_address(text, pseudonyms)
        && address.tail.starts_with('/')
    {
        pseudonyms.path(address.tail);
    }
}

fn distinguished_name(text: &str, pseudonyms: &mut PseudonymMap) {
    let lower = text.to_lowercase();
    if PUBLIC_ORGANIZATIONS
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
            pseudonyms.replace(value, mark);
            continue;
        }
        if !country && !public_names::is_host(value) && !is_product(part.trim(), value) {
            pseudonyms.name("organisation", value);
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
fn replaced(text: &str, shown: impl Fn(&str) -> String, pseudonyms: &mut PseudonymMap) {
    let folded = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let quoted: String = folded.chars().take(QUOTED).collect();
    for copy in [text.trim().to_owned(), short(text.trim()), quoted] {
        let one_word = copy.chars().all(char::is_alphanumeric);
        let ours = is_placeholder_name(&copy) || (one_word && page::is_of_ours(&copy));
        if copy.chars().count() > 3 && !ours {
            pseudonyms.replace(&copy, shown(&copy).trim());
        }
    }
}
