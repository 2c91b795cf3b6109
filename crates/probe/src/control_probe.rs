//! Control probes: sent after a failure only, each differs from the failed probe in one respect.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::future::{join_all, join4};
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::clock::{Expired, milliseconds};
use crate::dns::DnsClient;
use crate::run::ProbeContext;
use crate::{classify, legacy_hello};
use reach365_model::endpoint::{Endpoint, Host};
use reach365_model::evidence::{
    DnsTry, LegacyHello, Lookup, Observation, RecordKind, SniControl, Transport,
};

/// The other name of a ClientHello: a host that no filter is expected to block (RFC 2606). It is
/// not contacted.
const OTHER_NAME: &str = "www.example.com";
/// Connection and answer together: a lost SYN is retransmitted after a second.
const BOTH: Duration = Duration::from_millis(1_400);
/// Silence has been waited for already: answers come at once or not at all.
pub(super) const LIMIT: Duration = Duration::from_secs(1);
/// What a resolver has for a control name where the run has been waiting for it already.
const KNOWN_NAME: Duration = Duration::from_millis(1_500);
/// Control lookups of a run that silence has not delayed may take until this time.
const SILENT_RUN: Duration = Duration::from_millis(5_500);
/// If less than this is left after the connection is established, silence is not evidence.
const ENOUGH: Duration = Duration::from_millis(700);

/// Sends a ClientHello with the host's name and one with another name to the address of a failed
/// handshake, both twice: the limit is shorter than the system's retransmission timeout.
pub async fn other_name(
    context: &ProbeContext,
    endpoint: &Endpoint,
    address: SocketAddr,
) -> Option<SniControl> {
    let name = endpoint.host.name()?;
    let (own, own_again, other, other_again) = join4(
        send_client_hello(context, address, name),
        send_client_hello(context, address, name),
        send_client_hello(context, address, OTHER_NAME),
        send_client_hello(context, address, OTHER_NAME),
    )
    .await;
    // A ClientHello that was never sent shows nothing.
    let (own, own_again) = in_order(own, own_again);
    let (other, other_again) = in_order(other, other_again);
    Some(SniControl {
        address,
        name: OTHER_NAME.to_owned(),
        own: own?,
        own_again,
        other: other?,
        other_again,
    })
}

type HelloResult = Option<LegacyHello>;

/// What was answered first, what was not even sent last.
fn in_order(one: HelloResult, two: HelloResult) -> (HelloResult, HelloResult) {
    let rank = |result: &HelloResult| match result {
        Some(answer) if *answer != LegacyHello::default() => 2,
        Some(_) => 1,
        None => 0,
    };
    if rank(&two) > rank(&one) {
        (two, one)
    } else {
        (one, two)
    }
}

/// The answer to a ClientHello; none where it was not sent, or too late for silence to be evidence.
async fn send_client_hello(context: &ProbeContext, address: SocketAddr, name: &str) -> HelloResult {
    let mut random = [0; 32];
    let provider = &context.tls.get().await.provider;
    // A fixed number serves as well: this ClientHello derives no keys.
    let _ = provider.secure_random.fill(&mut random);
    let connecting = async { TcpStream::connect(address).await.map(Some) };
    let asking = |tcp| legacy_hello::ask(tcp, Some(name), random);
    let answer = asked(context, connecting, asking).await;
    answer.map(Option::unwrap_or_default)
}

/// The result of a request on a fresh connection: `None` where there is no connection, or where it
/// was established too late for silence to be evidence; within, `None` for silence.
#[allow(clippy::option_option, reason = "not asked and not answered differ")]
pub(super) async fn asked<C, A>(
    context: &ProbeContext,
    connecting: C,
    ask: impl FnOnce(TcpStream) -> A,
) -> Option<Option<A::Output>>
where
    C: Future<Output = io::Result<Option<TcpStream>>>,
    A: Future,
{
    let began = Instant::now();
    let connected = context.clock.within(BOTH, connecting).await;
    let tcp = connected.ok()?.ok()??;
    // On a long path the answer needs as long as the connection did, and some.
    let took = began.elapsed();
    let left = BOTH.saturating_sub(took).min(LIMIT).max(took * 2);
    match context.clock.within(left, ask(tcp)).await {
        Ok(answer) => Some(Some(answer)),
        Err(Expired::Limit) if left >= ENOUGH => Some(None),
        Err(_) => None,
    }
}

