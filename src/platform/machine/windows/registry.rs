//! The registry, read and written bit for bit.

use std::io::{self, ErrorKind};
use std::ptr;

use windows_sys::Win32::Foundation::{
    ERROR_FILE_NOT_FOUND, ERROR_MORE_DATA, ERROR_NO_MORE_ITEMS, ERROR_SUCCESS,
};
use windows_sys::Win32::System::Registry::{
    HKEY, HKEY_CURRENT_USER, HKEY_LOCAL_MACHINE, KEY_ALL_ACCESS, KEY_READ, KEY_WOW64_64KEY,
    KEY_WRITE, REG_OPTION_NON_VOLATILE, REG_SAM_FLAGS, RegCloseKey, RegCreateKeyExW,
    RegDeleteTreeW, RegDeleteValueW, RegEnumKeyExW, RegEnumValueW, RegOpenKeyExW, RegRenameKey,
    RegSetValueExW,
};

use super::super::{RegistryKey, RegistryValue};
use super::wide;

/// Longest name of a key or value, with its NUL.
const NAME: usize = 16_384;
/// First size of the buffer for data; it grows.
const DATA: usize = 4_096;
/// Bytes of one value, and of a key with all below it, at most: what is larger is no setting.
const LARGEST: usize = 16 * 1024 * 1024;
/// Deeper keys could not be read back from a journal: its reader bounds how deep JSON nests.
const DEPTH: usize = 40;

pub(in super::super) fn value(key: &str, name: &str) -> io::Result<Option<RegistryValue>> {
    let Some(key) = Key::open(key, KEY_READ)? else {
        return Ok(None);
    };
    let wanted = name.to_lowercase();
    let mut buffer = vec![0; DATA];
    for index in 0.. {
        let Some(value) = key.value(index, &mut buffer)? else {
            break;
        };
        if value.name.to_lowercase() == wanted {
            return Ok(Some(value));
        }
    }
    Ok(None)
}

pub(in super::super) fn has_key(key: &str) -> io::Result<bool> {
    Key::open(key, KEY_READ).map(|key| key.is_some())
}

pub(in super::super) fn key(path: &str) -> io::Result<Option<RegistryKey>> {
    let Some(key) = Key::open(path, KEY_READ)? else {
        return Ok(None);
    };
    let mut room = LARGEST;
    key.tree(spelt(path)?, DEPTH, &mut room).map(Some)
}

/// The last part of a key's path as the registry has it.
fn spelt(path: &str) -> io::Result<String> {
    let (above, last) = path.rsplit_once('\\').unwrap_or_default();
    let wanted = last.to_lowercase();
    let names = match Key::open(above, KEY_READ) {
        Ok(Some(above)) => above.names()?,
        _ => Vec::new(),
    };
    let found = names.into_iter().find(|name| name.to_lowercase() == wanted);
    Ok(found.unwrap_or_else(|| last.to_owned()))
}

#[allow(
    unsafe_code,
    reason = "RegCreateKeyExW writes a handle of our own, which is closed at once"
)]
pub(in super::super) fn make_key(path: &str) -> io::Result<()> {
    let (hive, path) = split(path)?;
    let path = wide(path)?;
    let mut key: HKEY = ptr::null_mut();
    // SAFETY: the path ends in a NUL; null pointers ask for the defaults; the handle is a local.
    checked(unsafe {
        RegCreateKeyExW(
            hive,
            path.as_ptr(),
            0,
            ptr::null(),
            REG_OPTION_NON_VOLATILE,
            KEY_READ | KEY_WOW64_64KEY,
            ptr::null(),
            &raw mut key,
            ptr::null_mut(),
        )
    })?;
    drop(Key(key));
    Ok(())
}

#[allow(
    unsafe_code,
    reason = "RegSetValueExW reads bytes whose length it is told"
)]
pub(in super::super) fn set_value(key: &str, value: &RegistryValue) -> io::Result<()> {
    let key = Key::open(key, KEY_WRITE)?.ok_or(ErrorKind::NotFound)?;
    let name = wide(&value.name)?;
    let length = u32::try_from(value.data.len()).map_err(|_| too_large())?;
    // Windows refuses the pointer of an empty vector, which leads nowhere.
    let data = if length == 0 {
        &[0]
    } else {
        value.data.as_slice()
    };
    // SAFETY: the name ends in a NUL, the data is at least as long as the length says; both outlive the call.
    checked(unsafe { RegSetValueExW(key.0, name.as_ptr(), 0, value.kind, data.as_ptr(), length) })
}

