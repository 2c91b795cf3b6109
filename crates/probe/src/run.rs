//! The sequence of stages for one endpoint. It only sequences.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::{Either, join, join_all, join3, select};
use tokio::time::sleep;

use crate::attempt::{self, FirstConnected};
use crate::clock::RunClock;
use crate::credentials::Credentials;
use crate::dns::{self, DnsClient};
use crate::hosts_text::HostsText;
use crate::names::system_addresses;
use crate::pace::ConnectionLimits;
use crate::proxy_names::{Found, ProxyNames};
use crate::recorder::Target;
use crate::tls::TlsSource;
use reach365_model::endpoint::{Endpoint, Host, Scheme};
use reach365_model::evidence::{
    Attempt, Evidence, Failure, FailureKind, Lookup, Observation, RecordKind, StopReason, UserAgent,
};
use reach365_model::options::{
    ADDRESS_LIMIT, CONFIRM_PAUSE, Family, HOP_LIMIT, Options, SearchList,
};
use reach365_platform::{self as platform, UsedFamilies};
use reach365_proxy::route::{Hop, NamedBy, ProxyProtocol, ProxyServer, Route};

/// A lookup that took less was prompt.
const PROMPT_MS: f64 = 500.0;
/// Share of its time that a DNS question has in the second pass.
const CALM_SHARE: f64 = 0.6;
/// The same where a proxy carries every connection, so that it looks the names up.
const PROXIED_SHARE: f64 = 0.5;

/// What all probes of a run share.
#[derive(Debug)]
pub struct ProbeContext {
    /// The options of the caller.
    pub options: Arc<Options>,
    /// The start and the deadline of the run.
    pub clock: RunClock,
    /// How many connections may be opened at once.
    pub pace: ConnectionLimits,
    /// The system's name servers.
    pub dns: DnsClient,
    /// Trust stores and the TLS configuration.
    pub tls: TlsSource,
    /// The hosts file.
    pub hosts: HostsText,
    /// How names of proxies are completed.
    pub search: SearchList,
    /// Addresses of proxies found so far.
    pub proxies: ProxyNames,
    /// Credentials for proxies that require them.
    pub credentials: Credentials,
    /// Whether the operating system's resolver is asked in parallel.
    pub ask_os_resolver: bool,
    /// Whether it is asked for names of proxies that DNS has no address for.
    pub os_knows_proxies: bool,
    /// Which address families the system would take.
    pub families: UsedFamilies,
    /// Lookups that were quick in the first pass.
    pub prompt: PromptLookups,
    /// Whether proxies look up every name that a connection needs: then this machine's own DNS
    /// answers are information, and its silence is waited for less long.
    pub is_proxied: AtomicBool,
}

/// Lookups that were answered at once: a second pass does not need to repeat them.
#[derive(Debug, Default)]
pub struct PromptLookups {
    known: Mutex<HashMap<(String, RecordKind), Lookup>>,
}

impl PromptLookups {
    fn remember(&self, lookup: &Lookup) {
        let kind = lookup.outcome.failure.as_ref().map(|failure| failure.kind);
        let settled = matches!(kind, None | Some(FailureKind::Nodata));
        let queued = lookup.tries.iter().filter_map(|one| one.queued_ms);
        let own = lookup.outcome.elapsed_ms - queued.sum::<f64>();
        let prompt = lookup.tries.len() == 1 && own < PROMPT_MS;
        if settled && prompt {
            let name = (lookup.name.clone(), lookup.kind);
            self.lock().insert(name, lookup.clone());
        }
    }

