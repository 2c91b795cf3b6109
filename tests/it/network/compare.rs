//! Compares a report to what a scenario expects, and says what differs.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use reach365::Report;
use reach365::report::EndpointReport;
use reach365::verdict::{Finding, Verdict};

use super::scenario::{Expected, FindingTable, Scenario};

/// Every difference, in the order of the scenario.
pub(super) fn differences(scenario: &Scenario, report: &Report) -> Vec<String> {
    let hosts = scenario.host.iter().map(|host| (host.id(), &host.result));
    let rows = scenario
        .row
        .iter()
        .map(|row| (row.id.as_str(), &row.result));
    let expected: Vec<(&str, &Expected)> = hosts.chain(rows).collect();
    let mut differences = Vec::new();
    for (id, expected) in &expected {
        match report.endpoints.iter().find(|row| row.endpoint.id == *id) {
            Some(row) => differences.extend(of_row(expected, row)),
            None => differences.push(format!("{id}: no such row")),
        }
    }
    let surplus = report
        .endpoints
        .iter()
        .filter(|row| expected.iter().all(|(id, _)| row.endpoint.id != *id));
    differences.extend(surplus.map(|row| format!("{}: a row too many", row.endpoint.id)));
    differences.extend(of_findings(&scenario.finding, &report.findings));
    differences
}

/// Whether the report, saved and read again, is judged as it was.
pub(super) fn judged_again(report: &Report) -> Vec<String> {
    let saved = serde_json::to_string(report).expect("a report is plain data");
    let read: Report = match serde_json::from_str(&saved) {
        Ok(read) => read,
        Err(error) => return vec![format!("the saved report cannot be read: {error}")],
    };
    let again = read.rejudge();
    let mut differences = Vec::new();
    for (before, after) in report.endpoints.iter().zip(&again.endpoints) {
        if before.verdict != after.verdict {
            let (before_text, after_text) = (shown(&before.verdict), shown(&after.verdict));
            differences.push(format!(
                "{}: judged again, it differs\n      first  {before_text}\n      again  {after_text}",
                before.endpoint.id
            ));
        }
    }
    if report.findings != again.findings {
        differences.push("findings: judged again, they differ".to_owned());
    }
    differences
}

/// The failures of all scenarios, as a person wants to read them.
pub(super) fn describe(failures: &BTreeMap<String, Vec<String>>, all: usize) -> String {
    let mut text = format!("{} of {all} networks got other verdicts\n", failures.len());
    for (name, differences) in failures {
        writeln!(text, "\n  {name}").expect("a string takes everything");
        for difference in differences {
            writeln!(text, "    {difference}").expect("a string takes everything");
        }
    }
    text += "\n  one of them alone: REACH365_SCENARIO=<name> cargo test --test it every_network\n";
    text
}

fn of_row(expected: &Expected, row: &EndpointReport) -> Option<String> {
    let got = &row.verdict;
    if seen(got) == wanted(expected) && has_facts(expected, got) {
        return None;
    }
    let mut wanted = wanted(expected);
    for (name, value) in &expected.facts {
        write!(wanted, ", {name} = {value:?}").expect("a string takes everything");
    }
    let evidence = serde_json::to_string(&row.evidence).expect("evidence is plain data");
    let evidence: String = evidence.chars().take(1_500).collect();
    Some(format!(
        "{}\n      wanted {}\n      got    {}\n      saw    {evidence}",
        row.endpoint.id,
        wanted,
        shown(got),
    ))
}

fn has_facts(expected: &Expected, got: &Verdict) -> bool {
    expected.facts.iter().all(|(name, value)| {
        let value = serde_json::to_value(value).expect("plain data");
        got.facts.get(name) == Some(&value)
    })
}

fn wanted(expected: &Expected) -> String {
    line(
        &expected.outcome,
        [
            &expected.code,
            &expected.stage,
            &expected.who,
            &expected.consequence_of,
        ],
    )
}

fn seen(got: &Verdict) -> String {
    line(
        &got.outcome.to_string(),
        [
            &got.code.map(|code| code.to_string()),
            &got.stage.map(|stage| stage.to_string()),
            &got.culprit.as_ref().map(|culprit| culprit.who.to_string()),
            &got.consequence_of.map(|code| code.to_string()),
        ],
    )
}

fn shown(got: &Verdict) -> String {
    let facts = serde_json::to_string(&got.facts).expect("facts are plain data");
    format!("{} \"{}\" {facts}", seen(got), got.summary)
}

fn line(outcome: &str, [code, stage, who, consequence]: [&Option<String>; 4]) -> String {
    let mut line = outcome.to_owned();
    for (label, value) in [
        ("", code),
        (" stage", stage),
        (" by", who),
        (" because of", consequence),
    ] {
        if let Some(value) = value {
            write!(line, "{label} {value}").expect("a string takes everything");
        }
    }
    line
}

fn of_findings(expected: &[FindingTable], got: &[Finding]) -> Vec<String> {
    let wanted: Vec<String> = expected.iter().map(wanted_finding).collect();
    let seen: Vec<String> = got.iter().map(seen_finding).collect();
    if wanted == seen {
        return Vec::new();
    }
    let shown = |findings: &[String]| match findings {
        [] => "none".to_owned(),
        some => some.join("\n             "),
    };
    vec![format!(
        "findings\n      wanted {}\n      got    {}",
        shown(&wanted),
        shown(&seen)
    )]
}

fn wanted_finding(finding: &FindingTable) -> String {
    let endpoints = finding.endpoints.join(" ");
    format!(
        "{} {} stage {} by {}: {endpoints}",
        finding.outcome, finding.code, finding.stage, finding.who
    )
}

fn seen_finding(finding: &Finding) -> String {
    let endpoints = finding.endpoints.join(" ");
    let who = finding.culprit.who;
    format!(
        "{} {} stage {} by {who}: {endpoints}",
        finding.outcome, finding.code, finding.stage
    )
}
