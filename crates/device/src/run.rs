//! Applies a remedy.

use std::path::{Path, PathBuf};

use super::before::Before;
use super::journal::{Journal, State};
use super::{FixError, Outcome, StepReport, StepResult, places, reg_file, shown};
use reach365_judge::remedy::{Action, Omission, Remedy, command_line};
use reach365_model::endpoint::printable;
use reach365_platform::{Machine, Ran};

/// How a remedy is applied.
#[derive(Debug, Clone, Default)]
pub struct RunOptions {
    /// A directory for the journal, absent or empty; by default a new one below
    /// `%LOCALAPPDATA%\reach365\fixes`.
    pub journal: Option<PathBuf>,
    /// Whether an organization manages the device, where that is known.
    pub managed: Option<bool>,
    /// The conditions that this device does not meet ([`reach365_judge::remedy::unmet`]).
    pub unmet: Option<Omission>,
    /// Whether an administrator of the organization wants it.
    pub admin: bool,
}

/// An action, before anything is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// Its number in the remedy, from 1.
    pub number: usize,
    /// The action, in a sentence.
    pub action: String,
    /// Whether the program applies it.
    pub automatic: bool,
    /// The current state and what it becomes, or why that is unknown; `None` where there is no
    /// state to read.
    pub now: Option<Result<String, String>>,
}

/// What each action of a remedy would do on this machine.
pub fn preview(remedy: &Remedy, machine: &dyn Machine) -> Vec<Preview> {
    let numbered = remedy.actions.iter().enumerate();
    let preview = |(index, action): (usize, &Action)| Preview {
        number: index + 1,
        action: action.to_string(),
        automatic: action.is_automatic(),
        now: (action.is_automatic() && machine.is_windows()).then(|| {
            let before = Before::look(action, machine)?;
            Ok(shown::now(action, &before))
        }),
    };
    numbered.map(preview).collect()
}

/// Why a remedy must not be applied here, if so.
pub fn refusal(remedy: &Remedy, machine: &dyn Machine, options: &RunOptions) -> Option<FixError> {
    if !machine.is_windows() {
        return Some(FixError::NotWindows);
    }
    if let Some(why) = remedy.never_planned.clone().filter(|_| !options.admin) {
        return Some(FixError::NeverPlanned { why });
    }
    match &options.unmet {
        Some(Omission::Forbidden { needs }) => return Some(FixError::Unmet { needs: *needs }),
        Some(Omission::Unknown { needs }) if !options.admin => {
            return Some(FixError::UnmetPerhaps { needs: *needs });
        }
        _ => {}
    }
    match options.managed {
        _ if options.admin || !remedy.managed_device_forbidden => {}
        Some(false) => {}
        Some(true) => return Some(FixError::Managed),
        None => return Some(FixError::ManagedUnknown),
    }
    (lacks_elevation(remedy, machine)).then_some(FixError::NotElevated)
}

/// Whether some action would fail without administrator rights.
pub(super) fn lacks_elevation(remedy: &Remedy, machine: &dyn Machine) -> bool {
    remedy.elevated && is_automatic(remedy) && !machine.is_elevated()
}

fn is_automatic(remedy: &Remedy) -> bool {
    remedy.actions.iter().any(Action::is_automatic)
}

/// Applies a remedy, and reports each action to `observe`. It stops at the first that fails.
///
/// # Errors
///
/// When it must not be applied here, when the state before some action cannot be read, or when the
/// journal cannot be written. An action that fails is not an error but an [`Outcome`].
pub fn run(
    remedy: &Remedy,
    machine: &dyn Machine,
    options: &RunOptions,
    observe: &mut dyn FnMut(&StepReport),
) -> Result<Outcome, FixError> {
    if let Some(refusal) = refusal(remedy, machine, options) {
        return Err(refusal);
    }
    check_readable(remedy, machine)?;
    let journal = if is_automatic(remedy) {
        let directory = options.journal.as_deref();
        Some(Journal::create(remedy, machine, directory)?)
    } else {
        None
    };
    let mut fix = Fix { machine, journal };
    let mut outcome = Outcome {
        journal: fix.directory().map(Path::to_owned),
        can_be_undone: false,
        steps: Vec::new(),
    };
    for (index, action) in remedy.actions.iter().enumerate() {
        let report = StepReport {
            number: index + 1,
            action: action.to_string(),
            result: fix.step(index, action),
        };
        fix.note(&report);
        observe(&report);
        outcome.steps.push(report);
        if outcome.failed() {
            break;
        }
    }
    let journal = fix.journal.as_ref();
    outcome.can_be_undone = journal.is_some_and(Journal::can_be_undone);
    Ok(outcome)
}

/// Nothing begins that would fail halfway for a reason that is known before.
fn check_readable(remedy: &Remedy, machine: &dyn Machine) -> Result<(), FixError> {
    for action in remedy.actions.iter().filter(|one| one.is_automatic()) {
        Before::look(action, machine).map_err(|why| FixError::Unseen {
            action: action.to_string(),
            why,
        })?;
    }
    Ok(())
}

struct Fix<'a> {
    machine: &'a dyn Machine,
    journal: Option<Journal>,
}

impl Fix<'_> {
    fn directory(&self) -> Option<&Path> {
        self.journal.as_ref().map(Journal::directory)
    }

    /// The transcript is for people; to revert, only the journal is needed.
    fn note(&self, report: &StepReport) {
        if let Some(journal) = &self.journal {
            journal.note(&report.to_string()).ok();
        }
    }

    fn step(&mut self, index: usize, action: &Action) -> StepResult {
        let Some(journal) = self.journal.as_mut().filter(|_| action.is_automatic()) else {
            return StepResult::ForYou;
        };
        match carry_out(index, action, self.machine, journal) {
            Ok(result) => result,
            Err(why) => StepResult::Failed(why),
        }
    }
}

