//! The `[[sets]]` and `[[wildcards]]` tables of a list.

use std::collections::BTreeMap;
use std::ops::Range;

use ipnet::IpNet;
use toml::de::DeTable;

use super::entry::{CATEGORIES, CLOUDS, INSPECTIONS, sets, word};
use super::fields::{Fields, one_of};
use super::mistakes::Mistakes;
use crate::endpoint::{Category, Cloud, Host, Inspection, quoted};

/// What Microsoft's endpoint service says of one set in one cloud.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct PublishedSet {
    /// Goes before the category of an entry that belongs to the set.
    pub(super) category: Option<Category>,
    /// Goes before the rule of an entry that belongs to the set.
    pub(super) inspection: Option<Inspection>,
    pub(super) ips: Vec<IpNet>,
    /// Whether addresses of a saved answer of the service were added.
    pub(super) is_updated: bool,
}

/// A wildcard that a firewall rule needs and that no test can use.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Wildcard {
    /// The pattern as Microsoft publishes it.
    pub pattern: String,
    /// One line that a firewall owner understands.
    pub purpose: String,
    /// Set id of Microsoft's endpoint service, per cloud.
    pub sets: BTreeMap<Cloud, u32>,
    /// Why it cannot be tested.
    pub not_testable: String,
    /// Ids of the entries that are tested instead.
    pub endpoints: Vec<String>,
}

pub(super) fn read_set(
    table: &DeTable<'_>,
    span: Range<usize>,
    mistakes: &mut Mistakes<'_>,
) -> Option<((u32, Cloud), PublishedSet)> {
    const KEYS: &[&str] = &["id", "cloud", "category", "inspection", "ips"];
    let fields = &mut Fields::open(table, span, KEYS, mistakes);
    fields.require("id");
    let id = fields.number("id", 1..=u32::MAX);
    let cloud = fields.read("cloud", one_of(CLOUDS)).unwrap_or_default();
    let category = fields.read("category", one_of(CATEGORIES));
    let inspection = fields.read("inspection", one_of(INSPECTIONS));
    let ips = fields.read_each("ips", range).unwrap_or_default();
    let set = PublishedSet {
        category,
        inspection,
        ips,
        is_updated: false,
    };
    Some(((id?, cloud), set))
}

pub(super) fn read_wildcard(
    table: &DeTable<'_>,
    span: Range<usize>,
    mistakes: &mut Mistakes<'_>,
) -> Option<Wildcard> {
    const KEYS: &[&str] = &["pattern", "purpose", "sets", "not-testable", "endpoints"];
    let fields = &mut Fields::open(table, span, KEYS, mistakes);
    fields.require("pattern");
    let pattern = fields.read("pattern", pattern);
    let purpose = fields.line("purpose").unwrap_or_default();
    let sets = sets(fields);
    let not_testable = fields.line("not-testable").unwrap_or_default();
    let endpoints = fields.read_each("endpoints", word).unwrap_or_default();
    Some(Wildcard {
        pattern: pattern?,
        purpose,
        sets,
        not_testable,
        endpoints,
    })
}

/// A pattern is a host name with one star in it, anywhere: `*.example.com`, `*cdn.example.com`,
/// `autodiscover.*.example.com` are all in use.
fn pattern(text: &str) -> Result<String, String> {
    let shown = quoted(text);
    if text.matches('*').count() != 1 {
        return Err(format!("{shown} must have exactly one star"));
    }
    match Host::parse(&text.replace('*', "x")) {
        Ok(Host::Name(_)) => Ok(text.to_ascii_lowercase()),
        _ => Err(format!("{shown} is not a host name with a star")),
    }
}

fn range(text: &str) -> Result<IpNet, String> {
    let shown = quoted(text);
    let net: IpNet = text.parse().map_err(|_| {
        format!("{shown} is not a range of addresses such as 192.0.2.0/24 or 2001:db8::/32")
    })?;
    if net.trunc() != net {
        return Err(format!("{shown} begins at {}", net.trunc()));
    }
    Ok(net)
}
