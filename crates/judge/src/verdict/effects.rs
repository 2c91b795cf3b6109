//! What rules for a run change: each says it, and one function does it.

use std::collections::BTreeMap;

use crate::verdict::diagnosis::Diagnosis;
use crate::verdict::types::Judged;
use reach365_model::cause::Cause;
use reach365_model::endpoint::MustBe;
use reach365_model::verdict::{Code, Confidence, Finding, Outcome, Verdict};

/// The changes that one rule wants.
#[derive(Debug, Default)]
pub(super) struct Effects {
    verdicts: BTreeMap<usize, Verdict>,
    findings: Vec<Finding>,
    /// Findings of earlier rules, by their index.
    changed: Vec<(usize, Finding)>,
    /// No other rule has anything to say.
    pub(super) ends: bool,
}

impl Effects {
    /// A result as it will be, to be changed.
    pub(super) fn verdict(&mut self, rows: &[Judged<'_>], place: usize) -> &mut Verdict {
        let now = || rows[place].verdict.clone();
        self.verdicts.entry(place).or_insert_with(now)
    }

    /// Another judgment in place of a result.
    pub(super) fn replace(&mut self, place: usize, verdict: Verdict) {
        self.verdicts.insert(place, verdict);
    }

    pub(super) fn find(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// Another form of a finding that an earlier rule made.
    pub(super) fn change_finding(&mut self, index: usize, finding: Finding) {
        self.changed.push((index, finding));
    }

    /// Marks results as explained.
    pub(super) fn explain(&mut self, rows: &[Judged<'_>], places: &[usize], code: Code) {
        for place in places {
            self.verdict(rows, *place).consequence_of = Some(code);
        }
    }

    /// Withdraws the accusation from results, which then wait until the run-wide cause is fixed.
    pub(super) fn explain_as_inconclusive(
        &mut self,
        rows: &[Judged<'_>],
        places: &[usize],
        code: Code,
    ) {
        self.explain(rows, places, code);
        for place in places {
            let endpoint = rows[*place].endpoint;
            let verdict = self.verdict(rows, *place);
            verdict.outcome = Outcome::Inconclusive;
            if endpoint.must_be == MustBe::Blocked {
                verdict.summary = format!("{endpoint} could not be judged: {}", code.means());
            }
        }
    }

    /// Gives a result a better cause; the one that it had lies behind it.
    pub(super) fn recode(
        &mut self,
        rows: &[Judged<'_>],
        place: usize,
        cause: impl Into<Cause>,
        confidence: Confidence,
    ) {
        let mut diagnosis = Diagnosis::new(cause).sure(confidence);
        if let Some(cause) = diagnosis.basis.cause.take() {
            let known = std::mem::take(&mut self.verdict(rows, place).basis);
            diagnosis.basis = known.explained_by(cause);
        }
        self.replace(place, diagnosis.verdict(rows[place].endpoint));
    }

    /// What several parts of a rule want, in their order.
    pub(super) fn and(mut self, other: Self) -> Self {
        self.verdicts.extend(other.verdicts);
        self.findings.extend(other.findings);
        self.changed.extend(other.changed);
        self.ends |= other.ends;
        self
    }

    /// Makes the changes: the one place where results of a run are written.
    pub(super) fn apply(self, rows: &mut [Judged<'_>], findings: &mut Vec<Finding>) {
        for (place, verdict) in self.verdicts {
            *rows[place].verdict = verdict;
        }
        for (index, finding) in self.changed {
            findings[index] = finding;
        }
        findings.extend(self.findings);
    }
}

/// A finding alone, or nothing.
impl FromIterator<Finding> for Effects {
    fn from_iter<I: IntoIterator<Item = Finding>>(found: I) -> Self {
        Self {
            findings: found.into_iter().collect(),
            ..Self::default()
        }
    }
}
