//! Names resolved as the operating system does it: the hosts file, the search list, the name servers
//! in order, and at last the system's own resolver, which knows further sources (NetBIOS, LLMNR,
//! mDNS, rules for single domains).

use std::net::IpAddr;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::Instant;

use crate::classify;
use crate::clock::{RunClock, milliseconds};
use crate::dns::{self, DnsClient};
use crate::hosts_text::HostsText;
use reach365_model::evidence::{FailureKind, Lookup, Observation, ProxyName, RecordKind};
use reach365_model::options::{ADDRESS_LIMIT, SearchList};

/// Longest wait for the system's own resolver, which is slow for names that do not exist.
const SYSTEM_LIMIT: Duration = Duration::from_secs(3);
/// The same where the name servers were silent for their whole time.
const AFTER_SILENCE: Duration = Duration::from_millis(1_500);

/// The sources that names are looked up in.
#[derive(Debug)]
pub(crate) struct AsSystem<'a> {
    pub(crate) client: &'a DnsClient,
    pub(crate) hosts: &'a HostsText,
    pub(crate) search: &'a SearchList,
    /// Whether the system's own resolver is asked where DNS has no address. Explicit name servers
    /// replace it.
    pub(crate) asks_system: bool,
}

/// The result of looking a name up.
#[derive(Debug, Clone, Default)]
pub(crate) struct Resolved {
    pub(crate) addresses: Vec<IpAddr>,
    pub(crate) lookups: Vec<Lookup>,
    pub(crate) name: ProxyName,
}

impl Resolved {
    /// Whether the name servers were asked and neither they nor the system gave any answer.
    pub(crate) fn is_silent(&self) -> bool {
        let asked = !self.lookups.is_empty();
        asked && self.addresses.is_empty() && !self.lookups.iter().any(is_answered)
    }
}

impl AsSystem<'_> {
    /// The addresses of a name, of the families of these records.
    pub(crate) async fn resolve(&self, name: &str, kinds: &[RecordKind]) -> Resolved {
        let mut found = Resolved {
            name: ProxyName {
                name: name.to_owned(),
                ..ProxyName::default()
            },
            ..Resolved::default()
        };
        let candidates = self.search.candidates(name);
        let mut known = candidates.iter().map(|full| self.hosts.addresses(full));
        if let Some(addresses) = known.find(|known| !known.is_empty()) {
            found.addresses = of_kinds(addresses, kinds);
            return found;
        }
        self.ask_servers(candidates, kinds, &mut found).await;
        if found.addresses.is_empty() && self.asks_system {
            self.ask_system(kinds, &mut found).await;
        }
        found
    }

    /// One full name after the other, as far as one has an address.
    async fn ask_servers(
        &self,
        candidates: Vec<String>,
        kinds: &[RecordKind],
        found: &mut Resolved,
    ) {
        for full in candidates {
            let asked = kinds.iter().map(|kind| self.client.lookup(&full, *kind));
            let lookups = join_all(asked).await;
            found.addresses = lookups.iter().flat_map(dns::addresses).collect();
            let answered = lookups.iter().any(is_answered);
            found.lookups.extend(lookups);
            found.name.asked.push(full);
            // A silent server is silent for the next name too: the system gives up here as well.
            if !found.addresses.is_empty() || !answered {
                return;
            }
        }
    }

    async fn ask_system(&self, kinds: &[RecordKind], found: &mut Resolved) {
        let limit = if found.is_silent() {
            AFTER_SILENCE
        } else {
            SYSTEM_LIMIT
        };
        let clock = self.client.clock;
        let asked = system_addresses(clock, &found.name.name);
        let Ok(answer) = clock.within(limit, asked).await else {
            return;
        };
        found.addresses = of_kinds(answer.value.clone().unwrap_or_default(), kinds);
        found.name.os_resolver = Some(answer);
    }
}

fn is_answered(lookup: &Lookup) -> bool {
    lookup.tries.iter().any(|one| one.rcode.is_some())
}

fn of_kinds(addresses: Vec<IpAddr>, kinds: &[RecordKind]) -> Vec<IpAddr> {
    let wanted = |address: &IpAddr| {
        let kind = match address {
            IpAddr::V4(_) => RecordKind::A,
            IpAddr::V6(_) => RecordKind::Aaaa,
        };
        kinds.contains(&kind)
    };
    addresses.into_iter().filter(wanted).collect()
}

/// The answer of the operating system's own resolver.
pub(crate) async fn system_addresses(clock: RunClock, name: &str) -> Observation<Vec<IpAddr>> {
    let began = Instant::now();
    let (value, failure) = match tokio::net::lookup_host((name, 0)).await {
        Ok(found) => (Some(unique(found.map(|address| address.ip()))), None),
        Err(error) => {
            let failure = classify::failure(FailureKind::Other, error.to_string());
            (None, Some(failure))
        }
    };
    Observation {
        at_ms: clock.at(began),
        elapsed_ms: milliseconds(began.elapsed()),
        value,
        failure,
    }
}

fn unique(addresses: impl Iterator<Item = IpAddr>) -> Vec<IpAddr> {
    let mut found: Vec<IpAddr> = Vec::new();
    for address in addresses {
        if !found.contains(&address) && found.len() < ADDRESS_LIMIT {
            found.push(address);
        }
    }
    found
}
