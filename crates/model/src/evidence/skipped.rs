//! Why an endpoint was not probed on purpose, and where Windows is set to another one.

use serde::{Deserialize, Serialize};

/// Why an endpoint was not probed on purpose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "why")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum SkipReason {
    /// It is asked over IPv6 alone, and this machine has no IPv6 address.
    NoIpv6,
    /// It is asked over IPv6 alone, and the caller wants IPv4 alone.
    Ipv4Wanted,
    /// It is asked over IPv6 alone, and a proxy would decide over what it goes.
    ProxyDecides,
    /// This machine is set not to ask for it.
    SwitchedOff {
        /// The registry value, with its key.
        by: String,
    },
    /// This machine is set to ask for something that cannot be asked for.
    UnreadableSetting {
        /// The registry key.
        key: String,
        /// What stands there.
        value: String,
    },
}

/// The registry names something else to ask for than the list does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Redirect {
    /// The registry key.
    pub key: String,
    /// What the list asks for, and the answer that it expects.
    pub from: String,
    /// What the registry names instead.
    pub to: String,
}
