//! The list of endpoints: TOML in, [`Catalog`] out.
//!
//! ```
//! use reach365_model::Catalog;
//!
//! # let builtin = Catalog::default();
//! let own = r#"
//!     extends = "builtin"
//!
//!     [[endpoints]]
//!     id = "intranet-sign-in"
//!     host = "adfs.contoso.example"
//! "#;
//! let catalog = Catalog::parse("own.toml", own, &builtin)?;
//! assert_eq!(catalog.endpoint("intranet-sign-in").unwrap().port, 443);
//! # Ok::<(), reach365_model::Error>(())
//! ```

mod allowlist;
mod entry;
mod fields;
mod issuer;
mod lint;
mod list;
mod mistakes;
pub mod published;
mod saved;
mod tables;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use self::published::{Pattern, PublishedList};
use crate::endpoint::{Cloud, Endpoint};
use crate::error::Error;
use ipnet::IpNet;

pub(crate) use issuer::ControlName;
use issuer::KnownNames;
use tables::PublishedSet;

pub use allowlist::{Allowed, AllowedHost, AllowedPort, Allowlist, LeftOut};
pub use entry::{ALL, CUSTOM};
pub use lint::Lint;
pub use mistakes::Mistakes;
pub use tables::Wildcard;

/// Bytes that the text of a list may have.
pub const TEXT_LIMIT: usize = 1024 * 1024;
/// Entries that a list may have.
pub const ENTRY_LIMIT: usize = 10_000;

/// Where published addresses come from.
const FROM_LIST: &str = "the list of endpoints";
const FROM_BOTH: &str =
    "the list of endpoints and the saved answer of Microsoft's endpoint service";

/// A list of endpoints.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Catalog {
    /// The entries, in the order of the list.
    endpoints: Vec<Endpoint>,
    /// Where each entry is written, in the same order.
    places: Vec<Place>,
    sets: BTreeMap<(u32, Cloud), PublishedSet>,
    wildcards: Vec<Wildcard>,
    wildcard_places: Vec<Place>,
    /// Names that Microsoft's endpoint service has, as far as it was asked.
    published: Vec<Pattern>,
    /// What the built-in list knows, whatever list this is.
    known: Arc<KnownNames>,
}

/// Where something is written.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    file: Arc<str>,
    line: usize,
}

impl Catalog {
    /// Reads the built-in list itself. Its names have public issuers in every other list, and its
    /// hosts are the controls of every plan.
    ///
    /// # Errors
    /// As [`Catalog::parse`].
    pub fn parse_builtin(file_name: &str, text: &str) -> Result<Self, Error> {
        let mut catalog = list::read(file_name, text, &Self::default())?;
        catalog.known = Arc::new(KnownNames::from_list(&catalog));
        Ok(catalog)
    }

    /// Reads a list. `file_name` appears in messages only; nothing is opened.
    ///
    /// With `extends = "builtin"` the entries are added to the list `builtin`; an entry with the id
    /// of a built-in one takes its place.
    ///
    /// # Errors
    /// [`Error::Catalog`] with every mistake, at most 20, each with line, column and snippet. A text
    /// of more than [`TEXT_LIMIT`] bytes is refused unread.
    pub fn parse(file_name: &str, text: &str, builtin: &Self) -> Result<Self, Error> {
        list::read(file_name, text, builtin)
    }

    /// The entries, in the order of the list.
    pub fn endpoints(&self) -> &[Endpoint] {
        &self.endpoints
    }

    /// The entry with an id.
    pub fn endpoint(&self, id: &str) -> Option<&Endpoint> {
        self.endpoints.iter().find(|endpoint| endpoint.id == id)
    }

    /// The groups, in the order of their first entries, with the number of entries in each.
    pub fn groups(&self) -> Vec<(&str, usize)> {
        let mut counts: Vec<(&str, usize)> = Vec::new();
        let mut at = HashMap::new();
        for group in self.endpoints.iter().flat_map(|entry| &entry.groups) {
            let index = *at.entry(group.as_str()).or_insert_with(|| {
                counts.push((group, 0));
                counts.len() - 1
            });
            counts[index].1 += 1;
        }
        counts
    }

    /// The wildcards, which are listed and never tested.
    pub fn wildcards(&self) -> &[Wildcard] {
        &self.wildcards
    }

    /// The addresses that a set of Microsoft's endpoint service publishes; empty where it has none.
    pub fn ranges(&self, set: u32, cloud: Cloud) -> &[IpNet] {
        self.set(set, cloud).map_or(&[], |set| &set.ips)
    }

    /// The same list with the names that the service publishes today, and beside the list's own
    /// addresses those that it publishes for the list's sets. None is removed, and a set without
    /// addresses gets none: an address is unknown only where neither of the two has it.
    #[must_use]
    pub fn with_published(mut self, service: &PublishedList, cloud: Cloud) -> Self {
        for ((id, of), set) in &mut self.sets {
            let published = service.set(*id).filter(|_| *of == cloud);
            if let Some(published) = published.filter(|_| !set.ips.is_empty()) {
                let before = set.ips.len();
                set.ips.extend(&published.ips);
                set.ips.sort_unstable();
                set.ips.dedup();
                set.is_updated |= set.ips.len() > before;
            }
        }
        let names = service.sets().iter().flat_map(|set| &set.urls);
        self.published.extend(names.cloned());
        self
    }

    /// An entry as it is in one cloud: with the published addresses of its set there, and with the
    /// category and the inspection rule of that set where they differ from the entry's own; and with
    /// the issuer that [`Catalog::issuer_of`] knows where the entry does not say one.
    pub fn in_cloud(&self, endpoint: &Endpoint, cloud: Cloud) -> Endpoint {
        let mut endpoint = endpoint.clone();
        let set = endpoint.sets.get(&cloud);
        let set = set.and_then(|id| self.set(*id, cloud));
        if let Some(set) = set {
            endpoint.category = set.category.unwrap_or(endpoint.category);
            endpoint.inspection = set.inspection.unwrap_or(endpoint.inspection);
        }
        endpoint.ranges = match set {
            Some(set) if endpoint.published_ips => set.ips.clone(),
            _ => Vec::new(),
        };
        endpoint.published_ips = !endpoint.ranges.is_empty();
        endpoint.issuer = endpoint.issuer.or(Some(self.issuer_of(&endpoint.host)));
        let source = match set {
            Some(set) if endpoint.published_ips && set.is_updated => FROM_BOTH,
            Some(_) if endpoint.published_ips => FROM_LIST,
            _ => "",
        };
        source.clone_into(&mut endpoint.ranges_from);
        endpoint
    }

    fn set(&self, id: u32, cloud: Cloud) -> Option<&PublishedSet> {
        self.sets.get(&(id, cloud))
    }
}

/// The list of the program, for tests.
#[cfg(test)]
pub(crate) fn builtin() -> &'static Catalog {
    static CATALOG: std::sync::OnceLock<Catalog> = std::sync::OnceLock::new();
    let text = include_str!("../../../endpoints.toml");
    CATALOG.get_or_init(|| Catalog::parse_builtin("endpoints.toml", text).unwrap())
}
