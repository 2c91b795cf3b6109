//! A diagnosis: a cause with what is known beside it, worded as a verdict at the end.

use std::net::{IpAddr, SocketAddr};

use reach365_model::cause::Cause;
use reach365_model::endpoint::{Endpoint, printable};
use reach365_model::evidence::Stage;
use reach365_model::notes::Notes;
use reach365_model::verdict::{Basis, Code, Confidence, Culprit, Outcome, Verdict, Who};

/// The cause of a failure, or a flaw of an answer.
#[derive(Debug, Clone)]
pub(super) struct Diagnosis {
    /// It always has a cause.
    pub(super) basis: Basis,
    pub(super) outcome: Outcome,
    pub(super) stage: Stage,
    pub(super) confidence: Confidence,
    pub(super) who: Who,
    /// The address of the culprit.
    pub(super) address: Option<IpAddr>,
}

impl Diagnosis {
    /// A diagnosis with the defaults of its code, seen once.
    pub(super) fn new(cause: impl Into<Cause>) -> Self {
        let cause = cause.into();
        let code = cause.code();
        Self {
            basis: Basis::new(cause),
            outcome: code.outcome(),
            stage: code.stage(),
            confidence: Confidence::Low,
            who: code.who(),
            address: None,
        }
    }

    /// The same, said by the other party itself.
    pub(super) fn certain(cause: impl Into<Cause>) -> Self {
        Self::new(cause).sure(Confidence::Certain)
    }

    /// Another cause for what a verdict is about: everything that is known beside its cause stays.
    pub(super) fn instead_of(verdict: &Verdict, cause: impl Into<Cause>) -> Self {
        let mut diagnosis = Self::new(cause).sure(verdict.confidence);
        diagnosis.basis.subject = verdict.basis.subject.clone();
        diagnosis.basis.notes = verdict.basis.notes.clone();
        diagnosis.basis.because.clone_from(&verdict.basis.because);
        diagnosis.basis.further.clone_from(&verdict.basis.further);
        diagnosis.address = verdict.culprit.as_ref().and_then(|culprit| culprit.address);
        diagnosis
    }

    /// The diagnosis that a verdict says; `code` where it names no cause.
    pub(super) fn of(verdict: &Verdict, code: Code) -> Self {
        let cause = verdict.basis.cause.clone().unwrap_or_else(|| code.into());
        let mut diagnosis = Self::new(cause).sure(verdict.confidence);
        if let Some(culprit) = &verdict.culprit {
            diagnosis = diagnosis.by(culprit.who).at_address(culprit.address);
        }
        diagnosis.stage = verdict.stage.unwrap_or(diagnosis.stage);
        let cause = diagnosis.basis.cause.take();
        diagnosis.basis = verdict.basis.clone();
        diagnosis.basis.cause = cause;
        diagnosis
    }

    pub(super) fn code(&self) -> Code {
        self.basis.code().expect("a diagnosis has a cause")
    }

    /// Changes the cause that it has.
    pub(super) fn cause_mut(&mut self) -> &mut Cause {
        self.basis.cause.as_mut().expect("a diagnosis has a cause")
    }

    pub(super) fn sure(mut self, confidence: Confidence) -> Self {
        self.confidence = confidence;
        self
    }

    pub(super) fn with_outcome(mut self, outcome: Outcome) -> Self {
        self.outcome = outcome;
        self
    }

    pub(super) fn by(mut self, who: Who) -> Self {
        self.who = who;
        self
    }

    /// The address of the culprit.
    pub(super) fn at_address(mut self, address: Option<IpAddr>) -> Self {
        self.address = address;
        self
    }

    /// The address that was connected to.
    pub(super) fn connected_to(mut self, address: SocketAddr) -> Self {
        self.basis.subject.address = Some(address);
        self
    }

    /// Adds to what is said beside the cause.
    pub(super) fn note(mut self, change: impl FnOnce(&mut Notes)) -> Self {
        change(&mut self.basis.notes);
        self
    }

    pub(super) fn verdict(self, endpoint: &Endpoint) -> Verdict {
        let mut summary = self.basis.sentence(self.stage, endpoint);
        let notes = &self.basis.notes;
        for why in [&notes.credentials_withheld, &notes.own_issuer]
            .into_iter()
            .flatten()
        {
            summary = format!("{summary}; {why}");
        }
        let mut culprit = Culprit::new(self.who);
        culprit.address = self.address;
        let mut verdict = Verdict::new(self.outcome, self.confidence, summary);
        verdict.stage = Some(self.stage);
        verdict.culprit = Some(culprit);
        verdict.basis = self.basis;
        verdict
    }
}

/// A verdict without a cause.
pub(super) fn plain(
    outcome: Outcome,
    confidence: Confidence,
    summary: String,
    basis: Basis,
) -> Verdict {
    let mut verdict = Verdict::new(outcome, confidence, summary);
    verdict.basis = basis;
    verdict
}

/// The cause is unknown, and why.
pub(super) fn inconclusive(endpoint: &Endpoint, why: &str) -> Verdict {
    let summary = format!("{endpoint} could not be judged: {}", printable(why));
    let basis = Basis::default();
    plain(Outcome::Inconclusive, Confidence::Low, summary, basis)
}

/// Milliseconds as people read them.
pub(super) fn whole_ms(ms: f64) -> u64 {
    if ms.is_finite() {
        ms.max(0.0).round() as u64
    } else {
        0
    }
}
