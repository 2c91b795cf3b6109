//! PAC scripts: what they are given, what they may call, and what their answers mean.
//!
//! The semantics are those of Chromium, whose helpers come from Mozilla's library; where WinHTTP
//! differs in what matters to Office, this module says so. Nothing here waits, reads a clock
//! or sends a packet: [`PacHost`] supplies names, addresses and time, and the caller that runs a
//! script sets the flag that stops it.

#[cfg(feature = "pac")]
mod addresses;
mod answer;
#[cfg(feature = "pac")]
mod calls;
mod circumstances;
mod dialect;
#[cfg(feature = "pac")]
mod engine;
mod failure;
mod lint;
#[cfg(feature = "pac")]
mod names;
#[cfg(feature = "pac")]
mod patterns;
mod request;
#[cfg(feature = "pac")]
mod script;
mod text;
#[cfg(feature = "pac")]
mod times;
mod tokens;
#[cfg(feature = "pac")]
mod value;

use std::net::IpAddr;

pub use answer::{Entry, Ignored, PacAnswer, hops};
pub use circumstances::{Circumstances, Dependence};
pub use failure::{PacFailure, PacFailureKind};
pub use lint::{Remark, RemarkLevel, lint};
pub use request::{ScriptRequest, never_asked};
#[cfg(feature = "pac")]
pub use script::PacScript;
pub use text::{TEXT_LIMIT, decode};

/// Memory that a script may use.
pub const MEMORY_LIMIT: usize = 32 * 1024 * 1024;
/// Stack that a script may use.
pub const STACK_LIMIT: usize = 256 * 1024;
/// Distinct names that a script may ask for in one evaluation.
pub const NAME_LIMIT: usize = 16;
/// Messages that a script may write in one evaluation, and how many of them are kept.
pub const ALERT_LIMIT: usize = 1_000;
/// Messages of one evaluation that are kept.
pub const LOG_LIMIT: usize = 50;
/// Characters of an answer.
pub const ANSWER_LIMIT: usize = 64 * 1024;

/// Functions that every script may call.
pub const FUNCTIONS: [&str; 20] = [
    "alert",
    "convert_addr",
    "dateRange",
    "dnsDomainIs",
    "dnsDomainLevels",
    "dnsResolve",
    "dnsResolveEx",
    "getClientVersion",
    "isInNet",
    "isInNetEx",
    "isPlainHostName",
    "isResolvable",
    "isResolvableEx",
    "localHostOrDomainIs",
    "myIpAddress",
    "myIpAddressEx",
    "shExpMatch",
    "sortIpAddressList",
    "timeRange",
    "weekdayRange",
];

/// What a script learns about the network and the time.
pub trait PacHost {
    /// The addresses of a name, in the order of the answer; empty where there are none.
    fn resolve(&self, name: &str) -> Vec<IpAddr>;
    /// The addresses of this machine, the preferred one first.
    fn own_addresses(&self) -> Vec<IpAddr>;
    /// The time in milliseconds since 1970 began in UTC, as JavaScript counts them.
    fn now_ms(&self) -> i64;
    /// What local time is less UTC at such a time, in seconds.
    fn utc_offset(&self, at_ms: i64) -> i32;
}
