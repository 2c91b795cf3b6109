//! Checks the activation endpoints, or the hosts given as arguments, from a program of one's own.
//!
//!     cargo run --example embed
//!     cargo run --example embed -- login.microsoftonline.com ols.officeapps.live.com

use std::time::Duration;

use reach365::{Checker, Error, Plan, Selection};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let hosts: Vec<String> = std::env::args().skip(1).collect();
    let plan = if hosts.is_empty() {
        Plan::group(reach365::builtin(), "activation")?
    } else {
        let mut selection = Selection::default();
        selection.hosts = hosts;
        Plan::select(reach365::builtin(), &selection)?
    };

    let checker = Checker::builder().timeout(Duration::from_secs(5)).build()?;
    let report = checker.run(&plan).await;

    for blocked in report.blocked() {
        println!("{} {} {}", blocked.endpoint, blocked.code, blocked.summary);
    }
    println!(
        "{} reachable, {} degraded, {} blocked, {} inconclusive",
        report.summary.reachable,
        report.summary.degraded,
        report.summary.blocked,
        report.summary.inconclusive
    );
    Ok(())
}
