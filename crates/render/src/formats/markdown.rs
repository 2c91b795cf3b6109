//! A report in Markdown that also reads as plain text: what is wrong, what to do, a table an outcome.

use std::io;

use crate::formats::markdown_page::MarkdownPage;
use crate::formats::required::{self, Count, Tally};
use crate::formats::row;
use reach365_model::report::{EndpointReport, Report};
use reach365_model::verdict::{Code, Outcome};

/// Writes the report as Markdown, to paste into a ticket.
///
/// # Errors
/// What `out` reports.
pub fn markdown(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    let mut page = MarkdownPage::new(out);
    page.title(&format!(
        "Reachability of Microsoft 365: {}",
        required::run(report).to_lowercase()
    ))?;
    page.paragraph(&preamble(report))?;
    findings(report, &mut page)?;
    advice(report, &mut page)?;
    required::counts(report.endpoints.iter())
        .iter()
        .try_for_each(|count| table(count, report, &mut page))
}

fn preamble(report: &Report) -> String {
    let (run, counts) = (&report.run, &report.summary);
    let tally = Tally::new(report);
    let required = match (tally.closed, tally.open) {
        (0, 0) => String::new(),
        (closed, open) => {
            format!(
                " Of those that must be closed, {closed} are closed as required and {open} are open."
            )
        }
    };
    let from = run.site.as_ref().map(|site| format!(" from site {site}"));
    let on = run.host.as_ref().map(|host| format!(" on {host}"));
    format!(
        "Of {} endpoints, {} are blocked, {} inconclusive, {} degraded, {} reachable and {} skipped.{required} Checked{}{} on {} by {} {} ({} cloud).",
        report.endpoints.len(),
        tally.blocked,
        counts.inconclusive,
        counts.degraded,
        counts.reachable - tally.closed.min(counts.reachable),
        counts.skipped,
        from.unwrap_or_default(),
        on.unwrap_or_default(),
        run.started.format_utc("%Y-%m-%d %H:%M UTC"),
        report.tool.name,
        report.tool.version,
        run.cloud,
    )
}

fn capitalized(words: &str) -> String {
    let mut rest = words.chars();
    let first = rest.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(rest).collect()
}

fn findings(report: &Report, page: &mut MarkdownPage<'_>) -> io::Result<()> {
    if report.findings.is_empty() {
        return Ok(());
    }
    page.list("Causes that hold for several endpoints or the whole run")?;
    report.findings.iter().try_for_each(|finding| {
        let name = format!("{} ({})", finding.code, finding.outcome);
        page.item(&name, &finding.summary)
    })
}

fn advice(report: &Report, page: &mut MarkdownPage<'_>) -> io::Result<()> {
    if report.advice.is_empty() {
        return Ok(());
    }
    page.list("What to do")?;
    let mut advice = report.advice.iter();
    advice.try_for_each(|advice| page.bullet(&advice.text))
}

fn table(count: &Count, report: &Report, page: &mut MarkdownPage<'_>) -> io::Result<()> {
    let rows: Vec<_> = report
        .endpoints
        .iter()
        .filter(|row| count.has(row))
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    page.section(&format!("{} ({})", capitalized(&count.label()), rows.len()))?;
    let judged = !matches!(count.outcome, Outcome::Reachable | Outcome::Skipped);
    let names = [
        "Endpoint",
        "Way",
        "What was seen",
        "Cause",
        "What to do",
        "Wrong if",
    ];
    let columns = if judged { names.len() } else { 3 };
    page.head(&names[..columns])?;
    rows.into_iter()
        .try_for_each(|row| page.cells(&cells(row, report)[..columns]))
}

fn cells(row: &EndpointReport, report: &Report) -> [String; 6] {
    [
        row::name(&row.endpoint),
        row.via.clone(),
        row::sentence(row, report).to_owned(),
        row::cause(row).map_or("", Code::id).to_owned(),
        row::advice(row, report).unwrap_or_default(),
        row::wrong_if(row, report).unwrap_or_default().to_owned(),
    ]
}
