//! Reverts a fix.

use std::path::Path;

use super::before::Before;
use super::journal::{Journal, State, Step};
use super::present::{Present, compare};
use super::restore::restore;
use super::run::lacks_elevation;
use super::{FixError, Outcome, StepReport, StepResult, places};
use reach365_judge::remedy::Remedy;
use reach365_platform::{Machine, RegistryKey, RegistryValue};

/// Reverts a fix, the last action first, and reports each to `observe`. An action that cannot be
/// reverted is reported as such. It stops at the first failure; a second call goes on from there.
///
/// # Errors
///
/// When the journal is not one of this remedy, when it was undone before, and, without `force`, when
/// something is neither as the fix left it nor as it found it.
pub fn undo(
    remedy: &Remedy,
    journal: &Path,
    machine: &dyn Machine,
    force: bool,
    observe: &mut dyn FnMut(&StepReport),
) -> Result<Outcome, FixError> {
    if !machine.is_windows() {
        return Err(FixError::NotWindows);
    }
    let mut journal = Journal::read(journal)?;
    if journal.is_undone() {
        return Err(FixError::UndoneAlready(journal.directory().to_owned()));
    }
    validate_journal(&journal, remedy, machine).map_err(|why| journal.wrong(why))?;
    if lacks_elevation(remedy, machine) {
        return Err(FixError::NotElevated);
    }
    let changed = changes(&journal, machine).map_err(|why| journal.wrong(why))?;
    if !changed.is_empty() && !force {
        return Err(FixError::Changed(changed));
    }
    journal.note("Undo")?;
    let steps = take_back(&mut journal, machine, force, observe);
    let outcome = Outcome {
        journal: Some(journal.directory().to_owned()),
        can_be_undone: journal.can_be_undone(),
        steps,
    };
    if !outcome.failed() {
        journal.close()?;
    }
    Ok(outcome)
}

/// A modified journal must not reach anything that the remedy does not name.
fn validate_journal(
    journal: &Journal,
    remedy: &Remedy,
    machine: &dyn Machine,
) -> Result<(), String> {
    let mut actions = journal.steps.iter().map(|step| &step.action);
    if journal.remedy() != remedy.id || !actions.by_ref().eq(&remedy.actions) {
        return Err(format!(
            "its actions are not those of {}: another version wrote it, or somebody changed it; \
             backup has registry files and what was moved",
            remedy.id
        ));
    }
    for step in &journal.steps {
        validate_step(step, machine).map_err(|why| format!("{} {why}", step.action))?;
    }
    Ok(())
}

fn validate_step(step: &Step, machine: &dyn Machine) -> Result<(), String> {
    use reach365_judge::remedy::Action::{
        EmptyFolder, RegistryDelete, RegistryRename, RegistrySet,
    };
    match (&step.action, &step.before) {
        (
            RegistrySet { key, name, .. }
            | RegistryDelete {
                key,
                name: Some(name),
            },
            Some(Before::Value { value, made }),
        ) => {
            let other = |value: &RegistryValue| !places::same_name(&value.name, name);
            let elsewhere = |made: &String| {
                !places::key_and_above(key).any(|above| places::same_name(above, made))
            };
            if value.as_ref().is_some_and(other) || made.as_ref().is_some_and(elsewhere) {
                return Err("is not where the journal restores to".to_owned());
            }
        }
        (
            RegistryDelete { key, name: None } | RegistryRename { key, .. },
            Some(Before::Key { key: Some(found) }),
        ) => {
            let own = places::same_name(places::parts(key).1, &found.name);
            if !own || !found.keys.iter().all(is_plain_below) {
                return Err("is not where the journal restores to".to_owned());
            }
        }
        (
            EmptyFolder { folder },
            Some(Before::Folder {
                folder: found,
                entries,
            }),
        ) => {
            if places::folder(folder, machine)? != Path::new(found) {
                return Err(format!("was done for another user, in {found}"));
            }
            let mut entries = entries.iter().flatten();
            if !entries.all(|name| places::is_plain(name)) {
                return Err("names an entry that lies elsewhere".to_owned());
            }
        }
        _ => {}
    }
    Ok(())
}

fn is_plain_below(key: &RegistryKey) -> bool {
    !key.name.is_empty() && !key.name.contains('\\') && key.keys.iter().all(is_plain_below)
}

/// What was changed since. A step that a later one hides is checked when that one has been
/// reverted.
fn changes(journal: &Journal, machine: &dyn Machine) -> Result<Vec<String>, String> {
    let mut changes = Vec::new();
    for (index, step) in journal.steps.iter().enumerate() {
        let mut later = journal.steps[index + 1..]
            .iter()
            .filter(|step| step.is_open());
        let covered = later.any(|later| places::covers(&later.action, &step.action));
        if !step.is_open() || covered {
            continue;
        }
        let present = look(index, step, journal, machine)?;
        if let Present::Changed(what) = present {
            changes.push(format!("{} {what}", step.action));
        }
    }
    Ok(changes)
}

fn look(
    index: usize,
    step: &Step,
    journal: &Journal,
    machine: &dyn Machine,
) -> Result<Present, String> {
    let present = compare(step, index + 1, journal.directory(), machine);
    present.map_err(|why| format!("{} {why}", step.action))
}

fn take_back(
    journal: &mut Journal,
    machine: &dyn Machine,
    force: bool,
    observe: &mut dyn FnMut(&StepReport),
) -> Vec<StepReport> {
    let mut reports = Vec::new();
    for index in (0..journal.steps.len()).rev() {
        if !journal.steps[index].is_open() {
            continue;
        }
        let result = take_step_back(index, machine, force, journal);
        let report = StepReport {
            number: index + 1,
            action: journal.steps[index].action.to_string(),
            result: result.unwrap_or_else(StepResult::Failed),
        };
        journal.note(&report.to_string()).ok();
        observe(&report);
        let failed = matches!(report.result, StepResult::Failed(_));
        reports.push(report);
        if failed {
            break;
        }
    }
    reports
}

fn take_step_back(
    index: usize,
    machine: &dyn Machine,
    force: bool,
    journal: &mut Journal,
) -> Result<StepResult, String> {
    let step = &journal.steps[index];
    let result = match look(index, step, journal, machine)? {
        Present::Final(why) => StepResult::Final(why),
        Present::AsFound if !leaves_keys(step) => StepResult::AlreadySo,
        Present::Changed(what) if !force => return Err(format!("something has changed: {what}")),
        present => {
            let forced = matches!(present, Present::Changed(_));
            let restored = restore(step, index + 1, forced, machine, journal);
            if restored.is_err() {
                // A half restored state is not a later change.
                set_state(journal, index, State::Failed)?;
            }
            StepResult::Done(restored?)
        }
    };
    set_state(journal, index, State::Undone)?;
    Ok(result)
}

fn set_state(journal: &mut Journal, index: usize, state: State) -> Result<(), String> {
    journal.steps[index].state = state;
    journal.write().map_err(|error| error.to_string())
}

/// Whether a key may have been made for a value that was then not set.
fn leaves_keys(step: &Step) -> bool {
    matches!(step.before, Some(Before::Value { made: Some(_), .. }))
}
