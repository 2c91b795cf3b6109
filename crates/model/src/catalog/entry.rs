//! One `[[endpoints]]` table -> one [`Endpoint`].

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::ops::Range;

use toml::de::{DeTable, DeValue};

use super::fields::{Fields, one_of};
use super::mistakes::Mistakes;
use crate::endpoint::{
    Category, Cloud, Endpoint, Expect, Host, Inspection, Issuer, Level, MustBe, Scheme, quoted,
};

/// The keys of an entry, as messages list them.
const KEYS: &[&str] = &[
    "id",
    "host",
    "scheme",
    "port",
    "path",
    "groups",
    "level",
    "purpose",
    "sets",
    "category",
    "inspection",
    "issuer",
    "published-ips",
    "expect",
    "cname-suffixes",
    "dns-answer",
    "ipv6-only",
    "clouds",
    "must-be",
    "source",
];

const EXPECT_KEYS: &[&str] = &["status", "json-key", "body", "redirect-host"];

/// The group of an entry that names none.
pub const CUSTOM: &str = "custom";
/// The word for every group on the command line, so no group may be called so.
pub const ALL: &str = "all";

const LONGEST_PATH: usize = 2_048;
const LONGEST_WORD: usize = 253;

pub(super) const CLOUDS: &[(&str, Cloud)] = &[
    ("worldwide", Cloud::Worldwide),
    ("china", Cloud::China),
    ("gcc-high", Cloud::GccHigh),
    ("dod", Cloud::Dod),
];
pub(super) const CATEGORIES: &[(&str, Category)] = &[
    ("optimize", Category::Optimize),
    ("allow", Category::Allow),
    ("default", Category::Default),
];
pub(super) const INSPECTIONS: &[(&str, Inspection)] = &[
    ("forbidden", Inspection::Forbidden),
    ("discouraged", Inspection::Discouraged),
];
const ISSUERS: &[(&str, Issuer)] = &[("public", Issuer::Public), ("private", Issuer::Private)];
const SCHEMES: &[(&str, Scheme)] = &[
    ("https", Scheme::Https),
    ("http", Scheme::Http),
    ("dns", Scheme::Dns),
];
const LEVELS: &[(&str, Level)] = &[
    ("required", Level::Required),
    ("recommended", Level::Recommended),
];
const MUST_BE: &[(&str, MustBe)] = &[
    ("reachable", MustBe::Reachable),
    ("blocked", MustBe::Blocked),
];

/// Reads an entry; `None` where its id or its host is missing or wrong.
pub(super) fn read(
    table: &DeTable<'_>,
    span: Range<usize>,
    mistakes: &mut Mistakes<'_>,
) -> Option<Endpoint> {
    let fields = &mut Fields::open(table, span, KEYS, mistakes);
    fields.require("id");
    fields.require("host");
    let id = fields.read("id", word);
    let host = fields.read("host", Host::parse);
    let scheme = fields.read("scheme", one_of(SCHEMES));
    let scheme = scheme.unwrap_or(Scheme::Https);
    let issuer = fields.read("issuer", one_of(ISSUERS));
    // Every key is read before the two that may be absent are asked for, so that one run shows
    // all mistakes of an entry.
    let rest = Endpoint {
        id: String::new(),
        host: Host::Name(String::new()),
        port: port(fields, scheme),
        scheme,
        path: fields.read("path", path).unwrap_or_else(|| "/".to_owned()),
        groups: groups(fields),
        level: fields
            .read("level", one_of(LEVELS))
            .unwrap_or(Level::Required),
        purpose: fields.line("purpose").unwrap_or_default(),
        sets: sets(fields),
        category: fields
            .read("category", one_of(CATEGORIES))
            .unwrap_or(Category::Default),
        inspection: fields
            .read("inspection", one_of(INSPECTIONS))
            .unwrap_or(Inspection::Discouraged),
        issuer,
        issuer_stated: issuer.is_some(),
        published_ips: fields.flag("published-ips").unwrap_or_default(),
        ranges: Vec::new(),
        ranges_from: String::new(),
        expect: expect(fields),
        cname_suffixes: fields
            .read_each("cname-suffixes", suffix)
            .unwrap_or_default(),
        dns_answer: fields.read_each("dns-answer", address).unwrap_or_default(),
        ipv6_only: fields.flag("ipv6-only").unwrap_or_default(),
        clouds: clouds(fields),
        must_be: fields.read("must-be", one_of(MUST_BE)).unwrap_or_default(),
        source: fields.line("source").unwrap_or_default(),
    };
    let (id, host) = (id?, host?);
    if scheme == Scheme::Dns && host.name().is_none() {
        fields.reject(
            "host",
            "`host` is an address; scheme `dns` needs a name".to_owned(),
        );
    }
    Some(Endpoint { id, host, ..rest })
}

fn port(fields: &mut Fields<'_, '_, '_>, scheme: Scheme) -> u16 {
    fields
        .number("port", 1..=u32::from(u16::MAX))
        .and_then(|port| u16::try_from(port).ok())
        .unwrap_or(scheme.default_port())
}

