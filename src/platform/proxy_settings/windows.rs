//! Settings of Windows: what WinHTTP answers, and the registry values as they are.

use std::ptr;

use windows_sys::Win32::Foundation::{ERROR_MORE_DATA, ERROR_SUCCESS, GlobalFree};
use windows_sys::Win32::Networking::WinHttp::{
    WINHTTP_CURRENT_USER_IE_PROXY_CONFIG, WINHTTP_PROXY_INFO, WinHttpGetDefaultProxyConfiguration,
    WinHttpGetIEProxyConfigForCurrentUser,
};
use windows_sys::Win32::System::Registry::{
    HKEY, HKEY_CURRENT_USER, HKEY_LOCAL_MACHINE, KEY_READ, KEY_WOW64_32KEY, KEY_WOW64_64KEY,
    REG_DWORD, REG_EXPAND_SZ, REG_SAM_FLAGS, REG_SZ, RegCloseKey, RegEnumValueW, RegOpenKeyExW,
};
use windows_sys::core::PWSTR;

use crate::proxy::registry::{Registry, RegistryValue};
use crate::proxy::windows::{
    AUTO_PROXY_SERVICE, INTERNET_SETTINGS, INTERNET_SETTINGS_32, POLICIES, WinHttpAnswer,
    WinHttpAnswers, views as decode,
};
use crate::proxy::{Concealed, View};

/// Longest name of a registry value, with its NUL.
const NAME: usize = 16_384;
/// Proxy settings are a few hundred bytes; larger values are left out.
const DATA: usize = 256 * 1024;
/// No key of settings has more values.
const VALUES: u32 = 1_000;
/// No text of WinHTTP is longer, whatever stands behind its pointer.
const TEXT: usize = 1 << 20;

/// The views of the user and of the machine.
pub(super) fn views() -> Vec<View> {
    let answers = WinHttpAnswers {
        user: user_answer(),
        machine: machine_answer(),
    };
    decode(&registry(), &answers)
}

#[allow(
    unsafe_code,
    reason = "WinHttpGetIEProxyConfigForCurrentUser fills a structure of our own"
)]
fn user_answer() -> Option<WinHttpAnswer> {
    let mut found = WINHTTP_CURRENT_USER_IE_PROXY_CONFIG::default();
    // SAFETY: the pointer is to a valid structure, which lives longer than the call.
    if unsafe { WinHttpGetIEProxyConfigForCurrentUser(&raw mut found) } == 0 {
        return None;
    }
    Some(WinHttpAnswer {
        auto_detect: found.fAutoDetect != 0,
        pac_url: Concealed::new(take(found.lpszAutoConfigUrl)),
        proxy: Concealed::new(take(found.lpszProxy)),
        bypass: take(found.lpszProxyBypass),
    })
}

#[allow(
    unsafe_code,
    reason = "WinHttpGetDefaultProxyConfiguration fills a structure of our own"
)]
fn machine_answer() -> Option<WinHttpAnswer> {
    let mut found = WINHTTP_PROXY_INFO::default();
    // SAFETY: the pointer is to a valid structure, which lives longer than the call.
    if unsafe { WinHttpGetDefaultProxyConfiguration(&raw mut found) } == 0 {
        return None;
    }
    Some(WinHttpAnswer {
        proxy: Concealed::new(take(found.lpszProxy)),
        bypass: take(found.lpszProxyBypass),
        ..WinHttpAnswer::default()
    })
}

/// Copies a text of WinHTTP and frees it. Empty for a null pointer.
#[allow(
    unsafe_code,
    reason = "WinHTTP gives texts that end in a NUL and belong to the caller"
)]
fn take(text: PWSTR) -> String {
    if text.is_null() {
        return String::new();
    }
    let mut units = Vec::new();
    // SAFETY: WinHTTP's text ends in a NUL, and nothing behind the NUL is read.
    unsafe {
        while units.len() < TEXT && *text.add(units.len()) != 0 {
            units.push(*text.add(units.len()));
        }
        // The documentation of both functions names GlobalFree for their texts.
        GlobalFree(text.cast());
    }
    String::from_utf16_lossy(&units)
}

