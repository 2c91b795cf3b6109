//! Proxy settings: what is read from bytes and text, what it decides, and what the program prints.

#![allow(clippy::unwrap_used, reason = "a test may stop at a surprise")]

mod blobs;
mod bypass;
mod command_line;
mod desktop;
mod environment;
mod lists;
mod registry;
mod views;

use std::fs;
use std::path::PathBuf;

use reach365_proxy::route::Route;
use reach365_proxy::{Decision, View, decide};
use url::Url;

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/proxy")
        .join(name)
}

fn text(name: &str) -> String {
    fs::read_to_string(path(name)).unwrap()
}

/// The lines of a case file: fields between ` | `, lines that begin with `# ` left out.
fn rows(name: &str) -> Vec<Vec<String>> {
    let text = text(name);
    let lines = text.lines().filter(|line| !line.starts_with("# "));
    let rows: Vec<Vec<String>> = lines
        .map(|line| {
            line.split('|')
                .map(|field| field.trim().to_owned())
                .collect()
        })
        .collect();
    assert!(rows.len() >= 30, "only {} cases in {name}", rows.len());
    rows
}

fn url(text: &str) -> Url {
    text.parse().unwrap()
}

/// What a view without a script says.
fn route(view: &View, text: &str) -> Route {
    match decide(view, &url(text)) {
        Decision::Route(route) => route,
        script @ Decision::Script { .. } => panic!("{text}: {script:?}"),
    }
}

fn way(view: &View, url: &str) -> String {
    route(view, url).hop_words().join("; ")
}

fn mentions(sentences: &[String], words: &str) -> bool {
    sentences.iter().any(|sentence| sentence.contains(words))
}
