//! What the rules for a run do with results: choose, mark, correct, and make findings of them.

use crate::verdict::diagnosis::Diagnosis;
use crate::verdict::endpoint::judge_with;
use crate::verdict::network::GenuineAddresses;
use crate::verdict::types::{Context, Judged};
use reach365_model::endpoint::{Endpoint, Host, MustBe};
use reach365_model::evidence::Evidence;
use reach365_model::verdict::{Code, Culprit, Finding, Outcome, Verdict};

/// Results by their index.
pub(super) type Places = Vec<usize>;

/// Results that no run-wide cause explains yet, of endpoints that must be reachable.
pub(super) fn free(rows: &[Judged<'_>], wanted: impl Fn(&Judged<'_>) -> bool) -> Places {
    let open = |row: &Judged<'_>| {
        row.verdict.consequence_of.is_none() && row.endpoint.must_be == MustBe::Reachable
    };
    let place = |(place, row): (usize, &Judged<'_>)| (open(row) && wanted(row)).then_some(place);
    rows.iter().enumerate().filter_map(place).collect()
}

/// Whether an endpoint is blocked for one of these causes.
pub(super) fn blocked_by(row: &Judged<'_>, codes: &[Code]) -> bool {
    let code = row.verdict.code();
    row.verdict.outcome == Outcome::Blocked && code.is_some_and(|code| codes.contains(&code))
}

/// Whether a genuine answer came that no inspection device has touched.
pub(super) fn is_genuine(row: &Judged<'_>) -> bool {
    row.endpoint.must_be == MustBe::Reachable
        && matches!(row.verdict.outcome, Outcome::Reachable | Outcome::Degraded)
        && row.verdict.code() != Some(Code::TlsIntercepted)
        && !row.evidence.attempts.is_empty()
}

/// The different hosts of some results, in plan order.
pub(super) fn hosts<'a>(rows: &[Judged<'a>], places: &[usize]) -> Vec<&'a Host> {
    let mut hosts = Vec::new();
    for place in places {
        let host = &rows[*place].endpoint.host;
        if !hosts.contains(&host) {
            hosts.push(host);
        }
    }
    hosts
}

/// A finding over some results.
pub(super) fn finding(diagnosis: Diagnosis, rows: &[Judged<'_>], places: &[usize]) -> Finding {
    let summary = diagnosis.basis.sentence_of_run(diagnosis.stage);
    let id = |place: &usize| rows[*place].endpoint.id.clone();
    let mut culprit = Culprit::new(diagnosis.who);
    culprit.address = diagnosis.address;
    let (code, outcome) = (diagnosis.code(), diagnosis.outcome);
    let mut finding = Finding::new(code, outcome, diagnosis.confidence, summary);
    finding.stage = diagnosis.stage;
    finding.culprit = has_culprit(&diagnosis).then_some(culprit);
    finding.basis = diagnosis.basis;
    finding.endpoints = places.iter().map(id).collect();
    finding
}

/// Whether a finding names a culprit: a note does not, and a long or lossy path has none.
fn has_culprit(diagnosis: &Diagnosis) -> bool {
    diagnosis.outcome > Outcome::Reachable
        && !matches!(diagnosis.code(), Code::PathLoss | Code::PathLatency)
}

/// Whether a TCP connection for an endpoint was accepted.
pub(super) fn connected(row: &Judged<'_>) -> bool {
    row.evidence
        .attempts
        .iter()
        .any(|attempt| attempt.tcp.passed())
}

/// Judges an endpoint again with knowledge of the run.
pub(super) fn again(
    endpoint: &Endpoint,
    evidence: &Evidence,
    context: &Context<'_>,
    genuine_addresses: &GenuineAddresses,
) -> Verdict {
    judge_with(endpoint, evidence, context, genuine_addresses)
}
