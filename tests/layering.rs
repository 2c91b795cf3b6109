//! What Cargo does not hold: which crate may depend on which, that pure crates use no runtime, socket,
//! file, environment or clock, and the order of the modules of the root package.

#![allow(clippy::unwrap_used, reason = "a test may stop at a surprise")]
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

const PURE_CRATES: [&str; 4] = ["proxy", "model", "judge", "render"];
/// Crates below the root, and what of ours each may depend on.
const MAY_DEPEND_ON: [(&str, &[&str]); 8] = [
    ("proxy", &[]),
    ("model", &["proxy"]),
    ("judge", &["model", "proxy"]),
    ("render", &["judge", "model", "proxy"]),
    ("platform", &["model", "proxy"]),
    ("probe", &["model", "platform", "proxy"]),
    ("device", &["judge", "model", "platform", "proxy"]),
    ("testlab", &[]),
];
/// Modules of the root package: each imports only what stands to its left.
const ORDER: [&str; 2] = ["builtin", "checker"];
const IMPURE: [&str; 11] = [
    "tokio",
    "std::fs",
    "std::env",
    "std::process",
    "std::thread",
    "Instant::now",
    "SystemTime::now",
    "Timestamp::now",
    "Zoned::now",
    "TimeZone::system",
    "cfg(windows)",
];
const IMPURE_DEPENDENCIES: [&str; 6] = ["tokio", "hyper", "reqwest", "rustls", "socket2", "nix"];

#[test]
fn crates_depend_only_on_what_lies_below_them() {
    let crates = fs::read_dir(root().join("crates")).unwrap();
    let mut names: Vec<String> = crates
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let mut known = MAY_DEPEND_ON.map(|(name, _)| name);
    known.sort_unstable();
    assert_eq!(names, known, "every crate has its place in the order");
    for (name, allowed) in MAY_DEPEND_ON {
        for table in manifest(name).values().filter_map(toml::Value::as_table) {
            let ours = table
                .keys()
                .filter_map(|dependency| dependency.strip_prefix("reach365-"));
            for other in ours {
                assert!(allowed.contains(&other), "{name} depends on {other}");
            }
        }
    }
}

#[test]
fn modules_import_only_what_stands_to_their_left() {
    for (module, file, text) in root_sources() {
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
fn every_module_has_its_place_in_the_order() {
    let modules: Vec<String> = root_sources()
        .into_iter()
        .map(|(module, ..)| module)
        .collect();
    for name in ORDER {
        assert!(
            modules.iter().any(|module| module == name),
            "{name} is gone"
        );
    }
}

#[test]
fn pure_crates_touch_nothing_outside() {
    for name in PURE_CRATES {
        let sources = sources(&root().join("crates").join(name).join("src"));
        assert!(sources.len() > 10, "{name} has {} sources", sources.len());
        for (file, text) in sources {
            for word in IMPURE {
                assert!(!text.contains(word), "{} uses {word}", file.display());
            }
        }
    }
}

#[test]
fn pure_crates_depend_on_no_runtime_and_no_socket() {
    for name in PURE_CRATES {
        let manifest = manifest(name);
        let dependencies = manifest["dependencies"].as_table().unwrap();
        for dependency in IMPURE_DEPENDENCIES {
            assert!(
                !dependencies.contains_key(dependency),
                "{name} depends on {dependency}"
            );
        }
    }
}

/// Modules that import each other cannot be read one after another. Three is what two pairs of
/// neighbors need.
#[test]
fn the_rules_of_the_judge_import_in_one_direction() {
    const TOGETHER: usize = 3;
    let imports = imports_below("judge", "verdict");
    let reached = |from: &String| {
        let mut reached = BTreeSet::new();
        let mut open = vec![from.clone()];
        while let Some(module) = open.pop() {
            let next = imports.get(&module).into_iter().flatten();
            open.extend(next.filter(|it| reached.insert((*it).clone())).cloned());
        }
        reached
    };
    let all: BTreeMap<&String, BTreeSet<String>> = imports
        .keys()
        .map(|module| (module, reached(module)))
        .collect();
    assert!(all.len() > 40, "the modules were not found");
    for (module, reached) in &all {
        let back = |other: &&String| all.get(other).is_some_and(|it| it.contains(*module));
        let together: Vec<&String> = reached.iter().filter(back).collect();
        assert!(
            together.len() <= TOGETHER,
            "{module} is in a cycle with {together:?}"
        );
    }
}

/// The modules below one of a crate, each with those that it imports.
fn imports_below(name: &str, below: &str) -> BTreeMap<String, BTreeSet<String>> {
    let folder = root().join("crates").join(name).join("src").join(below);
    let module = |file: &Path| {
        let path = file.strip_prefix(&folder).unwrap().with_extension("");
        path.to_str()
            .unwrap()
            .replace(std::path::MAIN_SEPARATOR, "::")
    };
    let files = sources(&folder);
    let modules: BTreeSet<String> = files.iter().map(|(file, _)| module(file)).collect();
    let prefix = format!("use crate::{below}::");
    let imported = |text: &str| {
        let uses = text
            .split(&prefix)
            .skip(1)
            .filter_map(|rest| rest.split(';').next());
        let paths = uses.flat_map(|it| paths("", &it.split_whitespace().collect::<String>()));
        let named = paths.filter_map(|path| {
            let is_it =
                |module: &&String| path == **module || path.starts_with(&format!("{module}::"));
            modules
                .iter()
                .filter(is_it)
                .max_by_key(|it| it.len())
                .cloned()
        });
        named.collect()
    };
    files
        .iter()
        .map(|(file, text)| (module(file), imported(text)))
        .collect()
}

/// Every path of an import with braces.
fn paths(before: &str, import: &str) -> Vec<String> {
    let Some((head, inner)) = import.split_once('{') else {
        return vec![format!("{before}{import}")];
    };
    let inner = inner.strip_suffix('}').unwrap_or(inner);
    let (mut depth, mut part, mut parts) = (0, String::new(), Vec::new());
    for c in inner.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(std::mem::take(&mut part));
                continue;
            }
            _ => {}
        }
        part.push(c);
    }
    parts.push(part);
    let before = format!("{before}{head}");
    parts.iter().flat_map(|part| paths(&before, part)).collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The manifest of a crate below the root.
fn manifest(name: &str) -> toml::Table {
    let file = root().join("crates").join(name).join("Cargo.toml");
    fs::read_to_string(file).unwrap().parse().unwrap()
}

fn position(module: &str) -> usize {
    let found = ORDER.iter().position(|name| *name == module);
    found.unwrap_or_else(|| panic!("{module} has no place in the order of modules"))
}

/// Module, file and text of every source of the root library.
fn root_sources() -> Vec<(String, PathBuf, String)> {
    let root = root().join("src");
    let modules = sources(&root).into_iter().filter_map(|(file, text)| {
        let inside = file.strip_prefix(&root).unwrap();
        let first = inside.components().next()?.as_os_str().to_str()?;
        let module = first.trim_end_matches(".rs").to_owned();
        (module != "lib" && module != "bin").then_some((module, file, text))
    });
    modules.collect()
}

/// File and text of every source below a directory, tests within the file left out.
fn sources(directory: &Path) -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    collect(directory, &mut files);
    let text = |file: &PathBuf| {
        let text = fs::read_to_string(file).unwrap();
        text.split("#[cfg(test)]").next().unwrap().to_owned()
    };
    let texts: Vec<String> = files.iter().map(text).collect();
    files.into_iter().zip(texts).collect()
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
