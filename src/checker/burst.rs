//! The tool's own burst must not become a fault. Where several endpoints fail or lag, they are probed
//! once more, a few at a time and at a slow rate; what passes then is not counted as a fault.
//!
//! The second pass begins when every endpoint has answered, failed or lagged, while the first may
//! still wait, and has less time for each stage: both end together. A request in the queue of a
//! proxy that goes on opening tunnels does not lag, and is not repeated. If a sample of the
//! endpoints fails again and none passes, the burst is not the cause: the rest are spared.

use std::pin::{Pin, pin};

use futures_util::future::{Either, select};
use tokio::sync::watch;
use tokio::time::{Duration, Instant, sleep};

use crate::checker::rows::Row;
use crate::checker::{Checker, Probed};
use reach365_judge::verdict;
use reach365_model::evidence::BurstSeen;
use reach365_model::options::{BURST_AT_ONCE, BURST_ENDPOINTS, BURST_LAG, BURST_SAMPLE};
use reach365_probe::ProbeContext;
use reach365_proxy::route::Route;

/// After this time the endpoints that are probed in parallel have passed, if they do.
const SETTLED: Duration = Duration::from_millis(500);
/// Between two checks of a resolver that works.
const STILL_BUSY: Duration = Duration::from_millis(100);

/// The state of the endpoints of a run so far.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    /// Begun, and neither answered nor failed nor lagging yet.
    open: usize,
    /// Lagging, but possibly in the queue of a proxy that goes on answering.
    queued: usize,
    /// Failed or lagging.
    suspects: usize,
    /// Those whose connection or DNS question was refused: a limit may refuse a single one, while
    /// silence and slowness of one have other causes.
    refused: usize,
    /// Failed in the second pass too.
    stood: usize,
    /// Passed in the second pass.
    passed: usize,
}

/// The endpoints of a run, as far as a limit on bursts may have met them.
#[derive(Debug)]
pub(super) struct Burst {
    counts: watch::Sender<Counts>,
    /// Endpoints that were probed at once.
    at_once: usize,
}

impl Burst {
    pub(super) fn new(at_once: usize) -> Self {
        Self {
            counts: watch::Sender::new(Counts::default()),
            at_once,
        }
    }

    /// What the second pass showed, where there was one.
    pub(super) fn seen(&self) -> Option<BurstSeen> {
        let counts = *self.counts.borrow();
        (counts.stood + counts.passed > 0).then_some(BurstSeen {
            endpoints: counts.suspects,
            passed: counts.passed,
        })
    }

    fn change(&self, how: impl FnOnce(&mut Counts)) {
        self.counts.send_modify(how);
    }

    /// Waits until every endpoint that has begun is settled, through a proxy also those in its queue;
    /// whether so many are suspect that it may be the burst.
    async fn is_crowded(&self, route: &Route) -> bool {
        let direct = route.is_direct();
        let settled = self.wait(|counts| counts.open == 0 && (direct || counts.queued == 0));
        let settled = settled.await;
        let refuses = settled.refused > 0 && self.at_once >= BURST_AT_ONCE;
        settled.suspects >= BURST_ENDPOINTS || refuses
    }

    /// Waits until it is plain that the burst is not the cause.
    async fn is_cleared(&self) {
        self.wait(|counts| counts.stood >= BURST_SAMPLE && counts.passed == 0)
            .await;
    }

    async fn wait(&self, until: impl FnMut(&Counts) -> bool) -> Counts {
        let mut counts = self.counts.subscribe();
        match counts.wait_for(until).await {
            Ok(counts) => *counts,
            // The sender lives as long as this.
            Err(_) => Counts::default(),
        }
    }
}

impl Checker {
    /// Probes an endpoint, and once more where many fail or lag with it.
    pub(super) async fn probe_calmly_if_crowded(
        &self,
        context: &ProbeContext,
        judge: &verdict::Context<'_>,
        burst: &Burst,
        row: &Row<'_>,
    ) -> Probed {
        burst.change(|counts| counts.open += 1);
        let mut first = pin!(self.probe_one(context, judge, row));
        let early = until_lagging(context, burst, row, first.as_mut()).await;
        // Where a proxy has answered nothing, its queue is not the cause.
        let suspect = early
            .as_ref()
            .is_none_or(|(_, next)| next.second_pass && !context.pace.is_mute(&row.route));
        let refused = early.as_ref().is_some_and(|(_, next)| next.is_refusal);
        burst.change(|counts| {
            counts.open -= 1;
            counts.suspects += usize::from(suspect);
            counts.refused += usize::from(suspect && refused);
        });
        let first = pin!(async {
            match early {
                Some(probed) => probed,
                None => first.await,
            }
        });
        if !suspect || self.options.confirm == 0 {
            return first.await;
        }
        let (early, crowded) = match select(first, pin!(burst.is_crowded(&row.route))).await {
            Either::Left((probed, crowded)) => {
                let lagged_only = !probed.1.second_pass;
                if lagged_only {
                    burst.change(|counts| counts.suspects -= 1);
                    return probed;
                }
                (Either::Left(probed), crowded.await)
            }
            Either::Right((crowded, first)) => (Either::Right(first), crowded),
        };
        let first = pin!(async {
            match early {
                Either::Left(probed) => probed,
                Either::Right(first) => first.await,
            }
        });
        if !crowded || context.clock.is_over() {
            return first.await;
        }
        context.pace.calm_down();
        Box::pin(self.probe_beside(context, judge, burst, row, first)).await
    }

