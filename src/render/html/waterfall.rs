//! Every endpoint with its outcome, and its stages on one scale of time.

use std::io;

use super::escape::Markup;
use super::mark;
use crate::report::{EndpointReport, Report, Timings};
use crate::verdict::Outcome;

/// Longer times than this come from a report that somebody made up.
const LONGEST_MS: f64 = 3_600_000.0;
/// Percent of the width from which on a stage has room for its name.
const ROOM: f64 = 13.0;

/// A stage with its time.
type Stage = (&'static str, f64);

/// Writes the table of all endpoints: the worst first, equal ones as planned.
pub(super) fn table(report: &Report, page: &mut Markup<'_>) -> io::Result<()> {
    let mut rows: Vec<(usize, &EndpointReport)> = report.endpoints.iter().enumerate().collect();
    rows.sort_by_key(|(_, row)| std::cmp::Reverse(row.verdict.outcome));
    let totals = rows.iter().map(|(_, row)| total(&stages(&row.timings)));
    let scale = totals.fold(1.0, f64::max);
    page.own("<section aria-labelledby=\"all\">\n<h2 id=\"all\">Every endpoint</h2>\n")?;
    legend(scale, page)?;
    page.own("<table>\n<caption class=\"unseen\">Every endpoint with its outcome and the milliseconds of each stage</caption>\n<thead><tr><th scope=\"col\">Endpoint</th><th scope=\"col\">Time by stage</th></tr></thead>\n<tbody>\n")?;
    for (place, row) in rows {
        self::row(place, row, scale, page)?;
    }
    page.own("</tbody>\n</table>\n</section>\n")
}

fn legend(scale: f64, page: &mut Markup<'_>) -> io::Result<()> {
    page.own("<p class=\"legend\">")?;
    for (name, class) in [
        ("dns", "dns"),
        ("tcp", "tcp"),
        ("proxy", "proxy"),
        ("tls", "tls"),
        ("http", "http"),
    ] {
        page.open("span", &[("class", class)])?;
        page.own("<svg viewBox=\"0 0 12 12\" aria-hidden=\"true\"><rect width=\"12\" height=\"12\"/></svg>")?;
        page.element("span", &[], name)?;
        page.own("</span> ")?;
    }
    page.element("span", &[], &format!("full width: {}", time(scale)))?;
    page.own("</p>\n")
}

fn row(place: usize, row: &EndpointReport, scale: f64, page: &mut Markup<'_>) -> io::Result<()> {
    let verdict = &row.verdict;
    page.own("<tr><th scope=\"row\">")?;
    page.open("span", &[("class", mark::class(verdict.outcome))])?;
    mark::sign(verdict.outcome, page)?;
    page.element("b", &[], mark::result(verdict))?;
    page.own("</span> ")?;
    let link = format!("#e{place}");
    page.element("a", &[("href", &link)], &row.endpoint.to_string())?;
    if let Some(code) = verdict.code {
        page.element("small", &[], code.id())?;
    }
    page.own("</th><td>")?;
    let stages = stages(&row.timings);
    bar(row, &stages, scale, page)?;
    page.element("small", &[], &in_words(row, &stages))?;
    page.own("</td></tr>\n")
}

fn stages(timings: &Timings) -> Vec<Stage> {
    let all = [
        ("dns", timings.dns_ms),
        ("tcp", timings.tcp_ms),
        ("proxy", timings.proxy_ms),
        ("tls", timings.tls_ms),
        ("http", timings.http_ms),
    ];
    let bounded = |ms: f64| ms.clamp(0.0, LONGEST_MS);
    let known = all.into_iter().filter_map(|(name, ms)| Some((name, ms?)));
    known.map(|(name, ms)| (name, bounded(ms))).collect()
}

fn total(stages: &[Stage]) -> f64 {
    stages.iter().map(|(_, ms)| ms).sum()
}

/// The numbers, which say all that the bar shows.
fn in_words(row: &EndpointReport, stages: &[Stage]) -> String {
    if stages.is_empty() {
        return match row.verdict.outcome {
            Outcome::Skipped => "not checked".to_owned(),
            _ => "no times recorded".to_owned(),
        };
    }
    let parts: Vec<String> = stages
        .iter()
        .map(|(name, ms)| format!("{name} {ms:.0}"))
        .collect();
    let ended = match (row.verdict.outcome, row.verdict.stage) {
        (Outcome::Blocked | Outcome::Inconclusive, Some(stage)) => format!("; ended at {stage}"),
        _ => String::new(),
    };
    format!("{}: {}{ended}", time(total(stages)), parts.join(", "))
}

fn time(ms: f64) -> String {
    match ms {
        short if short < 9_999.5 => format!("{short:.0} ms"),
        long => format!("{:.1} s", long / 1000.0),
    }
}

fn bar(
    row: &EndpointReport,
    stages: &[Stage],
    scale: f64,
    page: &mut Markup<'_>,
) -> io::Result<()> {
    if stages.is_empty() {
        return Ok(());
    }
    page.own("<svg class=\"bar\" width=\"100%\" height=\"18\" aria-hidden=\"true\">")?;
    let mut from = 0.0;
    for (name, ms) in stages {
        let width = ms / scale * 100.0;
        segment(name, from, width, page)?;
        from += width;
    }
    if matches!(
        row.verdict.outcome,
        Outcome::Blocked | Outcome::Inconclusive
    ) {
        end_of_the_way(row.verdict.outcome, from, page)?;
    }
    page.own("</svg>")
}

fn segment(name: &'static str, from: f64, width: f64, page: &mut Markup<'_>) -> io::Result<()> {
    let (x, length) = (format!("{from:.2}%"), format!("{width:.2}%"));
    let place = [
        ("class", name),
        ("x", &*x),
        ("width", &*length),
        ("height", "18"),
    ];
    page.element("rect", &place, "")?;
    if width < ROOM {
        return Ok(());
    }
    let middle = format!("{:.2}%", from + width / 2.0);
    page.element("text", &[("x", &middle), ("y", "13")], name)
}

fn end_of_the_way(outcome: Outcome, at: f64, page: &mut Markup<'_>) -> io::Result<()> {
    let x = format!("{at:.2}%");
    let class = format!("end {}", mark::class(outcome));
    page.open("svg", &[("class", &class), ("x", &x), ("y", "9")])?;
    let left = if at > 50.0 { "left" } else { "right" };
    page.open("g", &[("class", left)])?;
    page.own("<path class=\"cross\" d=\"M-5-5l10 10m0-10l-10 10\"/></g></svg>")
}
