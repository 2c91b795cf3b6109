//! A hostile branch office in network namespaces: client – firewall – internet, with the built
//! program in the client's place. Every file of `scenarios/` says what is switched on, and exactly
//! the required result for each host. `docs/accuracy.md` is made from the results:
//!
//!     UPDATE_DOCS=1 cargo test --test branch
//!
//! One scenario alone: `cargo test --test branch -- NAME`. Where the machine allows no namespaces
//! or a tool is not installed, the tests are skipped and say so, unless `REACH365_PARTS` is
//! `required`: then that is a failure.

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    let suite = reach365_testlab::namespaces::Suite {
        name: "branch",
        program: env!("CARGO_BIN_EXE_reach365"),
        root: env!("CARGO_MANIFEST_DIR"),
        directory: "tests/branch/scenarios",
        faults: None,
        exit: None,
    };
    suite.main()
}

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("skipped: network namespaces are a thing of Linux");
}
