//! The report for people: what is wrong, what to do, then the table.

mod names;
mod table;
mod ways;

use std::io;

use crate::render::layout::{Lead, Page};
use crate::render::style::{Colour, TextStyle};
use crate::report::{EndpointReport, Report, Summary};
use crate::verdict::{Code, Confidence, Culprit, Finding, Outcome, Who};

/// Lines of advice that are shown; more would not be read.
const ADVICE_LINES: usize = 5;

/// Writes the report as text: the headline with the cause first, what to do, the table by group,
/// and the counts.
///
/// # Errors
/// What `out` reports.
pub fn text(report: &Report, style: &TextStyle, out: &mut dyn io::Write) -> io::Result<()> {
    let mut page = Page::new(style, out);
    headline(report, &mut page)?;
    if let Some(ways) = ways::words(report) {
        page.paragraph(&Lead::indent(2), &ways, Colour::Faint)?;
    }
    other_findings(report, &mut page)?;
    advice(report, &mut page)?;
    let told = main_cause(report).and_then(|cause| cause.wrong_if.as_deref());
    table::groups(report, told, &mut page)?;
    footer(report, &mut page)
}

fn headline(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    let summary = &report.summary;
    let colour = Colour::Verdict(summary.outcome);
    let word = format!(
        "{} {}  ",
        page.style.mark(summary.outcome),
        summary.outcome.to_string().to_uppercase()
    );
    let lead = Lead::indent(0).then(page.style, colour, &word);
    let under = Lead::indent(lead.width());
    let Some(cause) = main_cause(report) else {
        return page.paragraph(&lead, &counted(report), Colour::Title);
    };
    page.paragraph(&lead, &cause.summary, colour)?;
    let share = share_of(cause, report);
    page.paragraph(
        &under,
        &format!("{}{share}", counted(report)),
        Colour::Title,
    )?;
    page.paragraph(&under, &attribution_of(cause, page.style), Colour::Faint)?;
    wrong_if(cause.wrong_if.as_deref(), &under, page)
}

/// What would prove an accusation wrong.
fn wrong_if(falsifier: Option<&str>, lead: &Lead, page: &mut Page<'_>) -> io::Result<()> {
    let Some(falsifier) = falsifier else {
        return Ok(());
    };
    page.paragraph(lead, &format!("wrong if: {falsifier}"), Colour::Faint)
}

/// The finding that may stand in the headline: only one that is as bad as the run itself, lest a
/// side issue be blamed for it.
fn main_cause(report: &Report) -> Option<&Finding> {
    let worst = report.summary.outcome;
    report
        .findings
        .iter()
        .find(|finding| finding.outcome == worst && worst > Outcome::Reachable)
}

pub(super) fn counted(report: &Report) -> String {
    let counts = &report.summary;
    let all = report.endpoints.len();
    let ran = all - (counts.skipped + counts.unseen).min(all);
    if all == 0 {
        return "nothing was checked".to_owned();
    }
    match counts.outcome {
        Outcome::Blocked if counts.blocked == 1 => {
            format!("1 of {} is blocked{}", endpoints(all), the_one(report))
        }
        Outcome::Blocked => format!("{} of {} are blocked", counts.blocked, endpoints(all)),
        Outcome::Inconclusive => format!(
            "{} of {} {} inconclusive; nobody is accused",
            counts.inconclusive,
            endpoints(all),
            if counts.inconclusive == 1 {
                "is"
            } else {
                "are"
            },
        ),
        Outcome::Degraded => format!(
            "{} of {} {}, {} with something wrong on the way",
            ran,
            endpoints(all),
            if ran == 1 { "answers" } else { "answer" },
            counts.degraded,
        ),
        Outcome::Reachable if counts.unseen > 0 => format!(
            "{} of {} answer; external DNS is not visible from here for {}",
            counts.reachable,
            endpoints(all),
            counts.unseen
        ),
        Outcome::Reachable if counts.skipped > 0 => format!(
            "{} of {} answer, {} skipped",
            counts.reachable,
            endpoints(all),
            counts.skipped
        ),
        Outcome::Reachable if all == 1 => "the endpoint answers".to_owned(),
        Outcome::Reachable => format!("all {} answer", endpoints(all)),
        Outcome::Skipped => "nothing was checked".to_owned(),
    }
}

pub(super) fn endpoints(count: usize) -> String {
    match count {
        1 => "1 endpoint".to_owned(),
        more => format!("{more} endpoints"),
    }
}

fn the_one(report: &Report) -> String {
    report
        .blocked()
        .next()
        .map(|row| format!(": {}", row.endpoint))
        .unwrap_or_default()
}

/// How much of the trouble the headline's cause explains, where it is not all.
fn share_of(cause: &Finding, report: &Report) -> String {
    let worst = report.summary.outcome;
    let is_worst = |row: &&EndpointReport| row.verdict.outcome == worst;
    let explained = |row: &&EndpointReport| {
        row.verdict.consequence_of == Some(cause.code) || cause.endpoints.contains(&row.endpoint.id)
    };
    let all = report.endpoints.iter().filter(is_worst).count();
    let share = report.endpoints.iter().filter(is_worst).filter(explained);
    match share.count() {
        count if count == 0 || count == all => String::new(),
        count => format!(", {count} of them for this cause"),
    }
}

fn other_findings(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    let main = main_cause(report).map(|finding| finding.code);
    let others = report.findings.iter().filter(|it| Some(it.code) != main);
    for (position, finding) in others.enumerate() {
        if position == 0 {
            page.title("ALSO")?;
        }
        other_finding(finding, page)?;
    }
    Ok(())
}

