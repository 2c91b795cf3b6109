//! Healthy networks that look unusual, and networks where nothing can be seen. Every file of
//! `networks/` is one, with what has to be said in it; where it says nothing, every endpoint is
//! reachable, the exit code is 0 and nobody is named. A network may name files of `faults/`: each
//! of them is planted there alone, and has to be found as exactly as anywhere else.
//!
//! One network alone: `cargo test --test healthy -- NAME`; its faults: `NAME+`, and all faults: `+`.
//! Of the faults and of repeated runs a tenth is tried; all with `REACH365_NIGHTLY` set, as
//! `tests/nightly.sh` does.

#![allow(clippy::unwrap_used, reason = "a test may stop at a surprise")]

#[cfg(target_os = "linux")]
#[path = "../namespaces/mod.rs"]
mod namespaces;

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    let suite = namespaces::Suite {
        name: "healthy",
        directory: "tests/healthy/networks",
        faults: Some("tests/healthy/faults"),
        exit: Some(0),
    };
    suite.main()
}

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("skipped: network namespaces are a thing of Linux");
}
