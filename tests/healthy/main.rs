//! Healthy networks that look unusual, and networks where nothing can be seen. Every file of
//! `networks/` is one, with the expected results; where it states none, every endpoint is
//! reachable, the exit code is 0 and no party is named. A network may name files of `faults/`: each
//! of them is applied there alone, and must be found as exactly as anywhere else.
//!
//! One network alone: `cargo test --test healthy -- NAME`; its faults: `NAME+`, and all faults: `+`.
//! Of the faults and of repeated runs a tenth is tried; all with `REACH365_NIGHTLY` set, as
//! `tests/nightly.sh` does.

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    let suite = reach365_testlab::namespaces::Suite {
        name: "healthy",
        program: env!("CARGO_BIN_EXE_reach365"),
        root: env!("CARGO_MANIFEST_DIR"),
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
