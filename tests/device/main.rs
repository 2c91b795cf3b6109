//! The state of a device: texts of every kind, what follows from them, and what the program prints.

#![allow(clippy::unwrap_used, reason = "a test may stop at a surprise")]

mod command_line;
mod decoding;
mod hostile;
mod live;
mod parsing;
mod states;

use std::fs;
use std::path::PathBuf;

use reach365_judge::device;
use reach365_model::device::{DeviceState, DsregStatus};

const SAMPLES: [&str; 4] = ["hybrid", "joined", "registered", "discovery"];

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/device/samples")
        .join(format!("{name}.txt"))
}

fn sample(name: &str) -> String {
    fs::read_to_string(path(name)).unwrap()
}

fn state(name: &str) -> DeviceState {
    device::from_text(&sample(name)).unwrap()
}

/// A state without what the JSON of a PC adds.
fn state_of(text: &str) -> DeviceState {
    device::from_text(text).unwrap()
}

fn parsed(text: &str) -> DsregStatus {
    device::parse(text).unwrap()
}
