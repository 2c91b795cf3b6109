//! The `msoid` record of a domain, from every side: this machine's resolver, the domain's own name
//! servers, and a second resolver if one is given.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::net::{IpAddr, SocketAddr};

use futures_util::future::{join_all, join3};
use tokio::time::Instant;

use crate::classify;
use crate::clock::milliseconds;
use crate::dns::{self, DnsClient};
use reach365_model::evidence::{
    Evidence, Failure, FailureKind, Lookup, MsoidEvidence, MsoidRecord, MsoidResolver, MsoidView,
    Observation, RecordKind,
};
use reach365_model::options::CNAME_LIMIT;

/// Name servers of a domain that are queried at most.
const SERVER_LIMIT: usize = 4;
/// Names between a domain and its zone that are queried at most.
const ZONE_DEPTH: usize = 4;

/// The resolvers and servers that the check queries.
#[derive(Debug)]
pub struct MsoidClients<'a> {
    /// The system's name servers.
    pub system: &'a DnsClient,
    /// A resolver to compare with.
    pub second: Option<DnsClient>,
    /// Port of the authoritative servers.
    pub authoritative_port: u16,
}

/// A chain of aliases as one side sees it, as far as it is known, and why it ends there.
type ChainSeen = (Vec<String>, Option<Failure>);

/// Looks the record up on every side at once.
pub async fn probe_msoid(clients: &MsoidClients<'_>, domain: &str) -> Evidence {
    let names = Names::new(domain);
    let (system, (authoritative, name_servers), second) = join3(
        names.by_resolver(clients.system, MsoidResolver::System),
        names.by_authority(clients),
        async {
            let client = clients.second.as_ref()?;
            Some(names.by_resolver(client, MsoidResolver::Second).await)
        },
    )
    .await;
    let mut views = vec![system, authoritative];
    views.extend(second);
    Evidence {
        msoid: Some(MsoidEvidence {
            domain: domain.to_owned(),
            name_servers,
            views,
        }),
        ..Evidence::default()
    }
}

/// The names that are looked up on every side.
struct Names<'a> {
    domain: &'a str,
    msoid: String,
    /// A name that does not exist: records at it come from a wildcard.
    random: String,
}

impl<'a> Names<'a> {
    fn new(domain: &'a str) -> Self {
        let number = RandomState::new().hash_one(domain);
        Self {
            domain,
            msoid: format!("msoid.{domain}"),
            random: format!("reach365-{:012x}.{domain}", number >> 16),
        }
    }

    async fn by_resolver(&self, client: &DnsClient, resolver: MsoidResolver) -> MsoidView {
        self.seen_by(client, client, resolver).await
    }

    /// Asks the domain's own name servers for the record, and this machine's resolver for the rest
    /// of the chain, which lies in other zones.
    async fn by_authority(&self, clients: &MsoidClients<'_>) -> (MsoidView, Vec<Lookup>) {
        let began = Instant::now();
        let system = clients.system;
        let (lookups, found) = name_servers(clients, self.domain).await;
        let addresses = match found {
            Ok(addresses) => addresses,
            Err(failure) => {
                let resolver = MsoidResolver::Authoritative;
                let chain = (Vec::new(), Some(failure));
                return (view(system, resolver, Vec::new(), began, chain), lookups);
            }
        };
        let port = clients.authoritative_port;
        let servers = addresses.into_iter().map(|ip| SocketAddr::new(ip, port));
        let own = DnsClient {
            servers: servers.collect(),
            recursion: false,
            ..system.clone()
        };
        let view = self
            .seen_by(&own, system, MsoidResolver::Authoritative)
            .await;
        (view, lookups)
    }

    /// The record, the domain above it, and where there is a record also what a name has there that
    /// does not exist. `rest` follows the chain into other zones.
    async fn seen_by(
        &self,
        client: &DnsClient,
        rest: &DnsClient,
        resolver: MsoidResolver,
    ) -> MsoidView {
        let began = Instant::now();
        let (chain, domain, own) = join3(
            follow(client, rest, &self.msoid),
            client.lookup(self.domain, RecordKind::Soa),
            client.lookup(&self.msoid, RecordKind::A),
        )
        .await;
        let mut seen = view(client, resolver, client.servers.clone(), began, chain);
        seen.domain = Some(domain);
        if seen.chain.is_empty() {
            seen.addresses = dns::addresses(&own);
        }
        if !seen.chain.is_empty() || !seen.addresses.is_empty() {
            seen.random_label = Some(client.lookup(&self.random, RecordKind::A).await);
        }
        seen
    }
}

fn view(
    client: &DnsClient,
    resolver: MsoidResolver,
    servers: Vec<SocketAddr>,
    began: Instant,
    chain: ChainSeen,
) -> MsoidView {
    let (chain, failure) = chain;
    let value = match (&failure, chain.is_empty()) {
        (_, false) => Some(MsoidRecord::Present),
        (None, true) => Some(MsoidRecord::Absent),
        (Some(_), true) => None,
    };
    MsoidView {
        resolver,
        servers,
        chain,
        outcome: Observation {
            at_ms: client.clock.at(began),
            elapsed_ms: milliseconds(began.elapsed()),
            value,
            failure,
        },
        domain: None,
        addresses: Vec::new(),
        random_label: None,
    }
}

