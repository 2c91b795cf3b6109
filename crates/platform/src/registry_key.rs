//! Keys of the Windows registry, as `windows-registry` opens and changes them. Values are listed
//! here: the library's own list ends at an error without reporting it, and takes as much memory as
//! the largest value of a key needs.

use std::io::{self, ErrorKind};
use std::ptr;

use windows_registry::{CURRENT_USER, LOCAL_MACHINE, Type};
use windows_sys::Win32::Foundation::{ERROR_MORE_DATA, ERROR_NO_MORE_ITEMS, ERROR_SUCCESS};
use windows_sys::Win32::System::Registry::{
    KEY_ALL_ACCESS, KEY_WOW64_32KEY, KEY_WOW64_64KEY, REG_SAM_FLAGS, RegEnumValueW,
};

use reach365_proxy::registry::RegistryValue;

/// Longest name of a registry value, with its NUL.
const NAME: usize = 16_384;
/// First size of the buffer for data; it grows.
const DATA: usize = 4_096;
/// Settings are a few hundred bytes; larger values are left out.
const SETTING: usize = 256 * 1024;
/// No key of settings has more values.
const SETTINGS: usize = 1_000;

/// An open key.
pub struct Key(windows_registry::Key);

impl Key {
    /// Opens a key for reading, as 64-bit programs see it; `None` where there is none.
    ///
    /// # Errors
    /// When it exists and cannot be opened, or the name is not that of a key.
    pub fn open(path: &str) -> io::Result<Option<Self>> {
        let (hive, path) = split(path)?;
        let opened = hive.options().read().access(KEY_WOW64_64KEY).open(path);
        present(opened)
    }

    /// Opens a key for reading, as 32-bit programs see it; `None` where there is none.
    ///
    /// # Errors
    /// When it exists and cannot be opened, or the name is not that of a key.
    pub(super) fn open_narrow(path: &str) -> io::Result<Option<Self>> {
        let (hive, path) = split(path)?;
        let opened = hive.options().read().access(KEY_WOW64_32KEY).open(path);
        present(opened)
    }

    /// Opens a key in order to change it; `None` where there is none.
    ///
    /// # Errors
    /// When it exists and cannot be opened, or the name is not that of a key.
    pub(super) fn open_writable(path: &str) -> io::Result<Option<Self>> {
        let (hive, path) = split(path)?;
        let mut options = hive.options();
        present(options.read().write().access(KEY_WOW64_64KEY).open(path))
    }

    /// Opens a key in order to delete keys below it; `None` where there is none.
    ///
    /// # Errors
    /// When it exists and cannot be opened, or the name is not that of a key.
    pub(super) fn open_parent(path: &str) -> io::Result<Option<Self>> {
        const ACCESS: REG_SAM_FLAGS = KEY_ALL_ACCESS | KEY_WOW64_64KEY;

        let (hive, path) = split(path)?;
        present(hive.options().access(ACCESS).open(path))
    }

