//! A list of endpoints beside what the service publishes.

use std::collections::BTreeSet;

use ipnet::IpNet;
use reach365_proxy::safe_text::counted;
use serde::Serialize;

use super::{Pattern, PublishedHost, PublishedList};
use crate::catalog::{Catalog, Wildcard};
use crate::endpoint::{Category, Cloud, Endpoint, MustBe, Scheme};

/// What a list and the service have in common, and where they differ.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Comparison {
    /// Where they differ, in the order of the list.
    pub differences: Vec<Difference>,
    /// How each host of the list is published, each host once.
    pub covered: Vec<Cover>,
    /// Hosts that the list puts in no set and that no set publishes: they belong to other services,
    /// such as Windows with its connectivity test. Rules made from the service alone leave them out.
    pub elsewhere: Vec<String>,
    /// Names that the service publishes and that belong to none of the list's hosts or wildcards.
    pub others: usize,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// What it is.
    pub kind: DifferenceKind,
    /// The host, the wildcard or the set.
    pub name: String,
    /// Ids of the entries of the list that it concerns.
    pub endpoints: Vec<String>,
    /// What the list says.
    pub ours: String,
    /// What the service says.
    pub service: String,
}

/// What a difference is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DifferenceKind {
    /// No set publishes the host, neither by name nor by a wildcard.
    NotPublished,
    /// The set that the list names does not publish the host; another one does.
    Set,
    /// The category is another one.
    Category,
    /// The port is not among those of the host.
    Port,
    /// The service publishes addresses for the host and the list says that there are none, or the
    /// reverse.
    Published,
    /// The addresses of a set are others.
    Ranges,
}

/// How a host of the list is published.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cover {
    /// The host.
    pub host: String,
    /// The most specific published name that covers it.
    pub pattern: Pattern,
    /// The sets that have this name.
    pub sets: Vec<u32>,
    /// Whether the host itself is published, not only a wildcard.
    pub exact: bool,
}

/// Compares what a list says for a cloud with what the service publishes there.
pub fn compare(catalog: &Catalog, service: &PublishedList, cloud: Cloud) -> Comparison {
    let mut comparison = Comparison::default();
    let endpoints: Vec<Endpoint> = endpoints_of(catalog, cloud).collect();
    for endpoint in &endpoints {
        comparison.endpoint(endpoint, service.find(&endpoint.host.to_string()), cloud);
    }
    for wildcard in catalog.wildcards() {
        comparison.wildcard(wildcard, service, cloud);
    }
    for ((id, of), set) in &catalog.sets {
        if *of == cloud && !set.ips.is_empty() {
            comparison.ranges(*id, &set.ips, service);
        }
    }
    comparison.others = others(catalog, &endpoints, service);
    comparison
}

/// The endpoints that must be open in a cloud, as that cloud has them.
fn endpoints_of(catalog: &Catalog, cloud: Cloud) -> impl Iterator<Item = Endpoint> {
    let wanted = move |endpoint: &&Endpoint| {
        let is_asked = endpoint.scheme != Scheme::Dns && endpoint.must_be == MustBe::Reachable;
        is_asked && endpoint.clouds.contains(&cloud) && endpoint.host.name().is_some()
    };
    let all = catalog.endpoints().iter().filter(wanted);
    all.map(move |endpoint| catalog.in_cloud(endpoint, cloud))
}

impl Comparison {
    /// Whether the service's answer is more likely one for another cloud, or a part of one: too many
    /// hosts are absent or in other sets, which each cloud numbers for itself.
    pub fn is_of_something_else(&self) -> bool {
        let strange = [DifferenceKind::NotPublished, DifferenceKind::Set];
        let found = self.differences.iter();
        let found = found.filter(|one| strange.contains(&one.kind));
        found.count() * 2 > self.covered.len()
    }

