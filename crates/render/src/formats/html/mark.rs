//! The sign of an outcome: a shape of its own, so that color is never the only sign.

use maud::{Markup, PreEscaped, html};

use reach365_model::verdict::{Outcome, Requirement, Verdict};

/// Name of the class that gives an outcome its color.
pub(super) fn class(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Blocked => "blocked",
        Outcome::Inconclusive => "inconclusive",
        Outcome::Degraded => "degraded",
        Outcome::Reachable => "reachable",
        Outcome::Skipped => "skipped",
    }
}

/// The word for people.
pub(super) fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Blocked => "Blocked",
        Outcome::Inconclusive => "Inconclusive",
        Outcome::Degraded => "Degraded",
        Outcome::Reachable => "Reachable",
        Outcome::Skipped => "Skipped",
    }
}

/// What came out of an endpoint, for people.
pub(super) fn result(verdict: &Verdict) -> &'static str {
    match verdict.requirement {
        Some(Requirement::Met) => "Closed as required",
        Some(Requirement::NotMet) => "Open, must be closed",
        Some(Requirement::Unknown) | None => word(verdict.outcome),
    }
}

/// The sign, beside a word that says the same.
pub(super) fn sign(outcome: Outcome) -> Markup {
    html! {
        svg.sign viewBox="-12 -12 24 24" aria-hidden="true" { (shape(outcome)) }
    }
}

/// Octagon, diamond, triangle, disc or bar, around the middle of its surroundings.
pub(super) fn shape(outcome: Outcome) -> PreEscaped<&'static str> {
    PreEscaped(match outcome {
        Outcome::Blocked => {
            "<path class=\"body\" d=\"M-4.6-11h9.2L11-4.6v9.2L4.6 11h-9.2L-11 4.6v-9.2z\"/><path class=\"glyph\" d=\"M-4.5-4.5l9 9m0-9l-9 9\"/>"
        }
        Outcome::Inconclusive => {
            "<path class=\"body\" d=\"M0-12L12 0 0 12-12 0z\"/><path class=\"glyph fine\" d=\"M-2.7-2.9a2.7 2.7 0 1 1 4 2.3c-.9.5-1.3 1-1.3 2M0 5.2v.3\"/>"
        }
        Outcome::Degraded => {
            "<path class=\"body\" d=\"M0-11.5L12 10.5h-24z\"/><path class=\"glyph\" d=\"M0-4v7M0 6.6v.4\"/>"
        }
        Outcome::Reachable => {
            "<circle class=\"body\" r=\"11\"/><path class=\"glyph\" d=\"M-5 .5l3.5 3.5 6.5-7\"/>"
        }
        Outcome::Skipped => {
            "<circle class=\"hollow\" r=\"10\"/><path class=\"stroke\" d=\"M-4.5 0h9\"/>"
        }
    })
}
