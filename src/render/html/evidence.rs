//! What was seen of every endpoint, folded.

use std::io;

use serde_json::Value;

use super::escape::Markup;
use super::mark;
use crate::render::ticket::{path, seen, target};
use crate::report::{EndpointReport, Report};
use crate::verdict::{Outcome, short};

/// Facts of one endpoint that are shown at most.
const FACTS: usize = 24;

/// Writes what was seen, in plan order.
pub(super) fn evidence(report: &Report, page: &mut Markup<'_>) -> io::Result<()> {
    if report.endpoints.is_empty() {
        return Ok(());
    }
    page.own("<section aria-labelledby=\"seen\">\n<h2 id=\"seen\">What was seen</h2>\n")?;
    for (place, row) in report.endpoints.iter().enumerate() {
        endpoint(place, row, report, page)?;
    }
    page.close("section")
}

fn endpoint(
    place: usize,
    row: &EndpointReport,
    report: &Report,
    page: &mut Markup<'_>,
) -> io::Result<()> {
    let verdict = &row.verdict;
    let quiet = verdict.outcome < Outcome::Degraded;
    let class = if quiet { "quiet" } else { "troubled" };
    page.open("details", &[("id", &format!("e{place}")), ("class", class)])?;
    page.open("summary", &[("class", mark::class(verdict.outcome))])?;
    mark::sign(verdict.outcome, page)?;
    page.element("b", &[], mark::result(verdict))?;
    page.own(" ")?;
    page.element("span", &[("class", "plain")], &row.endpoint.to_string())?;
    page.own("</summary>\n<dl>\n")?;
    judgement(row, page)?;
    on_the_way(row, report, page)?;
    facts(row, page)?;
    page.own("</dl>\n")?;
    page.close("details")
}

fn judgement(row: &EndpointReport, page: &mut Markup<'_>) -> io::Result<()> {
    let verdict = &row.verdict;
    page.fact("Result", &verdict.summary)?;
    page.fact("Code", verdict.code.map_or("", |code| code.id()))?;
    let cause = verdict.consequence_of.map_or("", |code| code.id());
    page.fact("Follows from", cause)?;
    if verdict.outcome >= Outcome::Degraded {
        page.fact("Confidence", &verdict.confidence.to_string())?;
    }
    page.fact("Wrong if", verdict.wrong_if.as_deref().unwrap_or_default())?;
    page.fact("Remedies", &verdict.remedies.join(", "))?;
    page.fact("Needed for", &row.endpoint.purpose)
}

fn on_the_way(row: &EndpointReport, report: &Report, page: &mut Markup<'_>) -> io::Result<()> {
    page.fact("Rule", &target(row))?;
    page.fact("Path", &path(row))?;
    let reasons: Vec<String> = row.route.reasons.iter().map(|it| short(it)).collect();
    page.fact("Why this path", &reasons.join("; "))?;
    page.fact("CNAME chain", &seen::chain(&row.evidence).join(" → "))?;
    page.fact("Addresses", &seen::addresses(&row.evidence).join(", "))?;
    for event in seen::events(report.run.started, row) {
        page.fact("Seen", &event)?;
    }
    let answers = row.evidence.attempts.iter();
    let mut bodies = answers.filter_map(|it| it.http.as_ref()?.value.as_ref());
    let body = bodies.find(|seen| !seen.body_text.is_empty());
    page.fact(
        "Page began with",
        &body.map(|seen| short(&seen.body_text)).unwrap_or_default(),
    )
}

fn facts(row: &EndpointReport, page: &mut Markup<'_>) -> io::Result<()> {
    let facts = row.verdict.facts.iter().take(FACTS);
    for (name, value) in facts {
        let text = match value {
            Value::String(text) => short(text),
            other => short(&other.to_string()),
        };
        page.fact(&short(name), &text)?;
    }
    Ok(())
}
