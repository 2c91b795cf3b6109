//! The report for people: what is wrong, what to do, then the table.

mod names;
mod routes;
mod table;

use std::io;

use crate::formats::layout::{Lead, Page};
use crate::formats::required::{self, Tally};
use crate::formats::style::{Color, TextStyle};
use reach365_model::report::{EndpointReport, Report};
use reach365_model::verdict::{Code, Confidence, Culprit, Finding, Outcome, Who};
use reach365_proxy::safe_text::counted;

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
    if let Some(routes) = routes::summary(report) {
        page.paragraph(&Lead::indent(2), &routes, Color::Faint)?;
    }
    for note in burst(report).into_iter().chain(busy_resolvers(report)) {
        page.paragraph(&Lead::indent(2), &note, Color::Faint)?;
    }
    other_findings(report, &mut page)?;
    advice(report, &mut page)?;
    let told = main_cause(report).and_then(|cause| cause.wrong_if.as_deref());
    table::groups(report, told, &mut page)?;
    footer(report, &mut page)
}

fn headline(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    let summary = &report.summary;
    let color = Color::Verdict(summary.outcome);
    let word = format!(
        "{} {}  ",
        page.style.mark(summary.outcome),
        required::run(report).to_uppercase()
    );
    let lead = Lead::indent(0).then(page.style, color, &word);
    let under = Lead::indent(lead.width());
    let Some(cause) = main_cause(report) else {
        return page.paragraph(&lead, &outcome_line(report), Color::Title);
    };
    page.paragraph(&lead, &cause.summary, color)?;
    let share = share_of(cause, report);
    page.paragraph(
        &under,
        &format!("{}{share}", outcome_line(report)),
        Color::Title,
    )?;
    page.paragraph(&under, &attribution_of(cause, page.style), Color::Faint)?;
    wrong_if(cause.wrong_if.as_deref(), &under, page)
}

/// What the second pass showed of the first, where the network limits bursts.
fn burst(report: &Report) -> Option<String> {
    let burst = report.run.evidence.burst.filter(|burst| burst.passed > 0)?;
    Some(format!(
        "This network limits bursts: {} of {} that failed or lagged at first passed when probed four at a time",
        burst.passed,
        counted(burst.endpoints, "endpoint"),
    ))
}

/// Name servers that answer fewer questions than a run asks at once.
fn busy_resolvers(report: &Report) -> impl Iterator<Item = String> {
    let busy = report.run.evidence.busy_resolvers.iter();
    busy.map(|one| {
        let server = one.server.ip();
        match one.dropped {
            0 => {
                format!("The resolver {server} answers one query at a time: the run waited for it")
            }
            1 => format!("Queries to {server} are rate-limited: 1 was dropped and sent again"),
            count => {
                format!("Queries to {server} are rate-limited: {count} were dropped and sent again")
            }
        }
    })
}

/// What would prove an accusation wrong.
fn wrong_if(falsifier: Option<&str>, lead: &Lead, page: &mut Page<'_>) -> io::Result<()> {
    let Some(falsifier) = falsifier else {
        return Ok(());
    };
    page.paragraph(lead, &format!("wrong if: {falsifier}"), Color::Faint)
}

/// The finding that may stand in the headline: only one that is as bad as the run itself, lest a
/// side issue be taken for the cause.
fn main_cause(report: &Report) -> Option<&Finding> {
    let worst = report.summary.outcome;
    report.findings.iter().find(|finding| {
        finding.culprit.is_some() && finding.outcome == worst && worst > Outcome::Reachable
    })
}

/// Which side of `msoid` records was not seen.
fn unseen_side(report: &Report) -> &'static str {
    let mut rows = report.endpoints.iter();
    if rows.any(|row| row.verdict.basis.notes.own_resolver.is_some()) {
        return "msoid records were not seen from every side";
    }
    "external DNS is not visible from here"
}

pub(super) fn outcome_line(report: &Report) -> String {
    let counts = &report.summary;
    let all = report.endpoints.len();
    let ran = all - (counts.skipped + counts.unseen).min(all);
    if all == 0 {
        return "nothing was checked".to_owned();
    }
    let tally = Tally::new(report);
    match counts.outcome {
        Outcome::Blocked => blocked(report, &tally),
        Outcome::Inconclusive => format!(
            "{} of {} {} inconclusive; the evidence names no party",
            counts.inconclusive,
            counted(all, "endpoint"),
            if counts.inconclusive == 1 {
                "is"
            } else {
                "are"
            },
        ),
        Outcome::Degraded => format!(
            "{} of {} {}, {} with something wrong on the path{}",
            ran - tally.closed.min(ran),
            counted(all, "endpoint"),
            if tally.answer == 1 {
                "answers"
            } else {
                "answer"
            },
            counts.degraded,
            also_closed(&tally),
        ),
        Outcome::Reachable if counts.unseen > 0 => format!(
            "{} of {} answer; {} for {}",
            counts.reachable,
            counted(all, "endpoint"),
            unseen_side(report),
            counts.unseen
        ),
        Outcome::Reachable if tally.closed > 0 => as_required(all, counts.skipped, &tally),
        Outcome::Reachable if counts.skipped > 0 => format!(
            "{} of {} answer, {} skipped",
            counts.reachable,
            counted(all, "endpoint"),
            counts.skipped
        ),
        Outcome::Reachable if all == 1 => "the endpoint answers".to_owned(),
        Outcome::Reachable => format!("all {} answer", counted(all, "endpoint")),
        Outcome::Skipped => "nothing was checked".to_owned(),
    }
}