#[allow(
    unsafe_code,
    reason = "RegDeleteValueW reads a name that ends in a NUL"
)]
pub(in super::super) fn delete_value(key: &str, name: &str) -> io::Result<()> {
    let Some(key) = Key::open(key, KEY_WRITE)? else {
        return Ok(());
    };
    let name = wide(name)?;
    // SAFETY: the key is open, and the name ends in a NUL.
    present(unsafe { RegDeleteValueW(key.0, name.as_ptr()) })
}

#[allow(unsafe_code, reason = "RegDeleteTreeW reads a name that ends in a NUL")]
pub(in super::super) fn delete_key(path: &str) -> io::Result<()> {
    let (above, last) = parent(path)?;
    let Some(above) = Key::open(above, KEY_ALL_ACCESS)? else {
        return Ok(());
    };
    let last = wide(last)?;
    // SAFETY: the key above is open, and the name ends in a NUL.
    present(unsafe { RegDeleteTreeW(above.0, last.as_ptr()) })
}

#[allow(unsafe_code, reason = "RegRenameKey reads names that end in a NUL")]
pub(in super::super) fn rename_key(path: &str, to: &str) -> io::Result<()> {
    let (above, last) = parent(path)?;
    let above = Key::open(above, KEY_READ | KEY_WRITE)?.ok_or(ErrorKind::NotFound)?;
    let (last, to) = (wide(last)?, wide(to)?);
    // SAFETY: the key above is open, and both names end in a NUL.
    checked(unsafe { RegRenameKey(above.0, last.as_ptr(), to.as_ptr()) })
}

/// The key above, and the last part. A hive itself is never deleted or renamed.
fn parent(path: &str) -> io::Result<(&str, &str)> {
    let parts = path.rsplit_once('\\').filter(|(_, last)| !last.is_empty());
    parts.ok_or_else(|| {
        let message = "a hive has no key above it";
        io::Error::new(ErrorKind::InvalidInput, message)
    })
}

fn split(path: &str) -> io::Result<(HKEY, &str)> {
    let (hive, path) = path.split_once('\\').unwrap_or((path, ""));
    match hive {
        "HKCU" => Ok((HKEY_CURRENT_USER, path)),
        "HKLM" => Ok((HKEY_LOCAL_MACHINE, path)),
        _ => {
            let message = format!("{hive} is neither HKCU nor HKLM");
            Err(io::Error::new(ErrorKind::InvalidInput, message))
        }
    }
}

/// An open key, of the registry that 64-bit programs see.
struct Key(HKEY);

impl Key {
    #[allow(unsafe_code, reason = "RegOpenKeyExW writes a handle of our own")]
    fn open(path: &str, access: REG_SAM_FLAGS) -> io::Result<Option<Self>> {
        let (hive, path) = split(path)?;
        let path = wide(path)?;
        let mut key: HKEY = ptr::null_mut();
        let access = access | KEY_WOW64_64KEY;
        // SAFETY: the path ends in a NUL, and both pointers outlive the call.
        let result = unsafe { RegOpenKeyExW(hive, path.as_ptr(), 0, access, &raw mut key) };
        match result {
            ERROR_SUCCESS => Ok(Some(Self(key))),
            ERROR_FILE_NOT_FOUND => Ok(None),
            _ => Err(error(result)),
        }
    }

    /// The key with all below it, as long as there is room.
    fn tree(&self, name: String, depth: usize, room: &mut usize) -> io::Result<RegistryKey> {
        let values = self.values(room)?;
        let mut keys = Vec::new();
        for name in self.names()? {
            let depth = depth.checked_sub(1).ok_or_else(too_large)?;
            let below = self.below(&name)?;
            keys.push(below.tree(name, depth, room)?);
        }
        Ok(RegistryKey { name, values, keys })
    }

