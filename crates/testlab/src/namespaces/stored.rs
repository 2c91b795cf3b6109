//! What runs saw, kept for tests that judge it again.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;

use super::Suite;
use super::run::Outcome;

/// Set where the files are made anew.
const UPDATE: &str = "UPDATE_RUNS";
/// Reports that are kept of a scenario that is run repeatedly.
pub(super) const PER_SCENARIO: usize = 25;

pub(super) fn are_wanted() -> bool {
    std::env::var_os(UPDATE).is_some()
}

/// Writes one line of JSON a report, each with the name of its scenario.
pub(super) fn write(suite: &Suite, outcomes: &BTreeMap<String, Outcome>) {
    let file = suite.path(&format!("tests/runs/{}.ndjson.gz", suite.name));
    let file = File::create(file).unwrap();
    let mut packed = GzEncoder::new(file, Compression::best());
    for (name, outcome) in outcomes {
        for report in &outcome.reports {
            writeln!(packed, "{}", json!({ "name": name, "report": report })).unwrap();
        }
    }
    packed.finish().unwrap();
}
