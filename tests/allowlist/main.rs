//! Rules for firewalls and proxies: as stored, harmless whatever a list or a report says, and
//! loaded into the programs that they are for.
//!
//! `UPDATE_CASES=1 cargo test --test allowlist` writes the stored cases anew. A program that is not
//! installed, or that needs more rights, is skipped and the test says so, unless `REACH365_PARTS` is
//! `required`: then it fails.

#![cfg(all(unix, feature = "cli"))]
#![allow(clippy::unwrap_used, reason = "a test may stop at a surprise")]

mod hostile;
mod loading;
mod squid;
mod stored;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};

/// A saved report with failures, hostile text, and hosts that no list has.
const REPORT: &str = "tests/render/mixed.json";

/// Every format with what begins its comments.
const FORMATS: [(&str, Option<&str>); 13] = [
    ("hosts", Some("#")),
    ("csv", None),
    ("categories", Some("#")),
    ("pac", Some("//")),
    ("squid", Some("#")),
    ("nftables", Some("#")),
    ("iptables", Some("#")),
    ("windows-firewall", Some("#")),
    ("palo-alto", Some("#")),
    ("palo-alto-ip", Some("#")),
    ("fortigate", Some("#")),
    ("cisco-asa", Some("!")),
    ("zscaler", Some("#")),
];

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_reach365"))
        .args(["endpoints", "allowlist"])
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap()
}

/// What a format writes to the two streams.
fn rules(format: &str, arguments: &[&str]) -> (String, String) {
    let mut all = vec!["--format", format];
    if format == "pac" {
        all.extend(["--proxy", "proxy.example:8080"]);
    }
    all.extend(arguments);
    let output = run(&all);
    let notes = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{format}: {notes}");
    (String::from_utf8(output.stdout).unwrap(), notes)
}

/// Writes a file. Tests that run at once may ask for the same one: it is there whole or not at all.
fn scratch(name: &str, content: &str) -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("allowlist");
    fs::create_dir_all(&directory).unwrap();
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let beside = directory.join(format!("{}-{number}.part", std::process::id()));
    fs::write(&beside, content).unwrap();
    let file = directory.join(name);
    fs::rename(beside, &file).unwrap();
    file
}