    /// Probes an endpoint again in parallel with its first probe; returns the result that counts.
    async fn probe_beside(
        &self,
        context: &ProbeContext,
        judge: &verdict::Context<'_>,
        burst: &Burst,
        row: &Row<'_>,
        first: Pin<&mut impl Future<Output = Probed>>,
    ) -> Probed {
        let again = Box::pin(self.probe_again(context, judge, burst, row));
        match select(first, again).await {
            Either::Left((first, _)) if !first.1.second_pass => first,
            Either::Left((first, again)) => match select(again, pin!(burst.is_cleared())).await {
                Either::Left((again, _)) => better(burst, first, again),
                Either::Right(_) => first,
            },
            Either::Right((again, _)) if !again.1.second_pass => {
                burst.change(|counts| counts.passed += 1);
                again
            }
            Either::Right((again, first)) => {
                let first = first.await;
                better(burst, first, again)
            }
        }
    }

    /// Probes an endpoint as one of few and, if an immediate failure shows that even these are too
    /// many, alone.
    async fn probe_again(
        &self,
        context: &ProbeContext,
        judge: &verdict::Context<'_>,
        burst: &Burst,
        row: &Row<'_>,
    ) -> Probed {
        // Neighbors in a list often fail together: the first few should be a sample.
        let turn = Duration::from_millis(shuffled(&row.endpoint.id));
        // Devices on the path still count the connections of the first pass until these are closed.
        sleep(turn + context.pace.closing()).await;
        let again = pin!(async {
            let began = Instant::now();
            (self.probe_one(context, judge, row).await, began.elapsed())
        });
        let (probed, took) = context.pace.one_of_few(&row.route, again).await;
        // One after another is for what fails at once: what takes long would add up. A proxy that
        // answers does so at once, however long the other routes take.
        let told_late = if row.route.is_direct() {
            took > context.pace.pause(BURST_LAG)
        } else {
            probed.1.is_silence
        };
        if !probed.1.second_pass || told_late {
            return probed;
        }
        // Where a few are too many, some of them pass.
        sleep(context.pace.pause(SETTLED)).await;
        let some_pass = || burst.counts.borrow().passed > 0;
        let once_more = pin!(self.probe_one(context, judge, row));
        let alone = context.pace.alone(some_pass, once_more).await;
        alone.unwrap_or(probed)
    }
}

/// Waits until the first probe has ended; `None` where it lags, and not in the queue of a proxy.
async fn until_lagging(
    context: &ProbeContext,
    burst: &Burst,
    row: &Row<'_>,
    mut first: Pin<&mut impl Future<Output = Probed>>,
) -> Option<Probed> {
    let lag = async {
        row.started.notified().await;
        sleep(BURST_LAG).await;
        // On a long path everything takes long.
        let pause = context.pace.pause(BURST_LAG);
        sleep(pause.saturating_sub(BURST_LAG)).await;
        // A resolver that works through the questions of the run delays only these.
        while context.dns.known.are_busy() {
            sleep(STILL_BUSY).await;
        }
    };
    if let Either::Left((probed, _)) = select(first.as_mut(), pin!(lag)).await {
        return Some(probed);
    }
    if !context.pace.is_queued(&row.route) {
        return None;
    }
    burst.change(|counts| {
        counts.open -= 1;
        counts.queued += 1;
    });
    let stalls = pin!(context.pace.queue_stalls(&row.route));
    let settled = match select(first, stalls).await {
        Either::Left((probed, _)) => Some(probed),
        Either::Right(_) => None,
    };
    burst.change(|counts| {
        counts.open += 1;
        counts.queued -= 1;
    });
    settled
}

/// What counts of two passes: the calm one, unless the first was better.
fn better(burst: &Burst, first: Probed, again: Probed) -> Probed {
    let stands = again.1.second_pass;
    burst.change(|counts| {
        counts.stood += usize::from(stands);
        counts.passed += usize::from(!stands);
    });
    if stands && first.1.outcome <= again.1.outcome && !first.1.says_less_than(&again.1) {
        return first;
    }
    again
}

/// A small number that is independent of the position in a list.
fn shuffled(id: &str) -> u64 {
    let mixed = id.bytes().fold(7_u64, |sum, byte| {
        sum.wrapping_mul(31).wrapping_add(byte.into())
    });
    mixed % 61
}
