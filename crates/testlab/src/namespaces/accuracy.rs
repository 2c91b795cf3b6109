//! `docs/accuracy.md`: what the scenarios are and how they went.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use super::peers::{Asked, Condition, Said};
use super::run::Outcome;
use super::scenario::Scenario;
use super::{PLANTED, Suite};

const PAGE: &str = "docs/accuracy.md";

const HEAD: &str = "# Accuracy

Every row is a network in Linux namespaces, client – firewall – internet, with real packet filters,
resolvers and servers, 5 ms between firewall and internet, and the built program in the client's
place. A row is exact when the code, the stage, the culprit and its address are right for every
afflicted host, the findings of the run are right, and every other host is called reachable.
`UPDATE_DOCS=1 cargo test --test branch` writes this page from the files of
`tests/branch/scenarios`.

The columns `curl` and `blackbox` are what others say in the same place after each run, with the
same resolver, roots and proxy, about one host of each verdict: `curl --fail --location` with its
exit code, and `probe_success` of the HTTP module of Prometheus' blackbox exporter, both with ten
seconds. They name errors, not causes, and are not told what else a list of endpoints asks for:
content, or no inspection. What they say of a healthy host stands there only where no host is
afflicted, or where they call it broken. The exporter takes no clock but the system's.

| scenario | what happens | what must be said | exact | wall time | curl | blackbox |
|---|---|---|---|---|---|---|
";

/// Begins the part of the healthy networks, which ends the page.
const HEALTHY: &str = "
## Healthy networks

Every row is a network that looks unusual and is well, or one where nothing can be seen: from the
files of `tests/healthy/networks`, in the same namespaces. A row is exact when every endpoint is
called reachable and nobody is named; where the third column says something else, when that is said.
Each network is the background of planted faults too, one at a time, and the fifth column says how
many of them were found as exactly as in the table above. This part of the page is written by
`UPDATE_DOCS=1 REACH365_NIGHTLY=1 cargo test --test healthy`.

| network | what is unusual | what must be said | exact | planted faults found | wall time |
|---|---|---|---|---|---|
";

/// Whether the page is written.
pub(crate) fn is_written() -> bool {
    std::env::var_os("UPDATE_DOCS").is_some()
}

/// Writes the suite's part of the page if requested; otherwise returns whether it has these
/// scenarios.
pub(crate) fn agrees(
    suite: &Suite,
    all: &BTreeMap<String, Scenario>,
    outcomes: &BTreeMap<String, Outcome>,
) -> bool {
    let file = suite.path(PAGE);
    let text = fs::read_to_string(&file).unwrap_or_default();
    let (hostile, healthy) = text.split_at(text.find(HEALTHY).unwrap_or(text.len()));
    let is_healthy = suite.faults.is_some();
    if is_written() {
        let page = if is_healthy {
            hostile.to_owned() + &healthy_part(all, outcomes)
        } else {
            page(all, outcomes) + healthy
        };
        fs::write(file, page).unwrap();
        return true;
    }
    let part = if is_healthy { healthy } else { hostile };
    let rows = part
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let same = rows.eq(all.keys().map(String::as_str));
    if !same {
        let name = suite.name;
        println!("{PAGE} lists other scenarios: UPDATE_DOCS=1 cargo test --test {name}");
    }
    same
}

fn page(all: &BTreeMap<String, Scenario>, outcomes: &BTreeMap<String, Outcome>) -> String {
    let mut page = HEAD.to_owned();
    for (name, scenario) in all {
        let outcome = &outcomes[name];
        let (about, said, exact) = (about(scenario), said(scenario), outcome.exact());
        let wall = outcome.wall.as_secs_f64();
        let curl = column(&outcome.peers, |asked| Some(&asked.curl));
        let blackbox = column(&outcome.peers, |asked| asked.blackbox.as_ref());
        writeln!(
            page,
            "| `{name}` | {about} | {said} | {exact} | {wall:.1} s | {curl} | {blackbox} |"
        )
        .unwrap();
    }
    page + &totals(outcomes) + &comparison(outcomes)
}

fn healthy_part(all: &BTreeMap<String, Scenario>, outcomes: &BTreeMap<String, Outcome>) -> String {
    let mut part = HEALTHY.to_owned();
    for (name, scenario) in all {
        let outcome = &outcomes[name];
        let (about, said, exact) = (about(scenario), said(scenario), outcome.exact());
        let wall = outcome.wall.as_secs_f64();
        let found = found(outcomes, &format!("{name}{PLANTED}"));
        writeln!(
            part,
            "| `{name}` | {about} | {said} | {exact} | {found} | {wall:.1} s |"
        )
        .unwrap();
    }
    let alone = all.keys().map(|name| &outcomes[name]);
    let exact = alone.filter(|one| one.differences.is_empty()).count();
    let accused: usize = outcomes.values().map(|one| one.false_accusations).sum();
    let found = found(outcomes, &PLANTED.to_string());
    write!(
        part,
        "\nExact: {exact} of {}. False accusations: {accused}. Planted faults found: {found}.\n",
        all.len()
    )
    .unwrap();
    part
}

/// How many faults were found exactly, of those in scenarios with this in their names.
fn found(outcomes: &BTreeMap<String, Outcome>, part: &str) -> String {
    let mut share = Share::default();
    for (_, outcome) in outcomes.iter().filter(|(name, _)| name.contains(part)) {
        share.count(outcome.differences.is_empty());
    }
    match share {
        Share(_, 0) => "none planted".to_owned(),
        Share(some, all) => format!("{some} of {all}"),
    }
}

