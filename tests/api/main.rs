//! `docs/api.txt` is the public API of the package `reach365`, so that every change of it is a
//! difference that a reviewer reads. It is made from what rustdoc knows, re-exports followed.
//!
//! `UPDATE_DOCS=1 cargo test --test api` writes it anew.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test may stop at a surprise")]

mod crates;
mod signature;
mod surface;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crates::Crates;
use surface::Surface;

/// Libraries whose types may stand in the API.
const LIBRARIES: [&str; 8] = [
    "std",
    "core",
    "alloc",
    "url",
    "ipnet",
    "serde",
    "serde_core",
    "serde_json",
];

#[test]
fn the_public_api_is_the_stored_one_and_closed() {
    let crates = Crates::document(root());
    let surface = Surface::new(&crates);
    is_closed(&surface);
    let text = surface.text();
    let file = root().join("docs/api.txt");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&file, text).unwrap();
        return;
    }
    let stored = fs::read_to_string(&file).unwrap_or_default();
    let difference = first_difference(&stored, &text);
    assert!(
        difference.is_none(),
        "docs/api.txt is out of date; `UPDATE_DOCS=1 cargo test --test api` writes it anew. {}",
        difference.unwrap_or_default()
    );
}

#[test]
fn the_example_of_the_readme_is_the_one_that_rustdoc_compiles() {
    let block = |text: &str, fence: &str| -> String {
        let (_, after) = text.split_once(fence).unwrap();
        after.split_once("```").unwrap().0.to_owned()
    };
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let library = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let lines = block(&library, "```no_run\n");
    let shown = lines
        .lines()
        .map(|line| line.trim_start_matches("//!").trim_start_matches(' '))
        .filter(|line| !line.starts_with('#'));
    let shown: Vec<&str> = shown.collect();
    let written = block(&readme, "```rust\n");
    let written: Vec<&str> = written.lines().map(str::trim_start).collect();
    assert_eq!(written.join("\n").trim(), shown.join("\n").trim());
}

/// No type of a library that may change its API, and none of ours that users cannot name.
fn is_closed(surface: &Surface<'_>) {
    let mut wrong = BTreeSet::new();
    for (path, place) in &surface.mentioned {
        let ours = path[0].starts_with("reach365");
        if ours && !surface.exported.contains(path) {
            wrong.insert(format!(
                "{place} has {}, which is not exported",
                path.join("::")
            ));
        }
        if !ours && !LIBRARIES.contains(&path[0].as_str()) {
            wrong.insert(format!(
                "{place} has {} of another library",
                path.join("::")
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The first line that only one of two sorted texts has.
fn first_difference(stored: &str, found: &str) -> Option<String> {
    let before: BTreeSet<&str> = stored.lines().skip(1).collect();
    let now: BTreeSet<&str> = found.lines().skip(1).collect();
    if let Some(line) = before.symmetric_difference(&now).next() {
        let what = if now.contains(line) { "new" } else { "gone" };
        return Some(format!("The first difference, {what}: {line}"));
    }
    (stored != found).then(|| "The order or the first line differs.".to_owned())
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
