//! Modules form a total order: each imports only what stands to its left, and what stands left of
//! the line is pure.

#![allow(clippy::unwrap_used, reason = "a test may stop at a surprise")]
use std::fs;
use std::path::{Path, PathBuf};

const ORDER: [&str; 8] = [
    "builtin",
    "comparison",
    "redaction",
    "render",
    "platform",
    "probe",
    "engine",
    "fix",
];
/// Modules up to here have no I/O, no clock and no runtime.
const LAST_PURE: &str = "render";
const IMPURE: [&str; 9] = [
    "tokio",
    "std::fs",
    "std::env",
    "std::process",
    "std::thread",
    "Instant::now",
    "Timestamp::now",
    "SystemTime",
    "cfg(windows)",
];

#[test]
fn modules_import_only_what_stands_to_their_left() {
    for (module, file, text) in sources() {
        let own = position(&module);
        for other in ORDER {
            let imports = text.contains(&format!("crate::{other}::"))
                || text.contains(&format!("crate::{other};"))
                || text.contains(&format!("crate::{{{other}"));
            assert!(
                !imports || position(other) <= own,
                "{} imports {other}, which stands to its right",
                file.display()
            );
        }
    }
}

#[test]
fn modules_left_of_the_line_are_pure() {
    for (module, file, text) in sources() {
        if position(&module) > position(LAST_PURE) {
            continue;
        }
        for word in IMPURE {
            assert!(!text.contains(word), "{} uses {word}", file.display());
        }
    }
}

#[test]
fn every_module_has_its_place_in_the_order() {
    let modules: Vec<String> = sources().into_iter().map(|(module, ..)| module).collect();
    for name in ORDER {
        assert!(
            modules.iter().any(|module| module == name),
            "{name} is gone"
        );
    }
}

fn position(module: &str) -> usize {
    let found = ORDER.iter().position(|name| *name == module);
    found.unwrap_or_else(|| panic!("{module} has no place in the order of modules"))
}

/// Module, file and text of every source of the library, tests within the file left out.
fn sources() -> Vec<(String, PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, &mut files);
    let sources = files.into_iter().filter_map(|file| {
        let inside = file.strip_prefix(&root).unwrap();
        let first = inside.components().next()?.as_os_str().to_str()?;
        let module = first.trim_end_matches(".rs").to_owned();
        let text = fs::read_to_string(&file).unwrap();
        let text = text.split("#[cfg(test)]").next()?.to_owned();
        (module != "lib" && module != "bin").then_some((module, file, text))
    });
    let sources: Vec<_> = sources.collect();
    assert!(sources.len() > 5, "only {} sources found", sources.len());
    sources
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}
