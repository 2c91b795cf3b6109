//! What a firewall or a proxy must allow: a list of endpoints, host by host.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;

use super::{Catalog, Wildcard};
use crate::endpoint::{Category, Cloud, Endpoint, Host, Inspection, MustBe, Scheme, printable};

/// The hosts that rules must open, in the order of the list, no host twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowlist {
    /// What the list is called, for people.
    pub source: String,
    /// The cloud that the hosts were chosen for.
    pub cloud: Cloud,
    /// Whether these are only the failures of a report.
    pub failures: bool,
    /// The hosts.
    pub entries: Vec<Allowed>,
    /// What no rule can open, or none should.
    pub left_out: Vec<LeftOut>,
}

/// One host with all that a rule must know about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowed {
    /// The host.
    pub host: AllowedHost,
    /// The TCP ports; what goes in clear is told apart from what goes within TLS.
    pub ports: BTreeSet<AllowedPort>,
    /// One line that a firewall owner understands.
    pub purpose: String,
    /// The strictest category of its entries.
    pub category: Category,
    /// The published addresses; empty where Microsoft publishes none.
    pub ranges: Vec<IpNet>,
    /// The strictest rule for TLS inspection of its entries.
    pub inspection: Inspection,
    /// Whether the list has it; otherwise a report alone names it.
    pub listed: bool,
}

/// A host that is safe in the syntax of every rule.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum AllowedHost {
    /// A name: labels of letters, digits, hyphens and underscores, no hyphen at their ends.
    Name(String),
    /// A literal address.
    Address(IpAddr),
    /// A name with exactly one star in it.
    Wildcard(String),
}

/// A TCP port and its protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AllowedPort {
    /// The number.
    pub number: u16,
    /// Whether it is used in clear text: revocation and Windows' own test on port 80.
    pub plain: bool,
}

/// A host that a rule does not open.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LeftOut {
    /// The host, printable.
    pub host: String,
    /// Why; follows the host in a sentence.
    pub why: String,
}

impl Allowlist {
    /// The rules for endpoints of a list, as they are in `cloud`, and for its wildcards where they
    /// are wanted.
    pub fn new(
        source: &str,
        cloud: Cloud,
        endpoints: &[&Endpoint],
        wildcards: Option<&Catalog>,
    ) -> Self {
        let mut list = Builder::new(source, cloud, false);
        for entry in endpoints {
            list.add(entry, true);
        }
        if let Some(catalog) = wildcards {
            let here = |it: &&Wildcard| it.sets.is_empty() || it.sets.contains_key(&cloud);
            for wildcard in catalog.wildcards().iter().filter(here) {
                list.add_wildcard(wildcard, catalog);
            }
        }
        list.done()
    }

    /// The rules for the failures of a report. Of a report only host, port and scheme are
    /// used: the rest is what the list says of them. What the list does not have is marked, or
    /// passed over unless `unlisted` is true.
    pub fn of_failures(
        source: &str,
        cloud: Cloud,
        endpoints: &[&Endpoint],
        failures: &[&Endpoint],
        unlisted: bool,
    ) -> Self {
        let mut list = Builder::new(source, cloud, true);
        let mut index: HashMap<Request<'_>, Vec<&Endpoint>> = HashMap::new();
        for entry in endpoints {
            index.entry(request(entry)).or_default().push(entry);
        }
        for failure in failures {
            let known = index.get(&request(failure)).map_or(&[][..], Vec::as_slice);
            for entry in known {
                list.add(entry, true);
            }
            if known.is_empty() && unlisted {
                list.add(&bare_endpoint(failure), false);
            }
        }
        list.done()
    }

    /// Every port of the hosts, each once.
    pub fn ports(&self) -> BTreeSet<AllowedPort> {
        let ports = self.entries.iter().flat_map(|entry| &entry.ports);
        ports.copied().collect()
    }

    /// The hosts that a report alone names.
    pub fn unlisted(&self) -> impl Iterator<Item = &Allowed> {
        self.entries.iter().filter(|entry| !entry.listed)
    }
}

impl Allowed {
    /// Whether a port is among those of the host.
    pub fn has(&self, port: AllowedPort) -> bool {
        self.ports.contains(&port)
    }

    /// Whether the host is used over TLS.
    pub fn within_tls(&self) -> bool {
        self.ports.iter().any(|port| !port.plain)
    }

