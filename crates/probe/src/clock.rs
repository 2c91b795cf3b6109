//! Time of a run: milliseconds since its start, and its deadline.

use std::future::Future;
use std::time::Duration;

use futures_util::future::TryFutureExt;
use tokio::time::{Instant, timeout_at};

/// The start of a run and its deadline.
#[derive(Debug, Clone, Copy)]
pub struct RunClock {
    start: Instant,
    deadline: Instant,
}

/// Why a wait ended without a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expired {
    /// The stage's own limit.
    Limit,
    /// The deadline of the run.
    Deadline,
}

impl RunClock {
    /// Starts the clock; the run ends after the deadline at the latest.
    #[must_use]
    pub fn start(deadline: Duration) -> Self {
        let start = Instant::now();
        Self {
            start,
            deadline: start + deadline,
        }
    }

    /// Milliseconds since the start, to a thousandth.
    pub(crate) fn at(&self, moment: Instant) -> f64 {
        milliseconds(moment.saturating_duration_since(self.start))
    }

    /// Milliseconds since the start, whole.
    pub fn elapsed_ms(&self) -> u64 {
        self.start.elapsed().as_millis() as u64
    }

    /// Whether the deadline has passed.
    pub fn is_over(&self) -> bool {
        Instant::now() >= self.deadline
    }

    /// Waits for a future, but not beyond the limit nor the deadline of the run. The limit begins
    /// with the call.
    ///
    /// Not an `async fn`: that would keep room for the future twice, as argument and as what is
    /// waited for, and probes are many.
    pub fn within<F: Future>(
        &self,
        limit: Duration,
        future: F,
    ) -> impl Future<Output = Result<F::Output, Expired>> + use<F> {
        let own = Instant::now() + limit;
        let why = if self.deadline < own {
            Expired::Deadline
        } else {
            Expired::Limit
        };
        timeout_at(own.min(self.deadline), future).map_err(move |_| why)
    }
}

/// Milliseconds, to a thousandth: finer is noise.
pub(crate) fn milliseconds(duration: Duration) -> f64 {
    duration.as_micros() as f64 / 1000.0
}
