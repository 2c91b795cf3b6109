//! `reach365 fix`.

mod catalogue;
mod plan;
mod run;
mod undo;

use reach365_device::{FixError, Outcome};

pub(crate) use catalogue::{list, script, show};
pub(crate) use plan::plan;
pub(crate) use run::run;
pub(crate) use undo::undo;

use crate::exit::Failure;

/// An action failed, the user declined, or something has changed since.
const NOT_DONE: u8 = 1;

fn refused(error: &FixError) -> Failure {
    Failure::Usage(error.to_string())
}

fn code(outcome: &Outcome) -> u8 {
    if outcome.failed() { NOT_DONE } else { 0 }
}