fn groups(fields: &mut Fields<'_, '_, '_>) -> Vec<String> {
    fields.require_items("groups");
    let groups = fields.read_each("groups", group);
    groups.unwrap_or_else(|| vec![CUSTOM.to_owned()])
}

fn clouds(fields: &mut Fields<'_, '_, '_>) -> Vec<Cloud> {
    fields.require_items("clouds");
    let clouds = fields.read_each("clouds", one_of(CLOUDS));
    clouds.unwrap_or_else(|| Cloud::ALL.to_vec())
}

/// Reads a table of set ids, one a cloud.
pub(super) fn sets(fields: &mut Fields<'_, '_, '_>) -> BTreeMap<Cloud, u32> {
    let Some(table) = fields.table("sets") else {
        return BTreeMap::new();
    };
    let names: Vec<&str> = CLOUDS.iter().map(|(name, _)| *name).collect();
    let span = fields.span_of("sets");
    let inner = &mut Fields::open(table, span, &names, fields.mistakes());
    let mut sets = BTreeMap::new();
    for (name, cloud) in CLOUDS {
        if let Some(id) = inner.number(name, 1..=u32::MAX) {
            sets.insert(*cloud, id);
        }
    }
    sets
}

fn expect(fields: &mut Fields<'_, '_, '_>) -> Expect {
    let Some(value) = fields.value("expect") else {
        return Expect::AnyGenuine;
    };
    match value.get_ref() {
        DeValue::Table(table) => return expect_table(fields, table),
        DeValue::String(text) if text == "der-crl" => return Expect::DerCrl,
        DeValue::String(text) if text == "any-genuine" => {}
        DeValue::String(text) => fields.reject("expect", unknown_expectation(text)),
        _ => fields.wrong_type("expect", value, "a string or a table"),
    }
    Expect::AnyGenuine
}

fn unknown_expectation(text: &str) -> String {
    let shown = quoted(text);
    format!(
        "`expect`: {shown} is unknown; allowed: any-genuine, der-crl, or a table with one of: {}",
        EXPECT_KEYS.join(", ")
    )
}

fn expect_table(fields: &mut Fields<'_, '_, '_>, table: &DeTable<'_>) -> Expect {
    if table.len() != 1 {
        let keys = EXPECT_KEYS.join(", ");
        let message = format!("`expect` must have exactly one key of: {keys}");
        fields.reject("expect", message);
    }
    let span = fields.span_of("expect");
    let inner = &mut Fields::open(table, span, EXPECT_KEYS, fields.mistakes());
    inner.require_items("status");
    inner.require_items("redirect-host");
    let status = inner.numbers("status", 100..=599).map(to_statuses);
    let json_key = inner.read("json-key", not_empty).map(Expect::JsonKey);
    let body = inner.read("body", not_empty).map(Expect::Body);
    let redirect = inner
        .read_each("redirect-host", suffix)
        .map(Expect::RedirectHost);
    status
        .or(json_key)
        .or(body)
        .or(redirect)
        .unwrap_or(Expect::AnyGenuine)
}

fn to_statuses(numbers: Vec<u32>) -> Expect {
    let narrow = |number| u16::try_from(number).ok();
    Expect::Status(numbers.into_iter().filter_map(narrow).collect())
}

pub(super) fn suffix(text: &str) -> Result<String, String> {
    match Host::parse(text.strip_prefix('.').unwrap_or(text))? {
        Host::Name(name) => Ok(name),
        Host::Address(_) => Err(format!("{} is an address, not a name", quoted(text))),
    }
}

fn address(text: &str) -> Result<IpAddr, String> {
    text.parse()
        .map_err(|_| format!("{} is not an IP address", quoted(text)))
}

pub(super) fn path(text: &str) -> Result<String, String> {
    let shown = quoted(text);
    if !text.starts_with('/') {
        return Err(format!("{shown} does not begin with a slash"));
    }
    if text.len() > LONGEST_PATH {
        return Err(format!("{shown} is longer than {LONGEST_PATH} characters"));
    }
    let sent_as_it_is = |c: char| c.is_ascii_graphic() && c != '#';
    if !text.chars().all(sent_as_it_is) {
        return Err(format!(
            "{shown} has a character that must be percent-encoded, or a fragment"
        ));
    }
    Ok(text.to_owned())
}

fn group(text: &str) -> Result<String, String> {
    if text.eq_ignore_ascii_case(ALL) {
        return Err(format!(
            "{} stands for every group on the command line; choose another name",
            quoted(text)
        ));
    }
    word(text)
}

/// An id or a group name: short, and safe in a shell, a table and a metric.
pub(super) fn word(text: &str) -> Result<String, String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.:/".contains(c);
    let shown = quoted(text);
    if text.is_empty() {
        return Err("the text is empty".to_owned());
    }
    if text.len() > LONGEST_WORD {
        return Err(format!("{shown} is longer than {LONGEST_WORD} characters"));
    }
    if !text.chars().all(allowed) {
        return Err(format!(
            "{shown} may have letters, digits and - _ . : / only"
        ));
    }
    Ok(text.to_owned())
}

fn not_empty(text: &str) -> Result<String, String> {
    if text.trim().is_empty() {
        return Err("the text is empty".to_owned());
    }
    Ok(text.to_owned())
}
