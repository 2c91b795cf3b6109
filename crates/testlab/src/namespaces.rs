//! Networks in namespaces, client – firewall – internet, with the built program in the client's
//! place: the harness of `tests/branch` and `tests/healthy`.

mod accuracy;
mod compare;
mod internet;
mod network;
mod peers;
mod planted;
mod run;
mod scenario;
mod stored;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use scenario::Scenario;

/// Set where everything runs; else a tenth of what is repeated or combined.
const NIGHTLY: &str = "REACH365_NIGHTLY";

/// Separates a network from the fault that is planted in it.
const PLANTED: char = '+';

/// The scenarios of one test program.
pub struct Suite {
    /// The directory that the other paths are relative to.
    pub name: &'static str,
    /// The program under test.
    pub program: &'static str,
    /// The directory of the faults that are planted in them.
    pub root: &'static str,
    /// Where their files are.
    pub directory: &'static str,
    /// Where the faults are that are planted in them.
    pub faults: Option<&'static str>,
    /// The exit code where a file names none; then it is not compared where this is absent.
    pub exit: Option<i32>,
}

impl Suite {
    /// Runs the scenarios that the command line names, or all.
    pub fn main(&self) -> ExitCode {
        run::main(self)
    }

    /// A file or directory below the root.
    fn path(&self, inside: &str) -> PathBuf {
        Path::new(self.root).join(inside)
    }

    /// Whether other programs run too: for faults, while the page is written.
    fn asks_peers(&self) -> bool {
        self.faults.is_none() && accuracy::is_written()
    }

    /// What one file describes.
    fn alone(&self) -> BTreeMap<String, Scenario> {
        let mut all = Scenario::all(&self.path(self.directory));
        for scenario in all.values_mut() {
            scenario.exit = scenario.exit.or(self.exit);
            if self.faults.is_some() && !is_nightly() {
                scenario.runs = scenario.runs.div_ceil(10);
            }
        }
        all
    }

    /// Networks with a planted fault; about a tenth unless every one is wanted.
    fn planted(&self, every_one: bool) -> BTreeMap<String, Scenario> {
        let Some(faults) = self.faults else {
            return BTreeMap::new();
        };
        let planted = planted::all(&self.path(self.directory), &self.path(faults)).into_iter();
        if every_one || is_nightly() {
            return planted.collect();
        }
        // Five faults each: this step takes another one of them in every network.
        planted.step_by(9).collect()
    }
}

fn is_nightly() -> bool {
    std::env::var_os(NIGHTLY).is_some()
}