/// The keys that matter, with all of their values.
fn registry() -> Registry {
    let native = KEY_WOW64_64KEY;
    let connections = format!(r"{INTERNET_SETTINGS}\Connections");
    let winhttp = format!(r"{INTERNET_SETTINGS}\WinHttp");
    let mut registry = Registry::default();
    for path in [INTERNET_SETTINGS, &connections] {
        copy(
            &mut registry,
            (HKEY_CURRENT_USER, "HKCU"),
            path,
            native,
            path,
        );
    }
    for path in [
        INTERNET_SETTINGS,
        &connections,
        &winhttp,
        POLICIES,
        AUTO_PROXY_SERVICE,
    ] {
        copy(
            &mut registry,
            (HKEY_LOCAL_MACHINE, "HKLM"),
            path,
            native,
            path,
        );
    }
    // As 32-bit programs see it: the same path in another view.
    let narrow = format!(r"{INTERNET_SETTINGS_32}\Connections");
    let machine = (HKEY_LOCAL_MACHINE, "HKLM");
    copy(
        &mut registry,
        machine,
        &connections,
        KEY_WOW64_32KEY,
        &narrow,
    );
    registry
}

/// Copies the values of a key, under the name that it has in `registry`.
fn copy(
    registry: &mut Registry,
    (hive, hive_name): (HKEY, &str),
    path: &str,
    view: REG_SAM_FLAGS,
    name: &str,
) {
    let Some(key) = Key::open(hive, path, view) else {
        return;
    };
    let full = format!(r"{hive_name}\{name}");
    registry.insert_key(&full);
    for (value, data) in key.values() {
        registry.insert(&full, &value, data);
    }
}

/// An open key.
struct Key(HKEY);

impl Key {
    #[allow(unsafe_code, reason = "RegOpenKeyExW writes a handle of our own")]
    fn open(hive: HKEY, path: &str, view: REG_SAM_FLAGS) -> Option<Self> {
        let path: Vec<u16> = path.encode_utf16().chain([0]).collect();
        let mut key: HKEY = ptr::null_mut();
        // SAFETY: the path ends in a NUL, and both pointers outlive the call.
        let result =
            unsafe { RegOpenKeyExW(hive, path.as_ptr(), 0, KEY_READ | view, &raw mut key) };
        (result == ERROR_SUCCESS).then_some(Self(key))
    }

    fn values(&self) -> Vec<(String, RegistryValue)> {
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
    use super::*;
    use crate::proxy::Dialect;
    use crate::proxy::blob::{Blob, BlobKind};

    fn blob(hive: &str, name: &str, kind: BlobKind) -> Option<Blob> {
        let registry = registry();
        let key = format!(r"{hive}\{INTERNET_SETTINGS}\Connections");
        Some(Blob::decode(kind, registry.bytes(&key, name)?))
    }

    #[test]
    fn winhttp_and_the_blob_of_the_user_agree() {
        let Some(blob) = blob("HKCU", "DefaultConnectionSettings", BlobKind::Connection) else {
            // Without a stored value the function must still not fail for a user with a profile.
            assert!(user_answer().is_some());
            return;
        };
        let answer = user_answer().unwrap();
        assert_eq!(answer.settings(Dialect::Wininet), blob.settings());
    }

    #[test]
    fn winhttp_and_the_blob_of_the_machine_agree() {
        let answer = machine_answer().unwrap();
        let Some(blob) = blob("HKLM", "WinHttpSettings", BlobKind::Winhttp) else {
            return assert!(answer.pac_url.is_empty());
        };
        assert_eq!(answer.settings(Dialect::Winhttp), blob.settings());
    }

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