fn blocked(report: &Report, tally: &Tally) -> String {
    let all = counted(report.endpoints.len(), "endpoint");
    let open = match tally.open {
        1 => "must be closed and is open",
        _ => "must be closed and are open",
    };
    match (tally.blocked, tally.open) {
        (0, open_ones) => format!("{open_ones} of {all} {open}{}", the_one(report)),
        (1, 0) => format!("1 of {all} is blocked{}", the_one(report)),
        (many, 0) => format!("{many} of {all} are blocked"),
        (some, open_ones) => {
            let verb = if some == 1 { "is" } else { "are" };
            format!("{some} of {all} {verb} blocked, {open_ones} {open}")
        }
    }
}

fn also_closed(tally: &Tally) -> String {
    match tally.closed {
        0 => String::new(),
        closed => format!("; {closed} closed as required"),
    }
}

/// Every endpoint is as the list wants it.
fn as_required(all: usize, skipped: usize, tally: &Tally) -> String {
    let skipped = match skipped {
        0 => String::new(),
        some => format!(", {some} skipped"),
    };
    let verb = if tally.answer == 1 {
        "answers"
    } else {
        "answer"
    };
    match (tally.answer, tally.closed) {
        (0, 1) if all == 1 => "the endpoint is closed as required".to_owned(),
        (0, closed) if closed == all => {
            format!("all {} are closed as required", counted(all, "endpoint"))
        }
        (0, closed) => format!(
            "{closed} of {} closed as required{skipped}",
            counted(all, "endpoint")
        ),
        (answer, closed) => format!(
            "of {} {answer} {verb} and {closed} {} closed as required{skipped}",
            counted(all, "endpoint"),
            if closed == 1 { "is" } else { "are" },
        ),
    }
}

/// The endpoint, where it is one.
fn the_one(report: &Report) -> String {
    let mut blocked = report.blocked();
    match (blocked.next(), blocked.next()) {
        (Some(row), None) => format!(": {}", row.endpoint),
        _ => String::new(),
    }
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
    let color = Color::Outcome(finding.outcome);
    let mark = format!("{} ", page.style.mark(finding.outcome));
    let lead = Lead::indent(2).then(page.style, color, &mark);
    let under = Lead::indent(lead.width());
    page.paragraph(&lead, &finding.summary, Color::Plain)?;
    page.paragraph(&under, &attribution_of(finding, page.style), Color::Faint)?;
    wrong_if(finding.wrong_if.as_deref(), &under, page)
}

fn attribution_of(finding: &Finding, style: &TextStyle) -> String {
    let who = attribution(
        finding.outcome,
        finding.culprit.as_ref(),
        finding.confidence,
    );
    [finding.code.to_string(), who]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(style.dot())
}

/// The culprit and the confidence. Nothing where the outcome accuses no party.
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
        let lead = Lead::indent(2).then(page.style, Color::Title, &format!("{}. ", position + 1));
        page.paragraph(&lead, &advice.text, Color::Plain)?;
    }
    Ok(())
}

fn footer(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    page.blank()?;
    counts(report, page)?;
    let exit = format!(
        "exit {}: {}",
        report.summary.exit_code,
        exit_meaning(report)
    );
    page.paragraph(&Lead::indent(0), &exit, Color::Plain)?;
    if let Some(code) = code_to_explain(report) {
        let hint = format!("more on a code: reach365 explain {code}");
        page.paragraph(&Lead::indent(0), &hint, Color::Plain)?;
    }
    page.paragraph(&Lead::indent(0), &run_facts(report), Color::Faint)
}

/// The counts, which explain the marks of the table too.
fn counts(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    let counts = required::counts(report.endpoints.iter());
    let mut shown: Vec<_> = counts
        .iter()
        .filter(|count| count.rows > 0)
        .map(|count| {
            let mark = page.style.mark(count.outcome);
            (
                Color::Outcome(count.outcome),
                format!("{mark} {} {}", count.rows, count.label()),
            )
        })
        .collect();
    let seconds = report.run.elapsed_ms as f64 / 1000.0;
    shown.push((Color::Plain, format!("in {seconds:.1} s")));
    page.parts(&shown)
}

pub(super) fn exit_meaning(report: &Report) -> &'static str {
    let summary = &report.summary;
    let tally = Tally::new(report);
    match (summary.exit_code, summary.outcome) {
        (0, Outcome::Reachable) if tally.closed > 0 => {
            "every endpoint that was checked is as the list requires"
        }
        (1, Outcome::Blocked) if tally.blocked == 0 => {
            "at least one endpoint that must be closed is open"
        }
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
            .max_by_key(|row| (row.verdict.code().is_some(), row.verdict.outcome))
            .and_then(|row| row.verdict.code())
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
        Some(format!("started {}", run.started.format_utc("%F %T UTC"))),
    ];
    facts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}
