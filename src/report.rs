//! The report of a run: JSON schema 1.

mod explains;
mod failed;
mod outline;

use std::net::SocketAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::endpoint::{Cloud, Endpoint, Level, printable};
use crate::error::Error;
use crate::evidence::{Attempt, Evidence, Lookup, RecordKind, RunEvidence};
use crate::remedy::{self, Advice, NetworkSeen, Remedy};
use crate::verdict::{
    self, Code, Context, Facts, Finding, Judged, Outcome, Signatures, Verdict, basis,
};
use reach365_proxy::route::{Hop, Route};

pub use explains::{Explanation, Fit};
pub use failed::FailedAgain;
use outline::Outline;

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
    /// The whole judgment.
    pub verdict: &'a Verdict,
}

/// From which outcome on a run counts as failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum FailOn {
    /// Blocked rows alone.
    #[default]
    Blocked,
    /// Degraded rows too.
    Degraded,
    /// Blocked and inconclusive rows; degraded ones pass.
    Inconclusive,
}

impl Report {
    /// Judges what a run has seen: every row, then all of them together. Products are named by the
    /// built-in signatures.
    pub fn assemble(run: Run, rows: Vec<(Endpoint, Route, Evidence)>) -> Self {
        Self::assemble_with(run, rows, Signatures::builtin())
    }

    /// The same with other signatures.
    pub fn assemble_with(
        run: Run,
        rows: Vec<(Endpoint, Route, Evidence)>,
        signatures: &Signatures,
    ) -> Self {
        let (mut verdicts, mut findings) = judged(&run, &rows, signatures);
        name_remedies(&mut verdicts, &mut findings);
        name_falsifiers(&mut verdicts, &mut findings);
        let seen: Vec<(&Endpoint, &Verdict)> = rows
            .iter()
            .map(|(endpoint, ..)| endpoint)
            .zip(&verdicts)
            .collect();
        let advice = remedy::advise(&findings, &seen);
        let summary = Summary::of(&verdicts);
        let endpoints = rows.into_iter().zip(verdicts);
        Self {
            schema: SCHEMA.to_owned(),
            tool: Tool::this(),
            run,
            summary,
            findings,
            endpoints: endpoints.map(EndpointReport::from).collect(),
            advice,
        }
    }

    /// Judges a saved report again by its evidence, with no network. The facts of the run stay;
    /// verdicts, findings and advice are those of this version of the rules.
    #[must_use]
    pub fn rejudge(&self) -> Self {
        self.rejudge_with(Signatures::builtin())
    }

    /// The same with other signatures.
    #[must_use]
    pub fn rejudge_with(&self, signatures: &Signatures) -> Self {
        let row = |row: &EndpointReport| {
            (
                row.endpoint.clone(),
                row.route.clone(),
                row.evidence.clone(),
            )
        };
        let rows = self.endpoints.iter().map(row).collect();
        Self::assemble_with(self.run.clone(), rows, signatures)
    }

    /// Reads a saved report.
    ///
    /// # Errors
    /// [`Error::Report`] where the text is not JSON (with line and column), names another schema
    /// or a newer one, or does not hold what the schema asks for.
    pub fn from_json(text: &str) -> Result<Self, Error> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let wrong = match serde_json::from_str::<Self>(text) {
            // A list of the same values is no report, although serde takes one.
            Ok(report) if text.trim_start().starts_with('{') => {
                check_schema(Some(&report.schema))?;
                return Ok(report);
            }
            Ok(_) => String::new(),
            Err(error) => printable(&error.to_string()),
        };
        // What is no JSON is said first, then that it is another document.
        let outline: Outline = serde_json::from_str(text)
            .map_err(|error| Error::Report(format!("not JSON: {error}")))?;
        check_schema(outline.schema.as_deref())?;
        Err(Error::Report(format!(
            "not a report of schema {SCHEMA}: {wrong}"
        )))
    }

    /// What the run found of the network, as a plan of remedies asks for it.
    pub fn network_seen(&self) -> NetworkSeen {
        let rows: Vec<(&Endpoint, &Verdict)> = self
            .endpoints
            .iter()
            .map(|row| (&row.endpoint, &row.verdict))
            .collect();
        let undecided = |row: &&EndpointReport| {
            let outcome = row.verdict.outcome;
            row.endpoint.level == Level::Required
                && matches!(outcome, Outcome::Inconclusive | Outcome::Skipped)
        };
        NetworkSeen {
            causes: remedy::advise_on_all(&self.findings, &rows),
            conclusive: self.is_broad() && !self.endpoints.iter().any(|row| undecided(&row)),
        }
    }

    /// Whether enough was probed that what it does not show is not there: the endpoints of
    /// activation, and the connectivity test.
    fn is_broad(&self) -> bool {
        const ACTIVATION: usize = 10;
        let of = |group: &str| {
            let rows = self.endpoints.iter();
            rows.filter(|row| row.endpoint.groups.iter().any(|it| it == group))
                .count()
        };
        of("activation") >= ACTIVATION && of("ncsi") > 0
    }

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

