//! What a remedy does, one action at a time, as data.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

/// One action. Paths may hold variables of Windows such as `%LOCALAPPDATA%`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "do",
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case",
    deny_unknown_fields
)]
pub enum Action {
    /// Run a program.
    Run {
        /// The program, found by Windows.
        program: String,
        /// Its arguments.
        arguments: Vec<String>,
        /// Arguments that revert its changes, where that is possible.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        undo: Vec<String>,
    },
    /// Set a value of the registry.
    RegistrySet {
        /// The key, such as `HKLM\Software\…`; it is made where it is absent.
        key: String,
        /// Name of the value.
        name: String,
        /// What it becomes.
        #[serde(flatten)]
        data: RegistryData,
    },
    /// Delete a value of the registry, or a key with all below it.
    RegistryDelete {
        /// The key.
        key: String,
        /// The value; the whole key where none is named.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
    },
    /// Give a key of the registry another name beside the old one.
    RegistryRename {
        /// The key.
        key: String,
        /// Its new last part.
        to: String,
    },
    /// Move everything out of a folder; the folder itself stays.
    EmptyFolder {
        /// The folder.
        folder: String,
    },
    /// Delete stored Windows credentials. Windows gives no password back: this cannot be undone.
    DeleteCredentials {
        /// Names of their targets; `*` stands for any letters.
        patterns: Vec<String>,
    },
    /// Make sure that a service runs.
    ServiceRunning {
        /// Short name.
        service: String,
        /// The name that the list of services shows.
        display: String,
    },
    /// Open a page of Windows' settings, for a user at the machine.
    OpenSettings {
        /// Its address, `ms-settings:…` or a control panel command.
        page: String,
        /// What to do there.
        then: String,
    },
    /// Change something in an administration center.
    Portal {
        /// Its address.
        address: String,
        /// The path through its menus.
        path: String,
        /// What to do there.
        then: String,
    },
    /// Anything that only a person can do.
    Manual {
        /// What, in a sentence.
        text: String,
    },
}

/// Content of a value of the registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RegistryData {
    /// `REG_DWORD`.
    Dword(u32),
    /// `REG_SZ`.
    Text(String),
}

impl Action {
    /// Whether a program can apply it; otherwise a person must.
    pub fn is_automatic(&self) -> bool {
        !matches!(
            self,
            Self::OpenSettings { .. } | Self::Portal { .. } | Self::Manual { .. }
        )
    }

    /// Whether it can be reverted after it is applied.
    pub fn is_reversible(&self) -> bool {
        match self {
            Self::Run { undo, .. } => !undo.is_empty(),
            Self::DeleteCredentials { .. } => false,
            _ => true,
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Run {
                program, arguments, ..
            } => write!(out, "Run `{}`.", command_line(program, arguments)),
            Self::RegistrySet { key, name, data } => write!(out, "Set {key}\\{name} to {data}."),
            Self::RegistryDelete {
                key,
                name: Some(name),
            } => write!(out, "Delete the value {key}\\{name}."),
            Self::RegistryDelete { key, name: None } => {
                write!(out, "Delete the key {key} with all below it.")
            }
            Self::RegistryRename { key, to } => write!(out, "Rename the key {key} to {to}."),
            Self::EmptyFolder { folder } => write!(out, "Empty the folder {folder}."),
            Self::DeleteCredentials { patterns } => write!(
                out,
                "Delete stored Windows credentials named {}.",
                patterns.join(", ")
            ),
            Self::ServiceRunning { service, display } => {
                write!(
                    out,
                    "Make sure that the service {display} ({service}) runs."
                )
            }
            Self::OpenSettings { page, then } => write!(out, "Open {page}: {then}"),
            Self::Portal {
                address,
                path,
                then,
            } => write!(out, "Open {address} > {path}: {then}"),
            Self::Manual { text } => out.write_str(text),
        }
    }
}

impl fmt::Display for RegistryData {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dword(number) => write!(out, "{number} (DWORD)"),
            Self::Text(text) => write!(out, "\"{text}\" (text)"),
        }
    }
}

/// A command as a user types it.
pub fn command_line(program: &str, arguments: &[String]) -> String {
    let quoted = arguments.iter().map(|argument| {
        if argument.contains(' ') {
            format!("\"{argument}\"")
        } else {
            argument.clone()
        }
    });
    let words: Vec<String> = std::iter::once(program.to_owned()).chain(quoted).collect();
    words.join(" ")
}

/// Reads the actions of a remedy: tables, and sentences for what a person does.
pub(super) fn actions<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Action>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Sentence(String),
        Typed(Action),
    }
    let written = Vec::<Written>::deserialize(from)?;
    let action = |written| match written {
        Written::Sentence(text) => Action::Manual { text },
        Written::Typed(action) => action,
    };
    Ok(written.into_iter().map(action).collect())
}
