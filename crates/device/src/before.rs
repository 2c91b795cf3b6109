//! The state before an action: enough to revert it.

use serde::{Deserialize, Serialize};

use super::places;
use reach365_judge::remedy::Action;
use reach365_platform::{Credential, Machine, RegistryKey, RegistryValue, ServiceState};

/// The state before an action, where it works.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum Before {
    /// A value of the registry.
    Value {
        value: Option<RegistryValue>,
        /// The outermost key that must be created for it.
        made: Option<String>,
    },
    /// A key of the registry.
    Key { key: Option<RegistryKey> },
    /// A folder.
    Folder {
        folder: String,
        entries: Option<Vec<String>>,
    },
    /// Credentials that match.
    Credentials { found: Vec<Credential> },
    /// A service.
    Service { state: Option<ServiceState> },
    /// Nothing that could be looked at.
    Unknown,
}

impl Before {
    /// Looks at what an action would change.
    pub(super) fn look(action: &Action, machine: &dyn Machine) -> Result<Self, String> {
        match action {
            Action::RegistrySet { key, name, .. }
            | Action::RegistryDelete {
                key,
                name: Some(name),
            } => value(key, name, machine),
            Action::RegistryDelete { key, name: None } | Action::RegistryRename { key, .. } => {
                let key = machine.key(key).map_err(|error| error.to_string())?;
                Ok(Self::Key { key })
            }
            Action::EmptyFolder { folder } => entries(folder, machine),
            Action::DeleteCredentials { patterns } => credentials(patterns, machine),
            Action::ServiceRunning { service, .. } => {
                let state = machine.service(service);
                let state = state.map_err(|error| error.to_string())?;
                Ok(Self::Service { state })
            }
            _ => Ok(Self::Unknown),
        }
    }

    /// Whether everything is already as the action wants it.
    pub(super) fn is_so(&self, action: &Action) -> bool {
        match (self, action) {
            (Self::Value { value, .. }, Action::RegistrySet { name, data, .. }) => {
                let wanted = places::value(name, data);
                let same = |value: &RegistryValue| same_content(value, &wanted);
                value.as_ref().is_some_and(same)
            }
            (Self::Value { value, .. }, _) => value.is_none(),
            (Self::Key { key }, _) => key.is_none(),
            (Self::Folder { entries, .. }, _) => entries.as_ref().is_none_or(Vec::is_empty),
            (Self::Credentials { found }, _) => found.is_empty(),
            (Self::Service { state }, _) => *state == Some(ServiceState::Running),
            (Self::Unknown, _) => false,
        }
    }
}

/// Whether two values have the same type and data; their names are not compared.
pub(super) fn same_content(one: &RegistryValue, other: &RegistryValue) -> bool {
    (one.kind, &one.data) == (other.kind, &other.data)
}

fn value(key: &str, name: &str, machine: &dyn Machine) -> Result<Before, String> {
    let value = machine.value(key, name);
    let value = value.map_err(|error| error.to_string())?;
    let mut made = None;
    for above in places::key_and_above(key) {
        if machine.has_key(above).map_err(|error| error.to_string())? {
            break;
        }
        made = Some(above.to_owned());
    }
    Ok(Before::Value { value, made })
}

fn entries(folder: &str, machine: &dyn Machine) -> Result<Before, String> {
    let folder = places::folder(folder, machine)?;
    let entries = machine.entries(&folder);
    let entries = entries.map_err(|error| format!("{}: {error}", folder.display()))?;
    let folder = folder.to_str().ok_or("the folder's name is no Unicode")?;
    Ok(Before::Folder {
        folder: folder.to_owned(),
        entries,
    })
}

fn credentials(patterns: &[String], machine: &dyn Machine) -> Result<Before, String> {
    let all = machine.credentials().map_err(|error| error.to_string())?;
    let wanted = |found: &Credential| {
        let mut patterns = patterns.iter();
        patterns.any(|pattern| places::matches(pattern, &found.target))
    };
    let found = all.into_iter().filter(wanted).collect();
    Ok(Before::Credentials { found })
}
