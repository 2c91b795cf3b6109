//! One pending attempt: what is done, and which stage is waiting since when.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use crate::classify;
use crate::clock::{Expired, RunClock, milliseconds};
use crate::queue::Asked;
use reach365_model::evidence::{
    Attempt, Failure, HttpSeen, Observation, ProxySeen, Stage, TcpSeen, TlsSeen, UserAgent,
};
use reach365_platform::SocketEvidence;
use reach365_proxy::route::{Hop, NamedBy, ProxyProtocol, ProxyServer};

/// The target of a connection, and what listens there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    /// The proxy that carries the connection on; without one the address is the endpoint's.
    pub(crate) proxy: Option<ProxyServer>,
    /// Who named this proxy, by which credentials go to it or not.
    pub(crate) named_by: NamedBy,
    /// The User-Agent of its requests.
    pub(crate) user_agent: UserAgent,
}

/// A pending attempt. It can be read and given up from outside.
#[derive(Debug)]
pub(crate) struct Recorder {
    clock: RunClock,
    target: Target,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    attempt: Attempt,
    waiting: Option<(Stage, Instant)>,
    watched: Option<Arc<dyn SocketEvidence>>,
    local: Option<SocketAddr>,
    no_route: bool,
}

impl Recorder {
    pub(crate) fn new(clock: RunClock, target: &Target, round: u32) -> Self {
        let attempt = Attempt {
            address: target.address,
            round,
            hop: target.proxy.clone().map(Hop::Proxy),
            icmp: None,
            counters: None,
            tcp: Observation {
                at_ms: clock.at(Instant::now()),
                elapsed_ms: 0.0,
                value: None,
                failure: None,
            },
            proxy_tls: None,
            proxy: None,
            tls: None,
            http: None,
        };
        Self {
            clock,
            target: target.clone(),
            state: Mutex::new(State {
                attempt,
                waiting: None,
                watched: None,
                local: None,
                no_route: false,
            }),
        }
    }

    /// The target of the attempt.
    pub(crate) fn target(&self) -> &Target {
        &self.target
    }

    /// 1 for the first attempt.
    pub(crate) fn round(&self) -> u32 {
        self.state().attempt.round
    }

    /// The socket of the attempt may be queried from now on.
    pub(crate) fn watch(&self, socket: Option<Arc<dyn SocketEvidence>>) {
        self.state().watched = socket;
    }

    /// The own address of the connection, known before it has been established.
    pub(crate) fn local(&self, address: Option<SocketAddr>) {
        self.state().local = address;
    }

    /// The system had no route and rejected the connection before it sent a packet.
    pub(crate) fn no_route(&self) {
        self.state().no_route = true;
    }

    /// A stage begins.
    pub(crate) fn begin(&self, stage: Stage) -> Instant {
        let now = Instant::now();
        self.state().waiting = Some((stage, now));
        now
    }

    /// The stage continues later: until then it is not waiting.
    pub(crate) fn pause(&self) {
        self.state().waiting = None;
    }

    /// When the current stage began.
    pub(crate) fn waiting_since(&self) -> Option<Instant> {
        self.state().waiting.map(|(_, since)| since)
    }

    /// The pending request to a proxy, and since when it waits.
    pub(crate) fn waits_for_proxy(&self) -> Option<(Asked, Instant)> {
        let proxy = self.target.proxy.as_ref()?;
        let now = self.state();
        let (stage, since) = now.waiting?;
        let attempt = &now.attempt;
        let is_ready = proxy.protocol != ProxyProtocol::Https || attempt.proxy_tls.is_some();
        match stage {
            Stage::Proxy if is_ready => Some((Asked::Tunnel, since)),
            Stage::Http if attempt.proxy.is_none() => Some((Asked::Page, since)),
            _ => None,
        }
    }

    /// The TCP stage is over.
    pub(crate) fn tcp(&self, began: Instant, value: Option<TcpSeen>, failure: Option<Failure>) {
        let (local, no_route) = {
            let state = self.state();
            (state.local, state.no_route)
        };
        let value = value.or_else(|| {
            (local.is_some() || no_route).then(|| TcpSeen {
                local,
                no_route,
                ..TcpSeen::default()
            })
        });
        let observation = self.observation(began, value, failure);
        self.finish(|attempt| attempt.tcp = observation);
    }

    /// Adds what was seen between the connection and the next stage.
    pub(crate) fn tcp_seen(&self, seen: TcpSeen) {
        self.state().attempt.tcp.value = Some(seen);
    }

    /// The handshake with the proxy itself is over.
    pub(crate) fn proxy_tls(&self, began: Instant, value: TlsSeen, failure: Option<Failure>) {
        let observation = self.observation(began, Some(value), failure);
        self.finish(|attempt| attempt.proxy_tls = Some(observation));
    }

    /// The proxy has answered the request for a tunnel, or not.
    pub(crate) fn proxy(&self, began: Instant, value: Option<ProxySeen>, failure: Option<Failure>) {
        let observation = self.observation(began, value, failure);
        self.finish(|attempt| attempt.proxy = Some(observation));
    }

    /// The TLS stage is over; what it showed follows by [`tls_seen`](Self::tls_seen).
    pub(crate) fn tls(&self, began: Instant, failure: Option<Failure>) {
        let observation = self.observation(began, None, failure);
        self.finish(|attempt| attempt.tls = Some(observation));
    }

    /// Adds what the handshake showed; evaluated outside of the timed stage.
    pub(crate) fn tls_seen(&self, seen: TlsSeen) {
        if let Some(tls) = &mut self.state().attempt.tls {
            tls.value = Some(seen);
        }
    }

    /// The HTTP stage is over.
    pub(crate) fn http(&self, began: Instant, value: Option<HttpSeen>, failure: Option<Failure>) {
        let observation = self.observation(began, value, failure);
        self.finish(|attempt| attempt.http = Some(observation));
    }

    /// The current state of the attempt; a stage that still waits is given up as silent.
    pub(crate) fn finished(&self) -> Attempt {
        let waiting = self.state().waiting;
        if let Some((stage, began)) = waiting {
            let failure = Some(classify::expired(Expired::Limit));
            match stage {
                Stage::Proxy => self.proxy(began, None, failure),
                Stage::Tls => self.tls(began, failure),
                Stage::Http => self.http(began, None, failure),
                _ => self.tcp(began, None, failure),
            }
        }
        self.ask_the_system();
        self.state().attempt.clone()
    }

    /// Records what the system knows of the connection; the state at the first failure counts.
    fn ask_the_system(&self) {
        let mut state = self.state();
        let Some(socket) = state.watched.clone() else {
            return;
        };
        let attempt = &mut state.attempt;
        attempt.icmp = attempt.icmp.take().or_else(|| socket.icmp());
        attempt.counters = attempt.counters.take().or_else(|| socket.counters());
    }

    fn finish(&self, put: impl FnOnce(&mut Attempt)) {
        let mut state = self.state();
        if let Some((stage, since)) = state.waiting {
            let (address, round) = (state.attempt.address, state.attempt.round);
            tracing::debug!(%address, round, %stage, elapsed = ?since.elapsed(), "stage over");
        }
        put(&mut state.attempt);
        state.waiting = None;
    }

    fn observation<T>(
        &self,
        began: Instant,
        value: Option<T>,
        failure: Option<Failure>,
    ) -> Observation<T> {
        if failure.is_some() {
            self.ask_the_system();
        }
        Observation {
            at_ms: self.clock.at(began),
            elapsed_ms: milliseconds(began.elapsed()),
            value,
            failure,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
