//! Settings of Windows: what WinHTTP answers, and the registry values as they are.

use std::io;

use windows_sys::Win32::Networking::WinHttp::{
    WINHTTP_CURRENT_USER_IE_PROXY_CONFIG, WINHTTP_PROXY_INFO, WinHttpGetDefaultProxyConfiguration,
    WinHttpGetIEProxyConfigForCurrentUser,
};

use crate::registry_key::Key;
use crate::winhttp_text::take;
use reach365_proxy::registry::Registry;
use reach365_proxy::windows::{
    AUTO_PROXY_SERVICE, INTERNET_SETTINGS, INTERNET_SETTINGS_32, POLICIES, WinHttpAnswer,
    WinHttpAnswers, views as decode,
};
use reach365_proxy::{Concealed, View};

/// The views of the user and of the machine, and why those of the user could not be read: neither
/// WinHTTP nor the registry returned them.
pub(super) fn views() -> (Vec<View>, Option<String>) {
    let answers = WinHttpAnswers {
        user: user_answer(),
        machine: machine_answer(),
    };
    let user = format!(r"HKCU\{INTERNET_SETTINGS}");
    let unread = match Key::open(&user) {
        Err(error) if answers.user.is_none() => Some(format!(
            "the registry key {user} cannot be opened (error {})",
            error.raw_os_error().unwrap_or_default()
        )),
        _ => None,
    };
    (decode(&registry(), &answers), unread)
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

/// The keys that matter, with all of their values.
fn registry() -> Registry {
    let connections = format!(r"{INTERNET_SETTINGS}\Connections");
    let winhttp = format!(r"{INTERNET_SETTINGS}\WinHttp");
    let mut registry = Registry::default();
    let user = [INTERNET_SETTINGS, &connections].map(|path| format!(r"HKCU\{path}"));
    let machine = [
        INTERNET_SETTINGS,
        &connections,
        &winhttp,
        POLICIES,
        AUTO_PROXY_SERVICE,
    ];
    let machine = machine.map(|path| format!(r"HKLM\{path}"));
    for path in user.iter().chain(&machine) {
        copy(&mut registry, Key::open(path), path);
    }
    // As 32-bit programs see it: the same path in another view.
    let narrow = Key::open_narrow(&format!(r"HKLM\{connections}"));
    let name = format!(r"HKLM\{INTERNET_SETTINGS_32}\Connections");
    copy(&mut registry, narrow, &name);
    registry
}

/// Copies the values of a key, under the name that it has in `registry`. A key that this user may
/// not read is skipped.
fn copy(registry: &mut Registry, key: io::Result<Option<Key>>, name: &str) {
    let Ok(Some(key)) = key else {
        return;
    };
    registry.insert_key(name);
    for (value, data) in key.settings() {
        registry.insert(name, &value, data);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reach365_proxy::Dialect;
    use reach365_proxy::blob::{Blob, BlobKind};

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
}
