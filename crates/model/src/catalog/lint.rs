//! Remarks on a list that can be used and may still be wrong.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;

use super::{Catalog, Place};
use crate::endpoint::{Endpoint, Host, Issuer, Level, Scheme};

/// A remark on a list: not an error, but worth a look.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lint {
    /// The file as the caller named it.
    pub file: String,
    /// Line of the entry, counted from 1.
    pub line: usize,
    /// What looks wrong, and why.
    pub message: String,
}

impl fmt::Display for Lint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}: {}", self.file, self.line, self.message)
    }
}

impl Place {
    fn lint(&self, message: String) -> Lint {
        Lint {
            file: self.file.to_string(),
            line: self.line,
            message,
        }
    }
}

impl Catalog {
    /// Remarks on the list, in the order of its lines.
    pub fn lint(&self) -> Vec<Lint> {
        let mut lints = Vec::new();
        for (endpoint, place) in self.placed() {
            let remarks = [
                purpose(endpoint),
                port(endpoint),
                self.addresses(endpoint),
                self.issuer(endpoint),
            ];
            lints.extend(remarks.into_iter().flatten().map(|text| place.lint(text)));
        }
        lints.extend(self.same_request());
        lints.extend(self.groups_that_differ_by_case());
        lints.extend(self.wildcards_without_entry());
        lints.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
        lints
    }

    fn placed(&self) -> impl Iterator<Item = (&Endpoint, &Place)> {
        self.endpoints.iter().zip(&self.places)
    }

    fn addresses(&self, endpoint: &Endpoint) -> Option<String> {
        let id = &endpoint.id;
        if !endpoint.published_ips {
            return None;
        }
        if endpoint.sets.is_empty() {
            return Some(format!(
                "`{id}` has published addresses but no set: nothing says which they are"
            ));
        }
        let known = |(cloud, set)| !self.ranges(set, cloud).is_empty();
        let mut sets = endpoint.sets.iter().map(|(cloud, set)| (*cloud, *set));
        (!sets.any(known)).then(|| {
            format!("`{id}` has published addresses, but no set of its has any in this list")
        })
    }

    fn issuer(&self, endpoint: &Endpoint) -> Option<String> {
        let private = endpoint.issuer == Some(Issuer::Private);
        let known = || self.issuer_of(&endpoint.host) == Issuer::Public;
        (private && endpoint.scheme == Scheme::Https && known()).then(|| {
            format!(
                "`{}` has a private issuer, but {} has a public one: TLS inspection would not be seen",
                endpoint.id, endpoint.host
            )
        })
    }

    fn same_request(&self) -> Vec<Lint> {
        type Request<'a> = (&'a Host, u16, Scheme, &'a str);
        let mut first: HashMap<Request<'_>, &str> = HashMap::new();
        let mut lints = Vec::new();
        for (entry, place) in self.placed() {
            let request = (&entry.host, entry.port, entry.scheme, entry.path.as_str());
            if let Some(other) = first.get(&request) {
                let message = format!("`{}` asks the same as `{other}`", entry.id);
                lints.push(place.lint(message));
            } else {
                first.insert(request, &entry.id);
            }
        }
        lints
    }

    fn groups_that_differ_by_case(&self) -> Vec<Lint> {
        let mut spellings: BTreeMap<String, &str> = BTreeMap::new();
        let mut reported = HashSet::new();
        let mut lints = Vec::new();
        for (entry, place) in self.placed() {
            for group in &entry.groups {
                let first = spellings
                    .entry(group.to_ascii_lowercase())
                    .or_insert(group.as_str());
                if *first != group && reported.insert(group) {
                    let message = format!("the groups `{first}` and `{group}` differ by case only");
                    lints.push(place.lint(message));
                }
            }
        }
        lints
    }

    fn wildcards_without_entry(&self) -> Vec<Lint> {
        let ids: HashSet<&str> = self.endpoints.iter().map(|e| e.id.as_str()).collect();
        let mut lints = Vec::new();
        for (wildcard, place) in self.wildcards.iter().zip(&self.wildcard_places) {
            for id in &wildcard.endpoints {
                if !ids.contains(id.as_str()) {
                    let pattern = &wildcard.pattern;
                    let message = format!("`{pattern}` names `{id}`, which is not in the list");
                    lints.push(place.lint(message));
                }
            }
        }
        lints
    }
}

fn purpose(endpoint: &Endpoint) -> Option<String> {
    let silent = endpoint.level == Level::Required && endpoint.purpose.trim().is_empty();
    silent.then(|| {
        format!(
            "`{}` is required but has no purpose: whoever owns the firewall will ask",
            endpoint.id
        )
    })
}

fn port(endpoint: &Endpoint) -> Option<String> {
    let unusual = matches!(
        (endpoint.scheme, endpoint.port),
        (Scheme::Http, 443) | (Scheme::Https, 80)
    );
    unusual.then(|| {
        format!(
            "`{}` is {} on port {}: is the scheme right?",
            endpoint.id, endpoint.scheme, endpoint.port
        )
    })
}
