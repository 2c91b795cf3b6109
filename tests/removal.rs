//! Less evidence never blocks: whatever one lookup, attempt, control or setting is taken out of a
//! stored run, no endpoint that was reachable or inconclusive becomes blocked.
//!
//! The runs in `tests/runs` are those of `tests/branch` and `tests/healthy`; made anew by
//!
//!     UPDATE_RUNS=1 REACH365_NIGHTLY=1 cargo test --test branch --test healthy
//!
//! A tenth of them is looked at; all of them where `REACH365_NIGHTLY` is set.

#![allow(clippy::unwrap_used, reason = "a test may stop at a surprise")]

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::sync::Mutex;

use flate2::read::GzDecoder;
use reach365::Report;
use reach365_model::verdict::{Code, Outcome};
use serde::Deserialize;
use serde_json::Value;

/// What holds all that was seen at one time, and means nothing without its other parts.
const WHOLE: [&str; 3] = ["value", "failure", "chain"];
/// The limits of the caller's own: an option of the run, which no network can take away.
const OPTION: &str = "short_limits";

#[derive(Deserialize)]
struct Stored {
    name: String,
    report: Report,
}

#[test]
fn less_evidence_never_blocks() {
    let runs = Mutex::new(chosen());
    let violations = Mutex::new(Vec::new());
    let tried = Mutex::new((0, 0));
    let next = || runs.lock().unwrap().pop();
    let work = || {
        while let Some(run) = next() {
            let (removals, found) = violations_in(&run);
            violations.lock().unwrap().extend(found);
            let mut tried = tried.lock().unwrap();
            *tried = (tried.0 + 1, tried.1 + removals);
        }
    };
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(work);
        }
    });
    let (runs, removals) = tried.into_inner().unwrap();
    let violations = violations.into_inner().unwrap();
    println!(
        "{} of {removals} removals exact, of {runs} runs",
        removals - violations.len()
    );
    assert!(violations.is_empty(), "{}", violations.join("\n"));
}

#[test]
fn there_are_at_least_300_stored_runs() {
    let all = stored("branch").len() + stored("healthy").len();
    assert!(all >= 300, "{all}");
}

fn chosen() -> Vec<Stored> {
    let nightly = std::env::var_os("REACH365_NIGHTLY").is_some();
    let lines = ["branch", "healthy"].into_iter().flat_map(stored);
    let lines = lines.step_by(if nightly { 1 } else { 10 });
    lines
        .map(|line| serde_json::from_str(&line).unwrap())
        .collect()
}

fn stored(suite: &str) -> Vec<String> {
    let file = format!("tests/runs/{suite}.ndjson.gz");
    let file = File::open(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
    let lines = BufReader::new(GzDecoder::new(file)).lines();
    lines.map(Result::unwrap).collect()
}

/// How many parts were taken out, and what was wrong then.
fn violations_in(stored: &Stored) -> (usize, Vec<String>) {
    let before = reach365::judge().again(&stored.report);
    let (mut removals, mut violations) = (0, Vec::new());
    let mut judge = |report: &Report, removed: &str| {
        removals += 1;
        let name = &stored.name;
        for (id, code) in blocked_now(&before, &reach365::judge().again(report)) {
            violations.push(format!("{name}: without {removed}: {id} is {code:?}"));
        }
    };
    for place in 0..before.endpoints.len() {
        let whole = serde_json::to_value(&before.endpoints[place].evidence).unwrap();
        let id = &before.endpoints[place].endpoint.id;
        for (removed, evidence) in without_one(&whole) {
            let Ok(evidence) = serde_json::from_value(evidence) else {
                continue;
            };
            let mut report = before.clone();
            report.endpoints[place].evidence = evidence;
            judge(&report, &format!("{id}{removed}"));
        }
    }
    let whole = serde_json::to_value(&before.run.evidence).unwrap();
    for (removed, evidence) in without_one(&whole) {
        let Ok(evidence) = serde_json::from_value(evidence) else {
            continue;
        };
        let mut report = before.clone();
        report.run.evidence = evidence;
        judge(&report, &format!("run{removed}"));
    }
    (removals, violations)
}

/// Every copy in which one part is missing, with the path of that part. Which of them can be read
/// is the business of the types.
fn without_one(whole: &Value) -> Vec<(String, Value)> {
    let mut paths = Vec::new();
    collect(whole, "", &mut paths);
    let copy = |path: String| {
        let mut copy = whole.clone();
        let (parent, key) = path.rsplit_once('/').unwrap();
        match copy.pointer_mut(parent).unwrap() {
            Value::Array(list) => drop(list.remove(key.parse().unwrap())),
            Value::Object(map) => drop(map.remove(key)),
            _ => unreachable!("paths lead through lists and objects"),
        }
        (path, copy)
    };
    paths.into_iter().map(copy).collect()
}

fn collect(value: &Value, path: &str, paths: &mut Vec<String>) {
    match value {
        Value::Array(list) => {
            for (place, part) in list.iter().enumerate() {
                let path = format!("{path}/{place}");
                paths.push(path.clone());
                collect(part, &path, paths);
            }
        }
        Value::Object(map) => {
            for (key, part) in map {
                if key == OPTION || WHOLE.contains(&key.as_str()) {
                    continue;
                }
                let path = format!("{path}/{key}");
                let is_setting = path.matches('/').count() == 1;
                if part.is_object() || is_setting {
                    paths.push(path.clone());
                }
                collect(part, &path, paths);
            }
        }
        _ => {}
    }
}

/// Endpoints that are blocked now and were reachable or inconclusive.
fn blocked_now(before: &Report, after: &Report) -> Vec<(String, Option<Code>)> {
    let pairs = before.endpoints.iter().zip(&after.endpoints);
    let turned = pairs.filter(|(before, after)| {
        let was = before.verdict.outcome;
        let innocent = matches!(was, Outcome::Reachable | Outcome::Inconclusive);
        innocent && after.verdict.outcome == Outcome::Blocked
    });
    turned
        .map(|(_, after)| (after.endpoint.id.clone(), after.verdict.code()))
        .collect()
}
