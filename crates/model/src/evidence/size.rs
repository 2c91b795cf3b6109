//! What the length of answers and of packets changes.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

/// One question on several connections that differ in how long an answer, or its packets, can be.
/// Only the address that had been silent is contacted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SizeControl {
    /// Where all of them went.
    pub address: SocketAddr,
    /// Whether the question was answered on an ordinary connection; absent where none was established.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ordinary: Option<bool>,
    /// Bytes that a segment could hold at most on the connection with short segments.
    pub segment_limit: u16,
    /// Whether the question was answered on that connection; absent where the system does not let a
    /// program limit segments, or where no connection was established.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub short_segments: Option<bool>,
    /// Whether a question was answered whose answer is short: a ClientHello that can only be
    /// refused, an HTTP request for the head alone.
    pub short_answer: bool,
}
