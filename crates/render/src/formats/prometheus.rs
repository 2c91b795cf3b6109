//! The text format of Prometheus, for the textfile collector or a gateway.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io;

use crate::formats::{required, row};
use reach365_model::endpoint::printable;
use reach365_model::report::{EndpointReport, Report, Timings};
use reach365_model::verdict::{Code, Outcome, Requirement, Who};

/// Stands where nothing is known of a cause.
const NO_CAUSE: &str = "unknown";

/// One metric with its samples: labels and a value.
struct Metric {
    name: &'static str,
    help: &'static str,
    samples: Vec<(Vec<(&'static str, String)>, String)>,
}

/// A result and its label value, which no other result has.
struct Named<'a> {
    name: String,
    row: &'a EndpointReport,
}

/// Writes the report as metrics. The cause is a label of one metric alone, so that a series does not
/// end when a cause changes.
///
/// # Errors
/// What `out` reports.
pub fn prometheus(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    let rows = named(&report.endpoints);
    let metrics = [
        timestamp(report),
        duration(report),
        counts(report),
        up(&rows),
        as_required(&rows),
        stages(&rows),
        causes(&rows, report),
    ];
    let written = metrics.iter().filter(|metric| !metric.is_about_nothing());
    written
        .into_iter()
        .try_for_each(|metric| out.write_all(metric.text().as_bytes()))
}

/// The same series twice would make the whole text invalid; a saved report may have ids twice, and
/// ids that look like a number of ours.
fn named(rows: &[EndpointReport]) -> Vec<Named<'_>> {
    let own = rows.iter().map(|row| row.endpoint.id.clone());
    let mut taken: BTreeSet<String> = own.collect();
    let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
    let named = rows.iter().map(|row| {
        let id = row.endpoint.id.as_str();
        let Some(number) = numbers.get_mut(id) else {
            numbers.insert(id, 1);
            let name = id.to_owned();
            return Named { name, row };
        };
        loop {
            *number += 1;
            let name = format!("{id}#{number}");
            if taken.insert(name.clone()) {
                return Named { name, row };
            }
        }
    });
    named.collect()
}

fn timestamp(report: &Report) -> Metric {
    Metric {
        name: "reach365_run_timestamp_seconds",
        help: "When the run began, in seconds since 1970.",
        samples: vec![(Vec::new(), report.run.started.as_second().to_string())],
    }
}

fn duration(report: &Report) -> Metric {
    let elapsed = report.run.elapsed_ms;
    let seconds = format!("{}.{:03}", elapsed / 1_000, elapsed % 1_000);
    Metric {
        name: "reach365_run_duration_seconds",
        help: "How long the run took.",
        samples: vec![(Vec::new(), seconds)],
    }
}

fn counts(report: &Report) -> Metric {
    let counts = &report.summary;
    let counts = [
        (Outcome::Reachable, counts.reachable),
        (Outcome::Degraded, counts.degraded),
        (Outcome::Blocked, counts.blocked),
        (Outcome::Inconclusive, counts.inconclusive),
        (Outcome::Skipped, counts.skipped),
    ];
    let sample = |(outcome, count): (Outcome, usize)| {
        (vec![("outcome", outcome.to_string())], count.to_string())
    };
    Metric {
        name: "reach365_endpoints",
        help: "Endpoints by what came out.",
        samples: counts.map(sample).to_vec(),
    }
}

/// What could not be judged is neither up nor down, and has no sample. Where nothing at all could be
/// judged, everything is down: an alert on absent samples would be lost with the whole site.
fn up(rows: &[Named<'_>]) -> Metric {
    let blind = is_blind(rows);
    let sample = |named: &Named<'_>| {
        if required::must_be_closed(named.row) {
            return None;
        }
        let value = match named.row.verdict.outcome {
            Outcome::Reachable | Outcome::Degraded => 1,
            Outcome::Blocked => 0,
            Outcome::Inconclusive if blind => 0,
            Outcome::Inconclusive | Outcome::Skipped => return None,
        };
        Some((labels(named), value.to_string()))
    };
    Metric {
        name: "reach365_endpoint_up",
        help: "1 where a genuine answer came, 0 where the endpoint is blocked, or where no endpoint of the run could be judged; absent where this one alone could not be.",
        samples: rows.iter().filter_map(sample).collect(),
    }
}