fn other_finding(finding: &Finding, page: &mut Page<'_>) -> io::Result<()> {
    let colour = Colour::Outcome(finding.outcome);
    let mark = format!("{} ", page.style.mark(finding.outcome));
    let lead = Lead::indent(2).then(page.style, colour, &mark);
    let under = Lead::indent(lead.width());
    page.paragraph(&lead, &finding.summary, Colour::Plain)?;
    page.paragraph(&under, &attribution_of(finding, page.style), Colour::Faint)?;
    wrong_if(finding.wrong_if.as_deref(), &under, page)
}

fn attribution_of(finding: &Finding, style: &TextStyle) -> String {
    let who = attribution(finding.outcome, Some(&finding.culprit), finding.confidence);
    [finding.code.to_string(), who]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(style.dot())
}

/// Who did it and how sure that is. Nothing where the outcome accuses nobody.
fn attribution(outcome: Outcome, culprit: Option<&Culprit>, confidence: Confidence) -> String {
    if !matches!(outcome, Outcome::Blocked | Outcome::Degraded) {
        return String::new();
    }
    let sure = match confidence {
        Confidence::Certain => "certain".to_owned(),
        other => format!("{other} confidence"),
    };
    match culprit.and_then(party) {
        Some(party) => format!("{party}, {sure}"),
        None => sure,
    }
}

pub(super) fn party(culprit: &Culprit) -> Option<String> {
    if culprit.who == Who::Unknown && culprit.address.is_none() {
        return None;
    }
    let name = match culprit.who {
        Who::Device => "this device".to_owned(),
        Who::Tool => "reach365 itself".to_owned(),
        Who::Inspection => "TLS inspection".to_owned(),
        Who::Path => "network path".to_owned(),
        Who::Unknown => "somebody".to_owned(),
        other => other.to_string(),
    };
    let address = culprit.address.map(|address| format!(" at {address}"));
    let hop = culprit.hop.map(|hop| format!(", hop {hop}"));
    Some(name + &address.unwrap_or_default() + &hop.unwrap_or_default())
}

fn advice(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    if report.advice.is_empty() {
        return Ok(());
    }
    page.title("WHAT TO DO")?;
    for (position, advice) in report.advice.iter().take(ADVICE_LINES).enumerate() {
        let lead = Lead::indent(2).then(page.style, Colour::Title, &format!("{}. ", position + 1));
        page.paragraph(&lead, &advice.text, Colour::Plain)?;
    }
    Ok(())
}

fn footer(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    page.blank()?;
    counts(report, page)?;
    let exit = format!(
        "exit {}: {}",
        report.summary.exit_code,
        exit_meaning(&report.summary)
    );
    page.paragraph(&Lead::indent(0), &exit, Colour::Plain)?;
    if let Some(code) = code_to_explain(report) {
        let hint = format!("more on a code: reach365 explain {code}");
        page.paragraph(&Lead::indent(0), &hint, Colour::Plain)?;
    }
    page.paragraph(&Lead::indent(0), &run_facts(report), Colour::Faint)
}

/// The counts, which explain the marks of the table too.
fn counts(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    let counts = &report.summary;
    let parts = [
        (Outcome::Blocked, counts.blocked),
        (Outcome::Inconclusive, counts.inconclusive),
        (Outcome::Degraded, counts.degraded),
        (Outcome::Reachable, counts.reachable),
        (Outcome::Skipped, counts.skipped),
    ];
    let mut shown: Vec<_> = parts
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(outcome, count)| {
            let mark = page.style.mark(outcome);
            (
                Colour::Outcome(outcome),
                format!("{mark} {count} {outcome}"),
            )
        })
        .collect();
    let seconds = report.run.elapsed_ms as f64 / 1000.0;
    shown.push((Colour::Plain, format!("in {seconds:.1} s")));
    page.parts(&shown)
}

pub(super) fn exit_meaning(summary: &Summary) -> &'static str {
    match (summary.exit_code, summary.outcome) {
        (0, Outcome::Degraded) => "every endpoint answers, not all of them without trouble",
        (0, Outcome::Reachable) => "every endpoint that was checked answers",
        (0, Outcome::Skipped) => "nothing was checked, which proves nothing",
        (0, _) => "nothing that was asked to fail the run was found",
        (1, Outcome::Blocked) => "at least one endpoint is blocked",
        (1, Outcome::Degraded) => "at least one endpoint is degraded, and --fail-on counts that",
        (1, Outcome::Inconclusive) => {
            "at least one endpoint has no clear answer, and --fail-on counts that"
        }
        (3, _) => "inconclusive is not a pass: the evidence does not say who is to blame",
        _ => "see the documentation of exit codes",
    }
}

fn code_to_explain(report: &Report) -> Option<Code> {
    let of_rows = || {
        let worst_first = report.endpoints.iter().rev();
        worst_first
            .max_by_key(|row| (row.verdict.code.is_some(), row.verdict.outcome))
            .and_then(|row| row.verdict.code)
    };
    let of_findings = || report.findings.first().map(|finding| finding.code);
    main_cause(report)
        .map(|finding| finding.code)
        .or_else(of_rows)
        .or_else(of_findings)
}

fn run_facts(report: &Report) -> String {
    let run = &report.run;
    let facts = [
        Some(format!("{} {}", report.tool.name, report.tool.version)),
        Some(format!("{} cloud", run.cloud)),
        run.site.as_ref().map(|site| format!("site {site}")),
        run.host.as_ref().map(|host| format!("host {host}")),
        Some(format!("started {}", run.started.strftime("%F %T UTC"))),
    ];
    facts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}
