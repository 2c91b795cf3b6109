//! The queue of a proxy: what its answers show about how long the next may take.
//!
//! Many proxies open a few tunnels at a time. Of a burst of requests the last then wait for the
//! others, which are this run's own: while the proxy goes on answering, that wait is not silence.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::clock::{Expired, RunClock};
use reach365_model::options::BURST_LAG;

/// The requests of this run that a proxy has, and has answered.
#[derive(Debug, Default)]
pub(crate) struct ProxyQueue {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    waiting: usize,
    was_asked: bool,
    /// Every answer.
    all: Answers,
    /// Tunnels that were opened: a rule answers at once, whatever the queue.
    tunnels: Answers,
}

impl State {
    fn answers(&self, what: Asked) -> Answers {
        match what {
            Asked::Tunnel => self.tunnels,
            Asked::Page => self.all,
        }
    }
}

#[derive(Debug, Default, Clone, Copy)]
struct Answers {
    last: Option<Instant>,
    slowest: Duration,
}

/// What is requested from a proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// A tunnel.
    Tunnel,
    /// A page, by its URL.
    Page,
}

/// What an answer of a proxy shows about its queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AnswerKind {
    /// A tunnel was opened.
    Opened,
    /// Any other answer.
    Answered,
    /// It requires credentials, and has done nothing yet.
    Challenged,
}

/// One request that waits for its answer.
struct Place<'a> {
    queue: &'a ProxyQueue,
    since: Instant,
}

impl ProxyQueue {
    /// Waits for the answer to a request. The limit begins anew with every answer to another one;
    /// also returns for how long others were answered before it.
    pub(crate) async fn within<F: Future>(
        &self,
        clock: &RunClock,
        limit: Duration,
        mut answer: Pin<&mut F>,
        answer_kind: impl FnOnce(&F::Output) -> AnswerKind,
    ) -> Result<(F::Output, Duration), Expired> {
        let place = self.enter();
        let mut left = limit;
        loop {
            match clock.within(left, answer.as_mut()).await {
                Ok(answer) => {
                    let queued = self.counts_since(place.since) - place.since;
                    place.answered(answer_kind(&answer));
                    return Ok((answer, queued));
                }
                Err(Expired::Deadline) => return Err(Expired::Deadline),
                Err(Expired::Limit) => {
                    left = limit.saturating_sub(self.counts_since(place.since).elapsed());
                    if left.is_zero() {
                        return Err(Expired::Limit);
                    }
                }
            }
        }
    }

    /// Since when the silence after a request counts: since the last answer to another one.
    pub(crate) fn counts_since(&self, asked: Instant) -> Instant {
        let last = self.state().all.last;
        last.map_or(asked, |last| last.max(asked))
    }

    /// When a request may be called silent. A proxy that has opened tunnels shows how long it needs;
    /// half of the limit is waited at most, and of one that has opened none.
    pub(crate) fn silent_at(
        &self,
        what: Asked,
        asked: Instant,
        wait: Duration,
        limit: Duration,
    ) -> Instant {
        let state = self.state();
        let (answers, longest) = (state.answers(what), wait.max(limit / 2));
        let patience = match answers.last {
            Some(_) => (answers.slowest * 2).clamp(wait, longest),
            None => longest,
        };
        state.all.last.map_or(asked, |last| last.max(asked)) + patience
    }

    /// How long a request is given at least, by what was seen so far.
    pub(crate) fn patience(&self) -> Duration {
        self.state().tunnels.slowest * 2
    }

    /// When the proxy counts as stalled; `None` where it got no request, and the end of the wait
    /// where it has opened no tunnel yet.
    pub(crate) fn stalls_at(&self) -> Option<Stall> {
        let state = self.state();
        if !state.was_asked {
            return None;
        }
        Some(match (state.waiting, state.all.last, state.tunnels.last) {
            (0, Some(last), _) => Stall::At(last + BURST_LAG),
            (_, Some(last), Some(_)) => Stall::At(last + BURST_LAG.max(state.tunnels.slowest * 2)),
            _ => Stall::Unknown,
        })
    }

