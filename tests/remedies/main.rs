//! The catalogue of remedies.

#![allow(clippy::unwrap_used, reason = "a test may stop at a surprise")]

mod articles;
mod catalogue;
mod command_line;
mod plans;
mod promises;
mod scripts;
