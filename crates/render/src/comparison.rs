//! Several saved reports beside each other: two as before and after, more as a matrix of sites.
//!
//! Only what a comparison needs is kept of a report, so that hundreds of them fit in memory.

mod matrix;
mod pair;
mod saved;

pub(crate) use matrix::explained;
pub use matrix::{Cell, Column, Matrix, SharedCause, SiteRow};
pub use pair::{
    Change, Comparison, FindingChange, Kind, SLOWER_FACTOR, SLOWER_MS, Side, SlowStage, State,
    Totals,
};
pub use saved::{SavedFinding, SavedRow, SavedRun};