    fn endpoint(&mut self, ours: &Endpoint, published: Option<PublishedHost>, cloud: Cloud) {
        let host = ours.host.to_string();
        let set = ours.sets.get(&cloud);
        let Some(published) = published else {
            return match set {
                Some(set) => {
                    let words = format!("set {set}");
                    self.note(DifferenceKind::NotPublished, ours, words, String::new());
                }
                None if self.elsewhere.contains(&host) => {}
                None => self.elsewhere.push(host),
            };
        };
        if set.is_none_or(|set| !published.sets.contains(set)) {
            let words = set.map_or("in no set".to_owned(), |set| format!("set {set}"));
            self.note(DifferenceKind::Set, ours, words, set_words(&published));
        }
        if ours.category != published.category {
            let (ours_words, theirs) = (word(ours.category), word(published.category));
            self.note(DifferenceKind::Category, ours, ours_words, theirs);
        }
        if !published.tcp.contains(ours.port) {
            let ours_words = ours.port.to_string();
            self.note(
                DifferenceKind::Port,
                ours,
                ours_words,
                published.tcp.to_string(),
            );
        }
        if ours.published_ips == published.ranges.is_empty() {
            let ours_words = count(ours.ranges.len());
            self.note(
                DifferenceKind::Published,
                ours,
                ours_words,
                count(published.ranges.len()),
            );
        }
        if self.covered.iter().all(|cover| cover.host != host) {
            self.covered.push(Cover {
                host,
                exact: published.pattern.is_exact(),
                pattern: published.pattern,
                sets: published.sets,
            });
        }
    }

    /// Entries of one host with the same difference: they are one difference.
    fn note(&mut self, kind: DifferenceKind, of: &Endpoint, ours: String, service: String) {
        let name = of.host.to_string();
        let same = |it: &&mut Difference| {
            (it.kind, &it.name, &it.ours, &it.service) == (kind, &name, &ours, &service)
        };
        if let Some(known) = self.differences.iter_mut().find(same) {
            known.endpoints.push(of.id.clone());
            return;
        }
        self.differences.push(Difference {
            kind,
            name,
            endpoints: vec![of.id.clone()],
            ours,
            service,
        });
    }

    fn wildcard(&mut self, ours: &Wildcard, service: &PublishedList, cloud: Cloud) {
        let Some(set) = ours.sets.get(&cloud) else {
            return;
        };
        let published = service.find(&ours.pattern);
        let found = published.filter(|found| found.pattern.as_str() == ours.pattern);
        let (kind, words) = match found {
            None => (DifferenceKind::NotPublished, String::new()),
            Some(found) if !found.sets.contains(set) => (DifferenceKind::Set, set_words(&found)),
            Some(_) => return,
        };
        self.differences.push(Difference {
            kind,
            name: ours.pattern.clone(),
            endpoints: ours.endpoints.clone(),
            ours: format!("set {set}"),
            service: words,
        });
    }

    fn ranges(&mut self, id: u32, ours: &[IpNet], service: &PublishedList) {
        let published = service.set(id).map_or(&[][..], |set| &set.ips);
        let ours: BTreeSet<&IpNet> = ours.iter().collect();
        let published: BTreeSet<&IpNet> = published.iter().collect();
        if ours == published {
            return;
        }
        self.differences.push(Difference {
            kind: DifferenceKind::Ranges,
            name: format!("set {id}"),
            endpoints: Vec::new(),
            ours: listed(ours.difference(&published)),
            service: listed(published.difference(&ours)),
        });
    }
}

/// Published names that none of the list's names or wildcards covers or is covered by.
fn others(catalog: &Catalog, endpoints: &[Endpoint], service: &PublishedList) -> usize {
    let hosts = endpoints.iter().filter_map(|endpoint| endpoint.host.name());
    let used = hosts.chain(catalog.wildcards().iter().map(|it| it.pattern.as_str()));
    let used: BTreeSet<Pattern> = used
        .filter_map(|name| Some(service.find(name)?.pattern))
        .collect();
    let all: BTreeSet<&Pattern> = service.named().map(|(_, name)| name).collect();
    all.into_iter().filter(|name| !used.contains(name)).count()
}

fn set_words(published: &PublishedHost) -> String {
    let ids: Vec<String> = published.sets.iter().map(u32::to_string).collect();
    let word = if ids.len() == 1 { "set" } else { "sets" };
    let by = if published.pattern.is_exact() {
        String::new()
    } else {
        format!(", as {}", published.pattern)
    };
    format!("{word} {}{by}", ids.join(", "))
}

fn word(category: Category) -> String {
    match category {
        Category::Optimize => "Optimize",
        Category::Allow => "Allow",
        Category::Default => "Default",
    }
    .to_owned()
}

fn count(ranges: usize) -> String {
    match ranges {
        0 => "no addresses".to_owned(),
        some => counted(some, "range"),
    }
}

fn listed<'a>(ranges: impl Iterator<Item = &'a &'a IpNet>) -> String {
    let ranges: Vec<String> = ranges.map(ToString::to_string).collect();
    ranges.join(", ")
}
