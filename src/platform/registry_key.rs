//! Keys of the Windows registry.

use std::ptr;

use windows_sys::Win32::Foundation::{
    ERROR_FILE_NOT_FOUND, ERROR_MORE_DATA, ERROR_PATH_NOT_FOUND, ERROR_SUCCESS,
};
use windows_sys::Win32::System::Registry::{
    HKEY, KEY_READ, REG_DWORD, REG_EXPAND_SZ, REG_SAM_FLAGS, REG_SZ, RegCloseKey, RegEnumValueW,
    RegOpenKeyExW,
};

use reach365_proxy::registry::RegistryValue;

/// Longest name of a registry value, with its NUL.
const NAME: usize = 16_384;
/// Settings are a few hundred bytes; larger values are left out.
const DATA: usize = 256 * 1024;
/// No key of settings has more values.
const VALUES: u32 = 1_000;

/// An open key.
pub(super) struct Key(HKEY);

impl Key {
    /// Opens a key for reading; `None` where there is none, or none for this user.
    pub(super) fn open(hive: HKEY, path: &str, view: REG_SAM_FLAGS) -> Option<Self> {
        Self::try_open(hive, path, view).ok().flatten()
    }

    /// Opens a key for reading; `None` where there is none.
    ///
    /// # Errors
    /// The number of the system's error.
    #[allow(unsafe_code, reason = "RegOpenKeyExW writes a handle of our own")]
    pub(super) fn try_open(
        hive: HKEY,
        path: &str,
        view: REG_SAM_FLAGS,
    ) -> Result<Option<Self>, u32> {
        let path: Vec<u16> = path.encode_utf16().chain([0]).collect();
        let mut key: HKEY = ptr::null_mut();
        // SAFETY: the path ends in a NUL, and both pointers outlive the call.
        let result =
            unsafe { RegOpenKeyExW(hive, path.as_ptr(), 0, KEY_READ | view, &raw mut key) };
        match result {
            ERROR_SUCCESS => Ok(Some(Self(key))),
            ERROR_FILE_NOT_FOUND | ERROR_PATH_NOT_FOUND => Ok(None),
            error => Err(error),
        }
    }

    /// All values but those that are too large.
    pub(super) fn values(&self) -> Vec<(String, RegistryValue)> {
        let mut name = vec![0; NAME];
        let mut data = vec![0; DATA];
        let mut values = Vec::new();
        for index in 0..VALUES {
            match self.value(index, &mut name, &mut data) {
                Found::Value(name, value) => values.push((name, value)),
                Found::TooLong => {}
                Found::End => break,
            }
        }
        values
    }

    #[allow(
        unsafe_code,
        reason = "RegEnumValueW writes into buffers of our own, whose lengths it is told"
    )]
    fn value(&self, index: u32, name: &mut [u16], data: &mut [u8]) -> Found {
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
            ERROR_SUCCESS => {
                let name = name.get(..name_length as usize).unwrap_or_default();
                let data = data.get(..length as usize).unwrap_or_default();
                Found::Value(String::from_utf16_lossy(name), typed(kind, data))
            }
            ERROR_MORE_DATA => Found::TooLong,
            _ => Found::End,
        }
    }
}

impl Drop for Key {
    #[allow(unsafe_code, reason = "RegCloseKey takes the handle that we opened")]
    fn drop(&mut self) {
        // SAFETY: the handle is open and closed once.
        unsafe { RegCloseKey(self.0) };
    }
}

enum Found {
    Value(String, RegistryValue),
    TooLong,
    End,
}

fn typed(kind: u32, data: &[u8]) -> RegistryValue {
    match (kind, <[u8; 4]>::try_from(data)) {
        (REG_SZ | REG_EXPAND_SZ, _) => {
            let units: Vec<u16> = data
                .chunks_exact(2)
                .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
                .take_while(|unit| *unit != 0)
                .collect();
            RegistryValue::Text(String::from_utf16_lossy(&units))
        }
        (REG_DWORD, Ok(number)) => RegistryValue::Number(u32::from_le_bytes(number)),
        _ => RegistryValue::Binary(data.to_vec()),
    }
}

#[cfg(test)]
mod tests {
    use windows_sys::Win32::System::Registry::{HKEY_CURRENT_USER, KEY_WOW64_64KEY};

    use super::*;

    #[test]
    fn numbers_and_texts_of_the_registry_are_told_apart() {
        let text: Vec<u8> = "a:80\0".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(typed(REG_SZ, &text), RegistryValue::Text("a:80".to_owned()));
        assert_eq!(typed(REG_DWORD, &[1, 0, 0, 0]), RegistryValue::Number(1));
        assert_eq!(typed(REG_DWORD, &[1]), RegistryValue::Binary(vec![1]));
    }

    #[test]
    fn absent_keys_have_no_values() {
        assert!(
            Key::open(
                HKEY_CURRENT_USER,
                r"Software\reach365-absent",
                KEY_WOW64_64KEY
            )
            .is_none()
        );
    }
}
