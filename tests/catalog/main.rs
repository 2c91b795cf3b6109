//! The list of endpoints, the plan made of it, and lists that are refused.
//!
//! `catalog/reject/*.toml` and `catalog/accept/*.toml` are one list each. What is expected stands
//! in their last lines: `#! LINE:COLUMN phrase` for every mistake of a list that is refused,
//! `#! LINE phrase` for every remark on one that is accepted. Nothing else may be found.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot read its case has failed"
)]

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use reach365::{Catalog, Error, Plan};
use reach365_model::catalog::{ENTRY_LIMIT, TEXT_LIMIT};
use reach365_model::endpoint::{
    Category, Cloud, Endpoint, Expect, Host, Inspection, Issuer, Level, MustBe, Scheme,
};
use reach365_model::error::CatalogError;
use reach365_model::plan::Selection;

mod builtin;
mod entries;
mod lists;
mod plans;
mod service;

fn cases(folder: &str) -> Vec<(String, String)> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder_of(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    assert!(paths.len() > 3, "{folder}");
    let read = |path: PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        (name, fs::read_to_string(path).unwrap())
    };
    paths.into_iter().map(read).collect()
}

fn case(name: &str) -> String {
    fs::read_to_string(folder_of(&format!("{name}.toml"))).unwrap()
}

fn folder_of(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/catalog")
        .join(name)
}

/// Compares what was found with the `#!` lines of a case: the same number, in the same order, each
/// beginning with the same place and containing the same phrase.
fn compare(name: &str, text: &str, found: &[String]) {
    let expected: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("#! "))
        .collect();
    let fits = |(expected, found): (&&str, &String)| {
        let (place, phrase) = expected.split_once(' ').unwrap();
        let (found_place, message) = found.split_once(' ').unwrap();
        place == found_place && message.contains(phrase)
    };
    let same = expected.len() == found.len() && expected.iter().zip(found).all(fits);
    assert!(same, "{name}: found\n#! {}", found.join("\n#! "));
}

fn placed(error: &CatalogError) -> String {
    format!("{}:{} {}", error.line, error.column, error.message)
}

fn mistakes(name: &str, text: &str) -> Vec<CatalogError> {
    match Catalog::parse(name, text, reach365::builtin()) {
        Err(Error::Catalog(found)) => found,
        Err(error) => panic!("{name}: {error}"),
        Ok(_) => panic!("{name}: accepted"),
    }
}

fn parsed(text: &str) -> Catalog {
    Catalog::parse("own.toml", text, reach365::builtin()).unwrap_or_else(|error| panic!("{error}"))
}

fn select(selection: &Selection) -> Plan {
    Plan::select(reach365::builtin(), selection).unwrap_or_else(|error| panic!("{error}"))
}

fn refused(selection: &Selection) -> String {
    match Plan::select(reach365::builtin(), selection) {
        Err(error) => error.to_string(),
        Ok(plan) => panic!("{:?}", ids(&plan)),
    }
}

fn all(cloud: Cloud) -> Selection {
    let mut selection = Selection::default();
    selection.groups = words(&["all"]);
    selection.cloud = cloud;
    selection
}

fn hosts(texts: &[&str]) -> Selection {
    let mut selection = Selection::default();
    selection.hosts = words(texts);
    selection
}

fn words(texts: &[&str]) -> Vec<String> {
    texts.iter().map(ToString::to_string).collect()
}

fn ids(plan: &Plan) -> Vec<String> {
    let ids = plan.checks.iter().map(|check| check.endpoint.id.clone());
    ids.collect()
}

fn endpoint<'a>(plan: &'a Plan, id: &str) -> &'a Endpoint {
    let check = plan.checks.iter().find(|check| check.endpoint.id == id);
    &check.unwrap_or_else(|| panic!("no {id}")).endpoint
}
