//! `docs/accuracy.md`: what the scenarios are and how they went.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::run::Outcome;
use crate::scenario::Scenario;

const HEAD: &str = "# Accuracy

Every row is a network in Linux namespaces, client – firewall – internet, with real packet filters,
resolvers and servers, 5 ms between firewall and internet, and the built program in the client's
place. A row is exact when the code, the stage, the culprit and its address are right for every
afflicted host, the findings of the run are right, and every other host is called reachable.
`UPDATE_DOCS=1 cargo test --test branch` writes this page from the files of
`tests/branch/scenarios`.

| scenario | what happens | what must be said | exact | wall time |
|---|---|---|---|---|
";

/// Writes the page where `UPDATE_DOCS` asks for it; else says whether it has these scenarios.
pub(crate) fn agrees(
    all: &BTreeMap<String, Scenario>,
    outcomes: &BTreeMap<String, Outcome>,
) -> bool {
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(file(), page(all, outcomes)).unwrap();
        return true;
    }
    let text = std::fs::read_to_string(file()).unwrap_or_default();
    let rows = text
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let same = rows.eq(all.keys().map(String::as_str));
    if !same {
        println!("docs/accuracy.md lists other scenarios: UPDATE_DOCS=1 cargo test --test branch");
    }
    same
}

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/accuracy.md")
}

fn page(all: &BTreeMap<String, Scenario>, outcomes: &BTreeMap<String, Outcome>) -> String {
    let mut page = HEAD.to_owned();
    for (name, scenario) in all {
        let outcome = &outcomes[name];
        let exact = if outcome.differences.is_empty() {
            "yes"
        } else {
            "no"
        };
        let (about, said, wall) = (&scenario.about, said(scenario), outcome.wall.as_secs_f64());
        writeln!(
            page,
            "| `{name}` | {about} | {said} | {exact} | {wall:.1} s |"
        )
        .unwrap();
    }
    page + &totals(outcomes)
}

/// What must be said of the afflicted hosts.
fn said(scenario: &Scenario) -> String {
    let mut said: Vec<String> = Vec::new();
    for (_, expected) in scenario.expected() {
        let Some(code) = &expected.code else { continue };
        let address = expected.address.map(|address| format!(" {address}"));
        let who = expected.who.as_deref().unwrap_or("nobody");
        let words = format!("`{code}` by {who}{}", address.unwrap_or_default());
        if !said.contains(&words) {
            said.push(words);
        }
    }
    let findings = scenario.findings.iter().map(|code| format!("run: {code}"));
    said.extend(findings);
    if said.is_empty() {
        return "nothing: all reachable".to_owned();
    }
    said.join(", ")
}

fn totals(outcomes: &BTreeMap<String, Outcome>) -> String {
    let exact = outcomes
        .values()
        .filter(|one| one.differences.is_empty())
        .count();
    let accused: usize = outcomes.values().map(|one| one.false_accusations).sum();
    let longest = outcomes
        .values()
        .map(|one| one.wall)
        .max()
        .unwrap_or_default();
    format!(
        "\nExact: {exact} of {}. False accusations: {accused}. Longest run: {:.1} s.\n",
        outcomes.len(),
        longest.as_secs_f64()
    )
}