fn about(scenario: &Scenario) -> String {
    let about = &scenario.about;
    match scenario.runs {
        1 => about.clone(),
        runs => format!("{about} {runs} runs."),
    }
}

/// The result of another program for the afflicted hosts, or for a healthy one if that matters.
fn column<'a>(peers: &'a [Asked], of: impl Fn(&'a Asked) -> Option<&'a Said>) -> String {
    let mut cell: Vec<(String, usize)> = Vec::new();
    let is_well = |asked: &Asked| asked.condition == Condition::Healthy;
    let all_well = peers.iter().all(is_well);
    for asked in peers {
        let Some(said) = of(asked) else {
            return "not asked".to_owned();
        };
        if is_well(asked) && !all_well && !said.noticed {
            continue;
        }
        let whose = if is_well(asked) && !all_well {
            "healthy host: "
        } else {
            ""
        };
        let words = format!("{whose}`{}`", said.words);
        match cell.iter_mut().find(|(other, _)| *other == words) {
            Some((_, times)) => *times += 1,
            None => cell.push((words, 1)),
        }
    }
    let cell = cell.into_iter().map(|(words, times)| match times {
        1 => words,
        _ => format!("{words} ({times} times)"),
    });
    cell.collect::<Vec<_>>().join("; ")
}

/// The expected result for the afflicted hosts.
fn said(scenario: &Scenario) -> String {
    let mut said: Vec<String> = Vec::new();
    for (_, expected) in scenario.expected() {
        let Some(code) = &expected.code else {
            if expected.outcome != "reachable" && !said.contains(&expected.outcome) {
                said.push(expected.outcome.clone());
            }
            continue;
        };
        let address = expected.address.map(|address| format!(" {address}"));
        let who = expected.who.as_deref().unwrap_or("nobody");
        let words = format!("`{code}` by {who}{}", address.unwrap_or_default());
        if !said.contains(&words) {
            said.push(words);
        }
    }
    let findings = scenario.findings.iter().map(|code| format!("run: {code}"));
    said.extend(findings);
    if said.is_empty() {
        return "nothing: all reachable".to_owned();
    }
    said.join(", ")
}

fn totals(outcomes: &BTreeMap<String, Outcome>) -> String {
    let exact = outcomes
        .values()
        .filter(|one| one.differences.is_empty())
        .count();
    let accused: usize = outcomes.values().map(|one| one.false_accusations).sum();
    let longest = outcomes
        .values()
        .map(|one| one.wall)
        .max()
        .unwrap_or_default();
    format!(
        "\nExact: {exact} of {}. False accusations: {accused}. Longest run: {:.1} s.\n",
        outcomes.len(),
        longest.as_secs_f64()
    )
}

const COMPARISON: &str = "
## Beside other programs

Only whether a failure was noticed counts here, whatever was said of its cause; of the hosts that
were asked about. A degraded host answers, late or not in every way, so that a program which is
content with an answer has nothing to notice.

| program | scenarios with an afflicted host in which it noticed one | broken hosts called OK | degraded hosts called OK | healthy hosts called broken |
|---|---|---|---|---|
";

fn comparison(outcomes: &BTreeMap<String, Outcome>) -> String {
    let curl = |asked: &Asked| Some(asked.curl.noticed);
    let blackbox = |asked: &Asked| asked.blackbox.as_ref().map(|said| said.noticed);
    let rows = [
        Tally::from_outcomes(outcomes, |asked| Some(asked.noticed)).row("reach365"),
        Tally::from_outcomes(outcomes, curl).row("curl"),
        Tally::from_outcomes(outcomes, blackbox).row("blackbox"),
    ];
    COMPARISON.to_owned() + &rows.concat()
}

/// So many of so many.
#[derive(Default)]
struct Share(usize, usize);

impl Share {
    fn count(&mut self, is_one: bool) {
        self.0 += usize::from(is_one);
        self.1 += 1;
    }
}

/// What one program noticed.
#[derive(Default)]
struct Tally {
    scenarios: Share,
    broken_called_ok: Share,
    degraded_called_ok: Share,
    healthy_called_broken: Share,
}

impl Tally {
    fn from_outcomes(
        outcomes: &BTreeMap<String, Outcome>,
        noticed: impl Fn(&Asked) -> Option<bool>,
    ) -> Self {
        let mut tally = Self::default();
        for outcome in outcomes.values() {
            let asked = outcome.peers.iter();
            let asked: Vec<(Condition, bool)> = asked
                .filter_map(|asked| Some((asked.condition, noticed(asked)?)))
                .collect();
            tally.count(&asked);
        }
        tally
    }

    fn count(&mut self, asked: &[(Condition, bool)]) {
        for (condition, noticed) in asked {
            match condition {
                Condition::Healthy => self.healthy_called_broken.count(*noticed),
                Condition::Degraded => self.degraded_called_ok.count(!noticed),
                Condition::Broken => self.broken_called_ok.count(!noticed),
            }
        }
        let mut afflicted = asked
            .iter()
            .filter(|(condition, _)| *condition != Condition::Healthy)
            .peekable();
        if afflicted.peek().is_some() {
            self.scenarios.count(afflicted.any(|(_, noticed)| *noticed));
        }
    }

    fn row(&self, name: &str) -> String {
        let shares = [
            &self.scenarios,
            &self.broken_called_ok,
            &self.degraded_called_ok,
            &self.healthy_called_broken,
        ];
        let cells = shares.map(|Share(some, all)| format!("{some} of {all}"));
        format!("| {name} | {} |\n", cells.join(" | "))
    }
}
