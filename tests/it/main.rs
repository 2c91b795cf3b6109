//! Integration tests: the real checker against a network inside the process.

#![allow(
    clippy::unwrap_used,
    reason = "what cannot go on is a failed test; the attribute for tests does not reach their helpers"
)]

mod network;
mod service;
mod wire;
