//! Runs every scenario, some of them at once, and prints the differences.

use std::cmp::Reverse;
use std::collections::{BTreeMap, VecDeque};
use std::fs::OpenOptions;
use std::process::{Command, ExitCode, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::network::{Branch, Here};
use super::scenario::Scenario;
use super::{PLANTED, Suite, accuracy, compare, internet, peers, stored};

/// Scenarios at once. They wait most of the time.
const AT_ONCE: usize = 4;
/// The same if other programs run too, which need ten seconds to time out.
const AT_ONCE_WITH_PEERS: usize = 6;
/// What the line with a delay is made of.
const TUN: &str = "/dev/net/tun";
const TOOLS: [&str; 13] = [
    "ip",
    "nft",
    "iptables-nft",
    "dnsmasq",
    "nsenter",
    "ss",
    "unshare",
    "python3",
    "squid",
    "nginx",
    "unbound",
    "openssl",
    "faketime",
];

/// How one scenario went.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) differences: Vec<String>,
    /// How often the program ran, and how often without a difference.
    runs: usize,
    exact_runs: usize,
    /// Healthy hosts that were called anything else than reachable.
    pub(crate) false_accusations: usize,
    /// The longest run of the program.
    pub(crate) wall: Duration,
    /// The results of other programs, if the page is written.
    pub(crate) peers: Vec<peers::Asked>,
    /// What the first runs reported.
    pub(crate) reports: Vec<Value>,
}

impl Outcome {
    /// Whether every run had the expected result, as yes or no.
    pub(crate) fn exact(&self) -> &'static str {
        if self.differences.is_empty() {
            "yes"
        } else {
            "no"
        }
    }
}

pub(crate) fn main(suite: &Suite) -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [first, file] = arguments.as_slice()
        && first == internet::SERVE
    {
        internet::serve(file);
        return ExitCode::SUCCESS;
    }
    let further = peers::TOOLS.iter().filter(|_| suite.asks_peers());
    if let Some(missing) = TOOLS.iter().chain(further).find(|tool| !is_installed(tool)) {
        return skipped(&format!("{missing} is not installed"));
    }
    let line = OpenOptions::new().read(true).write(true).open(TUN);
    if line.is_err() {
        return skipped(&format!("{TUN} cannot be opened"));
    }
    match Here::find() {
        Here::Allowed => run(suite, &arguments),
        Here::InUserNamespace => Here::again(&arguments),
        Here::Forbidden => skipped("this machine allows no network namespaces"),
    }
}

fn is_installed(tool: &str) -> bool {
    let asked = Command::new("sh")
        .args(["-c", "PATH=$PATH:/usr/sbin:/sbin command -v \"$0\"", tool])
        .stdout(Stdio::null())
        .status();
    asked.is_ok_and(|status| status.success())
}

