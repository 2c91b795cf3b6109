//! The sequence of stages for one endpoint. It only sequences.

use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;

use futures_util::future::{Either, join, join_all, select};
use tokio::time::{Instant, sleep};

use crate::endpoint::{Endpoint, Host, Scheme};
use crate::evidence::{
    Attempt, CutShort, Evidence, Failure, FailureKind, Lookup, Observation, RecordKind,
};
use crate::options::{ADDRESS_LIMIT, CONFIRM_PAUSE, Options};
use crate::probe::attempt::{self, Claim};
use crate::probe::clock::{RunClock, milliseconds};
use crate::probe::dns::{self, DnsClient};
use crate::probe::hosts_text::HostsText;
use crate::probe::pace::Pace;
use crate::probe::tls::TlsSource;

/// What all probes of a run share.
#[derive(Debug)]
pub(crate) struct ProbeContext {
    pub(crate) options: Arc<Options>,
    pub(crate) clock: RunClock,
    pub(crate) pace: Pace,
    pub(crate) dns: DnsClient,
    pub(crate) tls: TlsSource,
    pub(crate) hosts: HostsText,
    /// Whether the operating system's resolver is asked beside.
    pub(crate) ask_os_resolver: bool,
}

/// What the probe of one address family saw.
type FamilySeen = (Option<Lookup>, Vec<Attempt>);

/// Probes an endpoint once. Silent stages are confirmed on the way; other failures are confirmed
/// by [`confirm`].
pub(crate) async fn probe(context: &ProbeContext, endpoint: &Endpoint) -> Evidence {
    let mut evidence = Evidence::default();
    if context.clock.is_over() {
        evidence.cut_short = Some(CutShort::Deadline);
        return evidence;
    }
    match &endpoint.host {
        Host::Address(address) => {
            evidence.attempts = connect_all(context, endpoint, &[*address]).await;
        }
        Host::Name(name) => by_name(context, endpoint, name, &mut evidence).await,
    }
    evidence.cut_short = cut_short(context, &evidence);
    evidence
}

async fn by_name(context: &ProbeContext, endpoint: &Endpoint, name: &str, evidence: &mut Evidence) {
    evidence.hosts_file = context.hosts.addresses(name);
    let both = join(
        family(context, endpoint, name, RecordKind::A, &evidence.hosts_file),
        family(
            context,
            endpoint,
            name,
            RecordKind::Aaaa,
            &evidence.hosts_file,
        ),
    );
    let (seen, os_answer) = beside(both, os_lookup(context, name)).await;
    evidence.os_resolver = os_answer;
    for (lookup, attempts) in [seen.0, seen.1] {
        evidence.lookups.extend(lookup);
        evidence.attempts.extend(attempts);
    }
}

/// Runs two things at once and waits for the first only.
async fn beside<A, B>(
    main: impl Future<Output = A>,
    side: impl Future<Output = B>,
) -> (A, Option<B>) {
    match select(pin!(main), pin!(side)).await {
        Either::Left((main, _)) => (main, None),
        Either::Right((side, main)) => (main.await, Some(side)),
    }
}