/// Whether no endpoint of the run could be judged.
fn is_blind(rows: &[Named<'_>]) -> bool {
    let unjudged = [Outcome::Inconclusive, Outcome::Skipped];
    let outcomes = rows.iter().map(|named| named.row.verdict.outcome);
    outcomes
        .into_iter()
        .all(|outcome| unjudged.contains(&outcome))
}

/// Endpoints that must be closed are not up or down, but as required or not.
fn as_required(rows: &[Named<'_>]) -> Metric {
    let sample = |named: &Named<'_>| {
        let value = match named.row.verdict.requirement? {
            Requirement::Met => 1,
            Requirement::NotMet => 0,
            Requirement::Unknown => return None,
        };
        Some((labels(named), value.to_string()))
    };
    Metric {
        name: "reach365_endpoint_as_required",
        help: "Of endpoints that must be closed: 1 where it is closed, 0 where it answers; absent where neither was seen.",
        samples: rows.iter().filter_map(sample).collect(),
    }
}

fn labels(named: &Named<'_>) -> Vec<(&'static str, String)> {
    let endpoint = &named.row.endpoint;
    vec![
        ("endpoint", named.name.clone()),
        ("host", endpoint.host.to_string()),
        ("port", endpoint.port.to_string()),
        ("via", named.row.via.clone()),
    ]
}

fn stages(rows: &[Named<'_>]) -> Metric {
    let samples = rows.iter().flat_map(|named| {
        let stages = reached(&named.row.timings);
        stages.map(move |(stage, ms)| {
            let labels = vec![
                ("endpoint", named.name.clone()),
                ("stage", stage.to_owned()),
            ];
            (labels, seconds(ms))
        })
    });
    Metric {
        name: "reach365_endpoint_stage_seconds",
        help: "Time of each stage that was reached.",
        samples: samples.collect(),
    }
}

fn reached(timings: &Timings) -> impl Iterator<Item = (&'static str, f64)> + use<> {
    let stages = [
        ("dns", timings.dns_ms),
        ("tcp", timings.tcp_ms),
        ("proxy", timings.proxy_ms),
        ("tls", timings.tls_ms),
        ("http", timings.http_ms),
    ];
    let stages = stages.into_iter();
    stages.filter_map(|(stage, ms)| Some((stage, ms?)))
}

/// Microseconds are as fine as anything is measured.
fn seconds(ms: f64) -> String {
    ((ms * 1_000.0).round() / 1_000_000.0).to_string()
}

fn causes(rows: &[Named<'_>], report: &Report) -> Metric {
    let sample = |named: &Named<'_>| {
        let code = row::cause(named.row);
        let unjudged = named.row.verdict.outcome == Outcome::Inconclusive;
        if code.is_none() && !unjudged {
            return None;
        }
        let culprit = row::culprit(named.row, report);
        let who = culprit.map_or(Who::Unknown, |culprit| culprit.who);
        let stage = row::stage(named.row).or(code.map(Code::stage));
        let labels = vec![
            ("endpoint", named.name.clone()),
            ("cause", code.map_or(NO_CAUSE, Code::id).to_owned()),
            (
                "stage",
                stage.map_or_else(|| NO_CAUSE.to_owned(), |it| it.to_string()),
            ),
            ("culprit", who.to_string()),
        ];
        Some((labels, "1".to_owned()))
    };
    Metric {
        name: "reach365_endpoint_cause_info",
        help: "The cause of what is wrong with an endpoint, always 1.",
        samples: rows.iter().filter_map(sample).collect(),
    }
}

impl Metric {
    /// Only lists with endpoints that must be closed have this metric.
    fn is_about_nothing(&self) -> bool {
        self.name == "reach365_endpoint_as_required" && self.samples.is_empty()
    }

    fn text(&self) -> String {
        let name = self.name;
        let mut text = format!("# HELP {name} {}\n# TYPE {name} gauge\n", self.help);
        for (labels, value) in &self.samples {
            let labels: Vec<String> = labels.iter().map(label).collect();
            let labels = match labels.len() {
                0 => String::new(),
                _ => format!("{{{}}}", labels.join(",")),
            };
            writeln!(text, "{name}{labels} {value}").ok();
        }
        text
    }
}

fn label((name, value): &(&'static str, String)) -> String {
    let value = printable(value).replace('\\', r"\\").replace('"', "\\\"");
    format!("{name}=\"{value}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_end_where_they_should() {
        let evil = "a\"} 1\nreach365_evil 1\\".to_owned();
        let text = label(&("endpoint", evil));
        assert_eq!(text, r#"endpoint="a\"} 1\\u{a}reach365_evil 1\\""#);
    }

    #[test]
    fn seconds_have_no_digits_that_nobody_measured() {
        assert_eq!(seconds(11.6), "0.0116");
        assert_eq!(seconds(0.0), "0");
        assert_eq!(seconds(5_000.123_456_7), "5.000123");
    }
}
