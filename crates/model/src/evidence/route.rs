//! The routes that proxy settings lead to.

use serde::{Deserialize, Serialize};

use super::Evidence;
use crate::endpoint::{Host, Scheme};
use reach365_proxy::route::Route;

/// How one set of settings would carry the connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RouteCandidate {
    /// Whose settings: `user`, `machine`, `environment`, `explicit`, `direct`; `known-proxy` for a
    /// proxy that the settings name, but not for this host; `pac-route` for another answer of the same
    /// script.
    pub view: String,
    /// The route that they lead to.
    pub route: Route,
    /// What was wrong with the script that had to decide; the route is then what clients fall back
    /// to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub script_failure: Option<ScriptFailure>,
    /// What names a proxy in these settings and cannot be read; the route is then unknown, and
    /// nothing was probed on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unreadable: Option<String>,
    /// What the answer of the script changes with, in words; empty where it is the same every time.
    /// Its other routes are further ways, of the view `pac-route`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes_with: Vec<String>,
}

/// Why a PAC script did not decide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ScriptFailure {
    /// Where the script is.
    pub script: String,
    /// The kind, for rules.
    pub kind: ScriptFailureKind,
    /// What happened, for people; foreign text, printable.
    pub detail: String,
    /// HTTP status of the server that has the script.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
}

/// The kinds of [`ScriptFailure`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum ScriptFailureKind {
    /// It could not be fetched.
    Unreachable,
    /// The server answered with another status than 200; `status` has it.
    Status,
    /// What came is no script: a web page, or text without the function.
    NotScript,
    /// A syntax error, an exception, or an answer that is none.
    Error,
    /// It ran too long, too large or too deep.
    Limit,
    /// This build has no script engine.
    NotSupported,
}

/// A way other than the one that was taken, and what it showed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OtherRoute {
    /// The way.
    pub way: RouteCandidate,
    /// What was seen on it.
    pub evidence: Evidence,
}

/// A host that only the caller names, probed beside rows that were blocked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ControlHostSeen {
    /// The host.
    pub host: Host,
    /// Its port.
    pub port: u16,
    /// How it was asked.
    pub scheme: Scheme,
    /// The way that it was asked on: that of the rows.
    pub route: Route,
    /// What was seen.
    pub evidence: Evidence,
}

/// A PAC script, fetched or not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ScriptSeen {
    /// Where it is.
    pub url: String,
    /// Whether the network announced it (WPAD) instead of a setting.
    pub discovered: bool,
    /// SHA-256 of its bytes, lower-case hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Addresses that redirects led to, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub redirects: Vec<String>,
    /// How long it took to fetch it.
    pub fetch_ms: f64,
    /// Why it cannot be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<ScriptFailure>,
}
