//! Networks as data: every file of `tests/it/scenarios` describes a network and the exact verdicts
//! that the checker must reach on it.

mod compare;
mod proxies;
mod run;
mod scenario;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use reach365_model::verdict::Code;

use scenario::Scenario;

/// Scenarios at once. Most of their time is spent waiting for silence.
const AT_ONCE: usize = 8;

/// Codes that no network inside one process can show, and why not.
const BEYOND_LOOPBACK: &[(&str, &str)] = &[
    ("device-no-network", "needs a machine without a network"),
    ("device-no-route", "needs a machine without a route"),
    ("tcp-unreachable", "needs a router that says so"),
    ("device-local-firewall", "needs a packet filter"),
    ("tcp-admin-prohibited", "needs a firewall that sends ICMP"),
    ("tcp-slow", "needs one path that is longer than the others"),
    ("path-latency", "needs a line with a delay"),
    (
        "tls-hello-dropped",
        "needs a firewall that drops single packets",
    ),
];

#[test]
fn every_network_gets_its_verdicts() {
    let scenarios = load();
    let next = AtomicUsize::new(0);
    let failures = Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some((name, scenario)) =
                    scenarios.get(next.fetch_add(1, Ordering::Relaxed))
                {
                    let differences = run::differences(scenario);
                    if !differences.is_empty() {
                        failures.lock().unwrap().insert(name.clone(), differences);
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(
        failures.is_empty(),
        "{}",
        compare::describe(&failures, scenarios.len())
    );
}

#[test]
fn a_wrong_expectation_is_noticed() {
    let wrong = r#"
        about = "One host refuses, and four things are expected that are not so."
        row = [{ id = "msoid.nobody.example", result = { outcome = "reachable" } }]
        [[host]]
        name = "login.alpha.example"
        servers = [{ tcp = "closed" }]
        result = { outcome = "blocked", code = "tcp-dropped", stage = "tcp", who = "firewall" }
        [[host]]
        name = "ols.beta.example"
        result = { outcome = "reachable", facts = { status = 404 } }
        [[finding]]
        code = "tcp-egress-closed"
        outcome = "blocked"
        stage = "tcp"
        who = "firewall"
        endpoints = ["login.alpha.example"]
    "#;
    let differences = run::differences(&toml::from_str(wrong).unwrap());
    let beginnings: Vec<&str> = differences
        .iter()
        .map(|difference| difference.lines().next().unwrap_or_default())
        .collect();
    let expected = [
        "login.alpha.example",
        "ols.beta.example",
        "msoid.nobody.example: no such row",
        "findings",
    ];
    assert_eq!(beginnings, expected);
    assert!(differences[0].contains("wanted blocked tcp-dropped stage tcp by firewall"));
    assert!(differences[0].contains("got    blocked tcp-refused stage tcp by firewall"));
}

#[test]
fn every_scenario_is_one_of_a_kind_and_says_what_it_is_about() {
    let scenarios = load_all();
    let mut abouts = BTreeSet::new();
    for (name, scenario) in &scenarios {
        assert!(
            scenario.about.ends_with('.'),
            "{name}: `about` is a sentence"
        );
        assert!(
            abouts.insert(&scenario.about),
            "{name}: another scenario says the same"
        );
    }
    assert!(scenarios.len() > 50, "the scenarios were not found");
}

#[test]
fn every_code_has_a_scenario() {
    let covered = covered_codes();
    let missing: Vec<&str> = Code::ALL
        .iter()
        .map(|code| code.id())
        .filter(|id| !covered.contains(*id))
        .filter(|id| !BEYOND_LOOPBACK.iter().any(|(beyond, _)| beyond == id))
        .collect();
    assert!(
        missing.is_empty(),
        "codes without a scenario: {}",
        missing.join(", ")
    );
    for (beyond, why) in BEYOND_LOOPBACK {
        assert!(Code::parse(beyond).is_some(), "{beyond} ({why}) is no code");
        assert!(
            !covered.contains(*beyond),
            "{beyond} has a scenario after all"
        );
    }
}

/// The codes that scenarios expect, of endpoints and of findings.
pub(crate) fn covered_codes() -> BTreeSet<String> {
    let scenarios = load_all();
    scenarios
        .iter()
        .flat_map(|(_, scenario)| scenario.codes())
        .collect()
}

/// Every scenario that this system can show, or the one that `REACH365_SCENARIO` names.
fn load() -> Vec<(String, Scenario)> {
    let chosen = std::env::var("REACH365_SCENARIO").ok();
    let wanted = |name: &str| {
        chosen
            .as_ref()
            .is_none_or(|chosen| name.contains(chosen.as_str()))
    };
    let mut scenarios = load_all();
    scenarios.retain(|(name, scenario)| wanted(name) && scenario.can_run_here());
    // Those that may take long begin first, so that they do not delay the end.
    scenarios.sort_by_key(|(_, scenario)| Reverse(scenario.options.timeout_ms));
    scenarios
}

fn load_all() -> Vec<(String, Scenario)> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/scenarios");
    let entries = std::fs::read_dir(directory).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "toml")
    });
    files.sort();
    files.iter().map(|path| read(path)).collect()
}

fn read(path: &Path) -> (String, Scenario) {
    let name = path.file_stem().unwrap().to_string_lossy().into_owned();
    let text = std::fs::read_to_string(path).unwrap();
    let scenario = toml::from_str(&text);
    (
        name.clone(),
        scenario.unwrap_or_else(|error| panic!("{name}: {error}")),
    )
}
