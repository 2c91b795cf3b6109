//! The table: one block a group, what needs attention first, what works last and short.

use std::io;

use super::names::Names;
use super::{attribution, wrong_if};
use crate::formats::layout::{Lead, NARROWEST, Page, text_width};
use crate::formats::required;
use crate::formats::style::Color;
use reach365_model::endpoint::Scheme;
use reach365_model::report::{EndpointReport, Report, Timings};
use reach365_model::verdict::{Code, Outcome};
use reach365_proxy::safe_text::counted;

/// Columns before the name of the host: an indentation and the mark.
const BEFORE_HOST: usize = 4;
/// Columns between two columns of words.
const GAP: usize = 2;
/// The longest stage is `content`.
const STAGE: usize = 7;
/// A total such as ` 1234 ms`.
const TOTAL: usize = 8;
/// The four stages with four digits each.
const STAGES: usize = 42;
/// Explanations stand under their result with this indentation.
const UNDER_ROW: usize = 6;
/// An explanation stands beside its result where it has at least this much room.
const BESIDE: usize = 56;
/// The host column never becomes narrower than this.
const MIN_HOST: usize = 20;
/// The host column never becomes wider than this: one long name must not push the rest away.
const MAX_HOST: usize = 48;
/// Stands where a verdict names no cause.
const NO_CODE: &str = "no code";
/// Names of collapsed endpoints are listed up to this many.
const NAMED: usize = 6;

/// Columns that hold for the whole table.
struct Columns {
    names: Names,
    host: usize,
    code: usize,
    /// The page is too narrow for columns: hosts get lines of their own.
    stacked: bool,
    beside: bool,
    stages: bool,
}

/// Writes the groups. `shown_falsifier` is what the headline says would prove it wrong.
pub(super) fn groups(
    report: &Report,
    shown_falsifier: Option<&str>,
    page: &mut Page<'_>,
) -> io::Result<()> {
    let columns = Columns::fit(report, page);
    for name in group_names(report) {
        let rows: Vec<_> = report
            .endpoints
            .iter()
            .filter(|row| group_of(row) == name)
            .collect();
        group(name, &rows, (&columns, shown_falsifier), page)?;
    }
    Ok(())
}

/// Groups in the order in which they first occur.
fn group_names(report: &Report) -> Vec<&str> {
    let mut names = Vec::new();
    for row in &report.endpoints {
        let name = group_of(row);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn group_of(row: &EndpointReport) -> &str {
    row.endpoint
        .groups
        .first()
        .map_or("other hosts", String::as_str)
}

fn group(
    name: &str,
    rows: &[&EndpointReport],
    (columns, shown_falsifier): (&Columns, Option<&str>),
    page: &mut Page<'_>,
) -> io::Result<()> {
    page.blank()?;
    let lead = Lead::indent(0).then(page.style, Color::Title, &format!("{} ", shouted(name)));
    page.paragraph(&lead, &counts_of(rows), Color::Faint)?;
    problem_rows(&problems(rows), (columns, shown_falsifier), page)?;
    collapsed_rows(rows, columns, page)?;
    rows.iter()
        .filter(|row| is_quiet(row))
        .try_for_each(|row| quiet_row(row, columns, page))
}

fn shouted(name: &str) -> String {
    reach365_model::endpoint::printable(name).to_uppercase()
}

fn counts_of(rows: &[&EndpointReport]) -> String {
    let counts = required::counts(rows.iter().copied());
    let parts: Vec<_> = counts
        .iter()
        .filter(|count| count.rows > 0)
        .map(|count| format!("{} {}", count.rows, count.label()))
        .collect();
    format!("{}: {}", counted(rows.len(), "endpoint"), parts.join(", "))
}

fn is_quiet(row: &EndpointReport) -> bool {
    matches!(row.verdict.outcome, Outcome::Reachable)
        || (row.verdict.outcome == Outcome::Skipped && row.verdict.consequence_of.is_none())
}

fn is_collapsed(row: &EndpointReport) -> bool {
    row.verdict.consequence_of.is_some() && !is_quiet(row)
}

/// Results that need attention: the worst first, the same cause together, else as planned.
fn problems<'a>(rows: &[&'a EndpointReport]) -> Vec<&'a EndpointReport> {
    let mut rows: Vec<_> = rows
        .iter()
        .copied()
        .filter(|row| !is_quiet(row) && !is_collapsed(row))
        .collect();
    let seen: Vec<_> = rows.iter().map(|row| row.verdict.code()).collect();
    let first = |row: &&EndpointReport| seen.iter().position(|code| *code == row.verdict.code());
    rows.sort_by_key(|row| (std::cmp::Reverse(row.verdict.outcome), first(row)));
    rows
}

