//! JUnit's XML, for build servers: a suite a run, a case an endpoint.

use std::io;

use crate::formats::row;
use reach365_model::endpoint::printable;
use reach365_model::report::{EndpointReport, Report};
use reach365_model::verdict::{Code, Outcome};

/// Writes the report as JUnit XML. A blocked endpoint is a failure, an inconclusive one an error, a
/// degraded one passes and says so in its output.
///
/// # Errors
/// What `out` reports.
pub fn junit(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    let totals = totals(report);
    writeln!(out, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
    writeln!(out, r#"<testsuites name="reach365"{totals}>"#)?;
    let skipped = report.summary.skipped;
    writeln!(
        out,
        r#"  <testsuite name="{}"{totals} skipped="{skipped}">"#,
        escaped(&suite(report))
    )?;
    properties(report, out)?;
    for row in &report.endpoints {
        case(row, report, out)?;
    }
    run_wide(report, out)?;
    writeln!(out, "  </testsuite>\n</testsuites>")
}

fn totals(report: &Report) -> String {
    format!(
        r#" tests="{}" failures="{}" errors="{}" time="{}.{:03}""#,
        report.endpoints.len(),
        report.summary.blocked,
        report.summary.inconclusive,
        report.run.elapsed_ms / 1_000,
        report.run.elapsed_ms % 1_000,
    )
}

/// Sites are suites of their own where the results of several are collected.
fn suite(report: &Report) -> String {
    let site = report.run.site.as_ref();
    site.map_or("reach365".to_owned(), |site| format!("reach365 {site}"))
}

fn properties(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    let cloud = report.run.cloud.to_string();
    let known = [
        ("cloud", cloud.as_str()),
        ("platform", &report.run.platform),
        ("version", &report.tool.version),
    ];
    writeln!(out, "    <properties>")?;
    for (name, value) in known {
        let value = escaped(value);
        writeln!(out, r#"      <property name="{name}" value="{value}"/>"#)?;
    }
    writeln!(out, "    </properties>")
}

fn case(row: &EndpointReport, report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    write!(
        out,
        r#"    <testcase name="{}" classname="{}" time="{:.3}""#,
        escaped(&row::name(&row.endpoint)),
        escaped(&class(row)),
        row.timings.total_ms.max(0.0) / 1_000.0,
    )?;
    let verdict = &row.verdict;
    let summary = row::sentence(row, report);
    let code = row::cause(row).map(Code::id);
    let kind = code.map_or_else(|| verdict.outcome.to_string(), str::to_owned);
    let message = code.map_or_else(|| summary.to_owned(), |id| format!("{id}: {summary}"));
    let inner = match verdict.outcome {
        Outcome::Reachable if verdict.requirement.is_some() => {
            format!("<system-out>{}</system-out>", block(summary))
        }
        Outcome::Reachable => return writeln!(out, "/>"),
        Outcome::Degraded => {
            let text = format!("degraded: {message}\n{}", details(row, report));
            format!("<system-out>{}</system-out>", block(&text))
        }
        Outcome::Skipped => format!(r#"<skipped message="{}"/>"#, escaped(&message)),
        Outcome::Blocked => broken("failure", &kind, &message, &details(row, report)),
        Outcome::Inconclusive => broken("error", &kind, &message, &details(row, report)),
    };
    writeln!(out, ">\n      {inner}\n    </testcase>")
}

fn broken(element: &str, kind: &str, message: &str, text: &str) -> String {
    format!(
        r#"<{element} type="{}" message="{}">{}</{element}>"#,
        escaped(kind),
        escaped(message),
        block(text)
    )
}

/// The group, as servers sort cases by class; a host without a group is classed by its stage.
fn class(row: &EndpointReport) -> String {
    let group = row.endpoint.groups.first().cloned();
    let stage = row.verdict.stage.map(|stage| stage.to_string());
    let class = group.or(stage).unwrap_or_else(|| "host".to_owned());
    format!("reach365.{class}")
}

fn details(row: &EndpointReport, report: &Report) -> String {
    let verdict = &row.verdict;
    let culprit = row::culprit(row, report);
    let known = [
        ("what to do", row::advice(row, report)),
        ("stage", row::stage(row).map(|stage| stage.to_string())),
        ("done by", culprit.map(|culprit| culprit.who.to_string())),
        (
            "at",
            culprit.and_then(|culprit| Some(culprit.address?.to_string())),
        ),
        ("confidence", Some(verdict.confidence.to_string())),
        ("wrong if", verdict.wrong_if.clone()),
        ("path", Some(row.via.clone())),
    ];
    let known = known
        .into_iter()
        .filter_map(|(name, text)| Some((name, text?)));
    let facts = row.verdict.facts().into_iter();
    let facts = facts.map(|(name, value)| (name, row::text_of(&value)));
    let known = known.map(|(name, text)| (name.to_owned(), text));
    lines(known.chain(facts))
}

/// The causes that hold for the run, and what to do first.
fn run_wide(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    let findings = report.findings.iter();
    let findings = findings.map(|it| (it.code.id().to_owned(), it.summary.clone()));
    let advice = report.advice.iter();
    let advice = advice.map(|advice| ("what to do".to_owned(), advice.text.clone()));
    let text = lines(findings.chain(advice));
    if text.is_empty() {
        return Ok(());
    }
    writeln!(out, "    <system-out>{}</system-out>", block(&text))
}

fn lines(pairs: impl Iterator<Item = (String, String)>) -> String {
    let line =
        |(name, text): (String, String)| format!("{}: {}\n", printable(&name), printable(&text));
    pairs.map(line).collect()
}

/// Lines of text, each made safe for itself.
fn block(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(escaped).collect();
    lines.join("\n")
}

/// Text for an attribute or an element. What XML 1.0 forbids even as a reference is written as its
/// number; all but the two last are control characters.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for c in printable(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\u{fffe}' | '\u{ffff}' => out.extend(c.escape_unicode()),
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_xml_forbids_is_left() {
        let forbidden = ('\0'..='\u{1f}').chain(['\u{7f}', '\u{85}', '\u{fffe}', '\u{ffff}']);
        for c in forbidden {
            let text = escaped(&format!("a{c}b"));
            assert_eq!(text, format!("a{}b", c.escape_unicode()));
        }
        assert_eq!(
            escaped(r#"]]><!--'"&amp;"#),
            "]]&gt;&lt;!--'&quot;&amp;amp;"
        );
    }
}
