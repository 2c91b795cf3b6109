//! Tells why Microsoft 365 Apps cannot activate.

#![cfg_attr(not(test), warn(clippy::print_stdout, clippy::print_stderr))]

pub mod catalog;
pub mod endpoint;
mod engine;
pub mod error;
pub mod event;
pub mod evidence;
pub mod options;
pub mod plan;
mod platform;
mod probe;
pub mod remedy;
pub mod render;
pub mod report;
pub mod route;
pub mod verdict;

pub use catalog::Catalog;
pub use engine::{Checker, CheckerBuilder};
pub use error::Error;
pub use event::Event;
pub use options::Options;
pub use plan::Plan;
pub use report::Report;
