//! The placeholder for each name.

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use super::placeholder::{DOCUMENTS, RESERVED, is_placeholder_address, is_placeholder_name};
use super::{page, public_names};
use reach365_model::catalog::Catalog;
use reach365_model::endpoint::{Cloud, Endpoint};
use reach365_proxy::owner::registrable_domain;

/// The prefix of NAT64 that is the same everywhere (RFC 6052).
const WELL_KNOWN_NAT64: Ipv6Addr = Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0);

/// Placeholders by what they replace; one document or several share it.
#[derive(Debug, Default)]
pub(super) struct PseudonymMap {
    /// Literals in lower case, with their replacements.
    literals: HashMap<String, String>,
    /// The literals by their first word, longest first.
    by_first_word: HashMap<String, Vec<String>>,
    /// How many of each kind there are.
    counts: HashMap<&'static str, usize>,
    addresses: HashMap<IpAddr, IpAddr>,
    /// Addresses of the service.
    kept: HashSet<IpAddr>,
    /// Prefixes of NAT64 that this network has for itself (RFC 6052), without their last 32 bits.
    nat64: Vec<u128>,
    /// Hosts that are private whatever they look like.
    private: HashSet<String>,
    /// The sites of which several hosts are seen, with their placeholders: rules ask whether two
    /// hosts have one owner.
    sites: HashMap<String, Option<String>>,
    /// Names of content networks and services to which a public host points.
    aliases: HashSet<String>,
    /// Common words that are a name in one place: everywhere else they stay.
    common: HashMap<String, String>,
    /// The built-in list: its names and addresses are public.
    builtin: Catalog,
    /// The hosts of the built-in list.
    listed: HashSet<String>,
}

impl PseudonymMap {
    /// No placeholders yet.
    pub(super) fn new(builtin: &Catalog) -> Self {
        let hosts = builtin.endpoints().iter();
        Self {
            builtin: builtin.clone(),
            listed: hosts.map(|entry| entry.host.to_string()).collect(),
            ..Self::default()
        }
    }

    /// Whether a name is Microsoft's or an authority's.
    pub(super) fn is_public_name(&self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        self.listed.contains(&name) || public_names::is_public(&name)
    }

    /// Whether the built-in list has a group.
    pub(super) fn has_public_group(&self, group: &str) -> bool {
        let known = self.builtin.groups();
        known.iter().any(|(name, _)| *name == group)
    }

    /// What the built-in list has under the id of an entry, as each cloud has it.
    pub(super) fn listed_as(&self, id: &str) -> Vec<Endpoint> {
        let Some(entry) = self.builtin.endpoint(id) else {
            return Vec::new();
        };
        let clouds = Cloud::ALL.iter();
        let clouds = clouds.map(|cloud| self.builtin.in_cloud(entry, *cloud));
        std::iter::once(entry.clone()).chain(clouds).collect()
    }

    /// Whether the built-in list says that a name has this address.
    fn is_listed(&self, address: IpAddr) -> bool {
        let mut entries = self.builtin.endpoints().iter();
        entries.any(|entry| entry.dns_answer.contains(&address))
    }

    /// A placeholder for a name; names that are public or identify no party get none.
    pub(super) fn name(&mut self, kind: &'static str, name: &str) {
        let name = name.trim();
        let public = is_common(name) || self.is_public_name(name);
        if public || is_placeholder_name(name) || name.parse::<IpAddr>().is_ok() {
            return;
        }
        self.literal(name, |pseudonyms| pseudonyms.placeholder(kind, name));
    }

    /// The same for a host, which may look like one of a content network.
    pub(super) fn private_host(&mut self, kind: &'static str, name: &str) {
        if self.is_public_name(name) {
            return;
        }
        self.private.insert(name.to_ascii_lowercase());
        self.name(kind, name);
        self.owner(name);
    }

    /// A name of a content network or a service to which a public host points.
    pub(super) fn alias(&mut self, name: &str) {
        if public_names::zone(name).is_some() {
            self.aliases.insert(name.to_ascii_lowercase());
        }
    }

    /// The label of a domain that is its owner's name, which texts use by itself.
    pub(super) fn owner(&mut self, domain: &str) {
        if self.is_public_name(domain) || domain.parse::<IpAddr>().is_ok() {
            return;
        }
        let public = match public_names::zone(domain) {
            Some(zone) => zone.split('.').count(),
            None => registrable_domain(domain).matches('.').count(),
        };
        let labels = domain.trim_end_matches('.').rsplit('.').skip(public);
        let mut long = labels.filter(|label| label.len() > 3);
        if let Some(label) = long.next() {
            self.name("organisation", label);
        }
    }

    /// A text and its replacement.
    pub(super) fn replace(&mut self, text: &str, by: &str) {
        let text = text.trim();
        if text != by && !text.is_empty() {
            self.literal(text, |_| by.to_owned());
        }
    }

