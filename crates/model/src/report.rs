//! The report of a run: JSON schema 1.

mod failed;
mod outline;
pub(crate) mod v1;

use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::advice::Advice;
use crate::endpoint::{Cloud, Endpoint, printable};
use crate::error::Error;
use crate::evidence::{Evidence, RunEvidence};
use crate::verdict::{Code, Finding, Outcome, Verdict};
use reach365_proxy::route::Route;

pub use failed::FailedAgain;
use outline::Outline;

/// Name of the schema that [`Report`] serializes to.
pub const SCHEMA: &str = "reach365/report/1";

/// Everything that a run found out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
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
#[non_exhaustive]
pub struct Tool {
    /// `reach365`.
    pub name: String,
    /// Version of the program.
    pub version: String,
}

/// Facts of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
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
    /// Whether placeholders stand for what is private; one name has another placeholder in another
    /// report.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub redacted: bool,
    /// What was seen of the machine and its resolvers.
    #[serde(default)]
    pub evidence: RunEvidence,
}

/// Counts of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Summary {
    /// The worst outcome of all rows.
    pub outcome: Outcome,
    /// Rows with a genuine answer.
    pub reachable: usize,
    /// Rows with a genuine answer and something wrong on the path.
    pub degraded: usize,
    /// Rows without a genuine answer, cause known.
    pub blocked: usize,
    /// Endpoints whose cause is unknown.
    pub inconclusive: usize,
    /// Inconclusive rows that ask what external DNS has, which cannot be seen from here. Beside
    /// other rows they change neither the outcome nor the exit code.
    #[serde(default, skip_serializing_if = "crate::evidence::is_zero")]
    pub unseen: usize,
    /// Rows that were not probed.
    pub skipped: usize,
    /// Exit code of the command line: 0 reachable, 1 blocked, 3 inconclusive.
    pub exit_code: u8,
}

/// One endpoint with its way, verdict and evidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct EndpointReport {
    /// What was to be reached.
    #[serde(flatten)]
    pub endpoint: Endpoint,
    /// Who carried the connection, in one word.
    pub via: String,
    /// The way and its reasons.
    pub route: Route,
    /// The judgment.
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
#[non_exhaustive]
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
#[non_exhaustive]
pub struct BlockedEndpoint<'a> {
    /// What cannot be reached.
    pub endpoint: &'a Endpoint,
    /// The cause.
    pub code: Code,
    /// One sentence for people.
    pub summary: &'a str,
    /// The whole judgment.
    pub verdict: &'a Verdict,
}

/// From which outcome on a run counts as failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum FailOn {
    /// Blocked endpoints alone.
    #[default]
    Blocked,
    /// Degraded endpoints too.
    Degraded,
    /// Blocked and inconclusive endpoints; degraded ones pass.
    Inconclusive,
}

impl Report {
    /// Reads a saved report.
    ///
    /// # Errors
    /// [`Error::Report`] where the text is not JSON (with line and column), names another schema
    /// or a newer one, or does not hold what the schema asks for.
    pub fn from_json(text: &str) -> Result<Self, Error> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let wrong = match serde_json::from_str::<Self>(text) {
            // A list of the same values is not a report, although serde takes one.
            Ok(report) if text.trim_start().starts_with('{') => {
                check_schema(Some(&report.schema))?;
                return Ok(report);
            }
            Ok(_) => String::new(),
            Err(error) => printable(&error.to_string()),
        };
        // Text that is not JSON is reported first, then that it is another document.
        let outline: Outline = serde_json::from_str(text)
            .map_err(|error| Error::Report(format!("not JSON: {error}")))?;
        check_schema(outline.schema.as_deref())?;
        Err(Error::Report(format!(
            "not a report of schema {SCHEMA}: {wrong}"
        )))
    }

    /// The blocked endpoints, in plan order.
    pub fn blocked(&self) -> impl Iterator<Item = BlockedEndpoint<'_>> {
        self.endpoints.iter().filter_map(|row| {
            let code = row.verdict.code()?;
            (row.verdict.outcome == Outcome::Blocked).then_some(BlockedEndpoint {
                endpoint: &row.endpoint,
                code,
                summary: &row.verdict.summary,
                verdict: &row.verdict,
            })
        })
    }
}

/// Whether this program can read a document of that schema.
///
/// # Errors
/// [`Error::Report`] where it cannot, with the reason.
pub fn check_schema(schema: Option<&str>) -> Result<(), Error> {
    let Some(schema) = schema else {
        return Err(Error::Report(format!(
            "not a report: `schema` is missing; expected {SCHEMA}"
        )));
    };
    if schema == SCHEMA {
        return Ok(());
    }
    let shown = printable(&schema.chars().take(80).collect::<String>());
    let version = schema.strip_prefix("reach365/report/");
    if version.is_some_and(|version| version.parse::<u32>().is_ok_and(|number| number > 1)) {
        return Err(Error::Report(format!(
            "the report has schema {shown}, which is newer than this program ({SCHEMA}); use a newer reach365"
        )));
    }
    Err(Error::Report(format!(
        "not a report: `schema` is `{shown}`; expected {SCHEMA}"
    )))
}

impl Report {
    /// A report of this program without endpoints, findings and advice.
    pub fn new(run: Run, summary: Summary) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            tool: Tool::this(),
            run,
            summary,
            findings: Vec::new(),
            endpoints: Vec::new(),
            advice: Vec::new(),
        }
    }
}

impl Run {
    /// A run in the worldwide cloud of which nothing else is known.
    pub fn new(id: String, started: Timestamp, platform: String) -> Self {
        Self {
            id,
            started,
            elapsed_ms: 0,
            cloud: Cloud::default(),
            site: None,
            host: None,
            platform,
            redacted: false,
            evidence: RunEvidence::default(),
        }
    }
}

impl EndpointReport {
    /// An endpoint on its route, without times.
    pub fn new(endpoint: Endpoint, route: Route, verdict: Verdict, evidence: Evidence) -> Self {
        let via = if route.is_direct() { "direct" } else { "proxy" };
        Self {
            endpoint,
            via: via.to_owned(),
            route,
            verdict,
            timings: Timings::default(),
            evidence,
        }
    }
}

impl Tool {
    /// This program.
    pub fn this() -> Self {
        Self {
            name: "reach365".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}

impl Summary {
    /// An outcome without any count.
    pub fn new(outcome: Outcome) -> Self {
        Self {
            outcome,
            reachable: 0,
            degraded: 0,
            blocked: 0,
            inconclusive: 0,
            unseen: 0,
            skipped: 0,
            exit_code: 0,
        }
    }

    /// The exit code of the command line: 0 where every endpoint has a genuine answer, 1 where one
    /// fails as `fail_on` has it, 3 where nothing failed but something could not be judged, or
    /// nothing was probed at all. A failure outranks an inconclusive result.
    pub fn exit_code_for(&self, fail_on: FailOn) -> u8 {
        let doubtful = self.outcome == Outcome::Inconclusive || self.inconclusive > self.unseen;
        let failed = match fail_on {
            FailOn::Blocked => false,
            FailOn::Degraded => self.degraded > 0,
            FailOn::Inconclusive => doubtful,
        };
        match (self.blocked > 0 || failed, doubtful) {
            (true, _) => 1,
            (false, true) => 3,
            (false, false) => 0,
        }
    }
}
