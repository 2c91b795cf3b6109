//! The `msoid` record of a domain, from every side: this machine's resolver, the domain's own
//! name servers, and a further resolver where one is named.

use std::net::{IpAddr, SocketAddr};

use futures_util::future::{join_all, join3};
use tokio::time::Instant;

use crate::evidence::{
    Evidence, Failure, FailureKind, Lookup, MsoidEvidence, MsoidRecord, MsoidResolver, MsoidView,
    Observation, RecordKind,
};
use crate::options::CNAME_LIMIT;
use crate::probe::classify;
use crate::probe::clock::milliseconds;
use crate::probe::dns::{self, DnsClient};

/// Name servers of a domain that are asked at most.
const SERVER_LIMIT: usize = 4;

/// Whom the check asks.
#[derive(Debug)]
pub(crate) struct MsoidClients<'a> {
    pub(crate) system: &'a DnsClient,
    pub(crate) second: Option<DnsClient>,
    /// Port of the authoritative servers.
    pub(crate) authoritative_port: u16,
}

/// A chain of aliases as one side sees it, as far as it is known, and why no further.
type ChainSeen = (Vec<String>, Option<Failure>);

/// Looks the record up on every side at once.
pub(crate) async fn probe_msoid(clients: &MsoidClients<'_>, domain: &str) -> Evidence {
    let name = format!("msoid.{domain}");
    let (system, authoritative, second) = join3(
        by_resolver(clients.system, MsoidResolver::System, &name),
        by_authority(clients, domain, &name),
        by_second(clients, &name),
    )
    .await;
    let mut views = vec![system, authoritative];
    views.extend(second);
    Evidence {
        msoid: Some(MsoidEvidence {
            domain: domain.to_owned(),
            views,
        }),
        ..Evidence::default()
    }
}

async fn by_second(clients: &MsoidClients<'_>, name: &str) -> Option<MsoidView> {
    let client = clients.second.as_ref()?;
    Some(by_resolver(client, MsoidResolver::Second, name).await)
}

async fn by_resolver(client: &DnsClient, resolver: MsoidResolver, name: &str) -> MsoidView {
    let began = Instant::now();
    let chain = follow(client, client, name).await;
    view(client, resolver, client.servers.clone(), began, chain)
}

/// Asks the domain's own name servers for the record, and this machine's resolver for the rest of
/// the chain, which lies in other zones.
async fn by_authority(clients: &MsoidClients<'_>, domain: &str, name: &str) -> MsoidView {
    let began = Instant::now();
    let system = clients.system;
    let (servers, chain) = match name_servers(system, domain).await {
        Err(failure) => (Vec::new(), (Vec::new(), Some(failure))),
        Ok(addresses) => {
            let port = clients.authoritative_port;
            let servers: Vec<SocketAddr> = addresses
                .into_iter()
                .map(|ip| SocketAddr::new(ip, port))
                .collect();
            let own = DnsClient {
                servers: servers.clone(),
                recursion: false,
                ..system.clone()
            };
            (servers, follow(&own, system, name).await)
        }
    };
    view(system, MsoidResolver::Authoritative, servers, began, chain)
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
            if chain.contains(&link) {
                return (chain, None);
            }
            chain.push(link);
        }
        current = last;
    }
    (chain, None)
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

/// Addresses of the name servers of the zone that a domain lies in.
async fn name_servers(client: &DnsClient, domain: &str) -> Result<Vec<IpAddr>, Failure> {
    let mut zone = domain;
    let mut failure = None;
    // The zone cut may lie above the domain, but not at a top-level domain.
    while zone.contains('.') {
        let lookup = client.lookup(zone, RecordKind::Ns).await;
        let names = names(&lookup);
        if !names.is_empty() {
            return addresses(client, &names).await;
        }
        failure = failure.or(lookup.outcome.failure);
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

async fn addresses(client: &DnsClient, names: &[String]) -> Result<Vec<IpAddr>, Failure> {
    let lookups = names.iter().map(|name| client.lookup(name, RecordKind::A));
    let found: Vec<IpAddr> = join_all(lookups)
        .await
        .iter()
        .flat_map(dns::addresses)
        .collect();
    if found.is_empty() {
        return Err(classify::failure(
            FailureKind::Nodata,
            "the domain's name servers have no address",
        ));
    }
    Ok(found.into_iter().take(SERVER_LIMIT).collect())
}
