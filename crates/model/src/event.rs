//! One stream of events for the progress bar, NDJSON and embedders.

use std::iter;

use serde::Serialize;

use crate::advice::Advice;
use crate::report::{EndpointReport, Report, Run, Summary};
use crate::verdict::{Finding, Outcome};

/// What happens during a run, in order: `Started`, any number of `Probed` while the run goes on,
/// then the report's own events (see [`Report::events`]).
///
/// An event serializes to one flat JSON object whose key `event` has its kind.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Event<'a> {
    /// The run begins.
    Started {
        /// Unique name of the run.
        run_id: &'a str,
        /// Number of checks in the plan.
        checks: usize,
    },
    /// One endpoint was probed; the judgment is provisional until the run is correlated.
    Probed {
        /// Id of the endpoint.
        id: &'a str,
        /// What its own evidence says.
        outcome: Outcome,
        /// Checks finished so far.
        finished: usize,
    },
    /// The final result of an endpoint, in plan order.
    Endpoint(&'a EndpointReport),
    /// A cause that holds for several endpoints.
    Finding(&'a Finding),
    /// One line of advice.
    Advice(&'a Advice),
    /// The run is over.
    Finished {
        /// Facts of the run.
        run: &'a Run,
        /// Counts and exit code.
        summary: &'a Summary,
    },
}

impl Event<'_> {
    /// Whether the event tells of work in progress, which the finished report no longer holds.
    pub fn is_progress(&self) -> bool {
        matches!(self, Self::Started { .. } | Self::Probed { .. })
    }
}

impl Report {
    /// What the report says, as events: every endpoint in plan order, the findings, the advice, and
    /// `Finished` last. The events of work in progress are not among them.
    pub fn events(&self) -> impl Iterator<Item = Event<'_>> {
        let rows = self.endpoints.iter().map(Event::Endpoint);
        let findings = self.findings.iter().map(Event::Finding);
        let advice = self.advice.iter().map(Event::Advice);
        let finished = Event::Finished {
            run: &self.run,
            summary: &self.summary,
        };
        rows.chain(findings)
            .chain(advice)
            .chain(iter::once(finished))
    }
}