    /// Opens a key below this one for reading.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub(super) fn open_below(&self, name: &str) -> io::Result<Self> {
        let mut options = self.0.options();
        let opened = options.read().access(KEY_WOW64_64KEY).open(plain(name)?);
        system(opened).map(Self)
    }

    /// Makes a key, and those above it.
    ///
    /// # Errors
    /// When it may not be made.
    pub(super) fn create(path: &str) -> io::Result<()> {
        let (hive, path) = split(path)?;
        let mut options = hive.options();
        system(options.read().access(KEY_WOW64_64KEY).create().open(path)).map(drop)
    }

    /// Sets a value bit for bit.
    ///
    /// # Errors
    /// When it may not be set.
    pub(super) fn set(&self, name: &str, kind: u32, data: &[u8]) -> io::Result<()> {
        // Windows rejects the pointer of an empty vector, which is dangling.
        let data = if data.is_empty() { &[0][..0] } else { data };
        // By its number: by name, the library would insist on texts that end in a NUL.
        system(self.0.set_bytes(plain(name)?, Type::Other(kind), data))
    }

    /// Deletes a value, if it is there.
    ///
    /// # Errors
    /// When it may not be deleted.
    pub(super) fn remove_value(&self, name: &str) -> io::Result<()> {
        absent_or(self.0.remove_value(plain(name)?))
    }

    /// Deletes a key below this one with all below it, if it is there.
    ///
    /// # Errors
    /// When it may not be deleted.
    pub(super) fn remove_tree(&self, name: &str) -> io::Result<()> {
        absent_or(self.0.remove_tree(plain(name)?))
    }

    /// Renames a key below this one.
    ///
    /// # Errors
    /// When it is not there, may not be renamed, or the name is taken.
    pub(super) fn rename(&self, name: &str, to: &str) -> io::Result<()> {
        system(self.0.rename(plain(name)?, plain(to)?))
    }

    /// Names of the keys below this one. Invalid UTF-16 in one is replaced (U+FFFD).
    ///
    /// # Errors
    /// When they cannot be listed.
    pub(super) fn keys(&self) -> io::Result<Vec<String>> {
        system(self.0.keys()).map(Iterator::collect)
    }

    /// All values as settings, but those that are too large.
    pub fn settings(&self) -> Vec<(String, RegistryValue)> {
        let values = self.values(SETTING).take(SETTINGS).flatten();
        let setting = |value: RawValue| {
            let name = String::from_utf16_lossy(&value.name);
            (name, RegistryValue::from_bytes(value.kind, value.data))
        };
        values.map(setting).collect()
    }

    /// All values in the order of the registry. One of more bytes than the limit is an error, and
    /// the list continues after it; any other error is the last of the list.
    pub(super) fn values(&self, limit: usize) -> Values<'_> {
        Values {
            key: self,
            next: Some(0),
            limit,
            name: vec![0; NAME],
            data: vec![0; DATA.min(limit)],
        }
    }
}

/// A value, bit for bit.
pub(super) struct RawValue {
    /// UTF-16, as a rule.
    pub(super) name: Vec<u16>,
    /// Number of its type.
    pub(super) kind: u32,
    pub(super) data: Vec<u8>,
}

/// The values of a key.
pub(super) struct Values<'a> {
    key: &'a Key,
    /// `None` after the last.
    next: Option<u32>,
    limit: usize,
    name: Vec<u16>,
    data: Vec<u8>,
}

impl Iterator for Values<'_> {
    type Item = io::Result<RawValue>;

    fn next(&mut self) -> Option<Self::Item> {
        let index = self.next?;
        let found = loop {
            match self.read(index) {
                Err(ERROR_MORE_DATA) if self.data.len() < self.limit => {
                    let larger = (self.data.len() * 2).min(self.limit);
                    self.data.resize(larger, 0);
                }
                found => break found,
            }
        };
        self.next = index.checked_add(1);
        match found {
            Ok(value) => Some(Ok(value)),
            Err(ERROR_MORE_DATA) => Some(Err(too_large())),
            Err(error) => {
                self.next = None;
                let failed = error != ERROR_NO_MORE_ITEMS;
                failed.then(|| Err(io::Error::from_raw_os_error(error.cast_signed())))
            }
        }
    }
}

impl Values<'_> {
    #[allow(
        unsafe_code,
        reason = "RegEnumValueW writes into buffers of our own, whose lengths it is told"
    )]
    fn read(&mut self, index: u32) -> Result<RawValue, u32> {
        let (mut name_length, mut length) = (self.name.len() as u32, self.data.len() as u32);
        let mut kind = 0;
        // SAFETY: the key is open; both buffers are as long as their lengths say, and outlive the
        // call.
        let result = unsafe {
            RegEnumValueW(
                self.key.0.as_raw(),
                index,
                self.name.as_mut_ptr(),
                &raw mut name_length,
                ptr::null(),
                &raw mut kind,
                self.data.as_mut_ptr(),
                &raw mut length,
            )
        };
        if result != ERROR_SUCCESS {
            return Err(result);
        }
        let name = self.name.get(..name_length as usize).unwrap_or_default();
        let data = self.data.get(..length as usize).unwrap_or_default();
        Ok(RawValue {
            name: name.to_vec(),
            kind,
            data: data.to_vec(),
        })
    }
}