fn carry_out(
    index: usize,
    action: &Action,
    machine: &dyn Machine,
    journal: &mut Journal,
) -> Result<StepResult, String> {
    let before = Before::look(action, machine)?;
    if before.is_so(action) {
        set_state(journal, index, State::AlreadySo)?;
        return Ok(StepResult::AlreadySo);
    }
    if before == (Before::Service { state: None }) {
        return Err("this Windows has no such service".to_owned());
    }
    keep_for_people(index + 1, action, &before, journal).map_err(|error| error.to_string())?;
    journal.steps[index].before = Some(before.clone());
    set_state(journal, index, State::Begun)?;
    let done = act(index + 1, action, &before, machine, journal);
    let state = if done.is_ok() {
        State::Done
    } else {
        State::Failed
    };
    set_state(journal, index, state)?;
    done.map(StepResult::Done)
}

fn set_state(journal: &mut Journal, index: usize, state: State) -> Result<(), String> {
    if let Some(step) = journal.steps.get_mut(index) {
        step.state = state;
    }
    journal.write().map_err(|error| error.to_string())
}

/// Registry files next to the journal, to import without reach365.
pub(super) fn keep_for_people(
    number: usize,
    action: &Action,
    before: &Before,
    journal: &Journal,
) -> Result<(), FixError> {
    let content = match (action, before) {
        (
            Action::RegistrySet { key, name, .. }
            | Action::RegistryDelete {
                key,
                name: Some(name),
            },
            Before::Value { value, .. },
        ) => reg_file::of_value(key, name, value.as_ref()),
        (
            Action::RegistryDelete { key, .. } | Action::RegistryRename { key, .. },
            Before::Key { key: Some(found) },
        ) => reg_file::of_key(key, found),
        _ => return Ok(()),
    };
    journal.store(&format!("{number}.reg"), &content)
}

/// Does an action. Returns details for the report.
fn act(
    number: usize,
    action: &Action,
    before: &Before,
    machine: &dyn Machine,
    journal: &Journal,
) -> Result<String, String> {
    let done = match action {
        Action::RegistrySet { key, name, data } => machine
            .make_key(key)
            .and_then(|()| machine.set_value(key, &places::value(name, data))),
        Action::RegistryDelete { key, name: None } => machine.delete_key(key),
        Action::RegistryDelete {
            key,
            name: Some(name),
        } => machine.delete_value(key, name),
        Action::RegistryRename { key, to } => return rename(key, to, machine),
        Action::EmptyFolder { .. } => return empty(number, before, machine, journal),
        Action::DeleteCredentials { .. } => return forget(before, machine),
        Action::ServiceRunning { service, .. } => return start(service, machine),
        Action::Run {
            program, arguments, ..
        } => return execute(program, arguments, machine, journal),
        Action::OpenSettings { .. } | Action::Portal { .. } | Action::Manual { .. } => Ok(()),
    };
    done.map(|()| String::new())
        .map_err(|error| error.to_string())
}

fn rename(key: &str, to: &str, machine: &dyn Machine) -> Result<String, String> {
    let wanted = places::beside(key, to);
    if machine
        .has_key(&wanted)
        .map_err(|error| error.to_string())?
    {
        return Err(format!(
            "{wanted} is there already, from an earlier time: look at it, and delete or rename it"
        ));
    }
    let renamed = machine.rename_key(key, to);
    renamed
        .map(|()| String::new())
        .map_err(|error| error.to_string())
}

fn empty(
    number: usize,
    before: &Before,
    machine: &dyn Machine,
    journal: &Journal,
) -> Result<String, String> {
    let Before::Folder { folder, entries } = before else {
        return Err("what was found is no folder".to_owned());
    };
    let entries = entries.as_deref().unwrap_or_default();
    let aside = journal.make_aside(number);
    let aside = aside.map_err(|error| error.to_string())?;
    for entry in entries {
        let moved = machine.move_entry(&Path::new(folder).join(entry), &aside.join(entry));
        moved.map_err(|error| format!("{}: {error}", printable(entry)))?;
    }
    Ok(format!("{} moved to {}", entries.len(), aside.display()))
}

fn forget(before: &Before, machine: &dyn Machine) -> Result<String, String> {
    let Before::Credentials { found } = before else {
        return Err("what was found are no credentials".to_owned());
    };
    for credential in found {
        let deleted = machine.delete_credential(credential);
        deleted.map_err(|error| format!("{}: {error}", printable(&credential.target)))?;
    }
    Ok(format!("deleted {}", shown::list(&shown::targets(found))))
}

fn start(service: &str, machine: &dyn Machine) -> Result<String, String> {
    let started = machine.start_service(service);
    started
        .map(|()| String::new())
        .map_err(|error| error.to_string())
}

/// Runs a program; its output goes to the transcript.
pub(super) fn execute(
    program: &str,
    arguments: &[String],
    machine: &dyn Machine,
    journal: &Journal,
) -> Result<String, String> {
    let ran = machine.run(program, arguments);
    let ran = ran.map_err(|error| error.to_string())?;
    let command = command_line(program, arguments);
    journal.note(&format!("{command}\n{}", ran.output)).ok();
    match ran {
        Ran { code: Some(0), .. } => Ok(String::new()),
        Ran { code: None, .. } => Err("it was ended from outside".to_owned()),
        Ran {
            code: Some(code),
            output,
        } => Err(format!("exit code {code}: {}", last_line(&output))),
    }
}

fn last_line(output: &str) -> String {
    let mut lines = output.lines().rev();
    let last = lines.find(|line| !line.trim().is_empty());
    printable(last.unwrap_or("it wrote nothing").trim())
}