/// What the operating system's own resolver says: the hosts file, suffixes and per-network rules
/// that a direct question passes by.
async fn os_lookup(context: &ProbeContext, name: &str) -> Observation<Vec<IpAddr>> {
    if !context.ask_os_resolver {
        return std::future::pending().await;
    }
    let began = Instant::now();
    let (value, failure) = match tokio::net::lookup_host((name, 0)).await {
        Ok(found) => (Some(unique(found.map(|address| address.ip()))), None),
        Err(error) => (
            None,
            Some(super::classify::failure(
                FailureKind::Other,
                error.to_string(),
            )),
        ),
    };
    Observation {
        at_ms: context.clock.at(began),
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

async fn family(
    context: &ProbeContext,
    endpoint: &Endpoint,
    name: &str,
    kind: RecordKind,
    hosts_file: &[IpAddr],
) -> FamilySeen {
    if !includes(context, kind) {
        return (None, Vec::new());
    }
    // Where the hosts file names the host, the system goes there whatever DNS says.
    if !hosts_file.is_empty() && endpoint.scheme != Scheme::Dns {
        let own: Vec<IpAddr> = hosts_file
            .iter()
            .copied()
            .filter(|a| is_of(*a, kind))
            .collect();
        let (lookup, attempts) = join(
            context.dns.lookup(name, kind),
            connect_all(context, endpoint, &own),
        )
        .await;
        return (Some(lookup), attempts);
    }
    let lookup = context.dns.lookup(name, kind).await;
    let addresses = dns::addresses(&lookup);
    let attempts = connect_all(context, endpoint, &addresses).await;
    (Some(lookup), attempts)
}

fn includes(context: &ProbeContext, kind: RecordKind) -> bool {
    let sample: IpAddr = match kind {
        RecordKind::Aaaa => std::net::Ipv6Addr::LOCALHOST.into(),
        _ => std::net::Ipv4Addr::LOCALHOST.into(),
    };
    context.options.family.includes(sample)
}

fn is_of(address: IpAddr, kind: RecordKind) -> bool {
    address.is_ipv6() == (kind == RecordKind::Aaaa)
}

async fn connect_all(
    context: &ProbeContext,
    endpoint: &Endpoint,
    addresses: &[IpAddr],
) -> Vec<Attempt> {
    if endpoint.scheme == Scheme::Dns {
        return Vec::new();
    }
    let claim = Claim::default();
    let connections = addresses.iter().take(ADDRESS_LIMIT).map(|address| {
        let target = SocketAddr::new(*address, endpoint.port);
        attempt::connect(context, endpoint, target, &claim)
    });
    join_all(connections).await.into_iter().flatten().collect()
}

/// Probes once more, on fresh sockets and after a pause, what did not come out well and has not
/// been confirmed yet: names that did not resolve, addresses that failed or answered badly.
pub(crate) async fn confirm(
    context: &ProbeContext,
    endpoint: &Endpoint,
    evidence: &mut Evidence,
    round: u32,
) {
    sleep(CONFIRM_PAUSE).await;
    if context.clock.is_over() {
        return;
    }
    let again = addresses_to_confirm(evidence, round);
    let names = lookups_to_confirm(evidence);
    let (lookups, attempts) = join(
        join_all(
            names
                .iter()
                .map(|(name, kind)| context.dns.lookup(name, *kind)),
        ),
        join_all(
            again
                .iter()
                .map(|address| attempt::confirm(context, endpoint, *address, round)),
        ),
    )
    .await;
    evidence.lookups.extend(lookups);
    evidence.attempts.extend(attempts);
    evidence.cut_short = evidence.cut_short.or(cut_short(context, evidence));
}

/// Every address whose last attempt went beyond TCP or failed, unless it has this round already.
fn addresses_to_confirm(evidence: &Evidence, round: u32) -> Vec<SocketAddr> {
    let mut addresses: Vec<SocketAddr> = Vec::new();
    for attempt in &evidence.attempts {
        let deep = attempt.tls.is_some() || attempt.http.is_some() || !attempt.tcp.passed();
        if deep && !addresses.contains(&attempt.address) {
            addresses.push(attempt.address);
        }
    }
    addresses.retain(|address| {
        let mut own = evidence
            .attempts
            .iter()
            .filter(|attempt| attempt.address == *address);
        !own.any(|attempt| attempt.round >= round)
    });
    addresses
}

/// Answers in the negative; silence and server failures were repeated within the lookup.
fn lookups_to_confirm(evidence: &Evidence) -> Vec<(String, RecordKind)> {
    let negative = |failure: &Failure| {
        matches!(
            failure.kind,
            FailureKind::Nxdomain | FailureKind::Nodata | FailureKind::CnameLoop
        )
    };
    let resolved = evidence
        .lookups
        .iter()
        .any(|lookup| lookup.outcome.passed());
    let failed = evidence
        .lookups
        .iter()
        .filter(|lookup| !resolved && lookup.outcome.failure.as_ref().is_some_and(negative));
    failed
        .map(|lookup| (lookup.name.clone(), lookup.kind))
        .collect()
}

fn cut_short(context: &ProbeContext, evidence: &Evidence) -> Option<CutShort> {
    let mut failures = failures(evidence);
    if failures.any(|failure| failure.kind == FailureKind::NoSocket) {
        return Some(CutShort::NoSocket);
    }
    context.clock.is_over().then_some(CutShort::Deadline)
}

fn failures(evidence: &Evidence) -> impl Iterator<Item = &Failure> {
    let lookups = evidence
        .lookups
        .iter()
        .filter_map(|lookup| lookup.outcome.failure.as_ref());
    let attempts = evidence.attempts.iter().flat_map(|attempt| {
        let tls = attempt.tls.as_ref().and_then(|tls| tls.failure.as_ref());
        let http = attempt.http.as_ref().and_then(|http| http.failure.as_ref());
        [attempt.tcp.failure.as_ref(), tls, http]
            .into_iter()
            .flatten()
    });
    lookups.chain(attempts)
}