/// More than is kept.
pub(super) fn too_large() -> io::Error {
    io::Error::new(ErrorKind::InvalidData, "it holds too much to keep a copy")
}

/// The hive, and the path below it.
fn split(path: &str) -> io::Result<(&'static windows_registry::Key, &str)> {
    let (hive, path) = path.split_once('\\').unwrap_or((path, ""));
    match hive {
        "HKCU" => Ok((CURRENT_USER, plain(path)?)),
        "HKLM" => Ok((LOCAL_MACHINE, plain(path)?)),
        _ => {
            let message = format!("{hive} is neither HKCU nor HKLM");
            Err(io::Error::new(ErrorKind::InvalidInput, message))
        }
    }
}

/// A name for Windows. What follows a NUL would be lost silently.
fn plain(name: &str) -> io::Result<&str> {
    if name.contains('\0') {
        let message = "a name contains a NUL";
        return Err(io::Error::new(ErrorKind::InvalidInput, message));
    }
    Ok(name)
}

/// An error of the library as one of the system, with the kind that it has there.
fn system<T>(result: windows_registry::Result<T>) -> io::Result<T> {
    // The library packs the system's number into the low half of another.
    result.map_err(|error| io::Error::from_raw_os_error(error.code().0 & 0xffff))
}

fn present(opened: windows_registry::Result<windows_registry::Key>) -> io::Result<Option<Key>> {
    match system(opened) {
        Ok(key) => Ok(Some(Key(key))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Deleting what does not exist is a success.
fn absent_or(deleted: windows_registry::Result<()>) -> io::Result<()> {
    match system(deleted) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        deleted => deleted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = r"HKCU\Software\reach365-test-of-keys";

    #[test]
    fn absent_keys_are_none_and_others_hives_are_errors() {
        assert!(
            Key::open(r"HKCU\Software\reach365-absent")
                .unwrap()
                .is_none()
        );
        assert!(Key::open(r"HKCR\Software").is_err());
        assert!(Key::open("HKCU\\Software\0").is_err());
    }

    #[test]
    fn values_are_kept_bit_for_bit_and_large_ones_left_out() {
        Key::create(KEY).unwrap();
        let key = Key::open_writable(KEY).unwrap().unwrap();
        // A text without a NUL, an empty one, an unknown type, and more than a setting.
        let large = vec![7; SETTING + 1];
        let written: [(&str, u32, &[u8]); 4] = [
            ("text", 1, b"a\0"),
            ("empty", 1, b""),
            ("odd", 0x77, b"abc"),
            ("large", 3, &large),
        ];
        for (name, kind, data) in written {
            key.set(name, kind, data).unwrap();
        }
        let mut found: Vec<(String, u32, Vec<u8>)> = key
            .values(usize::MAX >> 32)
            .map(Result::unwrap)
            .map(|value| {
                (
                    String::from_utf16(&value.name).unwrap(),
                    value.kind,
                    value.data,
                )
            })
            .collect();
        let settings = key.settings();
        Key::open_parent(r"HKCU\Software")
            .unwrap()
            .unwrap()
            .remove_tree("reach365-test-of-keys")
            .unwrap();
        found.sort();
        let mut expected = written.map(|(name, kind, data)| (name.to_owned(), kind, data.to_vec()));
        expected.sort();
        assert_eq!(found, expected);
        assert_eq!(settings.len(), 3);
        assert!(settings.contains(&("text".to_owned(), RegistryValue::Text("a".to_owned()))));
    }
}