/// Asks one resolver for names of several owners, and if it answers without an address for any of
/// them, also for the NS records of the root zone. A name without an answer within the limit is
/// recorded as silent.
pub async fn known_names(
    context: &ProbeContext,
    server: SocketAddr,
    names: &[String],
) -> Vec<Lookup> {
    let client = DnsClient {
        servers: vec![server],
        ..context.dns.clone()
    };
    let elapsed = Duration::from_millis(context.clock.elapsed_ms());
    let left = if context.is_proxied.load(Ordering::Acquire) {
        Duration::ZERO
    } else {
        SILENT_RUN.saturating_sub(elapsed)
    };
    let limit = left.max(KNOWN_NAME).min(client.timeout * 2);
    let asked = names
        .iter()
        .map(|name| within(&client, limit, name, RecordKind::A));
    let mut lookups: Vec<Lookup> = join_all(asked).await.into_iter().flatten().collect();
    let resolved = lookups.iter().any(|lookup| lookup.outcome.passed());
    let answered = |lookup: &Lookup| lookup.tries.iter().any(|one| one.rcode.is_some());
    if !resolved && (lookups.is_empty() || lookups.iter().any(answered)) {
        lookups.extend(within(&client, KNOWN_NAME, ".", RecordKind::Ns).await);
    }
    lookups
}

/// A lookup by one server that is silent at the limit; none where the run is over before.
async fn within(
    client: &DnsClient,
    limit: Duration,
    name: &str,
    kind: RecordKind,
) -> Option<Lookup> {
    let began = Instant::now();
    let server = *client.servers.first()?;
    let asked = client.lookup(name, kind);
    let why = match client.clock.within(limit, asked).await {
        Ok(lookup) => return Some(lookup),
        Err(why) => why,
    };
    if why == Expired::Deadline {
        return None;
    }
    let silence = classify::expired(why);
    let (at_ms, elapsed_ms) = (client.clock.at(began), milliseconds(began.elapsed()));
    Some(Lookup {
        name: name.to_owned(),
        kind,
        outcome: Observation {
            at_ms,
            elapsed_ms,
            value: None,
            failure: Some(silence.clone()),
        },
        tries: vec![DnsTry {
            server,
            transport: Transport::Udp,
            at_ms,
            elapsed_ms,
            edns: None,
            resent_after_ms: None,
            queued_ms: None,
            rcode: None,
            failure: Some(silence),
        }],
    })
}

/// Looks up names that do not exist: one below the host's own domain, one below `invalid` (RFC
/// 6761), which cannot be registered.
pub async fn random_labels(context: &ProbeContext, endpoint: &Endpoint) -> Vec<Lookup> {
    let Host::Name(name) = &endpoint.host else {
        return Vec::new();
    };
    let label = random_label(context).await;
    let mut names = vec![format!("{label}.invalid")];
    if name.contains('.') {
        names.push(format!("{label}.{}", endpoint.host.owner()));
    }
    let lookups = names.iter().map(|name| context.lookup(name, RecordKind::A));
    let all = context.clock.within(LIMIT, join_all(lookups)).await;
    all.unwrap_or_default()
}

async fn random_label(context: &ProbeContext) -> String {
    let mut random = [0; 6];
    // A repeated label is not worse than one that exists by chance.
    let _ = context
        .tls
        .get()
        .await
        .provider
        .secure_random
        .fill(&mut random);
    let digits: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("reach365-{digits}")
}