    #[allow(unsafe_code, reason = "RegOpenKeyExW writes a handle of our own")]
    fn below(&self, name: &str) -> io::Result<Self> {
        let name = wide(name)?;
        let mut key: HKEY = ptr::null_mut();
        let access = KEY_READ | KEY_WOW64_64KEY;
        // SAFETY: the key above is open, the name ends in a NUL, and the handle is a local.
        checked(unsafe { RegOpenKeyExW(self.0, name.as_ptr(), 0, access, &raw mut key) })?;
        Ok(Self(key))
    }

    fn values(&self, room: &mut usize) -> io::Result<Vec<RegistryValue>> {
        let mut values = Vec::new();
        let mut buffer = vec![0; DATA];
        for index in 0.. {
            let Some(value) = self.value(index, &mut buffer)? else {
                break;
            };
            let size = value.data.len() + value.name.len() + size_of::<RegistryValue>();
            *room = room.checked_sub(size).ok_or_else(too_large)?;
            values.push(value);
        }
        Ok(values)
    }

    #[allow(
        unsafe_code,
        reason = "RegEnumValueW writes into buffers of our own, whose lengths it is told"
    )]
    fn value(&self, index: u32, data: &mut Vec<u8>) -> io::Result<Option<RegistryValue>> {
        let mut name = vec![0; NAME];
        loop {
            let (mut name_length, mut length) = (name.len() as u32, data.len() as u32);
            let mut kind = 0;
            // SAFETY: both buffers are as long as their lengths say, and outlive the call.
            let result = unsafe {
                RegEnumValueW(
                    self.0,
                    index,
                    name.as_mut_ptr(),
                    &raw mut name_length,
                    ptr::null(),
                    &raw mut kind,
                    data.as_mut_ptr(),
                    &raw mut length,
                )
            };
            match result {
                ERROR_NO_MORE_ITEMS => return Ok(None),
                ERROR_MORE_DATA if data.len() < LARGEST => {
                    let wanted = (length as usize).max(data.len() * 2);
                    data.resize(wanted.min(LARGEST), 0);
                }
                ERROR_MORE_DATA => return Err(too_large()),
                _ => {
                    checked(result)?;
                    let name = exact(&name, name_length)?;
                    let data = data.get(..length as usize).unwrap_or_default().to_vec();
                    return Ok(Some(RegistryValue { name, kind, data }));
                }
            }
        }
    }

    #[allow(
        unsafe_code,
        reason = "RegEnumKeyExW writes into a buffer of our own, whose length it is told"
    )]
    fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        let mut name = vec![0; NAME];
        for index in 0.. {
            let mut length = name.len() as u32;
            // SAFETY: the buffer is as long as the length says; null pointers ask for nothing more.
            let result = unsafe {
                RegEnumKeyExW(
                    self.0,
                    index,
                    name.as_mut_ptr(),
                    &raw mut length,
                    ptr::null(),
                    ptr::null_mut(),
                    ptr::null_mut(),
                    ptr::null_mut(),
                )
            };
            if result == ERROR_NO_MORE_ITEMS {
                break;
            }
            checked(result)?;
            names.push(exact(&name, length)?);
        }
        Ok(names)
    }
}

impl Drop for Key {
    #[allow(unsafe_code, reason = "RegCloseKey takes the handle that we opened")]
    fn drop(&mut self) {
        // SAFETY: the handle is open and closed once.
        unsafe { RegCloseKey(self.0) };
    }
}

/// A name that can be written again as it is.
fn exact(name: &[u16], length: u32) -> io::Result<String> {
    let name = name.get(..length as usize).unwrap_or_default();
    String::from_utf16(name).map_err(|_| {
        let message = "a name in it is no Unicode and could not be given back";
        io::Error::new(ErrorKind::InvalidData, message)
    })
}

fn too_large() -> io::Error {
    io::Error::new(ErrorKind::InvalidData, "it holds too much to keep a copy")
}

fn checked(result: u32) -> io::Result<()> {
    if result == ERROR_SUCCESS {
        return Ok(());
    }
    Err(error(result))
}

/// What is not there need not be deleted.
fn present(result: u32) -> io::Result<()> {
    if result == ERROR_FILE_NOT_FOUND {
        return Ok(());
    }
    checked(result)
}

fn error(result: u32) -> io::Error {
    io::Error::from_raw_os_error(result.cast_signed())
}
