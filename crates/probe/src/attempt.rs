//! One connection to one address, stage by stage, and a confirming one in parallel if it is silent.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::{Either, select};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until};

use crate::pace::Peer;
use crate::recorder::{Recorder, Target};
use crate::run::ProbeContext;
use crate::wire::Duplex;
use crate::{classify, connector, http, legacy_hello, proxied, tls};
use reach365_model::endpoint::{Endpoint, Scheme};
use reach365_model::evidence::{Attempt, FailureKind, LegacyHello, Stage, TcpSeen, Trust};
use reach365_model::options::{BURST_LAG, CONFIRM_SILENT_AFTER, QUIET};

/// Shortest and longest time to wait for a peer that closes before it receives a request.
const EARLY_CLOSE: (Duration, Duration) = (Duration::from_millis(20), Duration::from_millis(200));
/// Time limit of a follow-up probe of a server that refused.
const FOLLOW_UP_LIMIT: Duration = Duration::from_secs(2);

/// Which address of a family TLS and HTTP run on: the first that connects.
#[derive(Debug, Default)]
pub(crate) struct FirstConnected {
    taken: AtomicBool,
}

impl FirstConnected {
    fn claim(&self) -> bool {
        !self.taken.swap(true, Ordering::AcqRel)
    }
}

/// The limits of one attempt.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    tcp: Duration,
    pub(super) proxy: Duration,
    pub(super) tls: Duration,
    http: Duration,
}

impl Limits {
    /// Those of the run.
    fn new(context: &ProbeContext) -> Self {
        let timeouts = &context.options.timeouts;
        let limits = Self {
            tcp: timeouts.tcp,
            proxy: timeouts.proxy,
            tls: timeouts.tls,
            http: timeouts.http,
        };
        let is_long = context.pace.pause(BURST_LAG) > BURST_LAG;
        if context.pace.is_calm() && !is_long {
            // The second pass ends with what still waits in the first, which a long path has ended.
            return limits.after(BURST_LAG.min(limits.shortest() / 3));
        }
        limits
    }

    /// No stage waits longer than `limit`.
    fn at_most(self, limit: Duration) -> Self {
        self.each(|own| own.min(limit))
    }

    /// What is left of each when so much has been waited already.
    fn after(self, waited: Duration) -> Self {
        self.each(|own| own.saturating_sub(waited))
    }

    fn each(self, of: impl Fn(Duration) -> Duration) -> Self {
        Self {
            tcp: of(self.tcp),
            proxy: of(self.proxy),
            tls: of(self.tls),
            http: of(self.http),
        }
    }

    fn shortest(self) -> Duration {
        self.tcp.min(self.proxy).min(self.tls).min(self.http)
    }
}

/// Connects to an address. If a stage is silent, a confirming attempt on a fresh socket starts in
/// parallel; the first of the two that passes ends both.
pub(crate) async fn connect(
    context: &ProbeContext,
    endpoint: &Endpoint,
    target: &Target,
    first_connected: &FirstConnected,
) -> Vec<Attempt> {
    let first = Recorder::new(context.clock, target, 1);
    let limits = Limits::new(context);
    let mut running = pin!(attempt(context, endpoint, &first, limits, first_connected));
    if context.options.confirm == 0 {
        running.await;
        return vec![first.finished()];
    }
    // With short limits the confirming attempt starts early enough to end with the first.
    let wait = CONFIRM_SILENT_AFTER.min(limits.shortest() / 2);
    let silent = until_out_of_queue(context, &first, wait, limits);
    match select(running.as_mut(), pin!(silent)).await {
        Either::Left(_) => vec![first.finished()],
        Either::Right((waited, _)) => {
            let second = Recorder::new(context.clock, target, 2);
            let limits = limits.after(waited);
            // The first attempt holds the claim: the second runs the same stages as the first did.
            let first_connected = FirstConnected::default();
            let confirming = Box::pin(attempt(
                context,
                endpoint,
                &second,
                limits,
                &first_connected,
            ));
            match select(running, confirming).await {
                Either::Left((true, _)) => vec![first.finished()],
                Either::Left((false, confirming)) => {
                    confirming.await;
                    vec![first.finished(), second.finished()]
                }
                Either::Right((passed, running)) => {
                    if !passed {
                        running.await;
                    }
                    vec![first.finished(), second.finished()]
                }
            }
        }
    }
}

