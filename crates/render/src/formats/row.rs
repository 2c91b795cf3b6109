//! The text of one result, in the words that several formats share.

use serde_json::Value;

use reach365_judge::remedy;
use reach365_model::endpoint::Endpoint;
use reach365_model::evidence::Stage;
use reach365_model::report::{EndpointReport, Report};
use reach365_model::verdict::{Code, Culprit, Finding, Outcome};

/// The id, which a list has once, and the endpoint that it names.
pub(super) fn name(endpoint: &Endpoint) -> String {
    if endpoint.id == endpoint.host.to_string() {
        return endpoint.to_string();
    }
    format!("{} ({endpoint})", endpoint.id)
}

/// The cause: that of the whole run where one explains the result, else its own.
pub(super) fn cause(row: &EndpointReport) -> Option<Code> {
    row.verdict.consequence_of.or(row.verdict.code())
}

/// One sentence on what was seen. A result without one of its own says what explains it.
pub(super) fn sentence<'a>(row: &'a EndpointReport, report: &'a Report) -> &'a str {
    if !row.verdict.summary.is_empty() {
        return &row.verdict.summary;
    }
    let finding = explanation(row, report);
    finding.map_or("", |finding| finding.summary.as_str())
}

/// What to do about a result; `None` where no remedy is known, or nothing is wrong.
pub(super) fn advice(row: &EndpointReport, report: &Report) -> Option<String> {
    if matches!(row.verdict.outcome, Outcome::Reachable | Outcome::Skipped) {
        return None;
    }
    let cause = cause(row)?;
    let wide = explanation(row, report);
    let mends = |endpoints: &[String]| wide.is_some() || endpoints.contains(&row.endpoint.id);
    let given = report.advice.iter();
    let mut given = given.filter(|advice| advice.code == cause && mends(&advice.endpoints));
    if let Some(advice) = given.next() {
        return Some(advice.text.clone());
    }
    let basis = wide.map_or(&row.verdict.basis, |finding| &finding.basis);
    Some(remedy::advise_on(cause, basis, vec![&row.endpoint]).text)
}

/// The culprit: in the words of the run-wide cause where one explains the result. No party is
/// accused of what could not be judged.
pub(super) fn culprit<'a>(row: &'a EndpointReport, report: &'a Report) -> Option<&'a Culprit> {
    let accuses = matches!(row.verdict.outcome, Outcome::Blocked | Outcome::Degraded);
    let wide = explanation(row, report).and_then(|finding| finding.culprit.as_ref());
    wide.or(row.verdict.culprit.as_ref()).filter(|_| accuses)
}

/// What would prove the accusation wrong: that of the run-wide cause where one explains the result.
pub(super) fn wrong_if<'a>(row: &'a EndpointReport, report: &'a Report) -> Option<&'a str> {
    let wide = explanation(row, report).and_then(|finding| finding.wrong_if.as_deref());
    wide.or(row.verdict.wrong_if.as_deref())
}

/// Where the cause sits.
pub(super) fn stage(row: &EndpointReport) -> Option<Stage> {
    let wide = row.verdict.consequence_of.map(Code::stage);
    wide.or(row.verdict.stage)
}

/// A fact as text.
pub(super) fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn explanation<'a>(row: &EndpointReport, report: &'a Report) -> Option<&'a Finding> {
    let code = row.verdict.consequence_of?;
    report.findings.iter().find(|finding| finding.code == code)
}
