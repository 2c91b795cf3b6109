//! What reach365 writes: output formats, comparisons, and reports with placeholders. Pure; internal to
//! `reach365`, which re-exports what is stable.

pub mod comparison;
pub mod formats;
pub mod redaction;