fn judged(
    run: &Run,
    rows: &[(Endpoint, Route, Evidence)],
    signatures: &Signatures,
) -> (Vec<Verdict>, Vec<Finding>) {
    let context = Context {
        cloud: run.cloud,
        run: &run.evidence,
        now: run.started,
        signatures,
    };
    let judge = |(endpoint, _, evidence): &(Endpoint, Route, Evidence)| {
        verdict::judge(endpoint, evidence, &context)
    };
    let mut verdicts: Vec<Verdict> = rows.iter().map(judge).collect();
    let together = rows.iter().zip(&mut verdicts);
    let mut judged: Vec<Judged<'_>> = together
        .map(|((endpoint, _, evidence), verdict)| Judged {
            endpoint,
            evidence,
            verdict,
        })
        .collect();
    let findings = verdict::correlate(&context, &mut judged);
    (verdicts, findings)
}

fn name_remedies(verdicts: &mut [Verdict], findings: &mut [Finding]) {
    for verdict in verdicts {
        let code = verdict.code;
        verdict.remedies = code.map_or_else(Vec::new, |code| remedy_ids(code, &verdict.facts));
    }
    for finding in findings {
        finding.remedies = remedy_ids(finding.code, &finding.facts);
    }
}

/// Every accusation says what would prove it wrong.
fn name_falsifiers(verdicts: &mut [Verdict], findings: &mut [Finding]) {
    let clause = |outcome: Outcome, code: Option<Code>| {
        let accuses = matches!(outcome, Outcome::Blocked | Outcome::Degraded);
        let code = code.filter(|_| accuses)?;
        Some(code.wrong_if().to_owned())
    };
    for verdict in verdicts {
        verdict.wrong_if = clause(verdict.outcome, verdict.code);
    }
    for finding in findings {
        finding.wrong_if = clause(finding.outcome, Some(finding.code));
    }
}

fn remedy_ids(code: Code, facts: &Facts) -> Vec<String> {
    let remedies = Remedy::for_cause(code, facts);
    remedies.iter().map(|remedy| remedy.id.clone()).collect()
}