    /// Whether it got requests and answered none: then they do not wait in a queue.
    pub(crate) fn is_mute(&self) -> bool {
        let state = self.state();
        state.was_asked && state.all.last.is_none()
    }

    fn enter(&self) -> Place<'_> {
        let mut state = self.state();
        state.waiting += 1;
        state.was_asked = true;
        Place {
            queue: self,
            since: Instant::now(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// When a proxy counts as stalled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stall {
    At(Instant),
    /// It has opened no tunnel, so that this is unknown.
    Unknown,
}

impl Place<'_> {
    fn answered(&self, answer_kind: AnswerKind) {
        let mut state = self.queue.state();
        if answer_kind == AnswerKind::Challenged {
            return;
        }
        state.all.note(self.since);
        if answer_kind == AnswerKind::Opened {
            state.tunnels.note(self.since);
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.queue.state().waiting -= 1;
    }
}

impl Answers {
    fn note(&mut self, since: Instant) {
        self.last = Some(Instant::now());
        self.slowest = self.slowest.max(since.elapsed());
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures_util::future::join_all;
    use tokio::sync::Semaphore;
    use tokio::time::sleep;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(1);

    /// Asks for so many tunnels at once, of which so many are opened at a time; how many came in time.
    async fn opened(requests: usize, at_once: usize, takes_ms: u64) -> usize {
        let clock = RunClock::start(Duration::from_secs(600));
        let (queue, places) = (ProxyQueue::default(), Semaphore::new(at_once));
        let ask = || async {
            let tunnel = pin!(async {
                let _place = places.acquire().await;
                sleep(Duration::from_millis(takes_ms)).await;
            });
            let answer = queue.within(&clock, LIMIT, tunnel, |()| AnswerKind::Opened);
            answer.await.is_ok()
        };
        let answers = join_all((0..requests).map(|_| ask())).await;
        answers.into_iter().filter(|came| *came).count()
    }

    #[tokio::test]
    async fn a_queue_that_moves_is_no_silence() {
        for (at_once, takes_ms) in [(2, 150), (4, 400), (20, 500)] {
            let came = opened(20, at_once, takes_ms).await;
            assert_eq!(came, 20, "{at_once} at a time, {takes_ms} ms");
        }
        assert_eq!(opened(20, 2, 5_000).await, 0);
    }

    #[tokio::test]
    async fn what_the_proxy_shows_decides_when_it_is_silent() {
        let (queue, now) = (ProxyQueue::default(), Instant::now());
        let clock = RunClock::start(Duration::from_secs(600));
        let (wait, limit) = (Duration::from_secs(2), Duration::from_secs(12));
        assert!(queue.stalls_at().is_none() && !queue.is_mute());
        let silent_at = || queue.silent_at(Asked::Tunnel, now, wait, limit);
        assert_eq!(silent_at(), now + limit / 2);

        for answer_kind in [AnswerKind::Challenged, AnswerKind::Answered] {
            let answer = pin!(async {});
            let _ = queue.within(&clock, LIMIT, answer, |()| answer_kind).await;
            assert_eq!(queue.is_mute(), answer_kind == AnswerKind::Challenged);
        }
        assert!(matches!(queue.stalls_at(), Some(Stall::At(_))));

        let tunnels = |seconds| Answers {
            last: Some(now),
            slowest: Duration::from_secs(seconds),
        };
        for (seconds, patience) in [(0, 2), (2, 4), (5, 6)] {
            queue.state().tunnels = tunnels(seconds);
            queue.state().all = tunnels(seconds);
            assert_eq!(silent_at(), now + Duration::from_secs(patience));
        }
        assert_eq!(queue.patience(), Duration::from_secs(10));
        let _waiting = queue.enter();
        let stall = Stall::At(now + Duration::from_secs(10));
        assert_eq!(queue.stalls_at(), Some(stall));
    }
}
