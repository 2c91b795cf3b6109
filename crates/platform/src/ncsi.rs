//! Registry values of the connectivity test of Windows.

use reach365_model::device::NCSI_KEYS;
use reach365_proxy::registry::{Registry, RegistryValue};

/// The keys of the test with all of their values; empty where there is no registry.
pub fn ncsi_registry() -> Registry {
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
    use crate::registry_key::Key;

    let key = Key::open(key).ok().flatten();
    key.iter().flat_map(Key::settings).collect()
}

#[cfg(not(windows))]
fn values(_: &str) -> Vec<(String, RegistryValue)> {
    Vec::new()
}
