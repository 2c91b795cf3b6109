//! What is private in a document, found where its fields say so.

use serde_json::Value;
use url::Url;

use super::ledger::Ledger;
use super::{keep, page};
use crate::catalog::{CUSTOM, Catalog};
use crate::endpoint::{Endpoint, Host};
use crate::evidence::{Attempt, Evidence, Lookup, Trust};
use crate::plan::MSOID_GROUP;
use crate::report::{EndpointReport, Report};
use crate::route::Hop;
use crate::verdict::{Code, Signatures, known_words, short};

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
/// Organisations that issue for everybody, and Microsoft.
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
    for row in &report.endpoints {
        endpoint(&row.endpoint, ledger);
        service_addresses(row, ledger);
    }
}

fn endpoint(endpoint: &Endpoint, ledger: &mut Ledger) {
    if keep::is_builtin(endpoint) {
        return;
    }
    let host = endpoint.host.to_string();
    let private = !keep::is_public(&host);
    if endpoint.groups.iter().any(|group| group == MSOID_GROUP) {
        let domain = host.strip_prefix("msoid.").unwrap_or(&host);
        ledger.name("domain", domain);
        ledger.owner(domain);
    } else if private && matches!(endpoint.host, Host::Name(_)) {
        ledger.private_host("host", &host);
    }
    if private && endpoint.path.len() > 1 {
        path(&endpoint.path, ledger);
    }
    if !endpoint.id.contains(&host) && Catalog::builtin().endpoint(&endpoint.id).is_none() {
        ledger.name("endpoint", &endpoint.id);
    }
    let known = Catalog::builtin().groups();
    for group in &endpoint.groups {
        let own = ![CUSTOM, MSOID_GROUP].contains(&group.as_str());
        if own && !known.iter().any(|(name, _)| name == group) {
            ledger.name("group", group);
        }
    }
}

/// The addresses of a service of Microsoft stay: a rule of a firewall is about them.
fn service_addresses(row: &EndpointReport, ledger: &mut Ledger) {
    let endpoint = &row.endpoint;
    if !keep::is_public(&endpoint.host.to_string()) {
        return;
    }
    if keep::is_builtin(endpoint) {
        let answers = endpoint.dns_answer.iter();
        answers.for_each(|address| ledger.keep_address(*address));
    }
    let causes = [row.verdict.code, row.verdict.consequence_of];
    let made_up = causes.iter().flatten().any(|code| MADE_UP.contains(code));
    seen_addresses(endpoint, &row.evidence, made_up, ledger);
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

fn addresses_of(lookup: &Lookup) -> Vec<std::net::IpAddr> {
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
        "script" | "url" | "redirects" | "pac_url" | "location" => web_address(text, ledger),
        "subject" | "issuer" => distinguished_name(text, ledger),
        "title" | "body_text" | "first_bytes" => foreign_page(text, ledger),
        "domain" => {
            ledger.name("domain", text);
            ledger.owner(text);
        }
        "via" => intermediaries(text, ledger),
        "x-cache" | "x-cache-lookup" => behind("from", text, ledger),
        "proxy-authenticate" | "www-authenticate" => realm(text, ledger),
        _ => {}
    }
}

fn hop(text: &str, ledger: &mut Ledger) {
    let Ok(hop) = text.parse::<Hop>() else { return };
    if let Some(proxy) = hop.proxy() {
        ledger.private_host("proxy", &proxy.host.to_string());
    }
}

fn web_address(text: &str, ledger: &mut Ledger) {
    let Ok(url) = Url::parse(text) else { return };
    let Some(host) = url.host_str().filter(|host| !keep::is_public(host)) else {
        return;
    };
    ledger.private_host("host", host);
    let request = &text[text.find(host).map_or(text.len(), |at| at + host.len())..];
    if let Some(at) = request.find('/') {
        path(&request[at..], ledger);
    }
}