    /// The numbers of its ports, ascending.
    pub fn numbers(&self) -> BTreeSet<u16> {
        self.ports.iter().map(|port| port.number).collect()
    }

    /// The addresses of the host as ranges: those that are published, or its own.
    pub fn addresses(&self) -> Vec<IpNet> {
        match self.host {
            AllowedHost::Address(address) => vec![address.into()],
            _ => self.ranges.clone(),
        }
    }
}

impl AllowedHost {
    /// The name below which a wildcard stands, where its star is the whole first label.
    pub fn below(&self) -> Option<&str> {
        match self {
            Self::Wildcard(pattern) => pattern.strip_prefix("*."),
            _ => None,
        }
    }

    /// Whether this wildcard covers another host too.
    pub fn covers(&self, other: &Self) -> bool {
        let Some(suffix) = self.below() else {
            return false;
        };
        let name = match other {
            Self::Name(name) => name.as_str(),
            Self::Wildcard(_) => other.below().unwrap_or_default(),
            Self::Address(_) => return false,
        };
        name.strip_suffix(suffix)
            .is_some_and(|start| start.ends_with('.'))
    }
}

impl fmt::Display for AllowedHost {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => out.write_str(name),
            Self::Address(address) => write!(out, "{address}"),
            Self::Wildcard(pattern) => out.write_str(pattern),
        }
    }
}

/// What an entry of the list and a result of a report have in common.
type Request<'a> = (&'a Host, u16, Scheme);

fn request(endpoint: &Endpoint) -> Request<'_> {
    (&endpoint.host, endpoint.port, endpoint.scheme)
}

struct Builder {
    list: Allowlist,
    places: HashMap<AllowedHost, usize>,
    refused: HashSet<LeftOut>,
}

impl Builder {
    fn new(source: &str, cloud: Cloud, failures: bool) -> Self {
        let list = Allowlist {
            source: source.to_owned(),
            cloud,
            failures,
            entries: Vec::new(),
            left_out: Vec::new(),
        };
        Self {
            list,
            places: HashMap::new(),
            refused: HashSet::new(),
        }
    }

    fn add(&mut self, endpoint: &Endpoint, listed: bool) {
        let name = endpoint.host.to_string();
        if endpoint.must_be == MustBe::Blocked {
            return self.leave_out(&name, "has to stay blocked");
        }
        if endpoint.scheme == Scheme::Dns {
            return self.leave_out(
                &name,
                "is looked up only: the resolver has to answer for it, and nothing connects to it",
            );
        }
        let Some(host) = rule_host(&endpoint.host) else {
            return self.leave_out(&name, "is no name that rules can have");
        };
        self.merge(Allowed {
            host,
            ports: BTreeSet::from([AllowedPort {
                number: endpoint.port,
                plain: endpoint.scheme == Scheme::Http,
            }]),
            purpose: endpoint.purpose.clone(),
            category: endpoint.category,
            ranges: endpoint.ranges.clone(),
            inspection: endpoint.inspection,
            listed,
        });
    }

    fn add_wildcard(&mut self, wildcard: &Wildcard, catalog: &Catalog) {
        let pattern = &wildcard.pattern;
        if !pattern.contains('.') || !is_rule_name(&pattern.replace('*', "x")) {
            return self.leave_out(pattern, "is no name that rules can have");
        }
        let cloud = self.list.cloud;
        let set = wildcard.sets.get(&cloud);
        // A wildcard has no category of its own; entries of the same set have one.
        let of_set = |entry: &&Endpoint| set.is_some() && entry.sets.get(&cloud) == set;
        let relative = catalog.endpoints().iter().find(of_set);
        let relative = relative.map(|entry| catalog.in_cloud(entry, cloud));
        self.merge(Allowed {
            host: AllowedHost::Wildcard(pattern.clone()),
            ports: BTreeSet::from([AllowedPort {
                number: Scheme::Https.default_port(),
                plain: false,
            }]),
            purpose: wildcard.purpose.clone(),
            category: relative
                .as_ref()
                .map_or(Category::Default, |entry| entry.category),
            ranges: set.map_or(Vec::new(), |set| catalog.ranges(*set, cloud).to_vec()),
            inspection: relative.map_or(Inspection::Discouraged, |entry| entry.inspection),
            listed: true,
        });
    }

