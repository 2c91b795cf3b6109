//! PAC scripts: what functions give back, what answers mean, what hostile scripts and servers can
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

use jiff::Zoned;
use jiff::tz::TimeZone;
use reach365_proxy::pac::PacHost;

/// A world in which everything is given.
#[derive(Debug, Clone)]
struct Given {
    dns: HashMap<String, Vec<IpAddr>>,
    own: Vec<IpAddr>,
    now: Zoned,
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

    fn now(&self) -> Zoned {
        self.now.clone()
    }
}

/// A moment whose offset is local time.
fn at(text: &str) -> Zoned {
    let pieces = jiff::fmt::temporal::Pieces::parse(text).unwrap();
    let offset = pieces.to_numeric_offset().unwrap();
    let moment: jiff::Timestamp = text.parse().unwrap();
    moment.to_zoned(TimeZone::fixed(offset))
}