/// A path may say whose it is; the usual name of a script does not.
fn path(path: &str, ledger: &mut Ledger) {
    let usual = ["/wpad.dat", "/proxy.pac"].contains(&path) || path.starts_with("/path-");
    if path.len() > 1 && !usual {
        let by = format!("/{}", ledger.next("path"));
        ledger.replace(path, &by);
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

fn foreign_page(text: &str, ledger: &mut Ledger) {
    let folded = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let quoted: String = folded.chars().take(QUOTED).collect();
    for shown in [text.trim().to_owned(), short(text.trim()), quoted] {
        if shown.chars().count() > 3 {
            let masked = page::masked(&shown);
            ledger.replace(&shown, masked.trim());
        }
    }
}

/// `1.1 proxy-a (squid), 1.0 proxy-b`.
fn intermediaries(text: &str, ledger: &mut Ledger) {
    for part in text.split(',') {
        let mut words = part.split_whitespace();
        let version = words.next().is_some_and(|word| word.contains('.'));
        if let Some(name) = words.next().filter(|_| version) {
            bare_host(name, ledger);
        }
    }
}

fn behind(word: &str, text: &str, ledger: &mut Ledger) {
    let mut words = text.split_whitespace();
    if words.any(|it| it.eq_ignore_ascii_case(word))
        && let Some(name) = words.next()
    {
        bare_host(name, ledger);
    }
}

/// A host, with a port or without.
fn bare_host(text: &str, ledger: &mut Ledger) {
    let host = text.split(':').next().unwrap_or(text);
    if !keep::is_carried(host) {
        ledger.name("proxy", host);
    }
}

fn realm(text: &str, ledger: &mut Ledger) {
    let lower = text.to_ascii_lowercase();
    let Some(at) = lower.find("realm=") else {
        return;
    };
    let value = text[at + "realm=".len()..].trim_start_matches('"');
    let value = value.split('"').next().unwrap_or(value);
    ledger.name("organisation", value);
}

/// What the fields of the state of a device say.
pub(super) fn device(state: &Value, ledger: &mut Ledger) {
    for (key, kind) in [("domain", "domain"), ("tenant", "tenant")] {
        if let Some(name) = state[key].as_str() {
            ledger.name(kind, name);
        }
    }
    let sections = state["status"]["sections"].as_array();
    let fields = sections.into_iter().flatten();
    let fields = fields.filter_map(|section| section["fields"].as_array());
    for field in fields.flatten() {
        if let (Some(key), Some(value)) = (field["key"].as_str(), field["value"].as_str()) {
            status_field(key, value, ledger);
        }
    }
    let views = state["pc"]["proxies"].as_array();
    for view in views.into_iter().flatten() {
        let servers = view["proxies"].as_array().into_iter().flatten();
        for server in servers.filter_map(Value::as_str) {
            proxy_list(server, ledger);
        }
        bypass(view["bypass"].as_str().unwrap_or_default(), ledger);
    }
}

fn status_field(key: &str, value: &str, ledger: &mut Ledger) {
    let key = key.to_ascii_lowercase().replace(' ', "");
    if key.ends_with("tenantname") {
        ledger.name("tenant", value);
    } else if key.ends_with("domainname") {
        ledger.name("domain", value);
    } else if key.ends_with("devicename") {
        ledger.name("machine", value);
    } else if key.ends_with("thumbprint") {
        ledger.name("thumbprint", value);
    } else if key.ends_with("identity") || key.ends_with("accountname") {
        accounts(value, ledger);
    }
}

/// `CONTOSO\ada, ada@contoso.example`.
fn accounts(text: &str, ledger: &mut Ledger) {
    for account in text.split(',') {
        match account.trim().split_once(['\\', '@']) {
            Some((domain, user)) if account.contains('\\') => {
                ledger.name("domain", domain);
                ledger.name("user", user);
            }
            Some((user, _)) => ledger.name("user", user),
            None => ledger.name("user", account),
        }
    }
}

/// `http=proxy-a:8080;https=proxy-b:8080`, or a hop.
fn proxy_list(text: &str, ledger: &mut Ledger) {
    for word in text.split([';', ' ', '=', '/']) {
        let host = word.split(':').next().unwrap_or(word);
        let protocol = [
            "proxy", "socks", "socks4", "socks5", "https", "http", "ftp", "direct",
        ];
        if !protocol.contains(&host.to_ascii_lowercase().as_str()) {
            ledger.name("proxy", host);
        }
    }
}

fn bypass(text: &str, ledger: &mut Ledger) {
    for entry in text.split([';', ',', ' ']) {
        let name = entry.trim_matches(['*', '.']);
        if !name.starts_with('<') && !keep::is_public(name) {
            ledger.name("host", name);
        }
    }
}