    fn literal(&mut self, text: &str, by: impl FnOnce(&mut Self) -> String) {
        let key = text.to_ascii_lowercase();
        let Some(word) = first_word(&key).map(str::to_owned) else {
            return;
        };
        if self.literals.contains_key(&key) {
            return;
        }
        let by = by(self);
        self.literals.insert(key.clone(), by);
        let same = self.by_first_word.entry(word).or_default();
        let place = same.partition_point(|other| other.len() >= key.len());
        same.insert(place, key);
    }

    /// A new placeholder. Of a host of a content network or a service, whose it is stays; that two
    /// hosts belong to one owner stays too.
    fn placeholder(&mut self, kind: &'static str, name: &str) -> String {
        let label = self.next(kind);
        if !["host", "proxy"].contains(&kind) {
            return label;
        }
        if let Some(zone) = public_names::zone(name) {
            return format!("{label}.{zone}");
        }
        let is_site = owner_domain(name).is_some_and(|site| site.eq_ignore_ascii_case(name));
        match self.site_placeholder(name) {
            Some(site) if is_site => format!("{site}{RESERVED}"),
            Some(site) => format!("{label}.{site}{RESERVED}"),
            None => label,
        }
    }

    fn site_placeholder(&mut self, name: &str) -> Option<String> {
        let known = self.sites.get(&owner_domain(name)?)?.clone();
        let domain = self.whole(&owner_domain(name)?).map(str::to_owned);
        let known = known.or(domain.filter(|it| it.starts_with("domain-")));
        let placeholder = known.unwrap_or_else(|| self.next("domain"));
        let shared = self.sites.get_mut(&owner_domain(name)?)?;
        Some(shared.insert(placeholder).clone())
    }

    /// Notes the sites of which there is more than one host.
    pub(super) fn share(&mut self, hosts: &[&str]) {
        let hosts: HashSet<String> = hosts.iter().map(|host| host.to_ascii_lowercase()).collect();
        let mut once = HashSet::new();
        for site in hosts.iter().filter_map(|host| owner_domain(host)) {
            if !once.insert(site.clone()) {
                self.sites.entry(site).or_default();
            }
        }
    }

    /// The replacement of a text as a whole.
    pub(super) fn whole(&self, text: &str) -> Option<&str> {
        let by = self.literals.get(&text.trim().to_ascii_lowercase());
        by.map(String::as_str)
    }

    /// The placeholder of a path with its query, which may say whose it is; the usual name of a
    /// script does not.
    pub(super) fn path(&mut self, path: &str) -> String {
        let usual = ["/", "/wpad.dat", "/proxy.pac"].contains(&path);
        if usual || is_placeholder_name(path) {
            return path.to_owned();
        }
        if !path.starts_with('/') {
            return path.chars().take(1).chain(['…']).collect();
        }
        self.literal(path, |pseudonyms| format!("/{}", pseudonyms.next("path")));
        self.whole(path).unwrap_or_default().to_owned()
    }

    /// `kind-1`, `kind-2`, …
    pub(super) fn next(&mut self, kind: &'static str) -> String {
        let count = self.counts.entry(kind).or_default();
        *count += 1;
        format!("{kind}-{count}")
    }

    /// The placeholder of a name that was found in a text.
    pub(super) fn found(&mut self, kind: &'static str, name: &str) -> String {
        if is_placeholder_name(name) {
            return name.to_owned();
        }
        let key = name.to_ascii_lowercase();
        if is_common(name) && !self.literals.contains_key(&key) {
            let known = self.common.get(&key).cloned();
            let by = known.unwrap_or_else(|| self.placeholder(kind, name));
            return self.common.entry(key).or_insert(by).clone();
        }
        self.literal(name, |pseudonyms| pseudonyms.placeholder(kind, name));
        self.literals.get(&key).cloned().unwrap_or_default()
    }

    /// The longest literal at the beginning of a text, as its length and placeholder. `lower` is the
    /// text in lower-case ASCII. A text that was cut short may end within a literal.
    pub(super) fn at(&self, lower: &str) -> Option<(usize, &str)> {
        let word = first_word(lower)?;
        let candidates = self.by_first_word.get(word)?;
        candidates.iter().find_map(|literal| {
            let length = matched(lower, literal)?;
            Some((length, self.literals.get(literal)?.as_str()))
        })
    }

    pub(super) fn keep_address(&mut self, address: IpAddr) {
        // Behind a prefix of NAT64 it is the IPv4 address that is the service's.
        let address = match self.within_nat64(address) {
            Some((_, embedded)) => embedded.into(),
            None => address,
        };
        if !is_inner(address) {
            self.kept.insert(address);
        }
    }

    /// A prefix of NAT64; of other lengths than the usual one nothing is known.
    pub(super) fn nat64(&mut self, prefix: IpNet) {
        let IpNet::V6(prefix) = prefix else { return };
        let base = prefix.network();
        if prefix.prefix_len() == 96 && base != WELL_KNOWN_NAT64 {
            self.nat64.push(u128::from(base) >> 32);
        }
    }

