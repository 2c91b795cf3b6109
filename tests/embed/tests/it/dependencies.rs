//! What an embedder need not build.

use std::process::Command;

const NOT_WANTED: [&str; 6] = [
    "clap",
    "maud",
    "reach365-device",
    "reach365-render",
    "reqwest",
    "rquickjs",
];

/// Names and versions of the crates that a build of this program compiles.
fn crates(features: &str) -> Vec<String> {
    let output = Command::new(env!("CARGO"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["tree", "--locked", "--edges", "normal", "--prefix", "none"])
        .args(["--features", features])
        .output()
        .unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words}");
    let tree = String::from_utf8(output.stdout).unwrap();
    let lines = tree
        .lines()
        .map(|line| line.trim_end_matches(" (*)").to_owned());
    let mut crates: Vec<String> = lines.collect();
    crates.sort();
    crates.dedup();
    crates
}

fn is(line: &str, name: &str) -> bool {
    line.split(' ').next() == Some(name)
}

#[test]
fn without_features_neither_program_nor_script_engine_is_built() {
    let crates = crates("");
    for name in NOT_WANTED {
        assert!(!crates.iter().any(|one| is(one, name)), "{name} is built");
    }
    let foreign = crates.iter().filter(|line| !line.starts_with("reach365"));
    let count = foreign.count();
    assert!(count <= 144, "{count} crates that are not ours");
}

#[test]
fn scripts_bring_their_engine_and_a_client_for_downloads() {
    let crates = crates("pac");
    for name in ["reqwest", "rquickjs"] {
        assert!(crates.iter().any(|one| is(one, name)), "{name} is missing");
    }
}
