//! What TLS handshakes showed.

use std::net::SocketAddr;

use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Two ClientHellos that differ in nothing but the name that they ask for. Nobody but the address that
/// had failed is contacted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SniControl {
    /// Where all of them went.
    pub address: SocketAddr,
    /// The other name.
    pub name: String,
    /// The answer to the host's own name.
    pub own: LegacyHello,
    /// The answer to it on another connection, where one was established.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_again: Option<LegacyHello>,
    /// The answer to the other name.
    pub other: LegacyHello,
    /// The answer to it on another connection, where one was established.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other_again: Option<LegacyHello>,
}

/// What a TLS handshake showed, finished or not.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TlsSeen {
    /// Server name that was asked for; absent for addresses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_name: Option<String>,
    /// Cipher suite of a finished handshake.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cipher_suite: Option<String>,
    /// Certificates as the server sent them, its own first, at most 16.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub chain: Vec<Certificate>,
    /// Trust by the public roots.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_roots: Option<Trust>,
    /// Trust by the operating system's roots.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub os_roots: Option<Trust>,
    /// Whether the public roots have one by the name that issued the last certificate of the chain;
    /// recorded where neither store trusts the chain. A name is no signature.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_root_named: Option<bool>,
    /// The same for the operating system's roots.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub os_root_named: Option<bool>,
    /// Whether the certificate names the host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name_matches: Option<bool>,
    /// Whether the server asked for a certificate of the client.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub client_certificate_requested: bool,
    /// Bytes sent before the handshake ended.
    pub bytes_sent: u64,
    /// Bytes received before the handshake ended.
    pub bytes_received: u64,
    /// The first bytes received, as printable text, where they are not TLS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_bytes: Option<String>,
    /// The answer to a hand-made hello with old suites, sent after a refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub legacy_hello: Option<LegacyHello>,
}

/// Answer to a hand-made ClientHello that offers old versions and suites.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LegacyHello {
    /// Version of the ServerHello (0x0301 is TLS 1.0), where one came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u16>,
    /// Cipher suite of the ServerHello.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cipher_suite: Option<u16>,
    /// Number of the alert that came instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert: Option<u8>,
    /// Whether a hello that offers TLS 1.3 got a ServerHello with TLS 1.3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls13: Option<bool>,
}

/// Whether a chain leads to a root of one store, dates and name set aside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Trust {
    /// It does.
    Trusted,
    /// No root of the store issued it.
    UnknownIssuer,
    /// The verifier objects to something else, in its own words.
    Refused(String),
    /// The store is empty or could not be read.
    NoRoots,
}

/// A certificate, as far as it could be read.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Certificate {
    /// Subject in RFC 4514 order.
    pub subject: String,
    /// Issuer in RFC 4514 order.
    pub issuer: String,
    /// DNS names and addresses that it is valid for, at most 50.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// Beginning of its validity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Timestamp>,
    /// End of its validity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_after: Option<Timestamp>,
    /// SHA-256 of the DER form, lower-case hex.
    pub sha256: String,
    /// Whether subject and issuer are the same.
    pub self_issued: bool,
    /// Whether it may issue others.
    pub authority: bool,
    /// Why it could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unreadable: Option<String>,
}
