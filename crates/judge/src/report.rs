//! Reports from evidence, and what they say of an error number.

mod assemble;
mod explains;

pub use assemble::{Judge, network_seen, summary};
pub use explains::{Explanation, Fit, explaining};
