//! Every endpoint with its outcome, and its stages on one scale of time.

use maud::{Markup, PreEscaped, html};

use super::{Text, mark};
use reach365_model::report::{EndpointReport, Report, Timings};
use reach365_model::verdict::Outcome;

/// Longer times than this come from a forged report.
const LONGEST_MS: f64 = 3_600_000.0;
/// Percent of the width from which on a stage has room for its name.
const ROOM: f64 = 13.0;

/// A stage with its time.
type Stage = (&'static str, f64);

/// The table of all endpoints: the worst first, equal ones as planned.
pub(super) fn table(report: &Report) -> Markup {
    let mut rows: Vec<(usize, &EndpointReport)> = report.endpoints.iter().enumerate().collect();
    rows.sort_by_key(|(_, row)| std::cmp::Reverse(row.verdict.outcome));
    let totals = rows.iter().map(|(_, row)| total(&stages(&row.timings)));
    let scale = totals.fold(1.0, f64::max);
    html! {
        section aria-labelledby="all" { "\n"
            h2 id="all" { "Every endpoint" } "\n"
            (legend(scale))
            table { "\n"
                caption.unseen {
                    "Every endpoint with its outcome and the milliseconds of each stage"
                } "\n"
                thead { tr {
                    th scope="col" { "Endpoint" }
                    th scope="col" { "Time by stage" }
                } } "\n"
                tbody { "\n"
                    @for (place, row) in rows {
                        (self::row(place, row, scale))
                    }
                } "\n"
            } "\n"
        } "\n"
    }
}

fn legend(scale: f64) -> Markup {
    html! {
        p.legend {
            @for name in ["dns", "tcp", "proxy", "tls", "http"] {
                span class=(name) {
                    svg viewBox="0 0 12 12" aria-hidden="true" {
                        (PreEscaped("<rect width=\"12\" height=\"12\"/>"))
                    }
                    span { (name) }
                } " "
            }
            span { "full width: " (time(scale)) }
        } "\n"
    }
}

fn row(place: usize, row: &EndpointReport, scale: f64) -> Markup {
    let verdict = &row.verdict;
    let stages = stages(&row.timings);
    html! {
        tr {
            th scope="row" {
                span class=(mark::class(verdict.outcome)) {
                    (mark::sign(verdict.outcome))
                    b { (mark::result(verdict)) }
                } " "
                a href={ "#e" (place) } { (Text(row.endpoint.to_string())) }
                @if let Some(code) = verdict.code() {
                    small { (code.id()) }
                }
            }
            td {
                (bar(row, &stages, scale))
                small { (in_words(row, &stages)) }
            }
        } "\n"
    }
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

fn bar(row: &EndpointReport, stages: &[Stage], scale: f64) -> Markup {
    let outcome = row.verdict.outcome;
    let ended = matches!(outcome, Outcome::Blocked | Outcome::Inconclusive);
    let mut from = 0.0;
    let mut segments = Vec::new();
    for (name, ms) in stages {
        let width = ms / scale * 100.0;
        segments.push(segment(name, from, width));
        from += width;
    }
    html! {
        @if !stages.is_empty() {
            svg.bar width="100%" height="18" aria-hidden="true" {
                @for segment in &segments { (segment) }
                @if ended { (end_of_the_way(outcome, from)) }
            }
        }
    }
}

fn segment(name: &'static str, from: f64, width: f64) -> Markup {
    let middle = from + width / 2.0;
    html! {
        rect class=(name) x=(percent(from)) width=(percent(width)) height="18" {}
        @if width >= ROOM {
            text x=(percent(middle)) y="13" { (name) }
        }
    }
}

fn end_of_the_way(outcome: Outcome, at: f64) -> Markup {
    let side = if at > 50.0 { "left" } else { "right" };
    html! {
        svg class={ "end " (mark::class(outcome)) } x=(percent(at)) y="9" {
            g class=(side) { (PreEscaped("<path class=\"cross\" d=\"M-5-5l10 10m0-10l-10 10\"/>")) }
        }
    }
}

/// A place in the picture.
pub(super) fn percent(value: f64) -> String {
    format!("{value:.2}%")
}
