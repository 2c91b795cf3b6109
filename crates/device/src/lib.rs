//! Reads the device, and applies and reverts remedies on Windows. Internal to `reach365`, which re-exports what is stable.
//!
//! [`preview`] says what each action would change, `run` does it and keeps a journal, `undo`
//! takes it back. Each action is written to the journal, with what it found, before it is done: what
//! a crash leaves half done can be reverted too.

mod before;
mod journal;
mod places;
mod present;
mod reg_file;
mod restore;
mod run;
mod script;
mod shown;
mod state;
mod undo;

use std::path::PathBuf;

use reach365_judge::remedy::Condition;

pub use journal::{Journal, newest};
pub use reach365_platform::{
    Credential, LocalMachine, Machine, Ran, RegistryKey, RegistryValue, ServiceState,
};
pub use run::{Preview, RunOptions, preview, refusal, run};
pub use script::script;
pub use state::system_device;
pub use undo::undo;

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FixError {
    /// The machine does not run Windows.
    #[error("remedies are applied on Windows only")]
    NotWindows,
    /// The remedy is not for everybody.
    #[error("{why}; an administrator who wants it all the same says --i-am-the-admin")]
    NeverPlanned {
        /// Why no plan offers it.
        why: String,
    },
    /// It would do harm on this device.
    #[error("it is only for devices where {needs}; here it is not so")]
    Unmet {
        /// What would have to be true.
        needs: Condition,
    },
    /// It may do harm on this device.
    #[error(
        "it is only for devices where {needs}, and nobody knows here; an administrator who does \
         says --i-am-the-admin"
    )]
    UnmetPerhaps {
        /// What would have to be true.
        needs: Condition,
    },
    /// The organization that manages the device decides about it.
    #[error(
        "this device is managed: only its administrators may do that (they say --i-am-the-admin)"
    )]
    Managed,
    /// It may belong to an organization.
    #[error(
        "it is not known whether this device is managed; on a managed one only its administrators \
         may do that (they say --i-am-the-admin)"
    )]
    ManagedUnknown,
    /// The program may not change what belongs to the machine.
    #[error("this needs an administrator of the machine: start it as administrator")]
    NotElevated,
    /// What is there now cannot be looked at, so it could not be given back.
    #[error("nothing was done: {action} {why}")]
    Unseen {
        /// The action.
        action: String,
        /// What is in the way.
        why: String,
    },
    /// A journal cannot be written, read or believed.
    #[error("{}: {why}", path.display())]
    Journal {
        /// Where it is.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// No journal is left to revert.
    #[error("there is nothing to undo in {}", .0.display())]
    NothingToUndo(PathBuf),
    /// It was reverted before.
    #[error("{} is undone already", .0.display())]
    UndoneAlready(PathBuf),
    /// Somebody changed what the fix left.
    #[error(
        "nothing was undone, because something has changed since; --force undoes it all the \
         same\n{}", .0.join("\n")
    )]
    Changed(Vec<String>),
}

/// What came of a remedy, or of taking it back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The directory of the journal; `None` where nothing had to be done by a program.
    pub journal: Option<PathBuf>,
    /// Whether the journal has something to give back.
    pub can_be_undone: bool,
    /// What came of each action that was reached, in the order in which they were reached.
    pub steps: Vec<StepReport>,
}

impl Outcome {
    /// Whether it stopped at an action.
    pub fn failed(&self) -> bool {
        let failed = |step: &StepReport| matches!(step.result, StepResult::Failed(_));
        self.steps.iter().any(failed)
    }
}

/// What came of one action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepReport {
    /// Its number in the remedy, from 1.
    pub number: usize,
    /// The action, in a sentence.
    pub action: String,
    /// What came of it.
    pub result: StepResult,
}

/// What came of one action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepResult {
    /// It was done, or reverted; with what there is to say about it.
    Done(String),
    /// There was nothing to do.
    AlreadySo,
    /// Only a person can do it.
    ForYou,
    /// It cannot be reverted, and why.
    Final(String),
    /// It failed, and why.
    Failed(String),
}

impl std::fmt::Display for StepReport {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}. {} ", self.number, self.action)?;
        match &self.result {
            StepResult::Done(about) if about.is_empty() => write!(out, "Done."),
            StepResult::Done(about) => write!(out, "Done: {about}"),
            StepResult::AlreadySo => write!(out, "Already so."),
            StepResult::ForYou => write!(out, "For you to do."),
            StepResult::Final(why) => write!(out, "Cannot be reverted: {why}"),
            StepResult::Failed(why) => write!(out, "FAILED: {why}"),
        }
    }
}
