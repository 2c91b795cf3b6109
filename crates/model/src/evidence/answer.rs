//! The answer to an HTTP request.

use std::collections::BTreeMap;

use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::evidence::CredentialsWithheld;

/// What an HTTP exchange showed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HttpSeen {
    /// Status code.
    pub status: u16,
    /// Headers that help to judge, lower-case names; foreign text, printable.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Time from the request to the response head.
    pub first_byte_ms: f64,
    /// How much of it passed while the proxy answered other requests of this run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queued_ms: Option<f64>,
    /// Length of the body as announced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub announced_length: Option<u64>,
    /// Bytes of the body that were read.
    pub body_bytes: u64,
    /// Whether the body was read to its end.
    pub body_complete: bool,
    /// Beginning of a text body, at most 2,048 characters; foreign text, printable.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub body_text: String,
    /// Title of an HTML page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What an HTML page asks of its reader.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub asks: Vec<PageAsks>,
    /// Host that a refresh or a script of an HTML page leads to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leads_to: Option<String>,
    /// The body read as a revocation list, where one is expected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crl: Option<CrlSeen>,
    /// Keys of the top-level JSON object, at most 50.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub json_keys: Vec<String>,
    /// Why a strict parser rejects the answer, which has a status line all the same; its body was
    /// not read further than it came with the head.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub irregular: Option<String>,
    /// Whether credentials for a proxy went with the request.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub proxy_credentials_sent: bool,
    /// Why credentials for a proxy were not sent, where there are some.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy_credentials_withheld: Option<CredentialsWithheld>,
    /// This machine's clock when the response head arrived.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub received: Option<Timestamp>,
}

/// What an HTML page asks of its reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum PageAsks {
    /// It has a form.
    Form,
    /// It has a field for a password.
    Password,
}

/// A body read as a certificate revocation list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CrlSeen {
    /// Whether it reads as a revocation list, or begins like one that is longer than what was read.
    pub valid: bool,
    /// Issuer of the list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// When the next list is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_update: Option<Timestamp>,
}
