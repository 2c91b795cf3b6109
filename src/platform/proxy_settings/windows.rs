//! Settings of Windows: what WinHTTP answers, and the registry values as they are.

use windows_sys::Win32::Networking::WinHttp::{
    WINHTTP_CURRENT_USER_IE_PROXY_CONFIG, WINHTTP_PROXY_INFO, WinHttpGetDefaultProxyConfiguration,
    WinHttpGetIEProxyConfigForCurrentUser,
};
use windows_sys::Win32::System::Registry::{
    HKEY, HKEY_CURRENT_USER, HKEY_LOCAL_MACHINE, KEY_WOW64_32KEY, KEY_WOW64_64KEY, REG_SAM_FLAGS,
};

use crate::platform::registry_key::Key;
use crate::platform::winhttp_text::take;
use reach365_proxy::registry::Registry;
use reach365_proxy::windows::{
    AUTO_PROXY_SERVICE, INTERNET_SETTINGS, INTERNET_SETTINGS_32, POLICIES, WinHttpAnswer,
    WinHttpAnswers, views as decode,
};
use reach365_proxy::{Concealed, View};

/// The views of the user and of the machine, and why those of the user could not be read: neither
/// WinHTTP nor the registry told them.
pub(super) fn views() -> (Vec<View>, Option<String>) {
    let answers = WinHttpAnswers {
        user: user_answer(),
        machine: machine_answer(),
    };
    let user = Key::try_open(HKEY_CURRENT_USER, INTERNET_SETTINGS, KEY_WOW64_64KEY);
    let unread = match user {
        Err(error) if answers.user.is_none() => Some(format!(
            "the registry key HKCU\\{INTERNET_SETTINGS} cannot be opened (error {error})"
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
