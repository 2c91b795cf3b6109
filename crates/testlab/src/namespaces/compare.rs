//! Compares a report, as a program reads it, to what a scenario expects.

use serde_json::Value;

use super::network::Checked;
use super::scenario::{Expected, Host, Scenario};

/// Every difference, in the order of the scenario.
pub(crate) fn differences(scenario: &Scenario, checked: &Checked) -> Vec<String> {
    let report = &checked.report;
    let mut differences = Vec::new();
    for (id, expected) in scenario.expected() {
        match row(report, id) {
            Some(row) if is_well(scenario, expected, row) => {}
            Some(row) if is_right_as_well(scenario, id, row) => {}
            Some(row) => differences.extend(of_row(id, expected, row)),
            None => differences.push(format!("{id}: no such row")),
        }
    }
    let rows = report["endpoints"].as_array().map_or(0, Vec::len);
    if rows != scenario.expected().count() {
        differences.push(format!("{rows} rows"));
    }
    differences.extend(of_findings(scenario, report));
    if scenario.exit.is_some() && scenario.exit != checked.exit {
        differences.push(format!(
            "exit code {:?}, expected {:?}",
            checked.exit, scenario.exit
        ));
    }
    differences
}

/// How many hosts that are well were called anything else than reachable.
pub(crate) fn false_accusations(scenario: &Scenario, report: &Value) -> usize {
    let well = scenario
        .expected()
        .filter(|(_, expected)| **expected == Expected::default());
    let accused = well.filter(|(id, expected)| {
        row(report, id).is_none_or(|row| !is_well(scenario, expected, row))
    });
    accused.count()
}

/// Whether the report finds a fault with a host.
pub(crate) fn is_noticed(scenario: &Scenario, host: &Host, report: &Value) -> bool {
    let row = row(report, &host.name);
    row.is_some_and(|row| {
        row["verdict"]["outcome"] != "reachable" && !is_well(scenario, &host.result, row)
    })
}

/// Whether a host that is well is called so; degraded will do where packets are lost.
fn is_well(scenario: &Scenario, expected: &Expected, row: &Value) -> bool {
    let outcome = row["verdict"]["outcome"].as_str();
    let code = row["verdict"]["code"].as_str();
    let nobody = row["verdict"]["culprit"].is_null();
    *expected == Expected::default()
        && (outcome == Some("reachable") && code.is_none() && nobody
            || scenario.flaky && matches!(outcome, Some("reachable" | "degraded")))
}

fn row<'a>(report: &'a Value, id: &str) -> Option<&'a Value> {
    report["endpoints"]
        .as_array()?
        .iter()
        .find(|row| row["id"] == id)
}

fn is_right_as_well(scenario: &Scenario, id: &str, row: &Value) -> bool {
    let host = scenario.host.iter().find(|host| host.name == id);
    host.and_then(|host| host.or.as_ref()) == Some(&seen(row))
}

fn seen(row: &Value) -> Expected {
    let verdict = &row["verdict"];
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let address = text(&verdict["culprit"]["address"]);
    Expected {
        outcome: text(&verdict["outcome"]).unwrap_or_default(),
        code: text(&verdict["code"]),
        stage: text(&verdict["stage"]),
        who: text(&verdict["culprit"]["who"]),
        address: address.and_then(|address| address.parse().ok()),
        consequence_of: text(&verdict["consequence_of"]),
    }
}

fn of_row(id: &str, expected: &Expected, row: &Value) -> Option<String> {
    let (verdict, seen) = (&row["verdict"], seen(row));
    (seen != *expected).then(|| {
        format!(
            "{id}:\n      expected {expected:?}\n      seen     {seen:?}\n      {} {}",
            verdict["summary"], verdict["facts"]
        )
    })
}

fn of_findings(scenario: &Scenario, report: &Value) -> Option<String> {
    let findings = report["findings"].as_array()?;
    let code = |finding: &Value| {
        let words = [&finding["code"], &finding["culprit"]["address"]];
        let words: Vec<&str> = words.iter().filter_map(|word| word.as_str()).collect();
        words.join(" ")
    };
    let may_be = |finding: &&Value| {
        let code = finding["code"].as_str().unwrap_or_default();
        let accuses = !finding["culprit"].is_null() && finding["outcome"] != "reachable";
        !accuses && scenario.may_find.iter().any(|one| one == code)
    };
    let firm = findings.iter().filter(|finding| !may_be(finding));
    let mut seen: Vec<String> = firm.map(code).collect();
    let mut expected = scenario.findings.clone();
    seen.sort();
    expected.sort();
    (seen != expected).then(|| {
        format!(
            "findings: expected {expected:?}, seen {seen:?} {}",
            report["findings"]
        )
    })
}
