//! Control probes: asked after a failure only, each differs from what failed in one thing.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::future::{join_all, join3};
use tokio::net::TcpStream;

use crate::endpoint::{Endpoint, Host};
use crate::evidence::{Attempt, Evidence, LegacyHello, Lookup, RecordKind, SniControl};
use crate::probe::legacy_hello;
use crate::probe::run::ProbeContext;

/// The other name of a greeting. It stands for a host that nobody filters (RFC 2606); it is not
/// contacted.
const OTHER_NAME: &str = "www.example.com";
/// Silence has been waited for already: these answers come at once or not at all.
const LIMIT: Duration = Duration::from_secs(1);
/// Connections came about before: a lost request is repeated after a second.
const CONNECT: Duration = Duration::from_secs(2);

/// Greets the address of the last failed handshake by the host's name and by another.
pub(crate) async fn other_name(
    context: &ProbeContext,
    endpoint: &Endpoint,
    evidence: &Evidence,
) -> Option<SniControl> {
    let name = endpoint.host.name()?;
    let greeted = |attempt: &&Attempt| attempt.hop.is_none() && attempt.tls.is_some();
    let address = evidence.attempts.iter().rfind(greeted)?.address;
    let (own, other, again) = join3(
        greet(context, address, name),
        greet(context, address, OTHER_NAME),
        greet(context, address, OTHER_NAME),
    )
    .await;
    // The limit is shorter than what a system waits before it repeats a lost packet.
    let heard = |answer: &LegacyHello| *answer != LegacyHello::default();
    let other = other.filter(heard).or(again);
    Some(SniControl {
        address,
        name: OTHER_NAME.to_owned(),
        // A greeting that was never sent shows nothing.
        own: own?,
        other: other?,
    })
}

/// The answer to a greeting; none where there is no connection.
async fn greet(context: &ProbeContext, address: SocketAddr, name: &str) -> Option<LegacyHello> {
    let mut random = [0; 32];
    let provider = &context.tls.get().await.provider;
    // A fixed number serves as well: no keys come of this greeting.
    let _ = provider.secure_random.fill(&mut random);
    let connected = context.clock.within(CONNECT, TcpStream::connect(address));
    let tcp = connected.await.ok()?.ok()?;
    let asked = legacy_hello::ask(tcp, Some(name), random);
    let answer = context.clock.within(LIMIT, asked).await;
    Some(answer.unwrap_or_default())
}

/// Looks up names that do not exist: one below the host's own domain, one below `invalid` (RFC
/// 6761), which nobody can have.
pub(crate) async fn random_labels(context: &ProbeContext, endpoint: &Endpoint) -> Vec<Lookup> {
    let Host::Name(name) = &endpoint.host else {
        return Vec::new();
    };
    let label = random_label(context).await;
    let labels: Vec<&str> = name.rsplitn(3, '.').collect();
    let mut names = vec![format!("{label}.invalid")];
    if let [top, domain, ..] = labels.as_slice() {
        names.push(format!("{label}.{domain}.{top}"));
    }
    let lookups = names
        .iter()
        .map(|name| context.dns.lookup(name, RecordKind::A));
    let all = context.clock.within(LIMIT, join_all(lookups)).await;
    all.unwrap_or_default()
}

async fn random_label(context: &ProbeContext) -> String {
    let mut random = [0; 6];
    // A label that repeats is no worse than one that may exist by chance.
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
