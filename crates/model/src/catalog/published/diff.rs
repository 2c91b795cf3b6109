//! What has changed between two answers of the service, name by name and range by range: sets are
//! renumbered and split, and a firewall has rules for names.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;
use serde::Serialize;

use super::{EffectiveDates, Pattern, Ports, PublishedList, PublishedSet, Ranges, strictest};
use crate::endpoint::Category;

/// One name or one range that is published differently.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// The name or the range.
    pub name: String,
    /// Whether it is a range of addresses.
    pub is_range: bool,
    /// What has become of it.
    pub kind: ChangeKind,
    /// As it was published before.
    pub before: Option<Entry>,
    /// As it is published now.
    pub after: Option<Entry>,
    /// For what is added: a name or range of the older list that covers it, so that rules do so
    /// already. For what is removed: one of the newer list that covers it still.
    pub covered_by: Option<String>,
    /// Day from which something added is in use, `YYYY-MM-DD`, where the service says so.
    pub effective: Option<String>,
}

/// What has become of a name or range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeKind {
    /// Newly published.
    Added,
    /// No longer published.
    Removed,
    /// Moved to another category, whatever else has changed.
    Moved,
    /// Other ports, other sets, or required where it was optional.
    Changed,
}

/// How a name or range is published: the union of its sets.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Entry {
    /// The sets that have it.
    pub sets: BTreeSet<u32>,
    /// The strictest category of these sets.
    pub category: Category,
    /// TCP ports of all these sets.
    pub tcp: Ports,
    /// UDP ports of all these sets.
    pub udp: Ports,
    /// Whether one of these sets is required.
    pub required: bool,
}

impl Entry {
    fn from_sets(sets: &[&PublishedSet]) -> Self {
        Self {
            sets: sets.iter().map(|set| set.id).collect(),
            category: strictest(sets.iter().map(|set| set.category)),
            tcp: sets.iter().map(|set| &set.tcp).collect(),
            udp: sets.iter().map(|set| &set.udp).collect(),
            required: sets.iter().any(|set| set.required),
        }
    }
}

/// What has changed, in the order of kinds, names before ranges.
pub fn diff(old: &PublishedList, new: &PublishedList, dates: &EffectiveDates) -> Vec<Change> {
    let names = |list| entries(list, |set| &set.urls);
    let mut changes = between(&names(old), &names(new), false);
    let ranges = |list| entries(list, |set| &set.ips);
    changes.extend(between(&ranges(old), &ranges(new), true));
    let (old_ranges, new_ranges) = (old.ranges(), new.ranges());
    for change in &mut changes {
        match change.kind {
            ChangeKind::Added => {
                change.covered_by = cover(old, &old_ranges, change);
                change.effective = dates.date_of(&change.name).map(str::to_owned);
            }
            ChangeKind::Removed => change.covered_by = cover(new, &new_ranges, change),
            ChangeKind::Moved | ChangeKind::Changed => {}
        }
    }
    changes.sort_by_key(|change| (change.is_range, change.kind));
    changes
}

fn entries<T: Ord + Clone>(
    list: &PublishedList,
    items: impl Fn(&PublishedSet) -> &Vec<T>,
) -> BTreeMap<T, Entry> {
    let mut sets: BTreeMap<T, Vec<&PublishedSet>> = BTreeMap::new();
    for set in list.sets() {
        for item in items(set) {
            sets.entry(item.clone()).or_default().push(set);
        }
    }
    let entries = sets.into_iter();
    entries
        .map(|(item, sets)| (item, Entry::from_sets(&sets)))
        .collect()
}

fn between<T: Ord + ToString>(
    old: &BTreeMap<T, Entry>,
    new: &BTreeMap<T, Entry>,
    is_range: bool,
) -> Vec<Change> {
    let all: BTreeSet<&T> = old.keys().chain(new.keys()).collect();
    let changes = all.into_iter().filter_map(|name| {
        let (before, after) = (old.get(name).cloned(), new.get(name).cloned());
        Some(Change {
            name: name.to_string(),
            is_range,
            kind: kind(before.as_ref(), after.as_ref())?,
            before,
            after,
            covered_by: None,
            effective: None,
        })
    });
    changes.collect()
}

fn kind(before: Option<&Entry>, after: Option<&Entry>) -> Option<ChangeKind> {
    match (before, after) {
        (None, None) => None,
        (None, Some(_)) => Some(ChangeKind::Added),
        (Some(_), None) => Some(ChangeKind::Removed),
        (Some(before), Some(after)) if before.category != after.category => Some(ChangeKind::Moved),
        (Some(before), Some(after)) => (before != after).then_some(ChangeKind::Changed),
    }
}

/// What else of a list covers a name or range.
fn cover(list: &PublishedList, ranges: &Ranges, change: &Change) -> Option<String> {
    if change.is_range {
        let net: IpNet = change.name.parse().ok()?;
        let (wide, _) = ranges.around(net)?;
        return Some(wide.to_string());
    }
    let wildcards = list.named().map(|(_, name)| name);
    let covering = wildcards.filter(|name| name.covers(&change.name));
    let best = covering.max_by_key(|name| name.specificity());
    best.map(Pattern::to_string)
}
