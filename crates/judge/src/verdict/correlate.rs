//! The whole run: causes that hold for several endpoints, most basic first.
//!
//! A run-wide cause collapses the endpoints that it explains: they keep their own code and say in
//! `consequence_of` what explains them.

mod clock;
mod collapse;
mod control_host;
mod dead_server;
mod device;
mod egress;
mod hop;
mod issuer;
mod limited;
mod loopback;
mod path;
mod portal;
mod product;
mod proxy;
mod proxy_answers;
mod resolver;
mod routes;
mod row;
mod rules;
mod sinkhole;
mod uncontrolled;

use std::net::SocketAddr;

use crate::verdict::diagnosis::Diagnosis;
use crate::verdict::known_names::KnownNames;
use crate::verdict::{Context, Judged};
use reach365_model::cause::Cause;
use reach365_model::endpoint::{Endpoint, Host, MustBe};
use reach365_model::evidence::Evidence;
use reach365_model::verdict::{Code, Confidence, Culprit, Finding, Outcome, Verdict};
use rules::WholeRun;
pub use rules::{RULES, RunRule};

/// Looks at all results together, corrects them where the run knows better, and names the causes
/// that several of them share.
pub fn correlate(context: &Context<'_>, rows: &mut [Judged<'_>]) -> Vec<Finding> {
    // Nothing was probed.
    if context.run.proxy_settings_unread.is_some() {
        return Vec::new();
    }
    let mut findings = WholeRun::new(context, rows).findings();
    hop::locate(rows, &mut findings);
    product::name(context.signatures, rows, &mut findings);
    findings
}

/// The resolvers that results accuse although no name of an unrelated owner was resolved there, or
/// that must show whether a proxy's own DNS fails: control lookups would show it.
pub fn resolvers_without_control(
    context: &Context<'_>,
    rows: &[(&Endpoint, &Evidence)],
) -> Vec<SocketAddr> {
    let mut verdicts: Vec<Verdict> = rows
        .iter()
        .map(|(endpoint, evidence)| super::judge(endpoint, evidence, context))
        .collect();
    let together = rows.iter().zip(&mut verdicts);
    let mut rows: Vec<Judged<'_>> = together
        .map(|((endpoint, evidence), verdict)| Judged {
            endpoint,
            evidence,
            verdict,
        })
        .collect();
    let known = KnownNames::new(context, &rows);
    sinkhole::judge_again(context, &mut rows);
    if device::find(context, &mut rows).is_some() {
        return Vec::new();
    }
    sinkhole::shared_address(&mut rows);
    let mut servers = resolver::without_control(&known, &rows);
    servers.extend(proxy::without_control(&known, &rows));
    servers
}

/// Results by their index.
type Places = Vec<usize>;

/// Results that no run-wide cause explains yet, of endpoints that must be reachable.
fn free(rows: &[Judged<'_>], wanted: impl Fn(&Judged<'_>) -> bool) -> Places {
    let open = |row: &Judged<'_>| {
        row.verdict.consequence_of.is_none() && row.endpoint.must_be == MustBe::Reachable
    };
    let place = |(place, row): (usize, &Judged<'_>)| (open(row) && wanted(row)).then_some(place);
    rows.iter().enumerate().filter_map(place).collect()
}

/// Whether an endpoint is blocked for one of these causes.
fn blocked_by(row: &Judged<'_>, codes: &[Code]) -> bool {
    let code = row.verdict.code();
    row.verdict.outcome == Outcome::Blocked && code.is_some_and(|code| codes.contains(&code))
}

/// Whether a genuine answer came that no inspection device has touched.
fn is_genuine(row: &Judged<'_>) -> bool {
    row.endpoint.must_be == MustBe::Reachable
        && matches!(row.verdict.outcome, Outcome::Reachable | Outcome::Degraded)
        && row.verdict.code() != Some(Code::TlsIntercepted)
        && !row.evidence.attempts.is_empty()
}

/// The different hosts of some results, in plan order.
fn hosts<'a>(rows: &[Judged<'a>], places: &[usize]) -> Vec<&'a Host> {
    let mut hosts = Vec::new();
    for place in places {
        let host = &rows[*place].endpoint.host;
        if !hosts.contains(&host) {
            hosts.push(host);
        }
    }
    hosts
}

/// Marks results as explained.
fn collapse(rows: &mut [Judged<'_>], places: &[usize], code: Code) {
    for place in places {
        rows[*place].verdict.consequence_of = Some(code);
    }
}

/// Withdraws the accusation from results, which then wait until the run-wide cause is fixed.
fn collapse_as_inconclusive(rows: &mut [Judged<'_>], places: &[usize], code: Code) {
    collapse(rows, places, code);
    for place in places {
        let row = &mut rows[*place];
        row.verdict.outcome = Outcome::Inconclusive;
        if row.endpoint.must_be == MustBe::Blocked {
            row.verdict.summary = format!("{} could not be judged: {}", row.endpoint, code.means());
        }
    }
}

/// A finding over some results.
fn finding(diagnosis: Diagnosis, rows: &[Judged<'_>], places: &[usize]) -> Finding {
    let summary = diagnosis.basis.sentence_of_run(diagnosis.stage);
    let id = |place: &usize| rows[*place].endpoint.id.clone();
    let mut culprit = Culprit::new(diagnosis.who);
    culprit.address = diagnosis.address;
    let (code, outcome) = (diagnosis.code(), diagnosis.outcome);
    let mut finding = Finding::new(code, outcome, diagnosis.confidence, summary);
    finding.stage = diagnosis.stage;
    finding.culprit = path::has_culprit(&diagnosis).then_some(culprit);
    finding.basis = diagnosis.basis;
    finding.endpoints = places.iter().map(id).collect();
    finding
}

/// Gives a result a better cause; the one that it had lies behind it.
fn recode(row: &mut Judged<'_>, cause: impl Into<Cause>, confidence: Confidence) {
    let mut diagnosis = Diagnosis::new(cause).sure(confidence);
    if let Some(cause) = diagnosis.basis.cause.take() {
        let known = std::mem::take(&mut row.verdict.basis);
        diagnosis.basis = known.explained_by(cause);
    }
    *row.verdict = diagnosis.verdict(row.endpoint);
}

/// Whether a TCP connection for an endpoint was accepted.
fn connected(row: &Judged<'_>) -> bool {
    row.evidence
        .attempts
        .iter()
        .any(|attempt| attempt.tcp.passed())
}

/// Judges an endpoint again with knowledge of the run.
fn again(
    endpoint: &Endpoint,
    evidence: &Evidence,
    context: &Context<'_>,
    genuine_addresses: &super::GenuineAddresses,
) -> Verdict {
    super::judge_with(endpoint, evidence, context, genuine_addresses)
}
