//! PAC scripts: what functions return, what answers mean, what hostile scripts and servers can
//! do, and the commands.

#![cfg(feature = "pac")]
#![allow(clippy::unwrap_used, reason = "a test may stop at a surprise")]

mod changing;
mod commands;
mod hostile;
mod loading;
mod running;
mod tables;

use std::collections::HashMap;
use std::net::IpAddr;

use reach365_model::time::LocalTime;
use reach365_proxy::pac::PacHost;

/// A world in which everything is given.
#[derive(Debug, Clone)]
struct Given {
    dns: HashMap<String, Vec<IpAddr>>,
    own: Vec<IpAddr>,
    now: LocalTime,
}

impl Default for Given {
    fn default() -> Self {
        Self {
            dns: HashMap::new(),
            own: Vec::new(),
            now: at("2026-01-15T12:00:00Z"),
        }
    }
}

impl PacHost for Given {
    fn resolve(&self, name: &str) -> Vec<IpAddr> {
        self.dns.get(name).cloned().unwrap_or_default()
    }

    fn own_addresses(&self) -> Vec<IpAddr> {
        self.own.clone()
    }

    fn now_ms(&self) -> i64 {
        self.now.moment.as_millisecond()
    }

    fn utc_offset(&self, _: i64) -> i32 {
        self.now.utc_offset
    }
}

/// A moment whose offset is local time.
fn at(text: &str) -> LocalTime {
    text.parse().unwrap()
}
