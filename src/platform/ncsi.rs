//! Registry values of the connectivity test of Windows.

use crate::device::NCSI_KEYS;
use reach365_proxy::registry::{Registry, RegistryValue};

/// The keys of the test with all of their values; empty where there is no registry.
pub(crate) fn ncsi_registry() -> Registry {
    let mut registry = Registry::default();
    for key in NCSI_KEYS {
        for (name, data) in values(key) {
            registry.insert(key, &name, data);
        }
    }
    registry
}

#[cfg(windows)]
fn values(key: &str) -> Vec<(String, RegistryValue)> {
    use windows_sys::Win32::System::Registry::{HKEY_LOCAL_MACHINE, KEY_WOW64_64KEY};

    use crate::platform::registry_key::Key;

    let path = key.trim_start_matches(r"HKLM\");
    let key = Key::open(HKEY_LOCAL_MACHINE, path, KEY_WOW64_64KEY);
    key.iter().flat_map(Key::values).collect()
}

#[cfg(not(windows))]
fn values(_: &str) -> Vec<(String, RegistryValue)> {
    Vec::new()
}