    fn merge(&mut self, mut new: Allowed) {
        if new.ranges.iter().any(|range| range.prefix_len() == 0) {
            let host = new.host.to_string();
            self.leave_out(&host, "has a range of all addresses, which is not used");
            new.ranges.retain(|range| range.prefix_len() > 0);
        }
        let Some(at) = self.places.get(&new.host) else {
            let place = self.list.entries.len();
            self.places.insert(new.host.clone(), place);
            return self.list.entries.push(new);
        };
        self.list.entries[*at].join(new);
    }

    fn leave_out(&mut self, host: &str, why: &str) {
        let left_out = LeftOut::new(host, why);
        if self.refused.insert(left_out.clone()) {
            self.list.left_out.push(left_out);
        }
    }

    fn done(self) -> Allowlist {
        self.list
    }
}

impl Allowed {
    fn join(&mut self, other: Self) {
        self.ports.extend(other.ports);
        if !other.purpose.is_empty() && !self.purpose.split("; ").any(|it| it == other.purpose) {
            if !self.purpose.is_empty() {
                self.purpose.push_str("; ");
            }
            self.purpose.push_str(&other.purpose);
        }
        if strictness(other.category) < strictness(self.category) {
            self.category = other.category;
        }
        if other.inspection == Inspection::Forbidden {
            self.inspection = Inspection::Forbidden;
        }
        for range in other.ranges {
            if !self.ranges.contains(&range) {
                self.ranges.push(range);
            }
        }
        self.listed |= other.listed;
    }
}

impl LeftOut {
    /// A host and why no rule opens it.
    pub fn new(host: &str, why: &str) -> Self {
        Self {
            host: printable(host),
            why: why.to_owned(),
        }
    }
}

impl fmt::Display for LeftOut {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.host, self.why)
    }
}

fn strictness(category: Category) -> u8 {
    match category {
        Category::Optimize => 0,
        Category::Allow => 1,
        Category::Default => 2,
    }
}

fn rule_host(host: &Host) -> Option<AllowedHost> {
    match host {
        Host::Address(address) => Some(AllowedHost::Address(*address)),
        Host::Name(name) => is_rule_name(name).then(|| AllowedHost::Name(name.clone())),
    }
}

/// Names that begin with a hyphen are options to many programs.
fn is_rule_name(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    let good = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.chars().all(allowed)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.len() <= 253 && name.split('.').all(good)
}

