//! Which failures of a report explain an error number.

use crate::remedy::ActivationError;
use reach365_model::report::{EndpointReport, Report};
use reach365_model::verdict::{Code, Finding, Outcome};

/// A failure of a report that fits an error number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation<'a> {
    /// `host:port`; `None` where the whole run is concerned.
    pub target: Option<String>,
    /// What came out there.
    pub outcome: Outcome,
    /// The cause.
    pub code: Code,
    /// One sentence for people.
    pub summary: &'a str,
    /// How well it fits.
    pub fit: Fit,
}

/// How well a failure fits an error number. Ordered from good to weak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fit {
    /// The cause makes this number.
    Cause,
    /// Another cause at a stage where this number comes from.
    Stage,
}

/// The failures that explain an error number: the best match first, then run-wide findings,
/// then endpoints in plan order. An endpoint that a matching finding covers is left out.
pub fn explaining(report: &Report, error: ActivationError) -> Vec<Explanation<'_>> {
    let findings: Vec<_> = report
        .findings
        .iter()
        .filter_map(|finding| finding_fits(report, finding, error))
        .collect();
    let rows = report.endpoints.iter().filter(|row| {
        let stands_for = row.verdict.consequence_of;
        !findings.iter().any(|found| Some(found.code) == stands_for)
    });
    let rows: Vec<_> = rows.filter_map(|row| row_fits(row, error)).collect();
    let mut all = [findings, rows].concat();
    all.sort_by_key(|found| found.fit);
    all
}

fn finding_fits<'a>(
    report: &'a Report,
    finding: &'a Finding,
    error: ActivationError,
) -> Option<Explanation<'a>> {
    let concerned = |row: &&EndpointReport| finding.endpoints.contains(&row.endpoint.id);
    let mut rows = report.endpoints.iter().filter(concerned);
    let in_group = rows.any(|row| in_group(row, error));
    let at_stage = error.stages().contains(&finding.stage);
    Some(Explanation {
        target: None,
        outcome: finding.outcome,
        code: finding.code,
        summary: &finding.summary,
        fit: fit(error, finding.code, at_stage, in_group)?,
    })
}

fn row_fits(row: &EndpointReport, error: ActivationError) -> Option<Explanation<'_>> {
    let verdict = &row.verdict;
    if !matches!(verdict.outcome, Outcome::Blocked | Outcome::Degraded) {
        return None;
    }
    let code = verdict.code()?;
    let at_stage = verdict
        .stage
        .is_some_and(|stage| error.stages().contains(&stage));
    Some(Explanation {
        target: Some(format!("{}:{}", row.endpoint.host, row.endpoint.port)),
        outcome: verdict.outcome,
        code,
        summary: &verdict.summary,
        fit: fit(error, code, at_stage, in_group(row, error))?,
    })
}

/// Where one group alone matters, any failure of that group at a fitting stage is a cause.
fn fit(error: ActivationError, code: Code, at_stage: bool, in_group: bool) -> Option<Fit> {
    let group_matters = error.group().is_some();
    if error.codes().contains(&code) || (group_matters && at_stage && in_group) {
        return Some(Fit::Cause);
    }
    (at_stage && !group_matters).then_some(Fit::Stage)
}

fn in_group(row: &EndpointReport, error: ActivationError) -> bool {
    let group = error.group();
    group.is_some_and(|group| row.endpoint.groups.iter().any(|it| it == group))
}
