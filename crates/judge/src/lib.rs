//! The rules of reach365: verdicts on endpoints and runs, advice, remedies and error numbers. Pure;
//! internal to `reach365`, which re-exports what is stable.

pub mod device;
pub mod remedy;
pub mod report;
pub mod verdict;

pub use report::Judge;
pub use verdict::Signatures;
