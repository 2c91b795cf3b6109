//! One stream of events for the progress bar, NDJSON and embedders.

use serde::Serialize;

use crate::remedy::Advice;
use crate::report::{EndpointReport, Run, Summary};
use crate::verdict::{Finding, Outcome};

/// What happens during a run, in order.
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
    /// One endpoint was probed; the judgement is provisional until the run is correlated.
    Probed {
        /// Id of the endpoint.
        id: &'a str,
        /// What its own evidence says.
        outcome: Outcome,
        /// Checks finished so far.
        finished: usize,
    },
    /// The final row of an endpoint, in plan order.
    Endpoint(Box<EndpointReport>),
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
