//! A hostile branch office in network namespaces: client – firewall – internet, with the built
//! program in the client's place. Every file of `scenarios/` says what is switched on, and exactly
//! what has to be said of each host. `docs/accuracy.md` is made from the results:
//!
//!     UPDATE_DOCS=1 cargo test --test branch
//!
//! One scenario alone: `cargo test --test branch -- NAME`. Where the machine allows no namespaces
//! or a tool is not installed, the tests are skipped and say so, unless `REACH365_PARTS` is
//! `required`: then that is a failure.

#![allow(clippy::unwrap_used, reason = "a test may stop at a surprise")]

#[cfg(target_os = "linux")]
mod accuracy;
#[cfg(target_os = "linux")]
mod compare;
#[cfg(target_os = "linux")]
mod internet;
#[cfg(target_os = "linux")]
#[allow(dead_code, reason = "the internet needs a part of the lab")]
#[path = "../it/lab/mod.rs"]
mod lab;
#[cfg(target_os = "linux")]
mod network;
#[cfg(target_os = "linux")]
mod peers;
#[cfg(target_os = "linux")]
mod run;
#[cfg(target_os = "linux")]
mod scenario;

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    run::main()
}

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("skipped: network namespaces are a thing of Linux");
}
