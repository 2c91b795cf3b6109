//! The rules of judgment on synthetic evidence: every code, and who must not be accused.

#![expect(clippy::unwrap_used, reason = "a test may panic, also in its builders")]

mod bench;
mod cases;
mod contract;
mod control_host;
mod dead_server;
mod follow_ups;
mod hop;
mod issuers;
mod known_names;
mod msoid;
mod must_be_closed;
mod never_blamed;
mod path;
mod portal;
mod products;
mod refusing_proxy;
mod reports;
mod run_wide;
mod uncontrolled;
