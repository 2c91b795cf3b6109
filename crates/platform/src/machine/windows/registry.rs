//! The registry, read and written bit for bit.

use std::io::{self, ErrorKind};

use super::super::{RegistryKey, RegistryValue};
use crate::registry_key::{Key, RawValue, too_large};

/// Bytes of one value, and of a key with all below it, at most: larger data is not a setting.
const LARGEST: usize = 16 * 1024 * 1024;
/// Deeper keys could not be read back from a journal: its reader bounds how deep JSON nests.
const DEPTH: usize = 40;

pub(in super::super) fn value(key: &str, name: &str) -> io::Result<Option<RegistryValue>> {
    let Some(key) = Key::open(key)? else {
        return Ok(None);
    };
    let wanted = name.to_lowercase();
    for value in key.values(LARGEST) {
        let value = exact(value?)?;
        if value.name.to_lowercase() == wanted {
            return Ok(Some(value));
        }
    }
    Ok(None)
}

pub(in super::super) fn has_key(key: &str) -> io::Result<bool> {
    Key::open(key).map(|key| key.is_some())
}

pub(in super::super) fn key(path: &str) -> io::Result<Option<RegistryKey>> {
    let Some(key) = Key::open(path)? else {
        return Ok(None);
    };
    let mut room = LARGEST;
    tree(&key, spelt(path)?, DEPTH, &mut room).map(Some)
}

/// The last part of a key's path as the registry has it.
fn spelt(path: &str) -> io::Result<String> {
    let (above, last) = path.rsplit_once('\\').unwrap_or_default();
    let wanted = last.to_lowercase();
    let names = match Key::open(above) {
        Ok(Some(above)) => names(&above)?,
        _ => Vec::new(),
    };
    let found = names.into_iter().find(|name| name.to_lowercase() == wanted);
    Ok(found.unwrap_or_else(|| last.to_owned()))
}

pub(in super::super) fn make_key(path: &str) -> io::Result<()> {
    Key::create(path)
}

pub(in super::super) fn set_value(key: &str, value: &RegistryValue) -> io::Result<()> {
    let key = Key::open_writable(key)?.ok_or(ErrorKind::NotFound)?;
    key.set(&value.name, value.kind, &value.data)
}

pub(in super::super) fn delete_value(key: &str, name: &str) -> io::Result<()> {
    match Key::open_writable(key)? {
        Some(key) => key.remove_value(name),
        None => Ok(()),
    }
}

pub(in super::super) fn delete_key(path: &str) -> io::Result<()> {
    let (above, last) = parent(path)?;
    match Key::open_parent(above)? {
        Some(above) => above.remove_tree(last),
        None => Ok(()),
    }
}

pub(in super::super) fn rename_key(path: &str, to: &str) -> io::Result<()> {
    let (above, last) = parent(path)?;
    let above = Key::open_writable(above)?.ok_or(ErrorKind::NotFound)?;
    above.rename(last, to)
}

/// The key above, and the last part. A hive itself is never deleted or renamed.
fn parent(path: &str) -> io::Result<(&str, &str)> {
    let parts = path.rsplit_once('\\').filter(|(_, last)| !last.is_empty());
    parts.ok_or_else(|| {
        let message = "a hive has no key above it";
        io::Error::new(ErrorKind::InvalidInput, message)
    })
}

/// The key with all below it, as long as there is room.
fn tree(key: &Key, name: String, depth: usize, room: &mut usize) -> io::Result<RegistryKey> {
    let mut values = Vec::new();
    for value in key.values(LARGEST) {
        let value = exact(value?)?;
        let size = value.data.len() + value.name.len() + size_of::<RegistryValue>();
        *room = room.checked_sub(size).ok_or_else(too_large)?;
        values.push(value);
    }
    let mut keys = Vec::new();
    for name in names(key)? {
        let depth = depth.checked_sub(1).ok_or_else(too_large)?;
        let below = key.open_below(&name)?;
        keys.push(tree(&below, name, depth, room)?);
    }
    Ok(RegistryKey { name, values, keys })
}

/// A value whose name can be written back unchanged.
fn exact(value: RawValue) -> io::Result<RegistryValue> {
    let name = String::from_utf16(&value.name).map_err(|_| no_unicode())?;
    Ok(RegistryValue {
        name,
        kind: value.kind,
        data: value.data,
    })
}

/// Names of the keys below a key, each of which can be written back unchanged.
fn names(key: &Key) -> io::Result<Vec<String>> {
    let names = key.keys()?;
    let replaced = |name: &String| name.contains(char::REPLACEMENT_CHARACTER);
    if names.iter().any(replaced) {
        return Err(no_unicode());
    }
    Ok(names)
}

fn no_unicode() -> io::Error {
    let message = "a name in it is no Unicode and could not be given back";
    io::Error::new(ErrorKind::InvalidData, message)
}
