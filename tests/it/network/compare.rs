//! Compares a report to what a scenario expects, and says what differs.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use reach365::Report;
use reach365_model::report::EndpointReport;
use reach365_model::verdict::{Facts, Finding, Outcome, Verdict, Who};
use reach365_render::redaction::redact;

use super::proxies::Places;
use super::scenario::{Expected, FindingTable, Scenario};

/// Every difference, in the order of the scenario.
pub(super) fn differences(scenario: &Scenario, places: &Places, report: &Report) -> Vec<String> {
    let hosts = scenario.host.iter().map(|host| (host.id(), &host.result));
    let rows = scenario
        .row
        .iter()
        .map(|row| (row.id.as_str(), &row.result));
    let expected: Vec<(&str, &Expected)> = hosts.chain(rows).collect();
    let mut differences = Vec::new();
    for (id, expected) in &expected {
        match report.endpoints.iter().find(|row| row.endpoint.id == *id) {
            Some(row) => differences.extend(of_row(expected, places, row)),
            None => differences.push(format!("{id}: no such row")),
        }
    }
    let surplus = report
        .endpoints
        .iter()
        .filter(|row| expected.iter().all(|(id, _)| row.endpoint.id != *id));
    differences.extend(surplus.map(|row| format!("{}: a row too many", row.endpoint.id)));
    // A proxy of the lab has a loopback address, which is a note.
    let notes = scenario.finding.iter().any(|it| it.outcome == "reachable");
    let wrong = |finding: &&Finding| notes || finding.outcome > Outcome::Reachable;
    let wrong: Vec<Finding> = report.findings.iter().filter(wrong).cloned().collect();
    differences.extend(of_findings(&scenario.finding, &wrong));
    differences.extend(of_finding_facts(&scenario.finding, places, &wrong));
    differences
}

/// Whether the report, saved and read again, is judged as it was.
pub(super) fn judged_again(report: &Report) -> Vec<String> {
    let saved = serde_json::to_string(report).expect("a report is plain data");
    let read: Report = match serde_json::from_str(&saved) {
        Ok(read) => read,
        Err(error) => return vec![format!("the saved report cannot be read: {error}")],
    };
    let again = reach365::judge().again(&read);
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

/// Whether the report without its names accuses the same parties of the same.
pub(super) fn judged_without_names(report: &Report) -> Vec<String> {
    let again = match redact(report, reach365::builtin()) {
        Ok(redacted) => reach365::judge().again(&redacted),
        Err(error) => return vec![format!("it cannot be redacted: {error}")],
    };
    let mut differences = Vec::new();
    for (before, after) in report.endpoints.iter().zip(&again.endpoints) {
        let (one, other) = (&before.verdict, &after.verdict);
        let told = |it: &Verdict| (it.outcome, it.code(), it.consequence_of);
        if told(one) != told(other) {
            differences.push(format!(
                "{}: without its names it differs\n      first  {}\n      again  {}",
                before.endpoint.id,
                shown(one),
                shown(other)
            ));
        }
    }
    let codes = |report: &Report| -> Vec<_> {
        let findings = report.findings.iter();
        findings.map(|finding| finding.code).collect()
    };
    if codes(report) != codes(&again) {
        differences.push("findings: without their names they differ".to_owned());
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

fn of_row(expected: &Expected, places: &Places, row: &EndpointReport) -> Option<String> {
    let got = &row.verdict;
    let missing = missing_facts(&expected.facts, places, &got.facts());
    let same_way = expected.via.as_ref().is_none_or(|via| *via == row.via);
    if seen(got) == wanted(expected) && missing.is_empty() && same_way {
        return None;
    }
    let mut wanted = wanted(expected) + &missing;
    if let Some(via) = expected.via.as_ref().filter(|_| !same_way) {
        write!(wanted, ", via {via} instead of {}", row.via).expect("a string takes everything");
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

/// The facts that are missing, as text.
fn missing_facts(expected: &toml::Table, places: &Places, got: &Facts) -> String {
    let mut missing = String::new();
    for (name, value) in expected {
        let value = serde_json::to_string(value).expect("plain data");
        let value = serde_json::from_str(&places.fill(&value)).expect("names need no escapes");
        if got.get(name) != Some(&value) {
            write!(missing, ", {name} = {value}").expect("a string takes everything");
        }
    }
    missing
}

/// The facts of findings, where they are the expected ones.
fn of_finding_facts(expected: &[FindingTable], places: &Places, got: &[Finding]) -> Vec<String> {
    let pairs = expected.iter().zip(got);
    let differences = pairs.filter_map(|(expected, got)| {
        let missing = missing_facts(&expected.facts, places, &got.facts());
        let facts = serde_json::to_string(&got.facts()).expect("facts are plain data");
        let line = format!(
            "finding {}\n      wanted {missing}\n      got    \"{}\" {facts}",
            got.code, got.summary
        );
        (!missing.is_empty()).then_some(line)
    });
    differences.collect()
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
            &got.code().map(|code| code.to_string()),
            &got.stage.map(|stage| stage.to_string()),
            &got.culprit.as_ref().map(|culprit| culprit.who.to_string()),
            &got.consequence_of.map(|code| code.to_string()),
        ],
    )
}

fn shown(got: &Verdict) -> String {
    let facts = serde_json::to_string(&got.facts()).expect("facts are plain data");
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
    let who = finding
        .culprit
        .as_ref()
        .map_or(Who::Unknown, |culprit| culprit.who);
    format!(
        "{} {} stage {} by {who}: {endpoints}",
        finding.outcome, finding.code, finding.stage
    )
}