    fn get(&self, name: &str, kind: RecordKind) -> Option<Lookup> {
        self.lock().get(&(name.to_owned(), kind)).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(String, RecordKind), Lookup>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ProbeContext {
    /// Looks a name up. In the second pass at a slow rate, and not where the first brought the
    /// answer at once; its silence ends with that of the first.
    pub async fn lookup(&self, name: &str, kind: RecordKind) -> Lookup {
        let is_calm = self.pace.is_calm();
        let share = match (is_calm, self.is_proxied.load(Ordering::Acquire)) {
            (true, true) => CALM_SHARE * PROXIED_SHARE,
            (false, true) => PROXIED_SHARE,
            (true, false) => CALM_SHARE,
            (false, false) => 1.0,
        };
        let client = DnsClient {
            timeout: self.dns.timeout.mul_f64(share),
            ..self.dns.clone()
        };
        if !is_calm {
            let lookup = client.lookup(name, kind).await;
            self.prompt.remember(&lookup);
            return lookup;
        }
        if let Some(known) = self.prompt.get(name, kind) {
            return known;
        }
        self.pace.question().await;
        client.lookup(name, kind).await
    }

    /// Whether the system would connect to an address of a name: others are not probed where there
    /// is one that it would.
    pub(super) fn would_use(&self, address: IpAddr) -> bool {
        let used = match address {
            IpAddr::V4(_) => self.families.ipv4,
            IpAddr::V6(_) => self.families.ipv6,
        };
        used || self.options.family != Family::Both || platform::fits(address)
    }

    /// The addresses that the system would connect to; all where it would to none.
    pub(super) fn usable(&self, addresses: &[IpAddr]) -> Vec<IpAddr> {
        let used = addresses.iter().filter(|address| self.would_use(**address));
        let used: Vec<IpAddr> = used.copied().collect();
        if used.is_empty() {
            return addresses.to_vec();
        }
        used
    }
}

/// What the probe of one address family saw.
#[derive(Debug, Default)]
struct FamilySeen {
    lookup: Option<Lookup>,
    attempts: Vec<Attempt>,
    /// Addresses that the system would not connect to, left aside.
    aside: Vec<Target>,
}

/// Probes an endpoint once on its route: through every proxy of it, and directly where the route
/// says so. Silent stages are confirmed at once; other failures are confirmed by [`confirm`].
pub async fn probe(context: &ProbeContext, endpoint: &Endpoint, route: &Route) -> Evidence {
    let mut evidence = Evidence::default();
    if context.clock.is_over() {
        evidence.cut_short = Some(StopReason::Deadline);
        return evidence;
    }
    if route.is_direct() || endpoint.scheme == Scheme::Dns {
        directly(context, endpoint, &mut evidence).await;
    } else {
        Box::pin(by_route(context, endpoint, route, &mut evidence)).await;
    }
    evidence.cut_short = cut_short(context, &evidence);
    evidence
}

async fn directly(context: &ProbeContext, endpoint: &Endpoint, evidence: &mut Evidence) {
    match &endpoint.host {
        Host::Address(address) => {
            let target = direct_target(endpoint, *address);
            evidence.attempts = connect_all(context, endpoint, vec![target]).await;
        }
        Host::Name(name) => by_name(context, endpoint, name, evidence).await,
    }
}

/// Every hop of a route at once. The proxy resolves the endpoint's name: looking it up here is
/// information, and nothing waits for it.
async fn by_route(
    context: &ProbeContext,
    endpoint: &Endpoint,
    route: &Route,
    evidence: &mut Evidence,
) {
    let mut own = Evidence::default();
    let named_by = route.named_by();
    let through = join_all(
        route
            .proxies()
            .take(HOP_LIMIT)
            .map(|proxy| through(context, endpoint, proxy, named_by)),
    );
    let through = if route.hops.contains(&Hop::Direct) {
        let (through, ()) = join(through, directly(context, endpoint, &mut own)).await;
        through
    } else if route
        .proxies()
        .any(|proxy| proxy.protocol == ProxyProtocol::Socks4)
    {
        // SOCKS 4 has no room for a name, so that this machine's DNS decides.
        let (through, lookups) = join(through, own_lookups(context, endpoint)).await;
        own.lookups = lookups;
        through
    } else {
        let (through, lookups) = beside(through, own_lookups(context, endpoint)).await;
        own.lookups = lookups.unwrap_or_default();
        through
    };
    *evidence = own;
    for (found, attempts) in through {
        evidence.proxy_lookups.extend(found.lookups);
        evidence.proxy_names.extend(found.name);
        evidence.attempts.extend(attempts);
    }
    evidence.proxy_lookups.dedup();
}

async fn own_lookups(context: &ProbeContext, endpoint: &Endpoint) -> Vec<Lookup> {
    let Host::Name(name) = &endpoint.host else {
        return Vec::new();
    };
    let kinds = [RecordKind::A, RecordKind::Aaaa];
    let wanted = kinds.into_iter().filter(|kind| includes(context, *kind));
    join_all(wanted.map(|kind| context.lookup(name, kind))).await
}

/// What the connections through one proxy saw, and what is known of its name.
async fn through(
    context: &ProbeContext,
    endpoint: &Endpoint,
    proxy: &ProxyServer,
    named_by: NamedBy,
) -> (Found, Vec<Attempt>) {
    let found = context.proxies.find(context, &proxy.host).await;
    let target = |address: &IpAddr| Target {
        address: SocketAddr::new(*address, proxy.port),
        proxy: Some(proxy.clone()),
        named_by,
        user_agent: UserAgent::Neutral,
    };
    let (v6, v4): (Vec<Target>, Vec<Target>) = context
        .usable(&found.addresses)
        .iter()
        .map(target)
        .partition(|target| target.address.is_ipv6());
    let (v4, v6) = join(
        connect_all(context, endpoint, v4),
        connect_all(context, endpoint, v6),
    )
    .await;
    (found, [v4, v6].concat())
}

fn direct_target(endpoint: &Endpoint, address: IpAddr) -> Target {
    Target {
        address: SocketAddr::new(address, endpoint.port),
        proxy: None,
        named_by: NamedBy::Settings,
        user_agent: UserAgent::Neutral,
    }
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
    let mut aside = Vec::new();
    for family in [seen.0, seen.1] {
        evidence.lookups.extend(family.lookup);
        evidence.attempts.extend(family.attempts);
        aside.extend(family.aside);
    }
    // Where nothing else is left, a client would try these too.
    if evidence.attempts.is_empty() {
        evidence.attempts = connect_all(context, endpoint, aside).await;
    }
}

/// Runs two futures at once and waits for the first only.
async fn beside<A, B>(
    main: impl Future<Output = A>,
    side: impl Future<Output = B>,
) -> (A, Option<B>) {
    match select(pin!(main), pin!(side)).await {
        Either::Left((main, _)) => (main, None),
        Either::Right((side, main)) => (main.await, Some(side)),
    }
}

/// The answer of the operating system's own resolver: it includes the hosts file, suffixes and
/// per-network rules, which a direct query bypasses.
async fn os_lookup(context: &ProbeContext, name: &str) -> Observation<Vec<IpAddr>> {
    if !context.ask_os_resolver {
        return std::future::pending().await;
    }
    system_addresses(context.clock, name).await
}

async fn family(
    context: &ProbeContext,
    endpoint: &Endpoint,
    name: &str,
    kind: RecordKind,
    hosts_file: &[IpAddr],
) -> FamilySeen {
    let unwanted = endpoint.ipv6_only && kind == RecordKind::A;
    if unwanted || !includes(context, kind) {
        return FamilySeen::default();
    }
    // Where the hosts file names the host, the system connects there whatever DNS answers.
    if !hosts_file.is_empty() && endpoint.scheme != Scheme::Dns {
        let own = hosts_file.iter().filter(|address| is_of(**address, kind));
        let (used, aside) = targets(context, endpoint, own.copied());
        let (lookup, attempts) = join(
            context.lookup(name, kind),
            connect_all(context, endpoint, used),
        )
        .await;
        return FamilySeen {
            lookup: Some(lookup),
            attempts,
            aside,
        };
    }
    let lookup = context.lookup(name, kind).await;
    let found = dns::addresses(&lookup).into_iter();
    let (used, aside) = targets(context, endpoint, found);
    FamilySeen {
        attempts: connect_all(context, endpoint, used).await,
        lookup: Some(lookup),
        aside,
    }
}

/// Where to connect to, and what is left aside.
fn targets(
    context: &ProbeContext,
    endpoint: &Endpoint,
    addresses: impl Iterator<Item = IpAddr>,
) -> (Vec<Target>, Vec<Target>) {
    addresses
        .map(|address| direct_target(endpoint, address))
        .partition(|target| context.would_use(target.address.ip()))
}

pub(super) fn includes(context: &ProbeContext, kind: RecordKind) -> bool {
    let sample: IpAddr = match kind {
        RecordKind::Aaaa => std::net::Ipv6Addr::LOCALHOST.into(),
        _ => std::net::Ipv4Addr::LOCALHOST.into(),
    };
    context.options.family.includes(sample)
}

pub(super) fn is_of(address: IpAddr, kind: RecordKind) -> bool {
    address.is_ipv6() == (kind == RecordKind::Aaaa)
}

async fn connect_all(
    context: &ProbeContext,
    endpoint: &Endpoint,
    mut targets: Vec<Target>,
) -> Vec<Attempt> {
    if endpoint.scheme == Scheme::Dns {
        return Vec::new();
    }
    targets.truncate(ADDRESS_LIMIT);
    let first_connected = FirstConnected::default();
    let connections = targets
        .iter()
        .map(|target| attempt::connect(context, endpoint, target, &first_connected));
    join_all(connections).await.into_iter().flatten().collect()
}

/// Probes once more, on fresh sockets and after a pause, what did not come out well and has not
/// been confirmed yet: names that did not resolve, addresses that failed or answered badly.
pub async fn confirm(
    context: &ProbeContext,
    endpoint: &Endpoint,
    route: &Route,
    evidence: &mut Evidence,
    round: u32,
) {
    sleep(CONFIRM_PAUSE).await;
    if context.clock.is_over() {
        return;
    }
    let again = targets_to_confirm(evidence, route, round);
    let names = lookups_to_confirm(&evidence.lookups);
    let proxy_names = lookups_to_confirm(&evidence.proxy_lookups);
    let attempts = again
        .iter()
        .map(|target| attempt::confirm(context, endpoint, target, round));
    let (lookups, proxy_lookups, attempts) = join3(
        look_up_again(context, &names),
        look_up_again(context, &proxy_names),
        join_all(attempts),
    )
    .await;
    evidence.lookups.extend(lookups);
    evidence.proxy_lookups.extend(proxy_lookups);
    evidence.attempts.extend(attempts);
    evidence.cut_short = evidence.cut_short.or(cut_short(context, evidence));
}

/// Looks names up once more.
pub async fn look_up_again(context: &ProbeContext, names: &[(String, RecordKind)]) -> Vec<Lookup> {
    let lookups = names.iter().map(|(name, kind)| context.lookup(name, *kind));
    join_all(lookups).await
}

/// Every address whose last attempt passed TCP or failed, unless it has this round already.
fn targets_to_confirm(evidence: &Evidence, route: &Route, round: u32) -> Vec<Target> {
    let mut targets: Vec<Target> = Vec::new();
    for attempt in &evidence.attempts {
        let beyond = attempt.proxy.is_some() || attempt.tls.is_some() || attempt.http.is_some();
        let deep = beyond || attempt.proxy_tls.is_some() || !attempt.tcp.passed();
        let target = target_of(attempt, route);
        if deep && !targets.contains(&target) {
            targets.push(target);
        }
    }
    targets.retain(|target| {
        let mut own = evidence
            .attempts
            .iter()
            .filter(|attempt| target_of(attempt, route) == *target);
        !own.any(|attempt| attempt.round >= round)
    });
    targets
}

fn target_of(attempt: &Attempt, route: &Route) -> Target {
    let proxy = attempt.hop.as_ref().and_then(Hop::proxy).cloned();
    Target {
        address: attempt.address,
        named_by: route.named_by(),
        user_agent: UserAgent::Neutral,
        proxy,
    }
}

/// Answers in the negative; silence and server failures were repeated within the lookup.
fn lookups_to_confirm(lookups: &[Lookup]) -> Vec<(String, RecordKind)> {
    let negative = |failure: &Failure| {
        matches!(
            failure.kind,
            FailureKind::Nxdomain | FailureKind::Nodata | FailureKind::CnameLoop
        )
    };
    let resolved = lookups.iter().any(|lookup| lookup.outcome.passed());
    let failed = lookups
        .iter()
        .filter(|lookup| !resolved && lookup.outcome.failure.as_ref().is_some_and(negative));
    failed
        .map(|lookup| (lookup.name.clone(), lookup.kind))
        .collect()
}

fn cut_short(context: &ProbeContext, evidence: &Evidence) -> Option<StopReason> {
    let mut failures = failures(evidence);
    if failures.any(|failure| failure.kind == FailureKind::NoSocket) {
        return Some(StopReason::NoSocket);
    }
    context.clock.is_over().then_some(StopReason::Deadline)
}

fn failures(evidence: &Evidence) -> impl Iterator<Item = &Failure> {
    let lookups = evidence.lookups.iter().chain(&evidence.proxy_lookups);
    let lookups = lookups.filter_map(|lookup| lookup.outcome.failure.as_ref());
    let attempts = evidence.attempts.iter().flat_map(|attempt| {
        let tls = attempt.tls.as_ref().and_then(|tls| tls.failure.as_ref());
        let http = attempt.http.as_ref().and_then(|http| http.failure.as_ref());
        [attempt.tcp.failure.as_ref(), tls, http]
            .into_iter()
            .flatten()
    });
    lookups.chain(attempts)
}
