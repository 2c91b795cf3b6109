//! What a remedy touches on this machine: registry, folders, credentials, services, programs.

mod folders;
mod local;
#[cfg(not(windows))]
mod other;
#[cfg(windows)]
mod windows;

use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

pub use local::LocalMachine;

/// A machine on which a remedy is applied. Keys of the registry begin with `HKCU\` or `HKLM\`.
/// What does not exist is `None` or a success without effect, never an error.
pub trait Machine {
    /// Whether remedies can be applied here: it runs Windows.
    fn is_windows(&self) -> bool;
    /// Whether this program may change what belongs to the whole machine.
    fn is_elevated(&self) -> bool;
    /// A variable of Windows, such as `LOCALAPPDATA`.
    fn variable(&self, name: &str) -> Option<String>;

    /// A value of the registry, under the name that it has there.
    ///
    /// # Errors
    ///
    /// When it is there and cannot be read.
    fn value(&self, key: &str, name: &str) -> io::Result<Option<RegistryValue>>;
    /// Whether a key exists.
    ///
    /// # Errors
    ///
    /// When that is unknown.
    fn has_key(&self, key: &str) -> io::Result<bool>;
    /// A key with all below it.
    ///
    /// # Errors
    ///
    /// When a part of it cannot be read, or could not be written again as it is.
    fn key(&self, key: &str) -> io::Result<Option<RegistryKey>>;
    /// Makes a key, and those above it.
    ///
    /// # Errors
    ///
    /// When it may not be made.
    fn make_key(&self, key: &str) -> io::Result<()>;
    /// Sets a value of a key that is there.
    ///
    /// # Errors
    ///
    /// When it may not be set.
    fn set_value(&self, key: &str, value: &RegistryValue) -> io::Result<()>;
    /// Deletes a value.
    ///
    /// # Errors
    ///
    /// When it may not be deleted.
    fn delete_value(&self, key: &str, name: &str) -> io::Result<()>;
    /// Deletes a key with all below it.
    ///
    /// # Errors
    ///
    /// When it may not be deleted.
    fn delete_key(&self, key: &str) -> io::Result<()>;
    /// Gives a key another last part.
    ///
    /// # Errors
    ///
    /// When it is not there, may not be renamed, or the name is taken.
    fn rename_key(&self, key: &str, to: &str) -> io::Result<()>;

    /// Names of what lies in a folder, sorted.
    ///
    /// # Errors
    ///
    /// When it cannot be read, is not a folder, or is only a link to one.
    fn entries(&self, folder: &Path) -> io::Result<Option<Vec<String>>>;
    /// Moves a file or folder on its drive. Nothing is overwritten.
    ///
    /// # Errors
    ///
    /// When it is in use, or something is at its new place.
    fn move_entry(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Credentials of the user: generic ones and those of domains, never those of web pages.
    ///
    /// # Errors
    ///
    /// When Windows fails to list them.
    fn credentials(&self) -> io::Result<Vec<Credential>>;
    /// Deletes a credential.
    ///
    /// # Errors
    ///
    /// When Windows does not delete it.
    fn delete_credential(&self, credential: &Credential) -> io::Result<()>;

    /// State of a service.
    ///
    /// # Errors
    ///
    /// When Windows fails to report it.
    fn service(&self, name: &str) -> io::Result<Option<ServiceState>>;
    /// Starts a service and waits until it runs.
    ///
    /// # Errors
    ///
    /// When it does not run in time.
    fn start_service(&self, name: &str) -> io::Result<()>;
    /// Stops a service and waits until it is stopped.
    ///
    /// # Errors
    ///
    /// When it does not stop in time.
    fn stop_service(&self, name: &str) -> io::Result<()>;

    /// Runs a program of Windows to its end, for a limited time.
    ///
    /// # Errors
    ///
    /// When it does not start, or does not end in time.
    fn run(&self, program: &str, arguments: &[String]) -> io::Result<Ran>;
}

/// The result of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// Its exit code; `None` where it was killed.
    pub code: Option<i32>,
    /// What it wrote, cut.
    pub output: String,
}

/// A value of the registry, bit for bit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegistryValue {
    /// Its name; empty for the default value.
    pub name: String,
    /// Number of its type, such as 1 for `REG_SZ`.
    pub kind: u32,
    /// Its bytes.
    #[serde(with = "hexadecimal")]
    pub data: Vec<u8>,
}

/// A key of the registry with all below it, in the order of the registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegistryKey {
    /// Its last part, in the registry's spelling.
    pub name: String,
    /// Its values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<RegistryValue>,
    /// The keys below it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<RegistryKey>,
}

/// A stored credential of Windows, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Credential {
    /// Its name.
    pub target: String,
    /// Number of its type, such as 1 for a generic one.
    pub kind: u32,
}

/// What a service does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ServiceState {
    /// It runs.
    Running,
    /// It is stopped.
    Stopped,
    /// It is changing to another state, or paused.
    Between,
}

mod hexadecimal {
    use data_encoding::HEXLOWER;
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(data: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&HEXLOWER.encode(data))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(from)?;
        HEXLOWER.decode(text.as_bytes()).map_err(de::Error::custom)
    }
}
