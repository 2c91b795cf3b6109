//! Limits against bursts: so many hosts at once, so many connections to one address; and, where the
//! network may not bear even that, few hosts at once and so many packets a second.

use std::collections::HashMap;
use std::future::Future;
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::{Either, select};
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, sleep_until};

use crate::queue::{ProxyQueue, Stall};
use reach365_model::options::{
    CALM_CONNECTIONS, CALM_JOBS, CALM_QUESTIONS, JOBS_PER_ADDRESS, JOBS_PER_PROXY, QUIET,
};
use reach365_proxy::route::{ProxyServer, Route};

/// Places that open when a host has been quiet for long: with every generation of quiet hosts
/// there are eight times as many, so that thousands of silent hosts take no longer than one.
pub(super) const OPENED_BY_QUIET_HOST: usize = 8;
/// Places that open when a peer has been quiet for long: enough for every endpoint on it.
const OPENED_BY_QUIET_PEER: usize = 1024;

/// Round trips that a probe takes: name 1, connection 1, TLS 2, HTTP 1, closing 1, and one to spare.
const ROUND_TRIPS: u32 = 7;
/// Before each probe that is made alone: firewalls that allow ten connections a second are in use.
const BETWEEN_ALONE: Duration = Duration::from_millis(250);
/// A pause grows with the round trip up to this.
const LONGEST_PAUSE: Duration = Duration::from_secs(6);

/// The places of a run.
#[derive(Debug)]
pub struct ConnectionLimits {
    hosts: Semaphore,
    peers: Mutex<HashMap<Peer, Arc<Semaphore>>>,
    queues: Mutex<HashMap<ProxyServer, Arc<ProxyQueue>>>,
    is_calm: AtomicBool,
    few: Semaphore,
    questions: Turns,
    connections: Turns,
    /// Microseconds of the shortest round trip that was measured on the direct path.
    round_trip: AtomicU64,
}

/// Who is connected to, for the limit on connections at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Peer {
    /// A server.
    Server(IpAddr),
    /// A proxy, which is there to carry many.
    Proxy(IpAddr),
}

impl Peer {
    fn places(self) -> usize {
        match self {
            Self::Server(_) => JOBS_PER_ADDRESS,
            Self::Proxy(_) => JOBS_PER_PROXY,
        }
    }
}

impl ConnectionLimits {
    /// So many hosts at once.
    pub fn new(jobs: usize) -> Self {
        Self {
            hosts: Semaphore::new(jobs.clamp(1, Semaphore::MAX_PERMITS / 2)),
            peers: Mutex::default(),
            queues: Mutex::default(),
            is_calm: AtomicBool::new(false),
            few: Semaphore::new(CALM_JOBS),
            questions: Turns::new(CALM_QUESTIONS),
            connections: Turns::new(CALM_CONNECTIONS),
            round_trip: AtomicU64::new(u64::MAX),
        }
    }

    /// The queue of a proxy.
    pub(crate) fn queue(&self, proxy: &ProxyServer) -> Arc<ProxyQueue> {
        let mut all = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(all.entry(proxy.clone()).or_default())
    }

    /// Whether a request on the route may wait in the queue of a proxy that goes on answering.
    pub fn is_queued(&self, route: &Route) -> bool {
        let mut stalls = route
            .proxies()
            .filter_map(|proxy| self.queue(proxy).stalls_at());
        let now = Instant::now();
        stalls.any(|stall| match stall {
            Stall::At(moment) => moment > now,
            Stall::Unknown => true,
        })
    }

    /// Waits until the proxies of a route have opened tunnels, and answer no more.
    pub async fn queue_stalls(&self, route: &Route) {
        while self.is_queued(route) {
            sleep(QUIET).await;
        }
    }

    /// Whether a proxy of the route was asked, and none of those that were has answered anything.
    pub fn is_mute(&self, route: &Route) -> bool {
        let queues = route.proxies().map(|proxy| self.queue(proxy));
        let asked: Vec<_> = queues.filter(|queue| queue.stalls_at().is_some()).collect();
        !asked.is_empty() && asked.iter().all(|queue| queue.is_mute())
    }

    /// From now on DNS questions and connections go out at a slow rate.
    pub fn calm_down(&self) {
        self.is_calm.store(true, Ordering::Release);
    }

    /// Whether the rate is slow.
    pub(crate) fn is_calm(&self) -> bool {
        self.is_calm.load(Ordering::Acquire)
    }

    /// Takes note of how long a direct connection took to be established.
    pub(crate) fn learn_round_trip(&self, elapsed: Duration) {
        let micros = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
        self.round_trip.fetch_min(micros, Ordering::AcqRel);
    }

    /// The shortest round trip of a direct connection; zero where none has been established.
    fn round_trip(&self) -> Duration {
        match self.round_trip.load(Ordering::Acquire) {
            u64::MAX => Duration::ZERO,
            micros => Duration::from_micros(micros),
        }
    }

    /// A pause for a whole probe: the usual one, or longer where the path is long.
    pub fn pause(&self, usual: Duration) -> Duration {
        usual.max((self.round_trip() * ROUND_TRIPS).min(LONGEST_PAUSE))
    }

    /// How long devices on the path still count a connection that this machine has closed.
    pub fn closing(&self) -> Duration {
        (self.round_trip() * 3 / 2).min(LONGEST_PAUSE)
    }