fn skipped(why: &str) -> ExitCode {
    println!("skipped: {why}");
    let required = std::env::var("REACH365_PARTS").is_ok_and(|value| value == "required");
    if required {
        println!("REACH365_PARTS=required: that is a failure");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn run(suite: &Suite, arguments: &[String]) -> ExitCode {
    let wanted: Vec<&String> = arguments
        .iter()
        .filter(|one| !one.starts_with('-'))
        .collect();
    let (alone, planted) = (suite.alone(), suite.planted(!wanted.is_empty()));
    let chosen = alone
        .iter()
        .chain(&planted)
        .filter(|(name, _)| wanted.is_empty() || wanted.iter().any(|part| is_named(name, part)));
    let mut chosen: Vec<_> = chosen.collect();
    // The longest begin first, so that the run does not end with a wait for them.
    chosen.sort_by_key(|(_, scenario)| Reverse(scenario.runs));
    let outcomes = side_by_side(suite, chosen.into());
    report(suite, &outcomes);
    if stored::are_wanted() && wanted.is_empty() {
        stored::write(suite, &outcomes);
    }
    let exact = outcomes
        .values()
        .all(|outcome| outcome.differences.is_empty());
    let documented = !wanted.is_empty() || accuracy::agrees(suite, &alone, &outcomes);
    if exact && documented {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Planted faults are meant where the part has their sign in it.
fn is_named(scenario: &str, part: &str) -> bool {
    let is_planted = scenario.contains(PLANTED);
    scenario.contains(part) && is_planted == part.contains(PLANTED)
}

fn side_by_side(
    suite: &Suite,
    chosen: VecDeque<(&String, &Scenario)>,
) -> BTreeMap<String, Outcome> {
    let (queue, outcomes) = (Mutex::new(chosen), Mutex::new(BTreeMap::new()));
    let next = || queue.lock().unwrap().pop_front();
    let work = || {
        while let Some((name, scenario)) = next() {
            let outcome =
                std::panic::catch_unwind(|| one(suite, scenario)).unwrap_or_else(|_| Outcome {
                    differences: vec!["the test itself failed, see above".to_owned()],
                    ..Outcome::default()
                });
            println!(
                "{} {name} ({:.1} s)",
                word(&outcome),
                outcome.wall.as_secs_f64()
            );
            outcomes.lock().unwrap().insert(name.clone(), outcome);
        }
    };
    let at_once = if suite.asks_peers() {
        AT_ONCE_WITH_PEERS
    } else {
        AT_ONCE
    };
    std::thread::scope(|scope| {
        for _ in 0..at_once {
            scope.spawn(work);
        }
    });
    outcomes.into_inner().unwrap()
}

fn one(suite: &Suite, scenario: &Scenario) -> Outcome {
    let branch = Branch::open(scenario);
    let mut outcome = Outcome::default();
    for _ in 0..scenario.runs {
        let begin = Instant::now();
        let checked = branch.check(suite.program, scenario);
        outcome.runs += 1;
        outcome.wall = outcome.wall.max(begin.elapsed());
        match checked {
            Ok(checked) => {
                let report = &checked.report;
                let differences = compare::differences(scenario, &checked);
                outcome.exact_runs += usize::from(differences.is_empty());
                outcome.differences.extend(differences);
                outcome.false_accusations += compare::false_accusations(scenario, report);
                if suite.asks_peers() {
                    outcome.peers.extend(peers::ask(&branch, scenario, report));
                }
                if outcome.reports.len() < stored::PER_SCENARIO {
                    outcome.reports.push(checked.report);
                }
            }
            Err(said) => outcome.differences.push(said),
        }
    }
    outcome
}

fn word(outcome: &Outcome) -> &'static str {
    if outcome.differences.is_empty() {
        "exact"
    } else {
        "DIFFERENT"
    }
}

fn report(suite: &Suite, outcomes: &BTreeMap<String, Outcome>) {
    for (name, outcome) in outcomes {
        for difference in &outcome.differences {
            println!("\n  {name}\n    {difference}");
        }
    }
    println!();
    let part = |is_planted: bool, what: &str| {
        let part = outcomes.iter();
        let part = part.filter(|(name, _)| name.contains(PLANTED) == is_planted);
        let (exact, all) = part.fold((0, 0), |(exact, all), (_, outcome)| {
            (exact + usize::from(outcome.differences.is_empty()), all + 1)
        });
        if all > 0 {
            println!("{}: {exact} of {all} {what} exact", suite.name);
        }
    };
    part(false, "scenarios");
    part(true, "planted faults");
    let repeated = outcomes.values().filter(|outcome| outcome.runs > 1);
    let (exact, all) = repeated.fold((0, 0), |(exact, all), outcome| {
        (exact + outcome.exact_runs, all + outcome.runs)
    });
    if all > 0 {
        println!("{}: {exact} of {all} repeated runs exact", suite.name);
    }
    let accused: usize = outcomes.values().map(|one| one.false_accusations).sum();
    println!("{}: {accused} false accusations", suite.name);
}
