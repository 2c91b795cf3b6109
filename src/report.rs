//! The report of a run: JSON schema 1.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::endpoint::{Cloud, Endpoint};
use crate::evidence::{Evidence, RunEvidence};
use crate::remedy::Advice;
use crate::route::Route;
use crate::verdict::{Code, Finding, Outcome, Verdict};

/// Name of the schema that [`Report`] serialises to.
pub const SCHEMA: &str = "reach365/report/1";

/// Everything that a run found out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Report {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// Who wrote the report.
    pub tool: Tool,
    /// When, where and for how long.
    pub run: Run,
    /// Counts, the worst outcome and the exit code.
    pub summary: Summary,
    /// Causes that hold for several endpoints or for the whole run, most basic first.
    pub findings: Vec<Finding>,
    /// One row an endpoint, in plan order.
    pub endpoints: Vec<EndpointReport>,
    /// What to do, in order, at most five lines.
    pub advice: Vec<Advice>,
}

/// Who wrote a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Tool {
    /// `reach365`.
    pub name: String,
    /// Version of the program.
    pub version: String,
}

/// Facts of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Run {
    /// Unique name of the run.
    pub id: String,
    /// When it began.
    pub started: Timestamp,
    /// How long it took.
    pub elapsed_ms: u64,
    /// The cloud whose rules were applied.
    pub cloud: Cloud,
    /// Name of the site, where the caller gave one.
    pub site: Option<String>,
    /// Name of the machine, where the caller gave one.
    pub host: Option<String>,
    /// Operating system of the machine.
    pub platform: String,
    /// What was seen of the machine and its resolvers.
    #[serde(default)]
    pub evidence: RunEvidence,
}

/// Counts of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Summary {
    /// The worst outcome of all rows.
    pub outcome: Outcome,
    /// Rows with a genuine answer.
    pub reachable: usize,
    /// Rows with a genuine answer and something wrong on the way.
    pub degraded: usize,
    /// Rows without a genuine answer, cause known.
    pub blocked: usize,
    /// Rows where nobody can be accused.
    pub inconclusive: usize,
    /// Rows that were not probed.
    pub skipped: usize,
    /// Exit code of the command line: 0 reachable, 1 blocked, 3 inconclusive.
    pub exit_code: u8,
}

/// One endpoint with its way, verdict and evidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EndpointReport {
    /// What was to be reached.
    #[serde(flatten)]
    pub endpoint: Endpoint,
    /// Who carried the connection, in one word.
    pub via: String,
    /// The way and its reasons.
    pub route: Route,
    /// The judgement.
    pub verdict: Verdict,
    /// Milliseconds per stage.
    pub timings: Timings,
    /// What was seen.
    pub evidence: Evidence,
}

/// Milliseconds per stage, of the connection that the verdict rests on; `null` where a stage was
/// not reached.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Timings {
    /// Name resolution.
    pub dns_ms: Option<f64>,
    /// TCP connection.
    pub tcp_ms: Option<f64>,
    /// Proxy.
    pub proxy_ms: Option<f64>,
    /// TLS handshake.
    pub tls_ms: Option<f64>,
    /// HTTP exchange.
    pub http_ms: Option<f64>,
    /// Sum of the stages.
    pub total_ms: f64,
}

/// A blocked endpoint, ready to print.
#[derive(Debug, Clone, Copy)]
pub struct BlockedEndpoint<'a> {
    /// What cannot be reached.
    pub endpoint: &'a Endpoint,
    /// The cause.
    pub code: Code,
    /// One sentence for people.
    pub summary: &'a str,
    /// The whole judgement.
    pub verdict: &'a Verdict,
}

impl Report {
    /// The blocked endpoints, in plan order.
    pub fn blocked(&self) -> impl Iterator<Item = BlockedEndpoint<'_>> {
        self.endpoints.iter().filter_map(|row| {
            let code = row.verdict.code?;
            (row.verdict.outcome == Outcome::Blocked).then_some(BlockedEndpoint {
                endpoint: &row.endpoint,
                code,
                summary: &row.verdict.summary,
                verdict: &row.verdict,
            })
        })
    }
}