    /// Runs the probe of one of few hosts. The place is free when its connections are closed, and
    /// is held for as long as the proxies of its route have been seen to need.
    pub async fn one_of_few<F: Future>(&self, route: &Route, probe: Pin<&mut F>) -> F::Output {
        let closed = pin!(async {
            let output = probe.await;
            sleep(self.closing()).await;
            output
        });
        // The wait begins with the place, not in the queue for it.
        let quiet = async {
            let patience = route.proxies().map(|proxy| self.queue(proxy).patience());
            let patience = patience.max().unwrap_or_default();
            sleep(patience.max(self.pause(QUIET))).await;
        };
        hold(&self.few, closed, quiet, 1).await
    }

    /// Runs the probe of a host while none of the few is running; `None` where it is not wanted any
    /// more when its turn comes.
    pub async fn alone<F: Future>(
        &self,
        is_wanted: impl FnOnce() -> bool,
        probe: Pin<&mut F>,
    ) -> Option<F::Output> {
        // It is never closed.
        let _places = self.few.acquire_many(CALM_JOBS as u32).await;
        if !is_wanted() {
            return None;
        }
        sleep(BETWEEN_ALONE).await;
        Some(probe.await)
    }

    /// Waits until a DNS question may leave.
    pub(crate) async fn question(&self) {
        if self.is_calm() {
            self.questions.take().await;
        }
    }

    /// Runs the probe of a host when a place is free.
    pub async fn host<F: Future>(&self, probe: Pin<&mut F>) -> F::Output {
        hold(&self.hosts, probe, sleep(QUIET), OPENED_BY_QUIET_HOST).await
    }

    /// Runs a connection to a peer when a place is free. `quiet` ends when the connection has been
    /// waiting for the peer for long.
    pub(crate) async fn peer<F: Future>(
        &self,
        peer: Peer,
        connection: Pin<&mut F>,
        quiet: impl Future<Output = ()>,
    ) -> F::Output {
        if self.is_calm() {
            self.connections.take().await;
        }
        let places = {
            let mut all = self.peers.lock().unwrap_or_else(PoisonError::into_inner);
            let places = all.entry(peer);
            Arc::clone(places.or_insert_with(|| Arc::new(Semaphore::new(peer.places()))))
        };
        hold(&places, connection, quiet, OPENED_BY_QUIET_PEER).await
    }
}

/// Turns that come at a steady rate.
#[derive(Debug)]
struct Turns {
    pause: Duration,
    next: Mutex<Option<Instant>>,
}

impl Turns {
    fn new(a_second: u32) -> Self {
        Self {
            pause: Duration::from_secs(1) / a_second,
            next: Mutex::new(None),
        }
    }

    async fn take(&self) {
        sleep_until(self.after(Instant::now())).await;
    }

    /// The next free turn.
    fn after(&self, now: Instant) -> Instant {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let turn = next.map_or(now, |free| free.max(now));
        *next = Some(turn + self.pause);
        turn
    }
}

/// Keeps a place while the work lasts, but not while it only waits. The work stays where it is: by
/// value, every function on the path here would keep room for it twice.
pub(super) async fn hold<F: Future>(
    places: &Semaphore,
    work: Pin<&mut F>,
    quiet: impl Future<Output = ()>,
    opened: usize,
) -> F::Output {
    let place = places.acquire().await;
    match select(work, pin!(quiet)).await {
        Either::Left((output, _)) => output,
        Either::Right(((), work)) => {
            drop(place);
            if places.available_permits() < Semaphore::MAX_PERMITS / 2 {
                places.add_permits(opened - 1);
            }
            work.await
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use futures_util::future::join_all;

    use super::*;

    /// The most connections that were open at once, of so many that last so long each.
    async fn peak(pace: &ConnectionLimits, count: usize, lasts: Duration) -> usize {
        let (now, peak) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let connection = || async {
            peak.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            sleep(lasts).await;
            now.fetch_sub(1, Ordering::SeqCst);
        };
        let peer = Peer::Server(IpAddr::from([192, 0, 2, 1]));
        let quiet = || sleep(Duration::from_millis(100));
        join_all((0..count).map(|_| async {
            let connection = pin!(connection());
            pace.peer(peer, connection, quiet()).await;
        }))
        .await;
        peak.load(Ordering::SeqCst)
    }

    #[test]
    fn turns_come_at_a_steady_rate() {
        let (turns, now) = (Turns::new(20), Instant::now());
        let taken: Vec<Duration> = (0..3).map(|_| turns.after(now) - now).collect();
        assert_eq!(taken, [0, 50, 100].map(Duration::from_millis));
        let later = now + Duration::from_secs(9);
        assert_eq!(turns.after(later), later, "a pause is not made up for");
    }

    #[tokio::test]
    async fn an_address_gets_so_many_connections_at_once() {
        let pace = ConnectionLimits::new(64);
        assert_eq!(
            peak(&pace, 20, Duration::from_millis(5)).await,
            JOBS_PER_ADDRESS
        );
    }

    #[tokio::test]
    async fn a_silent_address_holds_nobody_up() {
        let pace = ConnectionLimits::new(64);
        assert_eq!(peak(&pace, 50, Duration::from_millis(400)).await, 50);
    }
}