/// A confirming attempt after a failure other than silence, or after an unexpected answer.
pub(crate) async fn confirm(
    context: &ProbeContext,
    endpoint: &Endpoint,
    target: &Target,
    round: u32,
) -> Attempt {
    once(context, endpoint, target, round, Duration::MAX).await
}

/// One connection on its own; a stage waits no longer than its limit, nor than `silence`.
pub(crate) async fn once(
    context: &ProbeContext,
    endpoint: &Endpoint,
    target: &Target,
    round: u32,
    silence: Duration,
) -> Attempt {
    let recorder = Recorder::new(context.clock, target, round);
    let limits = Limits::new(context).at_most(silence);
    attempt(
        context,
        endpoint,
        &recorder,
        limits,
        &FirstConnected::default(),
    )
    .await;
    recorder.finished()
}

/// Ends when a stage has waited that long.
async fn until_silent(recorder: &Recorder, wait: Duration) {
    loop {
        let since = recorder.waiting_since();
        let next = since.unwrap_or_else(Instant::now) + wait;
        sleep_until(next).await;
        if since.is_some() && recorder.waiting_since() == since {
            return;
        }
    }
}

/// Ends when a stage has waited that long outside of a proxy's queue. Returns how much of its limit
/// has elapsed.
async fn until_out_of_queue(
    context: &ProbeContext,
    recorder: &Recorder,
    wait: Duration,
    limits: Limits,
) -> Duration {
    loop {
        until_silent(recorder, wait).await;
        let proxy = recorder.target().proxy.as_ref();
        let (Some(proxy), Some((asked, since))) = (proxy, recorder.waits_for_proxy()) else {
            return wait;
        };
        let queue = context.pace.queue(proxy);
        let silent_at = queue.silent_at(asked, since, wait, limits.proxy);
        if silent_at <= Instant::now() {
            return queue.counts_since(since).elapsed();
        }
        sleep_until(silent_at).await;
    }
}

/// Runs the stages when the address has a place free; true where all of them passed.
async fn attempt(
    context: &ProbeContext,
    endpoint: &Endpoint,
    recorder: &Recorder,
    limits: Limits,
    first_connected: &FirstConnected,
) -> bool {
    let stages = pin!(stages(context, endpoint, recorder, limits, first_connected));
    let quiet = until_silent(recorder, QUIET);
    context
        .pace
        .peer(peer(recorder.target()), stages, quiet)
        .await
}

fn peer(target: &Target) -> Peer {
    let address = target.address.ip();
    match target.proxy {
        Some(_) => Peer::Proxy(address),
        None => Peer::Server(address),
    }
}

async fn stages(
    context: &ProbeContext,
    endpoint: &Endpoint,
    recorder: &Recorder,
    limits: Limits,
    first_connected: &FirstConnected,
) -> bool {
    let address = recorder.target().address;
    let Some(stream) = tcp(context, recorder, limits).await else {
        return false;
    };
    if !first_connected.claim() && !context.options.all_addresses {
        return true;
    }
    if let Some(proxy) = &recorder.target().proxy {
        return Box::pin(proxied::stages(
            context, endpoint, recorder, limits, proxy, stream,
        ))
        .await;
    }
    match endpoint.scheme {
        Scheme::Https => {
            // On the heap, and only while it lasts: most of a probe's state is here.
            Box::pin(secure(
                context,
                endpoint,
                recorder,
                limits,
                stream,
                Some(address),
            ))
            .await
        }
        Scheme::Http => Box::pin(talk(context, endpoint, recorder, limits, stream, false)).await,
        Scheme::Dns => true,
    }
}

async fn tcp(context: &ProbeContext, recorder: &Recorder, limits: Limits) -> Option<TcpStream> {
    let began = recorder.begin(Stage::Tcp);
    let connecting = connector::connect(recorder);
    let result = context.clock.within(limits.tcp, connecting).await;
    let stream = match result {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => {
            recorder.tcp(began, None, Some(classify::socket(&error)));
            return None;
        }
        Err(why) => {
            recorder.tcp(began, None, Some(classify::expired(why)));
            return None;
        }
    };
    let elapsed = began.elapsed();
    if recorder.target().proxy.is_none() {
        context.pace.learn_round_trip(elapsed);
    }
    let mut seen = TcpSeen {
        local: stream.local_addr().ok(),
        ..TcpSeen::default()
    };
    recorder.tcp(began, Some(seen.clone()), None);
    let _ = stream.set_nodelay(true);
    if recorder.round() > 1 {
        seen.closed_before_hello = Some(closes_early(&stream, elapsed).await);
        recorder.tcp_seen(seen);
    }
    Some(stream)
}

