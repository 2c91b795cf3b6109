//! The nouns of reach365: endpoints, catalog, plan, options, evidence, causes, verdicts, the state of
//! a device and the report. Pure; internal to `reach365`, which re-exports what is stable.

pub mod advice;
pub mod catalog;
pub mod cause;
mod code;
pub mod codes;
pub mod device;
pub mod endpoint;
pub mod error;
pub mod event;
pub mod evidence;
pub mod facts;
pub mod notes;
pub mod options;
pub mod plan;
pub mod report;
pub mod time;
pub mod verdict;
pub mod wording;

pub use advice::Advice;
pub use catalog::Catalog;
pub use cause::Cause;
pub use endpoint::Endpoint;
pub use error::Error;
pub use event::Event;
pub use evidence::Evidence;
pub use options::Options;
pub use plan::Plan;
pub use report::Report;
pub use time::Timestamp;
pub use verdict::Verdict;