/// Results with the same explanation share it: it stands under the last of them, and so does what
/// would prove a cause wrong.
fn problem_rows(
    rows: &[&EndpointReport],
    (columns, shown_falsifier): (&Columns, Option<&str>),
    page: &mut Page<'_>,
) -> io::Result<()> {
    for (position, row) in rows.iter().enumerate() {
        let explained = explanation(row);
        let next = rows.get(position + 1);
        let shared =
            next.is_some_and(|next| same_cause(row, next) && explanation(next) == explained);
        let beside = problem_row(row, columns, page)?;
        let under = Lead::indent(beside.as_ref().map_or(UNDER_ROW, Lead::width));
        match beside {
            Some(lead) => page.paragraph(&lead, &explained, Color::Plain)?,
            None if shared => {}
            None => page.paragraph(&under, &explained, Color::Plain)?,
        }
        other_routes(row, page)?;
        let falsifier = row.verdict.wrong_if.as_deref();
        let again = next.is_some_and(|next| next.verdict.wrong_if.as_deref() == falsifier);
        if !again && falsifier != shown_falsifier {
            wrong_if(falsifier, &under, page)?;
        }
    }
    Ok(())
}

fn same_cause(one: &EndpointReport, other: &EndpointReport) -> bool {
    one.verdict.code() == other.verdict.code() && one.verdict.outcome == other.verdict.outcome
}

fn explanation(row: &EndpointReport) -> String {
    let verdict = &row.verdict;
    let who = attribution(
        verdict.outcome,
        verdict.culprit.as_ref(),
        verdict.confidence,
    );
    match (verdict.summary.is_empty(), who.is_empty()) {
        (_, true) => verdict.summary.clone(),
        (true, false) => who,
        (false, false) => format!("{} ({who})", verdict.summary.trim_end_matches('.')),
    }
}

/// Mark, host, stage and code. Returns the line where the explanation is to go on it.
fn problem_row(
    row: &EndpointReport,
    columns: &Columns,
    page: &mut Page<'_>,
) -> io::Result<Option<Lead>> {
    let lead = host_cell(row, columns, page)?;
    let lead = with_stage_and_code(lead, row, page);
    if columns.beside {
        let column = BEFORE_HOST + columns.host + GAP + STAGE + GAP + columns.code + GAP;
        return Ok(Some(lead.up_to(column)));
    }
    page.line(&lead)?;
    Ok(None)
}

fn with_stage_and_code(lead: Lead, row: &EndpointReport, page: &Page<'_>) -> Lead {
    let code_column = lead.width() + STAGE + GAP;
    let stage = row.verdict.stage.map(|stage| stage.to_string());
    let code = row.verdict.code().map_or(NO_CODE, Code::id);
    let color = Color::Outcome(row.verdict.outcome);
    lead.then(page.style, Color::Plain, stage.as_deref().unwrap_or("-"))
        .up_to(code_column)
        .then(page.style, color, code)
}

/// Mark and host up to the next column; a host that is too long gets lines of its own.
fn host_cell(row: &EndpointReport, columns: &Columns, page: &mut Page<'_>) -> io::Result<Lead> {
    let lead = mark_of(row, page);
    let host = columns.names.name(row);
    let next = BEFORE_HOST + columns.host + GAP;
    if text_width(&host) <= columns.host {
        return Ok(lead.then(page.style, Color::Plain, &host).up_to(next));
    }
    page.paragraph(&lead, &host, Color::Plain)?;
    Ok(Lead::indent(next))
}

fn mark_of(row: &EndpointReport, page: &Page<'_>) -> Lead {
    mark(row.verdict.outcome, page)
}

fn mark(outcome: Outcome, page: &Page<'_>) -> Lead {
    let mark = format!("{} ", page.style.mark(outcome));
    Lead::indent(GAP).then(page.style, Color::Outcome(outcome), &mark)
}

/// Endpoints that a finding explains, one line for each finding and outcome.
fn collapsed_rows(
    rows: &[&EndpointReport],
    columns: &Columns,
    page: &mut Page<'_>,
) -> io::Result<()> {
    let mut kinds: Vec<(Outcome, Code)> = Vec::new();
    for row in rows.iter().filter(|row| is_collapsed(row)) {
        let kind = row
            .verdict
            .consequence_of
            .map(|code| (row.verdict.outcome, code));
        kinds.extend(kind.filter(|kind| !kinds.contains(kind)));
    }
    kinds.sort_by_key(|(outcome, _)| std::cmp::Reverse(*outcome));
    kinds
        .into_iter()
        .try_for_each(|(outcome, code)| collapsed_row((outcome, code), rows, columns, page))
}

