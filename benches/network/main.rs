//! What a run costs, measured on the built program against servers in a process of their own.
//!
//!     cargo bench --bench network
//!
//! It prints ratios to the limits that the project has set itself, and to curl on the same
//! endpoints. It never fails because of a time: machines differ.

mod measure;
mod office;

use std::process::Command;
use std::time::Duration;

use measure::{Usage, median, once};
use office::{Kind, Office};

/// Runs of a measurement that takes milliseconds; the median counts.
const RUNS: usize = 15;
/// Runs of a measurement that takes seconds.
const LONG_RUNS: usize = 5;
const MEBIBYTE: f64 = 1024.0 * 1024.0;

fn main() {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() == Some(office::SERVE) {
        return office::serve(arguments);
    }
    version();
    few();
    many();
    in_flight();
    silent();
}

fn version() {
    title("--version");
    let usage = median(RUNS, || once(reach365().arg("--version")));
    against("wall", milliseconds(usage.wall), 10.0, "ms");
}

fn few() {
    title("20 healthy endpoints on loopback, a run");
    let office = Office::open(Kind::Healthy, 20);
    let ours = median(RUNS, || once(&mut check(&office)));
    against("CPU", milliseconds(ours.cpu), 30.0, "ms");
    against("memory", ours.memory as f64 / MEBIBYTE, 16.0, "MiB");
    beside_curl(&office, ours, RUNS);
}

fn many() {
    const HOSTS: u32 = 2_000;
    title("2,000 healthy endpoints on loopback, a probe");
    let office = Office::open(Kind::Healthy, HOSTS);
    let ours = median(LONG_RUNS, || once(&mut check(&office)));
    against("CPU", milliseconds(ours.cpu / HOSTS), 0.8, "ms");
    println!(
        "  memory of the run: {:.1} MiB",
        ours.memory as f64 / MEBIBYTE
    );
    beside_curl(&office, ours, LONG_RUNS);
}

/// Every probe waits for the first byte of its answer, TLS done, while all the others do too.
fn in_flight() {
    const FEW: u32 = 20;
    const MANY: u32 = 300;
    title("memory of a probe under way");
    let [few, many] = [FEW, MANY].map(|hosts| {
        let office = Office::open(Kind::Late, hosts);
        let usage = median(3, || once(check(&office).args(["--jobs", "400"])));
        usage.memory as f64
    });
    let growth = (many - few) / f64::from(MANY - FEW) / 1024.0;
    against("growth", growth, 64.0, "KiB");
}

fn silent() {
    for hosts in [20, 200] {
        title(&format!("{hosts} endpoints that never answer"));
        let office = Office::open(Kind::Silent, hosts);
        let usage = once(&mut check(&office));
        against("wall", usage.wall.as_secs_f64(), 8.0, "s");
    }
    title("20 endpoints that accept a request and never answer it");
    let office = Office::open(Kind::Mute, 20);
    let usage = once(&mut check(&office));
    against("wall", usage.wall.as_secs_f64(), 14.0, "s");
}

fn beside_curl(office: &Office, ours: Usage, runs: usize) {
    if !once(Command::new("curl").arg("--version")).ran {
        println!("  beside curl: skipped: curl is not installed");
        return;
    }
    let curl = median(runs, || once(&mut office.curl()));
    if !curl.ran {
        println!("  beside curl: skipped: curl --parallel did not get every answer");
        return;
    }
    let ratio = |ours: f64, theirs: f64| ours / theirs;
    println!(
        "  beside curl --parallel, which is told the addresses: CPU × {:.2} ({:.1} ms), memory × {:.2}, wall × {:.2}",
        ratio(ours.cpu.as_secs_f64(), curl.cpu.as_secs_f64()),
        milliseconds(curl.cpu),
        ratio(ours.memory as f64, curl.memory as f64),
        ratio(ours.wall.as_secs_f64(), curl.wall.as_secs_f64()),
    );
}

fn reach365() -> Command {
    Command::new(env!("CARGO_BIN_EXE_reach365"))
}

fn check(office: &Office) -> Command {
    let mut command = reach365();
    command.args(office.check_arguments());
    command
}

fn title(text: &str) {
    println!("{text}");
}

fn against(what: &str, measured: f64, limit: f64, unit: &str) {
    let ratio = measured / limit;
    println!("  {what}: × {ratio:.2} of the limit ({measured:.2} of {limit} {unit})");
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
