//! What a trace saw: how far packets of a connection come, hop by hop.

use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

use super::{Failure, IcmpSeen};

/// A trace to one address: packets whose life ends one hop further each time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Trace {
    /// Where to.
    pub address: SocketAddr,
    /// How long it took.
    pub elapsed_ms: f64,
    /// What came of connection requests, by the number of hops that they were allowed.
    pub route: Vec<TraceHop>,
    /// The same on another port of the address; looked at where the first ends in silence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other_port: Option<OtherPort>,
    /// What came of ClientHellos with the name of the host, on connections that were open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hello: Option<HelloTrace>,
    /// The same with a neutral name, to the same address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub control_hello: Option<HelloTrace>,
}

/// Connection requests to another port of the same address.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OtherPort {
    /// The port.
    pub port: u16,
    /// What came of them.
    pub route: Vec<TraceHop>,
}

/// What came of a connection request that was allowed so many hops.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TraceHop {
    /// The hops that it was allowed.
    pub ttl: u8,
    /// What came back.
    pub answer: HopAnswer,
    /// Round trip of the first packet; absent where only a later one was answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rtt_ms: Option<f64>,
    /// The ICMP message, where one came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icmp: Option<IcmpSeen>,
    /// Why nothing could be sent, or what else the system said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
}

impl TraceHop {
    /// The device that sent the ICMP message.
    pub fn from(&self) -> Option<IpAddr> {
        self.icmp.as_ref()?.from
    }
}

/// What came back for a connection request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum HopAnswer {
    /// A device on the path says that the hops are used up.
    Expired,
    /// A device says by ICMP that it goes no further, for another reason.
    Rejected,
    /// The connection was established.
    Connected,
    /// A reset in the name of the address.
    Refused,
    /// Nothing.
    Silent,
    /// The system of this machine would not; `failure` has its words.
    Failed,
}

/// What came of ClientHellos with one name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HelloTrace {
    /// The name in them.
    pub name: String,
    /// By the hops that they were allowed; each on a connection of its own.
    pub steps: Vec<HelloStep>,
}

/// What came of a ClientHello that was allowed so many hops.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HelloStep {
    /// The hops that it was allowed.
    pub ttl: u8,
    /// What came back.
    pub answer: HelloAnswer,
}

/// What came back for a ClientHello.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum HelloAnswer {
    /// A device on the path says that the hops are used up.
    Expired,
    /// A handshake message: a ServerHello.
    ServerHello,
    /// A TLS alert.
    Alert,
    /// Other bytes.
    Other,
    /// A reset.
    Reset,
    /// An orderly close.
    Closed,
    /// Nothing.
    Silent,
    /// The connection for it was not established.
    NotConnected,
}
