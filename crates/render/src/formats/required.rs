//! Words for endpoints that must be closed: "reachable" would say the opposite of what is meant.

use reach365_model::endpoint::MustBe;
use reach365_model::report::{EndpointReport, Report};
use reach365_model::verdict::{Outcome, Requirement, Verdict};

/// An endpoint that must be closed is closed.
pub(super) const CLOSED: &str = "closed as required";
/// It answers.
pub(super) const OPEN: &str = "open, must be closed";

/// The result as text: an outcome, or whether a requirement is met.
pub(super) fn result(verdict: &Verdict) -> String {
    label(verdict.outcome, verdict.requirement)
}

pub(super) fn label(outcome: Outcome, requirement: Option<Requirement>) -> String {
    match requirement {
        Some(Requirement::Met) => CLOSED.to_owned(),
        Some(Requirement::NotMet) => OPEN.to_owned(),
        Some(Requirement::Unknown) | None => outcome.to_string(),
    }
}

/// The number of results with one outcome.
pub(super) struct Count {
    pub(super) outcome: Outcome,
    pub(super) requirement: Option<Requirement>,
    pub(super) rows: usize,
}

impl Count {
    /// The words that go with the number.
    pub(super) fn label(&self) -> String {
        label(self.outcome, self.requirement)
    }

    /// Whether a result is one of those counted.
    pub(super) fn has(&self, row: &EndpointReport) -> bool {
        let verdict = &row.verdict;
        let judged = verdict.requirement.filter(|it| *it != Requirement::Unknown);
        (verdict.outcome, judged) == (self.outcome, self.requirement)
    }
}

/// Counts results, worst first.
pub(super) fn counts<'a>(rows: impl Iterator<Item = &'a EndpointReport>) -> Vec<Count> {
    const WORST_FIRST: [(Outcome, Option<Requirement>); 7] = [
        (Outcome::Blocked, None),
        (Outcome::Blocked, Some(Requirement::NotMet)),
        (Outcome::Inconclusive, None),
        (Outcome::Degraded, None),
        (Outcome::Reachable, None),
        (Outcome::Reachable, Some(Requirement::Met)),
        (Outcome::Skipped, None),
    ];
    let mut counts = WORST_FIRST.map(|(outcome, requirement)| Count {
        outcome,
        requirement,
        rows: 0,
    });
    for row in rows {
        if let Some(count) = counts.iter_mut().find(|count| count.has(row)) {
            count.rows += 1;
        }
    }
    counts.into_iter().collect()
}

/// Results of a report by what is required of them.
pub(super) struct Tally {
    /// Blocked, and should be reachable.
    pub(super) blocked: usize,
    /// A genuine answer came, as it should.
    pub(super) answer: usize,
    /// Closed, as it should be.
    pub(super) closed: usize,
    /// An answer came from what must be closed.
    pub(super) open: usize,
}

impl Tally {
    pub(super) fn new(report: &Report) -> Self {
        let count = |wanted: &dyn Fn(&EndpointReport) -> bool| {
            report.endpoints.iter().filter(|row| wanted(row)).count()
        };
        let is = |row: &EndpointReport, wanted| row.verdict.requirement == Some(wanted);
        let answers = |row: &EndpointReport| {
            matches!(row.verdict.outcome, Outcome::Reachable | Outcome::Degraded)
        };
        let open = count(&|row| is(row, Requirement::NotMet));
        let closed = count(&|row| is(row, Requirement::Met));
        Self {
            blocked: report.summary.blocked.saturating_sub(open),
            answer: count(&answers).saturating_sub(closed),
            closed,
            open,
        }
    }
}

/// The word for the whole run: its worst outcome, unless that is about what must be closed.
pub(super) fn run(report: &Report) -> &'static str {
    let tally = Tally::new(report);
    match report.summary.outcome {
        Outcome::Blocked if tally.blocked == 0 && tally.open > 0 => "Not as required",
        Outcome::Blocked => "Blocked",
        Outcome::Inconclusive => "Inconclusive",
        Outcome::Degraded => "Degraded",
        Outcome::Reachable if tally.closed > 0 && tally.answer == 0 => "Closed as required",
        Outcome::Reachable if tally.closed > 0 => "As required",
        Outcome::Reachable => "Reachable",
        Outcome::Skipped => "Skipped",
    }
}

/// Whether a list says that an endpoint must be closed.
pub(super) fn must_be_closed(row: &EndpointReport) -> bool {
    row.endpoint.must_be == MustBe::Blocked
}
