//! A list of endpoints as a table for spreadsheets, and as a list that this program reads again.

use std::collections::BTreeMap;
use std::io;

use serde_json::Value;

use crate::formats::csv;
use reach365_model::catalog::Wildcard;
use reach365_model::endpoint::{Cloud, Endpoint, Expect, Scheme, printable};

const COLUMNS: [&str; 16] = [
    "id",
    "host",
    "port",
    "scheme",
    "path",
    "groups",
    "level",
    "category",
    "inspection",
    "issuer",
    "sets",
    "ranges",
    "clouds",
    "must_be",
    "purpose",
    "source",
];

/// Writes endpoints as CSV (RFC 4180): a line of names, then one line an endpoint. Lists within a
/// field are separated by spaces.
///
/// # Errors
/// What `out` reports.
pub fn endpoints_csv(endpoints: &[&Endpoint], out: &mut dyn io::Write) -> io::Result<()> {
    out.write_all(csv::record(&COLUMNS.map(str::to_owned)).as_bytes())?;
    let mut endpoints = endpoints.iter();
    endpoints.try_for_each(|one| out.write_all(csv::record(&csv_fields(one)?).as_bytes()))
}

fn csv_fields(endpoint: &Endpoint) -> io::Result<Vec<String>> {
    let row = serde_json::to_value(endpoint)?;
    let of = |name: &str| spaced(row.get(name).unwrap_or(&Value::Null));
    Ok(COLUMNS.iter().map(|name| of(name)).collect())
}

fn spaced(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(spaced).collect::<Vec<_>>().join(" "),
        Value::Object(fields) => {
            let fields = fields
                .iter()
                .map(|(name, value)| format!("{name}={}", spaced(value)));
            fields.collect::<Vec<_>>().join(" ")
        }
        other => other.to_string(),
    }
}

/// Writes endpoints and wildcards as a list that `--endpoints` takes, with the published addresses
/// of `cloud`.
///
/// # Errors
/// What `out` reports.
pub fn endpoints_toml(
    endpoints: &[&Endpoint],
    wildcards: &[&Wildcard],
    cloud: Cloud,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    for endpoint in endpoints {
        writeln!(out, "[[endpoints]]")?;
        for (key, value) in toml_fields(endpoint) {
            writeln!(out, "{key} = {value}")?;
        }
        writeln!(out)?;
    }
    let mut sets = BTreeMap::new();
    for endpoint in endpoints.iter().filter(|it| !it.ranges.is_empty()) {
        if let Some(set) = endpoint.sets.get(&cloud) {
            sets.insert(set, &endpoint.ranges);
        }
    }
    for (set, ranges) in sets {
        let ranges = array(ranges.iter());
        writeln!(
            out,
            "[[sets]]\nid = {set}\ncloud = \"{cloud}\"\nips = {ranges}\n"
        )?;
    }
    wildcards.iter().try_for_each(|it| wildcard(it, out))
}

fn wildcard(wildcard: &Wildcard, out: &mut dyn io::Write) -> io::Result<()> {
    writeln!(out, "[[wildcards]]\npattern = {}", quote(&wildcard.pattern))?;
    writeln!(out, "purpose = {}", quote(&wildcard.purpose))?;
    writeln!(out, "sets = {}", set_table(&wildcard.sets))?;
    writeln!(out, "not-testable = {}", quote(&wildcard.not_testable))?;
    writeln!(out, "endpoints = {}\n", array(wildcard.endpoints.iter()))
}

fn set_table(sets: &BTreeMap<Cloud, u32>) -> String {
    let sets = sets.iter().map(|(cloud, id)| format!("{cloud} = {id}"));
    format!("{{ {} }}", sets.collect::<Vec<_>>().join(", "))
}

/// Keys with their values; those that say what is the default anyway are left out.
fn toml_fields(endpoint: &Endpoint) -> Vec<(&'static str, String)> {
    let mut fields = vec![
        ("id", quote(&endpoint.id)),
        ("host", quote(&endpoint.host.to_string())),
        ("scheme", quote(&endpoint.scheme.to_string())),
    ];
    if endpoint.scheme != Scheme::Dns {
        fields.push(("port", endpoint.port.to_string()));
        fields.push(("path", quote(&endpoint.path)));
    }
    fields.push(("groups", array(endpoint.groups.iter())));
    fields.push(("level", word(&endpoint.level)));
    fields.push(("purpose", quote(&endpoint.purpose)));
    if !endpoint.sets.is_empty() {
        fields.push(("sets", set_table(&endpoint.sets)));
    }
    fields.push(("category", word(&endpoint.category)));
    fields.push(("inspection", word(&endpoint.inspection)));
    if let Some(issuer) = endpoint.issuer.filter(|_| endpoint.issuer_stated) {
        fields.push(("issuer", word(&issuer)));
    }
    if endpoint.published_ips {
        fields.push(("published-ips", "true".to_owned()));
    }
    fields.extend(expect(&endpoint.expect).map(|expect| ("expect", expect)));
    if !endpoint.cname_suffixes.is_empty() {
        fields.push(("cname-suffixes", array(endpoint.cname_suffixes.iter())));
    }
    if !endpoint.dns_answer.is_empty() {
        fields.push(("dns-answer", array(endpoint.dns_answer.iter())));
    }
    if endpoint.ipv6_only {
        fields.push(("ipv6-only", "true".to_owned()));
    }
    fields.push(("clouds", array(endpoint.clouds.iter())));
    fields.push(("must-be", word(&endpoint.must_be)));
    fields.push(("source", quote(&endpoint.source)));
    fields
}

fn expect(expect: &Expect) -> Option<String> {
    Some(match expect {
        Expect::AnyGenuine => return None,
        Expect::DerCrl => quote("der-crl"),
        Expect::Status(statuses) => {
            let statuses: Vec<String> = statuses.iter().map(u16::to_string).collect();
            format!("{{ status = [{}] }}", statuses.join(", "))
        }
        Expect::JsonKey(key) => format!("{{ json-key = {} }}", quote(key)),
        Expect::Body(body) => format!("{{ body = {} }}", quote(body)),
        Expect::RedirectHost(hosts) => format!("{{ redirect-host = {} }}", array(hosts.iter())),
    })
}

fn array<T: ToString>(items: impl Iterator<Item = T>) -> String {
    let items: Vec<String> = items.map(|item| quote(&item.to_string())).collect();
    format!("[{}]", items.join(", "))
}

/// The word that an enumeration has in lists and in JSON.
fn word<T: serde::Serialize>(value: &T) -> String {
    let word = serde_json::to_value(value).ok();
    quote(word.as_ref().and_then(Value::as_str).unwrap_or_default())
}

/// A basic string of TOML; what a terminal would obey is escaped.
fn quote(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        let shown = c.to_string();
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if printable(&shown) != shown => {
                let escape = format!("\\U{:08X}", u32::from(c));
                out.push_str(&escape);
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
