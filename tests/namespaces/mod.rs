//! Networks in namespaces, client – firewall – internet, with the built program in the client's
//! place: the harness of `tests/branch` and `tests/healthy`.

mod accuracy;
mod compare;
mod internet;
#[allow(dead_code, reason = "the internet needs a part of the lab")]
#[path = "../it/lab/mod.rs"]
mod lab;
mod network;
mod peers;
mod run;
mod scenario;

use std::process::ExitCode;

/// The scenarios of one test program.
pub(crate) struct Suite {
    /// Where their files are, from the root of the package.
    pub(crate) directory: &'static str,
}

impl Suite {
    /// Runs the scenarios that the command line names, or all.
    pub(crate) fn main(&self) -> ExitCode {
        run::main(self)
    }
}
