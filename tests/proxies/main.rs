//! Real proxies forward the probes: Debian's `squid-openssl`, `tinyproxy` and `dante-server`,
//! started by the tests on free loopback ports with configuration directories of their own.
//!
//! A program that is not installed is skipped and the test says so, unless `REACH365_PARTS` is
//! `required`: then it fails. `libnss-wrapper` gives the names of the test's network to programs
//! that ask the system's resolver.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may stop at a surprise")]

mod binary;
mod certificate;
mod dante;
mod network;
mod part;
mod squid;
mod tinyproxy;
