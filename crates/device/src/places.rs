//! The places that an action names.

use std::path::{Path, PathBuf};

use reach365_proxy::glob;

use reach365_judge::remedy::{Action, RegistryData};
use reach365_platform::{Machine, RegistryValue};

/// `REG_SZ`.
pub(super) const TEXT: u32 = 1;
/// `REG_DWORD`.
pub(super) const DWORD: u32 = 4;

/// A folder with its variables filled in.
pub(super) fn folder(written: &str, machine: &dyn Machine) -> Result<PathBuf, String> {
    let mut path = String::new();
    let mut rest = written;
    while let Some((before, after)) = rest.split_once('%') {
        let Some((name, after)) = after.split_once('%') else {
            return Err(format!("{written} has a % too many"));
        };
        let value = machine.variable(name);
        path += before;
        path += &value.ok_or_else(|| format!("the variable %{name}% is not set"))?;
        rest = after;
    }
    Ok(PathBuf::from(path + rest))
}

/// Whether a name is that of an entry directly in its folder.
pub(super) fn is_plain(name: &str) -> bool {
    !name.is_empty() && name != "." && name != ".." && !name.contains(['/', '\\', ':', '\0'])
}

/// The value that an action sets.
pub(super) fn value(name: &str, data: &RegistryData) -> RegistryValue {
    let (kind, data) = match data {
        RegistryData::Dword(number) => (DWORD, number.to_le_bytes().to_vec()),
        RegistryData::Text(text) => {
            let units = text.encode_utf16().chain([0]);
            (TEXT, units.flat_map(u16::to_le_bytes).collect())
        }
    };
    RegistryValue {
        name: name.to_owned(),
        kind,
        data,
    }
}

/// Whether two names are one for the registry.
pub(super) fn same_name(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

/// The key above and the last part of a key.
pub(super) fn parts(key: &str) -> (&str, &str) {
    key.rsplit_once('\\').unwrap_or(("", key))
}

/// The key and those above it without the hive, from the innermost.
pub(super) fn key_and_above(key: &str) -> impl Iterator<Item = &str> {
    let below_hive = |key: &&str| key.contains('\\');
    std::iter::successors(Some(key), |key| Some(parts(key).0)).take_while(below_hive)
}

/// Whether a later action works on what an earlier one changed, so that it hides the change.
pub(super) fn covers(later: &Action, earlier: &Action) -> bool {
    let (Some((key, name)), Some((below, other))) = (place(later), place(earlier)) else {
        return false;
    };
    match name {
        Some(name) => same_name(key, below) && other.is_some_and(|other| same_name(name, other)),
        None => key_and_above(below).any(|above| same_name(above, key)),
    }
}

/// Key and value of an action, or its folder.
fn place(action: &Action) -> Option<(&str, Option<&str>)> {
    match action {
        Action::RegistrySet { key, name, .. } => Some((key, Some(name))),
        Action::RegistryDelete { key, name } => Some((key, name.as_deref())),
        Action::RegistryRename { key, .. } => Some((key, None)),
        Action::EmptyFolder { folder } => Some((folder, Some(""))),
        _ => None,
    }
}

/// A key with the same parent as another one.
pub(super) fn beside(key: &str, name: &str) -> String {
    format!("{}\\{name}", parts(key).0)
}

/// Where the journal keeps what an action removed.
pub(super) fn aside(journal: &Path, number: usize) -> PathBuf {
    journal.join("backup").join(number.to_string())
}

/// Whether the name of a credential matches a pattern, in which `*` stands for any letters.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    glob::matches(&pattern.to_lowercase(), &name.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_file_names_do() {
        for (pattern, name, expected) in [
            ("MicrosoftOffice16*", "MicrosoftOffice16_Data:ADAL:x", true),
            ("MicrosoftOffice16*", "microsoftoffice16", true),
            ("MicrosoftOffice16*", "XMicrosoftOffice16", false),
            ("MicrosoftOffice16", "MicrosoftOffice16x", false),
            ("a*b*c", "a-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("*", "", true),
            ("ab*b", "ab", false),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn hives_are_not_among_the_keys_above() {
        let keys: Vec<&str> = key_and_above(r"HKCU\Software\A").collect();
        assert_eq!(keys, [r"HKCU\Software\A", r"HKCU\Software"]);
    }

    #[test]
    fn names_that_lead_elsewhere_are_not_plain() {
        for name in ["", ".", "..", r"..\x", "a/b", "C:", "x:stream"] {
            assert!(!is_plain(name), "{name}");
        }
        assert!(is_plain("a..b.tbacct"));
    }
}