/// What is known of a host that a report alone names: nothing.
fn bare_endpoint(failure: &Endpoint) -> Endpoint {
    Endpoint {
        purpose: String::new(),
        category: Category::Default,
        inspection: Inspection::Discouraged,
        published_ips: false,
        ranges: Vec::new(),
        ranges_from: String::new(),
        ..failure.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(catalog: &Catalog, cloud: Cloud) -> Vec<Endpoint> {
        let here = catalog
            .endpoints()
            .iter()
            .filter(|it| it.clouds.contains(&cloud));
        here.map(|entry| catalog.in_cloud(entry, cloud)).collect()
    }

    fn builtin(cloud: Cloud) -> Allowlist {
        let catalog = crate::catalog::builtin();
        let endpoints = all(catalog, cloud);
        let endpoints: Vec<&Endpoint> = endpoints.iter().collect();
        Allowlist::new("the built-in list", cloud, &endpoints, Some(catalog))
    }

    fn entry<'a>(list: &'a Allowlist, host: &str) -> &'a Allowed {
        let mut entries = list.entries.iter();
        entries.find(|it| it.host.to_string() == host).unwrap()
    }

    fn own(text: &str) -> (Catalog, Vec<Endpoint>) {
        let catalog = Catalog::parse("own.toml", text, crate::catalog::builtin()).unwrap();
        let endpoints = all(&catalog, Cloud::Worldwide);
        (catalog, endpoints)
    }

    #[test]
    fn a_host_is_there_once_with_all_its_ports() {
        let list = builtin(Cloud::Worldwide);
        let hosts: BTreeSet<String> = list.entries.iter().map(|it| it.host.to_string()).collect();
        assert_eq!(hosts.len(), list.entries.len());
        let revocation = entry(&list, "crl.microsoft.com");
        assert_eq!(revocation.numbers(), BTreeSet::from([80]));
        assert!(!revocation.within_tls());
        let purposes: Vec<&str> = revocation.purpose.split("; ").collect();
        assert_eq!(purposes.len(), 2, "{purposes:?}");
        let (_, endpoints) = own("[[endpoints]]\nid='a'\nhost='a.example'\npurpose='one'\n\
             [[endpoints]]\nid='b'\nhost='a.example'\nscheme='http'\npurpose='two'\ncategory='allow'\n");
        let endpoints: Vec<&Endpoint> = endpoints.iter().collect();
        let list = Allowlist::new("own", Cloud::Worldwide, &endpoints, None);
        assert_eq!(list.entries.len(), 1);
        let merged = &list.entries[0];
        assert_eq!(merged.purpose, "one; two");
        assert_eq!(merged.category, Category::Allow);
        let ports: Vec<_> = merged
            .ports
            .iter()
            .map(|it| (it.number, it.plain))
            .collect();
        assert_eq!(ports, [(80, true), (443, false)]);
    }

    #[test]
    fn addresses_are_those_that_microsoft_publishes() {
        let list = builtin(Cloud::Worldwide);
        assert_eq!(entry(&list, "login.microsoftonline.com").ranges.len(), 16);
        assert_eq!(entry(&list, "*.officeapps.live.com").ranges.len(), 20);
        assert!(
            entry(&list, "cdn.odc.officeapps.live.com")
                .ranges
                .is_empty()
        );
        assert!(entry(&list, "officecdn.microsoft.com").ranges.is_empty());
    }

    #[test]
    fn wildcards_have_the_category_of_their_set() {
        let list = builtin(Cloud::Worldwide);
        let licensing = entry(&list, "*.officeapps.live.com");
        assert_eq!(licensing.inspection, Inspection::Forbidden);
        assert_eq!(licensing.category, Category::Allow);
        assert_eq!(entry(&list, "*.office.com").category, Category::Default);
        assert!(
            builtin(Cloud::China)
                .entries
                .iter()
                .all(|it| it.host.below().is_none())
        );
    }

    #[test]
    fn what_no_rule_opens_is_named_with_the_reason() {
        let (catalog, endpoints) = own("[[endpoints]]\nid='a'\nhost='-n.example'\n\
             [[endpoints]]\nid='b'\nhost='casino.example'\nmust-be='blocked'\n\
             [[endpoints]]\nid='c'\nhost='dns.example'\nscheme='dns'\n\
             [[wildcards]]\npattern='*'\n");
        let endpoints: Vec<&Endpoint> = endpoints.iter().collect();
        let list = Allowlist::new("own", Cloud::Worldwide, &endpoints, Some(&catalog));
        assert_eq!(list.entries, []);
        let shown: Vec<&str> = list.left_out.iter().map(|it| it.host.as_str()).collect();
        assert_eq!(shown, ["-n.example", "casino.example", "dns.example", "*"]);
    }

    #[test]
    fn a_report_is_not_believed() {
        let catalog = crate::catalog::builtin();
        let endpoints = all(catalog, Cloud::Worldwide);
        let endpoints: Vec<&Endpoint> = endpoints.iter().collect();
        let mut known = catalog.endpoint("officecdn").unwrap().clone();
        known.ranges = vec!["0.0.0.0/0".parse().unwrap()];
        known.published_ips = true;
        known.purpose = "whatever".to_owned();
        let mut unlisted = known.clone();
        unlisted.host = Host::parse("evil.example").unwrap();
        let rows = [&known, &unlisted];
        let of = |unlisted| {
            Allowlist::of_failures("list", Cloud::Worldwide, &endpoints, &rows, unlisted)
        };
        let list = of(true);
        assert_eq!(list.entries.len(), 2);
        assert!(list.entries.iter().all(|it| it.ranges.is_empty()));
        assert!(list.entries[0].listed && list.entries[0].purpose.starts_with("Office"));
        assert_eq!(list.unlisted().count(), 1);
        assert_eq!(list.entries[1].purpose, "");
        assert_eq!(of(false).entries.len(), 1);
    }

    #[test]
    fn a_wildcard_covers_what_is_below_it() {
        let wildcard = |text: &str| AllowedHost::Wildcard(text.to_owned());
        let name = |text: &str| AllowedHost::Name(text.to_owned());
        let office = wildcard("*.office.com");
        assert!(office.covers(&name("config.office.com")));
        assert!(office.covers(&wildcard("*.config.office.com")));
        for other in ["office.com", "myoffice.com", "office.com.example"] {
            assert!(!office.covers(&name(other)), "{other}");
        }
        assert!(!office.covers(&office));
        assert!(!wildcard("*cdn.example").covers(&name("a.cdn.example")));
    }
}
