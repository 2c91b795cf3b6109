//! Restores the state before an action.

use std::path::Path;

use super::before::Before;
use super::journal::{Journal, Step};
use super::{places, reg_file, run};
use reach365_judge::remedy::Action;
use reach365_model::endpoint::printable;
use reach365_platform::{Machine, RegistryKey, RegistryValue};

/// Restores the state before a step. `forced` keeps later changes.
pub(super) fn restore(
    step: &Step,
    number: usize,
    forced: bool,
    machine: &dyn Machine,
    journal: &Journal,
) -> Result<String, String> {
    let Some(before) = &step.before else {
        return Err("the journal does not say what was there".to_owned());
    };
    if forced {
        keep_present(number, &step.action, machine, journal)?;
    }
    match (&step.action, before) {
        (
            Action::RegistrySet { key, name, .. }
            | Action::RegistryDelete {
                key,
                name: Some(name),
            },
            Before::Value { value, made },
        ) => restore_value(key, name, value.as_ref(), made.as_deref(), machine),
        (Action::RegistryDelete { key, name: None }, Before::Key { key: Some(found) }) => {
            restore_key(key, found, machine)
        }
        (Action::RegistryRename { key, to }, Before::Key { .. }) => rename_back(key, to, machine),
        (Action::EmptyFolder { .. }, Before::Folder { folder, entries }) => {
            let entries = entries.as_deref().unwrap_or_default();
            move_back(number, Path::new(folder), entries, machine, journal)
        }
        (Action::ServiceRunning { service, .. }, Before::Service { .. }) => machine
            .stop_service(service)
            .map(|()| "stopped again".to_owned())
            .map_err(|error| error.to_string()),
        (Action::Run { program, undo, .. }, Before::Unknown) => {
            run::execute(program, undo, machine, journal)
        }
        _ => Err("what the journal found does not fit the action".to_owned()),
    }
}

/// Keeps a registry file of what is overwritten.
fn keep_present(
    number: usize,
    action: &Action,
    machine: &dyn Machine,
    journal: &Journal,
) -> Result<(), String> {
    let content = match action {
        Action::RegistrySet { key, name, .. }
        | Action::RegistryDelete {
            key,
            name: Some(name),
        } => {
            let now = machine.value(key, name);
            let now = now.map_err(|error| error.to_string())?;
            reg_file::of_value(key, name, now.as_ref())
        }
        Action::RegistryDelete { key, name: None } | Action::RegistryRename { key, .. } => {
            match machine.key(key).map_err(|error| error.to_string())? {
                Some(now) => reg_file::of_key(key, &now),
                None => return Ok(()),
            }
        }
        _ => return Ok(()),
    };
    let kept = journal.store(&format!("{number}-replaced.reg"), &content);
    kept.map_err(|error| error.to_string())
}

fn restore_value(
    key: &str,
    name: &str,
    value: Option<&RegistryValue>,
    made: Option<&str>,
    machine: &dyn Machine,
) -> Result<String, String> {
    let restored = match value {
        Some(value) => machine
            .make_key(key)
            .and_then(|()| machine.set_value(key, value)),
        None => machine.delete_value(key, name),
    };
    restored.map_err(|error| error.to_string())?;
    made.map_or(Ok(String::new()), |made| unmake(key, made, machine))
}

/// Deletes the keys that were made for a value, unless they are in use now.
fn unmake(key: &str, made: &str, machine: &dyn Machine) -> Result<String, String> {
    for above in places::key_and_above(key) {
        let found = machine.key(above).map_err(|error| error.to_string())?;
        match found {
            Some(found) if !found.values.is_empty() || !found.keys.is_empty() => {
                return Ok(format!("{above} stays, since it is in use now"));
            }
            Some(_) => machine
                .delete_key(above)
                .map_err(|error| error.to_string())?,
            None => {}
        }
        if places::same_name(above, made) {
            break;
        }
    }
    Ok(String::new())
}

fn restore_key(key: &str, found: &RegistryKey, machine: &dyn Machine) -> Result<String, String> {
    let restored = machine.delete_key(key);
    restored.map_err(|error| error.to_string())?;
    write_key(&places::beside(key, &found.name), found, machine)?;
    Ok(String::new())
}

fn write_key(path: &str, key: &RegistryKey, machine: &dyn Machine) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{}: {error}", printable(path));
    machine.make_key(path).map_err(failed)?;
    for value in &key.values {
        machine.set_value(path, value).map_err(failed)?;
    }
    for below in &key.keys {
        write_key(&format!("{path}\\{}", below.name), below, machine)?;
    }
    Ok(())
}

fn rename_back(key: &str, to: &str, machine: &dyn Machine) -> Result<String, String> {
    let other = places::beside(key, to);
    if !machine.has_key(&other).map_err(|error| error.to_string())? {
        return Err(format!("{other} is gone; backup has it as a registry file"));
    }
    let renamed = machine
        .delete_key(key)
        .and_then(|()| machine.rename_key(&other, places::parts(key).1));
    renamed.map_err(|error| error.to_string())?;
    Ok(String::new())
}

fn move_back(
    number: usize,
    folder: &Path,
    found: &[String],
    machine: &dyn Machine,
    journal: &Journal,
) -> Result<String, String> {
    let aside = places::aside(journal.directory(), number);
    let kept = machine.entries(&aside).map_err(|error| error.to_string())?;
    let kept = kept.unwrap_or_default();
    replace_new(number, folder, (found, &kept), machine, journal)?;
    for name in found.iter().filter(|name| kept.contains(name)) {
        let moved = machine.move_entry(&aside.join(name), &folder.join(name));
        moved.map_err(|error| format!("{}: {error}", printable(name)))?;
    }
    Ok(String::new())
}

/// Moves later entries aside; nothing is deleted.
fn replace_new(
    number: usize,
    folder: &Path,
    (found, kept): (&[String], &[String]),
    machine: &dyn Machine,
    journal: &Journal,
) -> Result<(), String> {
    let now = machine.entries(folder).map_err(|error| error.to_string())?;
    let now = now.ok_or("the folder is gone: make it again, then undo once more")?;
    for name in now {
        if found.contains(&name) && !kept.contains(&name) {
            continue;
        }
        let replaced = journal.make_replaced(number);
        let replaced = replaced.map_err(|error| error.to_string())?;
        let moved = machine.move_entry(&folder.join(&name), &replaced.join(&name));
        moved.map_err(|error| format!("{}: {error}", printable(&name)))?;
    }
    Ok(())
}