/// Whether this program can read a document of that schema.
pub(crate) fn check_schema(schema: Option<&str>) -> Result<(), Error> {
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

impl From<((Endpoint, Route, Evidence), Verdict)> for EndpointReport {
    fn from(
        ((endpoint, route, evidence), verdict): ((Endpoint, Route, Evidence), Verdict),
    ) -> Self {
        Self {
            via: via(&route, &verdict),
            timings: Timings::of(&evidence, &verdict),
            endpoint,
            route,
            verdict,
            evidence,
        }
    }
}

/// The hop that a client would use: not every proxy of an answer can be reached.
fn via(route: &Route, verdict: &Verdict) -> String {
    let used = verdict.facts.get("hop").and_then(|hop| hop.as_str());
    let first = || route.hops.first().map(ToString::to_string);
    let used = used.map(str::to_owned).or_else(first);
    let direct = used.is_none_or(|hop| hop == Hop::Direct.to_string());
    if direct { "direct" } else { "proxy" }.to_owned()
}

impl Tool {
    /// This program.
    pub fn this() -> Self {
        Self {
            name: env!("CARGO_PKG_NAME").to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}

impl Summary {
    /// Counts verdicts. Every row counts, recommended ones too.
    pub fn of(verdicts: &[Verdict]) -> Self {
        let count = |outcome: Outcome| {
            let same = |verdict: &&Verdict| verdict.outcome == outcome;
            verdicts.iter().filter(same).count()
        };
        let unseen = verdicts.iter().filter(|it| verdict::is_unseen(it)).count();
        let others = verdicts.iter().filter(|it| !verdict::is_unseen(it));
        let probed = |it: &&Verdict| it.outcome != Outcome::Skipped;
        let aside = others.clone().any(|it| probed(&it));
        let counted = others.map(|verdict| verdict.outcome).max();
        let worst = match counted {
            Some(outcome) if aside => Some(outcome),
            _ => verdicts.iter().map(|verdict| verdict.outcome).max(),
        };
        let mut summary = Self {
            unseen: if aside { unseen } else { 0 },
            // Nothing probed proves nothing.
            outcome: match worst {
                None | Some(Outcome::Skipped) => Outcome::Inconclusive,
                Some(outcome) => outcome,
            },
            reachable: count(Outcome::Reachable),
            degraded: count(Outcome::Degraded),
            blocked: count(Outcome::Blocked),
            inconclusive: count(Outcome::Inconclusive),
            skipped: count(Outcome::Skipped),
            exit_code: 0,
        };
        summary.exit_code = summary.exit_code_for(FailOn::default());
        summary
    }

    /// The exit code of the command line: 0 where every row has a genuine answer, 1 where a row
    /// fails as `fail_on` has it, 3 where nothing failed but something could not be judged, or
    /// nothing was probed at all. A failure wins over a doubt.
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

impl Timings {
    /// The times of the connection that a verdict rests on.
    fn of(evidence: &Evidence, verdict: &Verdict) -> Self {
        let address = verdict.facts.get("address").and_then(|text| text.as_str());
        let attempt = basis(evidence, address);
        let tls = attempt.and_then(|attempt| attempt.tls.as_ref());
        let http = attempt.and_then(|attempt| attempt.http.as_ref());
        let mut timings = Self {
            dns_ms: dns_ms(evidence, attempt),
            tcp_ms: attempt.map(|attempt| attempt.tcp.elapsed_ms),
            proxy_ms: attempt.and_then(proxy_ms),
            tls_ms: tls.map(|tls| tls.elapsed_ms),
            http_ms: http.map(|http| http.elapsed_ms),
            total_ms: 0.0,
        };
        let stages = [
            timings.dns_ms,
            timings.tcp_ms,
            timings.proxy_ms,
            timings.tls_ms,
            timings.http_ms,
        ];
        timings.total_ms = stages.into_iter().flatten().sum();
        timings
    }
}

/// The handshake with the proxy and its answer to the request for a tunnel.
fn proxy_ms(attempt: &Attempt) -> Option<f64> {
    let tls = attempt.proxy_tls.as_ref().map(|tls| tls.elapsed_ms);
    let tunnel = attempt.proxy.as_ref().map(|proxy| proxy.elapsed_ms);
    tls.into_iter()
        .chain(tunnel)
        .reduce(|one, other| one + other)
}

/// The lookup that gave the address, of the proxy where one carries the connection; without a
/// connection the longest.
fn dns_ms(evidence: &Evidence, attempt: Option<&Attempt>) -> Option<f64> {
    let wanted = attempt.map(|attempt| match attempt.address {
        SocketAddr::V4(_) => RecordKind::A,
        SocketAddr::V6(_) => RecordKind::Aaaa,
    });
    let belongs = |lookup: &&Lookup| wanted.is_none_or(|kind| lookup.kind == kind);
    let proxied = attempt.is_some_and(|attempt| attempt.hop.is_some());
    let lookups = if proxied {
        &evidence.proxy_lookups
    } else {
        &evidence.lookups
    };
    let lookups = lookups.iter().filter(belongs);
    let views = evidence.msoid.iter().flat_map(|msoid| &msoid.views);
    let times = lookups.map(|lookup| lookup.outcome.elapsed_ms);
    let times = times.chain(views.map(|view| view.outcome.elapsed_ms));
    times.max_by(f64::total_cmp)
}
