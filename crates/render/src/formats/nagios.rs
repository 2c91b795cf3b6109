//! One line for Nagios and the programs that understand its plugins, with figures and exit codes.

use std::fmt;
use std::io;

use crate::formats::required::{self, Count, Tally};
use crate::formats::row;
use reach365_model::endpoint::printable;
use reach365_model::report::{EndpointReport, Report, Summary};
use reach365_model::verdict::{Code, Outcome};

/// Causes that the first line names; it must fit a column, and the limits of old agents.
const CAUSES: usize = 3;
/// Characters of a line. With the figures the first one stays below the 1024 bytes of old agents.
const LONGEST: usize = 300;

/// The four states of a monitored service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NagiosState {
    /// Every endpoint answers.
    Ok,
    /// Something on the path is wrong.
    Warning,
    /// The run failed: something is blocked, or as bad as `--fail-on` has it.
    Critical,
    /// It cannot be told.
    Unknown,
}

impl NagiosState {
    /// The state that goes with the counts and the exit code of a report.
    pub fn from_summary(summary: &Summary) -> Self {
        match summary.exit_code {
            0 if summary.degraded > 0 => Self::Warning,
            0 if summary.reachable > 0 => Self::Ok,
            1 => Self::Critical,
            _ => Self::Unknown,
        }
    }

    /// The exit code by which a plugin says it.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Warning => 1,
            Self::Critical => 2,
            Self::Unknown => 3,
        }
    }
}

impl fmt::Display for NagiosState {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Ok => "OK",
            Self::Warning => "WARNING",
            Self::Critical => "CRITICAL",
            Self::Unknown => "UNKNOWN",
        })
    }
}

/// Writes the state, the counts and the causes on one line with performance data, and what to do
/// on the lines after it.
///
/// # Errors
/// What `out` reports.
pub fn nagios(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    let state = NagiosState::from_summary(&report.summary);
    let words = clean(&text_of(report));
    writeln!(out, "REACH365 {state} - {words} | {}", figures(report))?;
    let mut advice = report.advice.iter();
    advice.try_for_each(|advice| writeln!(out, "{}", clean(&advice.text)))
}

/// Writes the line of a check that gave no report.
///
/// # Errors
/// What `out` reports.
pub fn nagios_unknown(why: &str, out: &mut dyn io::Write) -> io::Result<()> {
    let words: Vec<&str> = why.split_whitespace().collect();
    let state = NagiosState::Unknown;
    writeln!(out, "REACH365 {state} - {}", clean(&words.join(" ")))
}

fn text_of(report: &Report) -> String {
    let counts = &report.summary;
    let all = report.endpoints.len();
    let probed = all - counts.skipped.min(all);
    let tally = Tally::new(report);
    let bad = required::counts(report.endpoints.iter()).into_iter();
    let is_bad = |count: &Count| count.rows > 0 && count.outcome >= Outcome::Degraded;
    let bad: Vec<Count> = bad.filter(is_bad).collect();
    match bad.first() {
        None if probed == 0 => "nothing was checked".to_owned(),
        None if tally.closed > 0 => {
            let closed = tally.closed;
            format!(
                "{} of {all} endpoints reachable, {closed} closed as required",
                tally.answer
            )
        }
        None => format!("{} of {all} endpoints reachable", counts.reachable),
        Some(worst) => {
            let counted = bad.iter().enumerate().map(|(place, count)| {
                let of = if place == 0 {
                    format!(" of {all}")
                } else {
                    String::new()
                };
                format!("{}{of} {}", count.rows, count.label())
            });
            let counted: Vec<String> = counted.collect();
            format!("{}: {}", counted.join(", "), causes(report, worst.outcome))
        }
    }
}

/// Each cause with the first host that it hits, in plan order.
fn causes(report: &Report, outcome: Outcome) -> String {
    let mut causes: Vec<(Option<Code>, &EndpointReport, usize)> = Vec::new();
    let rows = report.endpoints.iter();
    for row in rows.filter(|row| row.verdict.outcome == outcome) {
        let code = row::cause(row);
        match causes.iter_mut().find(|(known, ..)| *known == code) {
            Some((_, _, more)) => *more += 1,
            None => causes.push((code, row, 0)),
        }
    }
    let hidden = causes.len().saturating_sub(CAUSES);
    let mut words: Vec<String> = causes.iter().take(CAUSES).map(cause).collect();
    if hidden > 0 {
        words.push(format!("{hidden} more causes"));
    }
    words.join(", ")
}

fn cause((code, row, more): &(Option<Code>, &EndpointReport, usize)) -> String {
    let host = match code {
        Some(code) => format!("{code} {}", row.endpoint.host),
        None => row.endpoint.host.to_string(),
    };
    match more {
        0 => host,
        more => format!("{host} and {more} more"),
    }
}

/// `label=value;warn;crit;min;max`: one degraded endpoint warns, one blocked endpoint is critical.
fn figures(report: &Report) -> String {
    let counts = &report.summary;
    let elapsed = report.run.elapsed_ms;
    let all = report.endpoints.len();
    format!(
        "blocked={};;0;0;{all} degraded={};0;;0;{all} inconclusive={};;;0;{all} reachable={};;;0;{all} skipped={};;;0;{all} 'elapsed'={}.{:03}s;;;0",
        counts.blocked,
        counts.degraded,
        counts.inconclusive,
        counts.reachable,
        counts.skipped,
        elapsed / 1_000,
        elapsed % 1_000,
    )
}

/// Text on one line that cannot begin the performance data, nor an element where the page of a
/// monitor shows it as it is.
fn clean(text: &str) -> String {
    let text = printable(text)
        .replace('|', "/")
        .replace('<', "(")
        .replace('>', ")");
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_stays_before_the_figures_and_on_its_line() {
        let evil = "a | blocked=0\nREACH365 OK\u{1b}[2J<b>";
        assert_eq!(clean(evil), r"a / blocked=0\u{a}REACH365 OK\u{1b}[2J(b)");
        assert_eq!(clean(&"é".repeat(301)), "é".repeat(300) + "…");
        let mut out = Vec::new();
        nagios_unknown("two\n  lines | more", &mut out).unwrap();
        assert_eq!(out, b"REACH365 UNKNOWN - two lines / more\n");
    }
}
