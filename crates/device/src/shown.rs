//! The state before an action, as text.

use super::before::Before;
use super::places::{DWORD, TEXT};
use reach365_judge::remedy::{Action, RegistryData};
use reach365_model::endpoint::printable;
use reach365_platform::{Credential, RegistryKey, RegistryValue, ServiceState};

/// `REG_EXPAND_SZ`.
const EXPANDED: u32 = 2;
/// Names that are listed at most.
const NAMES: usize = 10;
/// Letters of a value that are shown at most.
const LETTERS: usize = 120;

/// The current state, and what it becomes.
pub(super) fn now(action: &Action, before: &Before) -> String {
    match before {
        _ if before.is_so(action) => nothing_to_do(before).to_owned(),
        Before::Value { value, .. } => {
            let now = value.as_ref().map_or("absent".to_owned(), content);
            format!("is {now} now, {}", becomes(action))
        }
        Before::Key { key } => format!("{} now", key.as_ref().map_or(String::new(), size)),
        Before::Folder { folder, entries } => format!(
            "{} holds {} now; they are moved to the backup",
            printable(folder),
            list(entries.as_deref().unwrap_or_default())
        ),
        Before::Credentials { found } => format!(
            "finds {} now; Windows gives no password back, this cannot be undone",
            list(&targets(found))
        ),
        Before::Service { state } => service(*state).to_owned(),
        Before::Unknown => program(action).to_owned(),
    }
}

fn nothing_to_do(before: &Before) -> &'static str {
    match before {
        Before::Value { value: None, .. }
        | Before::Key { .. }
        | Before::Folder { entries: None, .. } => "is absent now: nothing to do",
        Before::Folder { .. } => "is empty now: nothing to do",
        Before::Credentials { .. } => "finds none now: nothing to do",
        Before::Service { .. } => "runs now: nothing to do",
        Before::Value { .. } | Before::Unknown => "is so already: nothing to do",
    }
}

fn becomes(action: &Action) -> String {
    match action {
        Action::RegistrySet {
            data: RegistryData::Dword(number),
            ..
        } => format!("becomes {number}"),
        Action::RegistrySet {
            data: RegistryData::Text(text),
            ..
        } => format!("becomes \"{text}\""),
        _ => "goes".to_owned(),
    }
}

/// The content of a value, as people write it.
pub(super) fn content(value: &RegistryValue) -> String {
    match (value.kind, <[u8; 4]>::try_from(value.data.as_slice())) {
        (DWORD, Ok(number)) => u32::from_le_bytes(number).to_string(),
        (TEXT | EXPANDED, _) => format!("\"{}\"", text(&value.data)),
        (kind, _) => format!("{} bytes of type {kind}", value.data.len()),
    }
}

fn text(data: &[u8]) -> String {
    let units: Vec<u16> = data
        .chunks_exact(2)
        .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
        .take_while(|unit| *unit != 0)
        .collect();
    let text: String = String::from_utf16_lossy(&units)
        .chars()
        .take(LETTERS)
        .collect();
    printable(&text)
}

fn size(key: &RegistryKey) -> String {
    let (keys, values) = count(key);
    format!("holds values: {values}, keys below it: {}", keys - 1)
}

fn count(key: &RegistryKey) -> (usize, usize) {
    let below = key.keys.iter().map(count);
    below.fold((1, key.values.len()), |sum, below| {
        (sum.0 + below.0, sum.1 + below.1)
    })
}

/// The names of credentials.
pub(super) fn targets(found: &[Credential]) -> Vec<String> {
    found.iter().map(|found| found.target.clone()).collect()
}

/// Names one after the other, the first of them.
pub(super) fn list(names: &[String]) -> String {
    let shown: Vec<String> = names
        .iter()
        .take(NAMES)
        .map(|name| printable(name))
        .collect();
    let more = names.len().saturating_sub(NAMES);
    match more {
        0 => shown.join(", "),
        _ => format!("{} and {more} more", shown.join(", ")),
    }
}

fn service(state: Option<ServiceState>) -> &'static str {
    match state {
        Some(ServiceState::Stopped) => "stands still now, is started",
        Some(_) => "is between two states now, is started",
        None => "is absent now: this Windows has no such service",
    }
}

fn program(action: &Action) -> &'static str {
    if action.is_reversible() {
        "is run; `fix undo` runs what takes it back"
    } else {
        "is run; this cannot be undone"
    }
}