/// Whether the peer closes the connection before it receives a request.
async fn closes_early(stream: &TcpStream, round_trip: Duration) -> bool {
    let wait = (round_trip * 2).clamp(EARLY_CLOSE.0, EARLY_CLOSE.1);
    match tokio::time::timeout(wait, stream.peek(&mut [0; 1])).await {
        Ok(Ok(count)) => count == 0,
        Ok(Err(error)) => error.kind() == io::ErrorKind::ConnectionReset,
        Err(_) => false,
    }
}

/// TLS and HTTP. `address` is where a server that refuses TLS 1.2 is probed again; there is no such
/// probe behind a proxy.
pub(super) async fn secure<S: Duplex + 'static>(
    context: &ProbeContext,
    endpoint: &Endpoint,
    recorder: &Recorder,
    limits: Limits,
    stream: S,
    address: Option<SocketAddr>,
) -> bool {
    let tls = context.tls.get().await;
    let began = recorder.begin(Stage::Tls);
    let handshake = tls::handshake(tls, &context.clock, limits.tls, &endpoint.host, stream).await;
    recorder.tls(began, handshake.stream.as_ref().err().cloned());
    let mut seen = handshake.seen(tls, &endpoint.host);
    let trusted = seen.public_roots == Some(Trust::Trusted) && seen.name_matches == Some(true);
    match handshake.stream {
        Ok(stream) => {
            recorder.tls_seen(seen);
            talk(context, endpoint, recorder, limits, stream, trusted).await
        }
        Err(failure) => {
            if let Some(address) = address
                && is_refusal(failure.kind)
            {
                seen.legacy_hello = Some(Box::pin(follow_up(context, endpoint, address)).await);
            }
            recorder.tls_seen(seen);
            false
        }
    }
}

/// Refusals that old or new versions of the protocol may explain.
fn is_refusal(kind: FailureKind) -> bool {
    matches!(
        kind,
        FailureKind::Alert | FailureKind::OldTls | FailureKind::NoCommonCipher
    )
}

/// How the server answers old suites and TLS 1.3, on fresh connections.
async fn follow_up(
    context: &ProbeContext,
    endpoint: &Endpoint,
    address: SocketAddr,
) -> LegacyHello {
    let provider = &context.tls.get().await.provider;
    let mut random = [0; 32];
    let _ = provider.secure_random.fill(&mut random);
    let old = async {
        let tcp = TcpStream::connect(address).await.ok()?;
        Some(legacy_hello::ask(tcp, endpoint.host.name(), random).await)
    };
    let new = async {
        let tcp = TcpStream::connect(address).await.ok()?;
        Some(tls::speaks_tls13(provider, &endpoint.host, tcp).await)
    };
    let limit = FOLLOW_UP_LIMIT.min(context.options.timeouts.tls);
    let (old, new) = tokio::join!(
        context.clock.within(limit, old),
        context.clock.within(limit, new)
    );
    let mut answer = old.ok().flatten().unwrap_or_default();
    answer.tls13 = new.ok().flatten();
    answer
}

/// One HTTP exchange with the endpoint itself.
pub(super) async fn talk<S: Duplex + 'static>(
    context: &ProbeContext,
    endpoint: &Endpoint,
    recorder: &Recorder,
    limits: Limits,
    stream: S,
    trusted: bool,
) -> bool {
    let request = http::Request::to_server(endpoint).by(recorder.target().user_agent);
    ask(context, recorder, limits, request.trusted(trusted), stream).await
}

/// One HTTP exchange, recorded.
pub(super) async fn ask<S: Duplex + 'static>(
    context: &ProbeContext,
    recorder: &Recorder,
    limits: Limits,
    request: http::Request<'_>,
    stream: S,
) -> bool {
    let began = recorder.begin(Stage::Http);
    let exchange = http::exchange(&request, &context.clock, limits.http, stream).await;
    let passed = exchange.failure.is_none();
    recorder.http(began, exchange.seen, exchange.failure);
    passed
}
