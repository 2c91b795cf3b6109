//! The current state of what a fix changed.

use std::path::Path;

use super::before::{Before, same_content};
use super::journal::{State, Step};
use super::places;
use super::shown;
use reach365_judge::remedy::Action;
use reach365_platform::{Machine, RegistryKey, RegistryValue, ServiceState};

/// The current state, compared with what a step found and left.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Present {
    /// As the step left it.
    AsLeft,
    /// As the step found it.
    AsFound,
    /// It cannot be reverted, and why.
    Final(String),
    /// Neither; the difference.
    Changed(String),
}

/// Compares the current state with what a step found and left.
pub(super) fn compare(
    step: &Step,
    number: usize,
    journal: &Path,
    machine: &dyn Machine,
) -> Result<Present, String> {
    let Some(before) = &step.before else {
        return Err("the journal does not say what was there".to_owned());
    };
    match (&step.action, before) {
        (Action::RegistrySet { key, name, data }, Before::Value { value, .. }) => {
            let left = places::value(name, data);
            compare_value(key, name, value.as_ref(), Some(&left), machine)
        }
        (
            Action::RegistryDelete {
                key,
                name: Some(name),
            },
            Before::Value { value, .. },
        ) => compare_value(key, name, value.as_ref(), None, machine),
        (Action::RegistryDelete { key, name: None }, Before::Key { key: Some(found) }) => {
            let in_full = step.state == State::Done;
            compare_key(key, found, in_full, machine)
        }
        (Action::RegistryRename { key, to }, Before::Key { key: Some(found) }) => {
            compare_renamed(key, to, found, machine)
        }
        (Action::EmptyFolder { .. }, Before::Folder { folder, entries }) => {
            let entries = entries.as_deref().unwrap_or_default();
            let aside = places::aside(journal, number);
            compare_folder(Path::new(folder), entries, &aside, machine)
        }
        (Action::DeleteCredentials { .. }, Before::Credentials { found }) => {
            Ok(Present::Final(format!(
                "Windows gave no passwords to keep; sign in again where {} are needed",
                shown::list(&shown::targets(found))
            )))
        }
        (Action::ServiceRunning { service, .. }, Before::Service { state }) => {
            compare_service(service, *state, machine)
        }
        (Action::Run { undo, .. }, Before::Unknown) => Ok(program(step.state, undo)),
        _ => Err("what the journal found does not fit the action".to_owned()),
    }
}

fn compare_value(
    key: &str,
    name: &str,
    found: Option<&RegistryValue>,
    left: Option<&RegistryValue>,
    machine: &dyn Machine,
) -> Result<Present, String> {
    let now = machine.value(key, name);
    let now = now.map_err(|error| error.to_string())?;
    let same = |other: Option<&RegistryValue>| match (&now, other) {
        (Some(now), Some(other)) => same_content(now, other),
        (None, None) => true,
        _ => false,
    };
    Ok(if same(found) {
        Present::AsFound
    } else if same(left) {
        Present::AsLeft
    } else {
        let now = now.as_ref().map_or("absent".to_owned(), shown::content);
        Present::Changed(format!("is {now} now"))
    })
}

fn compare_key(
    key: &str,
    found: &RegistryKey,
    in_full: bool,
    machine: &dyn Machine,
) -> Result<Present, String> {
    let now = machine.key(key).map_err(|error| error.to_string())?;
    Ok(match now {
        None => Present::AsLeft,
        Some(now) if now == *found => Present::AsFound,
        // A deletion that failed may have been partial.
        Some(now) if !in_full && is_part(&now, found) => Present::AsLeft,
        Some(_) => Present::Changed("the key was made again since".to_owned()),
    })
}

/// Whether a key holds nothing but what another one holds.
fn is_part(part: &RegistryKey, whole: &RegistryKey) -> bool {
    let below = |part: &RegistryKey| {
        let mut same = whole.keys.iter().filter(|key| key.name == part.name);
        same.any(|whole| is_part(part, whole))
    };
    part.values.iter().all(|value| whole.values.contains(value)) && part.keys.iter().all(below)
}

fn compare_renamed(
    key: &str,
    to: &str,
    found: &RegistryKey,
    machine: &dyn Machine,
) -> Result<Present, String> {
    let other = places::beside(key, to);
    let old = machine.key(key).map_err(|error| error.to_string())?;
    let new = machine.key(&other).map_err(|error| error.to_string())?;
    let kept = new.as_ref().is_some_and(|new| same_below(new, found));
    Ok(match (old, new) {
        (None, Some(_)) if kept => Present::AsLeft,
        (Some(old), _) if old == *found => Present::AsFound,
        (_, None) => Present::Changed(format!("{other} is gone")),
        (Some(_), Some(_)) => Present::Changed("the key was made again since".to_owned()),
        (None, Some(_)) => Present::Changed(format!("{other} holds something else")),
    })
}

fn same_below(one: &RegistryKey, other: &RegistryKey) -> bool {
    one.values == other.values && one.keys == other.keys
}

fn compare_folder(
    folder: &Path,
    found: &[String],
    aside: &Path,
    machine: &dyn Machine,
) -> Result<Present, String> {
    let now = machine.entries(folder).map_err(|error| error.to_string())?;
    let kept = machine.entries(aside).map_err(|error| error.to_string())?;
    let kept = kept.unwrap_or_default();
    let Some(now) = now else {
        return Ok(Present::Changed("the folder is gone".to_owned()));
    };
    let unexpected = |name: &&String| !found.contains(name) || kept.contains(name);
    let new: Vec<String> = now.iter().filter(unexpected).cloned().collect();
    let is_lost = |name: &&String| !now.contains(name) && !kept.contains(name);
    let lost: Vec<String> = found.iter().filter(is_lost).cloned().collect();
    Ok(if !new.is_empty() {
        Present::Changed(format!("holds {} now", shown::list(&new)))
    } else if !lost.is_empty() {
        let aside = aside.display();
        Present::Changed(format!("{} is gone from {aside}", shown::list(&lost)))
    } else if kept.is_empty() {
        Present::AsFound
    } else {
        Present::AsLeft
    })
}

fn compare_service(
    service: &str,
    found: Option<ServiceState>,
    machine: &dyn Machine,
) -> Result<Present, String> {
    let now = machine.service(service);
    let now = now.map_err(|error| error.to_string())?;
    Ok(match (found, now) {
        (found, now) if found == now => Present::AsFound,
        (Some(ServiceState::Stopped), Some(ServiceState::Running)) => Present::AsLeft,
        (Some(ServiceState::Stopped), _) => {
            Present::Changed("the service neither runs nor stands still".to_owned())
        }
        _ => Present::Final("the service was between two states".to_owned()),
    })
}

fn program(state: State, undo: &[String]) -> Present {
    match state {
        _ if undo.is_empty() => Present::Final("no program takes its work back".to_owned()),
        State::Done => Present::AsLeft,
        _ => Present::Changed("nobody knows how far the program came".to_owned()),
    }
}
