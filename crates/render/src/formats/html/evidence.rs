//! What was seen of every endpoint, folded.

use maud::{Markup, html};
use serde_json::Value;

use super::{Text, fact, mark};
use crate::formats::ticket::{path, seen, target};
use reach365_model::facts::short;
use reach365_model::report::{EndpointReport, Report};
use reach365_model::verdict::Outcome;

/// Facts of one endpoint that are shown at most.
const FACTS: usize = 24;

/// What was seen, in plan order.
pub(super) fn evidence(report: &Report) -> Markup {
    html! {
        @if !report.endpoints.is_empty() {
            section aria-labelledby="seen" { "\n"
                h2 id="seen" { "What was seen" } "\n"
                @for (place, row) in report.endpoints.iter().enumerate() {
                    (endpoint(place, row, report))
                }
            } "\n"
        }
    }
}

fn endpoint(place: usize, row: &EndpointReport, report: &Report) -> Markup {
    let verdict = &row.verdict;
    let quiet = verdict.outcome < Outcome::Degraded;
    html! {
        details id={ "e" (place) } class=(if quiet { "quiet" } else { "troubled" }) {
            summary class=(mark::class(verdict.outcome)) {
                (mark::sign(verdict.outcome))
                b { (mark::result(verdict)) } " "
                span.plain { (Text(row.endpoint.to_string())) }
            } "\n"
            dl { "\n"
                (judgment(row))
                (on_the_way(row, report))
                (facts(row))
            } "\n"
        } "\n"
    }
}

fn judgment(row: &EndpointReport) -> Markup {
    let verdict = &row.verdict;
    html! {
        (fact("Result", &verdict.summary))
        (fact("Code", verdict.code().map_or("", |code| code.id())))
        (fact("Follows from", verdict.consequence_of.map_or("", |code| code.id())))
        @if verdict.outcome >= Outcome::Degraded {
            (fact("Confidence", &verdict.confidence.to_string()))
        }
        (fact("Wrong if", verdict.wrong_if.as_deref().unwrap_or_default()))
        (fact("Remedies", &verdict.remedies.join(", ")))
        (fact("Needed for", &row.endpoint.purpose))
    }
}

fn on_the_way(row: &EndpointReport, report: &Report) -> Markup {
    let reasons: Vec<String> = row.route.reasons.iter().map(|it| short(it)).collect();
    let answers = row.evidence.attempts.iter();
    let mut bodies = answers.filter_map(|it| it.http.as_ref()?.value.as_ref());
    let body = bodies.find(|seen| !seen.body_text.is_empty());
    let body = body.map(|seen| short(&seen.body_text)).unwrap_or_default();
    html! {
        (fact("Rule", &target(row)))
        (fact("Path", &path(row)))
        (fact("Why this path", &reasons.join("; ")))
        (fact("CNAME chain", &seen::chain(&row.evidence).join(" → ")))
        (fact("Addresses", &seen::addresses(&row.evidence).join(", ")))
        @for event in seen::events(report.run.started, row) {
            (fact("Seen", &event))
        }
        (fact("Page began with", &body))
    }
}

fn facts(row: &EndpointReport) -> Markup {
    let text = |value: &Value| match value {
        Value::String(text) => short(text),
        other => short(&other.to_string()),
    };
    html! {
        @for (name, value) in row.verdict.facts().into_iter().take(FACTS) {
            (fact(&short(&name), &text(&value)))
        }
    }
}