    /// The place of the prefix that an address lies in, and the IPv4 address behind it.
    fn within_nat64(&self, address: IpAddr) -> Option<(usize, Ipv4Addr)> {
        let IpAddr::V6(address) = address else {
            return None;
        };
        let bits = u128::from(address);
        let place = self.nat64.iter().position(|base| *base == bits >> 32)?;
        Some((place, Ipv4Addr::from(bits as u32)))
    }

    /// Whether a host is Microsoft's, an authority's, or one to which such a host points.
    pub(super) fn is_public(&self, host: &str) -> bool {
        let lower = host.to_ascii_lowercase();
        !self.private.contains(&lower)
            && (self.is_public_name(&lower) || self.aliases.contains(&lower))
    }

    /// The pseudonym of an address. Inner addresses become addresses that are not public
    /// either, so that a report is judged as before.
    pub(super) fn address(&mut self, address: IpAddr) -> IpAddr {
        if let Some((place, embedded)) = self.within_nat64(address) {
            let IpAddr::V4(embedded) = self.address(embedded.into()) else {
                return address;
            };
            let prefix = 0x0100_u128 << 112 | (place as u128 + 1) << 32;
            return Ipv6Addr::from(prefix | u128::from(u32::from(embedded))).into();
        }
        let well_known = address == IpAddr::V6(WELL_KNOWN_NAT64);
        let stays = is_nobodys(address) || well_known || self.is_listed(address);
        if stays || self.kept.contains(&address) || is_placeholder_address(address) {
            return address;
        }
        if let Some(known) = self.addresses.get(&address) {
            return *known;
        }
        let placeholder = self.new_address(address);
        self.addresses.insert(address, placeholder);
        placeholder
    }

    fn new_address(&mut self, address: IpAddr) -> IpAddr {
        let inner = is_inner(address);
        let kind = match (address, inner) {
            (IpAddr::V4(_), true) => "inner v4",
            (IpAddr::V4(_), false) => "outer v4",
            (IpAddr::V6(_), true) => "inner v6",
            (IpAddr::V6(_), false) => "outer v6",
        };
        let count = self.counts.entry(kind).or_default();
        *count += 1;
        let number = u32::try_from(*count).unwrap_or(u32::MAX);
        match (address, inner) {
            (IpAddr::V4(_), false) if number <= 254 * 3 => documented(number).into(),
            (IpAddr::V4(_), _) => tested(number).into(),
            (IpAddr::V6(_), true) => Ipv6Addr::from(0x0100_u128 << 112 | u128::from(number)).into(),
            (IpAddr::V6(_), false) => {
                Ipv6Addr::from(0x2001_0db8_u128 << 96 | u128::from(number)).into()
            }
        }
    }
}

/// Whether a word does not identify an organization: sentences, products and numbers have it too.
fn is_common(word: &str) -> bool {
    public_names::is_generic(word) || page::is_of_ours(word) || page::is_known(word)
}

/// The first word of a text that begins with one.
fn first_word(lower: &str) -> Option<&str> {
    let end = lower.find(|c: char| !c.is_alphanumeric());
    match end.unwrap_or(lower.len()) {
        // What begins otherwise is found by its first character.
        0 => lower.chars().next().map(|c| &lower[..c.len_utf8()]),
        end => Some(&lower[..end]),
    }
}

fn matched(lower: &str, literal: &str) -> Option<usize> {
    if let Some(rest) = lower.strip_prefix(literal) {
        let inside = |text: &str, c: Option<char>| {
            text.ends_with(char::is_alphanumeric) && c.is_some_and(char::is_alphanumeric)
        };
        return (!inside(literal, rest.chars().next())).then_some(literal.len());
    }
    let same = lower.bytes().zip(literal.bytes());
    let same = same.take_while(|(one, other)| one == other).count();
    let cut = same > 0 && lower.is_char_boundary(same) && lower[same..].starts_with('…');
    cut.then_some(same)
}

/// Whether an address identifies no party: loopback, multicast and reserved addresses.
fn is_nobodys(address: IpAddr) -> bool {
    let future = matches!(address, IpAddr::V4(address) if address.octets()[0] >= 240);
    address.is_loopback() || address.is_unspecified() || address.is_multicast() || future
}

/// Whether an address is of an inner network: private, shared by a carrier, link-local.
fn is_inner(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [first, second, ..] = address.octets();
            address.is_private()
                || address.is_link_local()
                || (first == 100 && (64..128).contains(&second))
        }
        IpAddr::V6(address) => address.is_unique_local() || address.is_unicast_link_local(),
    }
}

/// The registrable domain of a name with more than one label.
fn owner_domain(name: &str) -> Option<String> {
    Some(registrable_domain(name)).filter(|domain| domain.contains('.'))
}

fn documented(number: u32) -> Ipv4Addr {
    let [a, b, c] = DOCUMENTS[(number as usize - 1) / 254 % 3];
    Ipv4Addr::new(a, b, c, ((number - 1) % 254 + 1) as u8)
}

/// 198.18.0.0/15, which is for tests of devices (RFC 2544) and never a public service.
fn tested(number: u32) -> Ipv4Addr {
    Ipv4Addr::from(u32::from(Ipv4Addr::new(198, 18, 0, 0)) + number % (1 << 17))
}