/// The targets of the chain that begins at a name; empty where the name has no alias.
async fn follow(first: &DnsClient, rest: &DnsClient, name: &str) -> ChainSeen {
    let mut chain: Vec<String> = Vec::new();
    let mut current = name.to_ascii_lowercase();
    while chain.len() < CNAME_LIMIT {
        let links = match next_links(first, rest, &current, chain.is_empty()).await {
            Ok(links) => links,
            Err(failure) => return (chain, Some(failure)),
        };
        let Some(last) = links.last().cloned() else {
            return (chain, None);
        };
        for link in links {
            let is_known = chain.contains(&link) || link == name;
            chain.push(link);
            if is_known {
                return (chain, Some(endless()));
            }
        }
        current = last;
    }
    (chain, Some(endless()))
}

fn endless() -> Failure {
    classify::failure(
        FailureKind::CnameLoop,
        format!("the chain of aliases does not end within {CNAME_LIMIT} links"),
    )
}

/// The next links of a chain. Beyond the first they may lie in a zone that the first servers do
/// not hold.
async fn next_links(
    first: &DnsClient,
    rest: &DnsClient,
    name: &str,
    is_start: bool,
) -> Result<Vec<String>, Failure> {
    let own = targets(&first.lookup(name, RecordKind::Cname).await, name);
    let is_known = own.as_ref().is_ok_and(|links| !links.is_empty());
    if is_start || is_known || first.servers == rest.servers {
        return own;
    }
    targets(&rest.lookup(name, RecordKind::Cname).await, name)
}

/// The aliases that an answer gives from a name on; none where the name has no alias.
fn targets(lookup: &Lookup, name: &str) -> Result<Vec<String>, Failure> {
    if let Some(failure) = &lookup.outcome.failure {
        return match failure.kind {
            FailureKind::Nxdomain | FailureKind::Nodata => Ok(Vec::new()),
            _ => Err(failure.clone()),
        };
    }
    let records = lookup
        .outcome
        .value
        .as_ref()
        .map_or(&[][..], |answer| &answer.records);
    let mut found: Vec<String> = Vec::new();
    let mut current = name.to_owned();
    while found.len() < CNAME_LIMIT {
        let alias = records
            .iter()
            .find(|record| record.kind == RecordKind::Cname && record.name == current);
        let Some(alias) = alias else { break };
        current.clone_from(&alias.data);
        found.push(current.clone());
    }
    Ok(found)
}

/// Addresses of the name servers of the zone that a domain lies in, and the lookups that led there.
/// Where this machine's resolver does not know them, the second resolver is tried.
async fn name_servers(
    clients: &MsoidClients<'_>,
    domain: &str,
) -> (Vec<Lookup>, Result<Vec<IpAddr>, Failure>) {
    let mut lookups = Vec::new();
    let first = servers_by(clients.system, domain, &mut lookups).await;
    let Some(second) = clients.second.as_ref().filter(|_| first.is_err()) else {
        return (lookups, first);
    };
    let found = servers_by(second, domain, &mut lookups).await;
    (lookups, found.or(first))
}

async fn servers_by(
    client: &DnsClient,
    domain: &str,
    lookups: &mut Vec<Lookup>,
) -> Result<Vec<IpAddr>, Failure> {
    let mut zone = domain;
    let mut failure = None;
    // The zone cut may lie above the domain, but not at a top-level domain.
    for _ in 0..ZONE_DEPTH {
        if !zone.contains('.') {
            break;
        }
        let lookup = client.lookup(zone, RecordKind::Ns).await;
        let names = names(&lookup);
        let why = lookup.outcome.failure.clone();
        lookups.push(lookup);
        if !names.is_empty() {
            return addresses(client, &names, lookups).await;
        }
        let denied = why
            .as_ref()
            .is_none_or(|why| matches!(why.kind, FailureKind::Nxdomain | FailureKind::Nodata));
        failure = failure.or(why);
        // Who does not answer for a name does not answer for the one above it either.
        if !denied {
            break;
        }
        zone = zone.split_once('.').map_or("", |(_, parent)| parent);
    }
    Err(failure.unwrap_or_else(|| {
        classify::failure(
            FailureKind::Nodata,
            "no name servers were found for the domain",
        )
    }))
}

fn names(lookup: &Lookup) -> Vec<String> {
    let records = lookup
        .outcome
        .value
        .as_ref()
        .map_or(&[][..], |answer| &answer.records);
    let servers = records
        .iter()
        .filter(|record| record.kind == RecordKind::Ns);
    servers
        .map(|record| record.data.clone())
        .take(SERVER_LIMIT)
        .collect()
}

/// The servers may have addresses of one family only.
async fn addresses(
    client: &DnsClient,
    names: &[String],
    lookups: &mut Vec<Lookup>,
) -> Result<Vec<IpAddr>, Failure> {
    let kinds = [RecordKind::A, RecordKind::Aaaa];
    let asked = kinds
        .iter()
        .flat_map(|kind| names.iter().map(|name| client.lookup(name, *kind)));
    let answers = join_all(asked).await;
    let mut found: Vec<IpAddr> = answers.iter().flat_map(dns::addresses).collect();
    lookups.extend(answers);
    found.truncate(SERVER_LIMIT);
    if found.is_empty() {
        return Err(classify::failure(
            FailureKind::Nodata,
            "the domain's name servers have no address",
        ));
    }
    Ok(found)
}