fn collapsed_row(
    (outcome, code): (Outcome, Code),
    rows: &[&EndpointReport],
    columns: &Columns,
    page: &mut Page<'_>,
) -> io::Result<()> {
    let of_this_kind = |row: &&&EndpointReport| {
        is_collapsed(row)
            && row.verdict.outcome == outcome
            && row.verdict.consequence_of == Some(code)
    };
    let members: Vec<_> = rows.iter().filter(of_this_kind).collect();
    let follow = match members.len() {
        1 => format!("1 row follows from {code}"),
        all if all == rows.len() => format!("all {all} rows follow from {code}"),
        more => format!("{more} rows follow from {code}"),
    };
    let names: Vec<_> = members.iter().map(|row| columns.names.name(row)).collect();
    let text = match names.len() {
        few if few <= NAMED && few < rows.len() => format!("{follow}: {}", names.join(", ")),
        _ => follow,
    };
    page.paragraph(&mark(outcome, page), &text, Color::Plain)
}

fn quiet_row(row: &EndpointReport, columns: &Columns, page: &mut Page<'_>) -> io::Result<()> {
    let words = quiet_words(row, columns);
    if columns.stacked {
        let text = format!("{} {words}", columns.names.name(row));
        return page.paragraph(&mark_of(row, page), &text, Color::Plain);
    }
    let lead = host_cell(row, columns, page)?;
    page.paragraph(&lead, &words, Color::Faint)?;
    other_routes(row, page)
}

/// What the other routes showed, where they were probed too.
fn other_routes(row: &EndpointReport, page: &mut Page<'_>) -> io::Result<()> {
    let others = &row.verdict.basis.notes.other_ways;
    for other in others.iter().flatten() {
        let text = format!("other route: {other}");
        page.paragraph(&Lead::indent(UNDER_ROW), &text, Color::Faint)?;
    }
    Ok(())
}

fn quiet_words(row: &EndpointReport, columns: &Columns) -> String {
    let verdict = &row.verdict;
    if let Some(why) = &verdict.basis.notes.skipped {
        return format!("not checked: {why}");
    }
    if verdict.requirement.is_some() && verdict.outcome != Outcome::Skipped {
        let cause = verdict.basis.notes.cause.as_ref();
        let cause = cause.map(|cause| format!(": {cause}"));
        return required::result(verdict) + &cause.unwrap_or_default();
    }
    if verdict.outcome == Outcome::Skipped || row.endpoint.scheme == Scheme::Dns {
        return verdict.summary.clone();
    }
    let via = if row.via == "proxy" { " via proxy" } else { "" };
    let set = if row.evidence.redirected.is_some() {
        ", set by the registry"
    } else {
        ""
    };
    let total = format!("{:.0} ms{via}{set}", row.timings.total_ms);
    if columns.stages {
        return format!("{total}: {}", stage_times(&row.timings));
    }
    total
}

fn stage_times(timings: &Timings) -> String {
    let stages = [
        ("dns", timings.dns_ms),
        ("tcp", timings.tcp_ms),
        ("proxy", timings.proxy_ms),
        ("tls", timings.tls_ms),
        ("http", timings.http_ms),
    ];
    let parts: Vec<_> = stages
        .into_iter()
        .filter_map(|(name, time)| time.map(|time| format!("{name} {time:.0}")))
        .collect();
    parts.join(", ")
}

impl Columns {
    fn fit(report: &Report, page: &Page<'_>) -> Self {
        let width = page.width();
        let names = Names::new(report, page.style);
        let code = longest(report, |row| {
            let shown = row.verdict.code().filter(|_| !is_collapsed(row));
            shown.map_or(NO_CODE.len(), |code| code.id().len())
        });
        let beside_host = BEFORE_HOST + GAP + (STAGE + GAP + code).max(NARROWEST);
        let host = longest(report, |row| {
            let width = text_width(&names.name(row));
            if width > MAX_HOST { MIN_HOST } else { width }
        });
        let stacked = beside_host + MIN_HOST > width;
        let host = if stacked {
            0
        } else {
            host.min(width - beside_host)
        };
        Self {
            names,
            host,
            code,
            stacked,
            beside: beside_host + host + GAP + BESIDE <= width,
            stages: BEFORE_HOST + host + GAP + TOTAL + STAGES <= width,
        }
    }
}

fn longest(report: &Report, width: impl Fn(&EndpointReport) -> usize) -> usize {
    report.endpoints.iter().map(width).max().unwrap_or(0)
}
