//! Microsoft's endpoint service: its JSON, what it publishes for a host or an address, and what has
//! changed since.
//!
//! ```
//! use reach365_model::catalog::published::PublishedList;
//!
//! let text = r#"[
//!     {"id": 46, "serviceArea": "Common", "urls": ["*.officeapps.live.com"],
//!      "ips": ["52.108.0.0/14"], "tcpPorts": "443, 80", "category": "Allow", "required": true},
//!     {"id": 91, "serviceArea": "Common", "urls": ["cdn.odc.officeapps.live.com"],
//!      "tcpPorts": "80,443", "category": "Default", "required": true}
//! ]"#;
//! let list = PublishedList::parse("service.json", text.as_bytes())?;
//! let licensing = list.find("ols.officeapps.live.com").unwrap();
//! assert_eq!((licensing.sets, licensing.ranges.len()), (vec![46], 1));
//! // The exact entry goes before the wildcard: a content network has no published addresses.
//! let content = list.find("cdn.odc.officeapps.live.com").unwrap();
//! assert_eq!((content.sets, content.ranges.len()), (vec![91], 0));
//! # Ok::<(), reach365_model::Error>(())
//! ```

mod changes;
mod compare;
mod diff;
mod pattern;
mod plausible;
mod ports;
mod ranges;
mod read;
mod version;

use ipnet::IpNet;

use crate::endpoint::{Category, Cloud};

pub use changes::EffectiveDates;
pub use compare::{Comparison, Cover, Difference, DifferenceKind, compare};
pub use diff::{Change, ChangeKind, Entry, diff};
pub use pattern::Pattern;
pub use ports::Ports;
pub use ranges::Ranges;
pub use version::latest_version;

/// Bytes that an answer of the service may have; real ones have about 60,000.
pub const PUBLISHED_LIMIT: usize = 4 * 1024 * 1024;

/// The name of a cloud's instance in addresses of the service.
pub fn instance(cloud: Cloud) -> &'static str {
    match cloud {
        Cloud::Worldwide => "Worldwide",
        Cloud::China => "China",
        Cloud::GccHigh => "USGovGCCHigh",
        Cloud::Dod => "USGovDoD",
    }
}

/// What the service publishes for one instance.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PublishedList {
    sets: Vec<PublishedSet>,
    notes: Vec<String>,
}

/// One set of names and addresses with the ports that belong to both.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct PublishedSet {
    /// Number of the set; it never changes its meaning.
    pub id: u32,
    /// Whose names these are: `Common`, `Exchange`, `SharePoint`, `Skype`, `MEM`.
    pub service_area: String,
    /// Names, each once.
    pub urls: Vec<Pattern>,
    /// Addresses, each once; most sets have none.
    pub ips: Vec<IpNet>,
    /// TCP ports.
    pub tcp: Ports,
    /// UDP ports.
    pub udp: Ports,
    /// How the traffic is to be treated.
    pub category: Category,
    /// Whether Microsoft 365 needs it.
    pub required: bool,
    /// Whether it is reached over ExpressRoute.
    pub express_route: bool,
    /// What Microsoft remarks.
    pub notes: String,
}

/// What is published for one host: that of the most specific name that covers it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct PublishedHost {
    /// The name as it is published.
    pub pattern: Pattern,
    /// The sets that have this name.
    pub sets: Vec<u32>,
    /// The strictest category of these sets.
    pub category: Category,
    /// TCP ports of all these sets.
    pub tcp: Ports,
    /// UDP ports of all these sets.
    pub udp: Ports,
    /// Whether one of these sets is required.
    pub required: bool,
    /// Addresses of the sets of the strictest category; empty where they publish none.
    pub ranges: Vec<IpNet>,
}

impl PublishedList {
    /// The sets, in the order of the service.
    pub fn sets(&self) -> &[PublishedSet] {
        &self.sets
    }

    /// The first set with a number.
    pub fn set(&self, id: u32) -> Option<&PublishedSet> {
        self.sets.iter().find(|set| set.id == id)
    }

    /// What was left out on reading, and why; a sentence each.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// What is published for a host name: an exact name goes before a wildcard, a longer wildcard
    /// before a shorter one.
    pub fn find(&self, host: &str) -> Option<PublishedHost> {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let named = self.named().filter(|(_, name)| name.covers(&host));
        let best = named.max_by_key(|(_, name)| name.specificity())?.1;
        Some(self.published(best))
    }

    /// Every published address range with the sets that it belongs to.
    pub fn ranges(&self) -> Ranges {
        let all = self.sets.iter();
        all.flat_map(|set| set.ips.iter().map(|net| (*net, set.id)))
            .collect()
    }

    fn named(&self) -> impl Iterator<Item = (&PublishedSet, &Pattern)> {
        let all = self.sets.iter();
        all.flat_map(|set| set.urls.iter().map(move |name| (set, name)))
    }

    fn published(&self, name: &Pattern) -> PublishedHost {
        let sets = self.sets.iter().filter(|set| set.urls.contains(name));
        let mut sets: Vec<&PublishedSet> = sets.collect();
        sets.sort_by_key(|set| set.id);
        let category = strictest(sets.iter().map(|set| set.category));
        let strict = sets.iter().filter(|set| set.category == category);
        let mut ranges: Vec<IpNet> = strict.flat_map(|set| set.ips.iter().copied()).collect();
        ranges.sort_unstable();
        ranges.dedup();
        PublishedHost {
            pattern: name.clone(),
            sets: ids(&sets),
            category,
            tcp: sets.iter().map(|set| &set.tcp).collect(),
            udp: sets.iter().map(|set| &set.udp).collect(),
            required: sets.iter().any(|set| set.required),
            ranges,
        }
    }
}

fn ids(sets: &[&PublishedSet]) -> Vec<u32> {
    let mut ids: Vec<u32> = sets.iter().map(|set| set.id).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// The strictest of several categories: `optimize` before `allow` before `default`.
fn strictest(categories: impl Iterator<Item = Category>) -> Category {
    let strictness = |category: &Category| match category {
        Category::Optimize => 2,
        Category::Allow => 1,
        Category::Default => 0,
    };
    categories
        .max_by_key(strictness)
        .unwrap_or(Category::Default)
}
