//! Reads the device, and applies and reverts remedies on Windows. Internal to `reach365`, which re-exports what is stable.
//!
//! [`preview`] says what each action would change, `run` does it and keeps a journal, `undo`
//! reverts it. Each action is written to the journal, with the state before it, before it is done:
//! what a crash leaves half done can be reverted too.

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
    /// The remedy is for administrators who know why they want it.
    #[error("{why}; an administrator who wants it all the same says --i-am-the-admin")]
    NeverPlanned {
        /// Why no plan offers it.
        why: String,
    },
    /// It would do harm on this device.
    #[error("it is only for devices where {needs}; here it is not so")]
    Unmet {
        /// The condition that is not met.
        needs: Condition,
    },
    /// It may do harm on this device.
    #[error(
        "it is only for devices where {needs}, and nobody knows here; an administrator who does \
         says --i-am-the-admin"
    )]
    UnmetPerhaps {
        /// The condition that is unknown.
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
    /// The state before an action cannot be read, so it could not be restored.
    #[error("nothing was done: {action} {why}")]
    Unseen {
        /// The action.
        action: String,
        /// Why it cannot be read.
        why: String,
    },
    /// A journal cannot be written or read, or is not valid.
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
    /// The state that the fix left was changed since.
    #[error(
        "nothing was undone, because something has changed since; --force undoes it all the \
         same\n{}", .0.join("\n")
    )]
    Changed(Vec<String>),
}

/// The result of applying or reverting a remedy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The directory of the journal; `None` if the program did not need to do anything.
    pub journal: Option<PathBuf>,
    /// Whether the journal has something to revert.
    pub can_be_undone: bool,
    /// The result of each action that was reached, in the order in which they were reached.
    pub steps: Vec<StepReport>,
}

impl Outcome {
    /// Whether it stopped at an action.
    pub fn failed(&self) -> bool {
        let failed = |step: &StepReport| matches!(step.result, StepResult::Failed(_));
        self.steps.iter().any(failed)
    }
}

/// The result of one action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepReport {
    /// Its number in the remedy, from 1.
    pub number: usize,
    /// The action, in a sentence.
    pub action: String,
    /// Its result.
    pub result: StepResult,
}

/// The result of one action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepResult {
    /// It was done, or reverted; with details.
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
