//! What other programs report in the same place: `curl` and Prometheus' blackbox exporter, with the
//! same resolver, roots, proxy and, if a program supports it, clock. Only the page needs them.

use std::process::Command;
use std::thread;

use serde_json::Value;

use super::compare;
use super::network::{Branch, OS_ROOTS, Running, path};
use super::scenario::{Expected, Host, Scenario};

/// The programs that must be installed for that.
pub(crate) const TOOLS: [&str; 2] = ["curl", BLACKBOX];
const BLACKBOX: &str = "prometheus-blackbox-exporter";
/// Where the exporter listens, in the client's namespace.
const LISTENS: &str = "127.0.0.1:9115";
const LIMIT_S: u32 = 10;
/// Characters of untrusted text that fit into a cell of the page.
const WIDTH: usize = 90;
/// Runs a program that reads another file as `/etc/resolv.conf`.
const WITH_RESOLVER: &str = "mount --bind \"$0\" /etc/resolv.conf; exec \"$@\"";

/// The results for one host.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) condition: Condition,
    /// Whether the program under test found a fault with it in the run before.
    pub(crate) noticed: bool,
    pub(crate) curl: Said,
    /// Nothing if the clock is changed: the exporter takes the time from the system.
    pub(crate) blackbox: Option<Said>,
}

/// The state of the host according to the scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Condition {
    Healthy,
    /// Works, and not as it should.
    Degraded,
    Broken,
}

/// The result of one program.
#[derive(Debug)]
pub(crate) struct Said {
    /// Fit for a code span in a table.
    pub(crate) words: String,
    /// Whether it called the attempt a failure.
    pub(crate) noticed: bool,
}

/// Tests one host of each verdict, and a healthy one.
pub(crate) fn ask(branch: &Branch, scenario: &Scenario, report: &Value) -> Vec<Asked> {
    let resolver = format!("nameserver {}\n", scenario.ask);
    std::fs::write(branch.directory.file("resolv.conf"), resolver).unwrap();
    let exporter = scenario
        .clock
        .is_none()
        .then(|| start_exporter(branch, scenario));
    let has_exporter = exporter.is_some();
    let asked = |host| {
        move || Asked {
            condition: condition(host),
            noticed: compare::is_noticed(scenario, host, report),
            curl: curl(branch, scenario, &host.url()),
            blackbox: has_exporter.then(|| blackbox(branch, &host.url())),
        }
    };
    thread::scope(|scope| {
        let threads: Vec<_> = chosen(scenario)
            .into_iter()
            .map(|host| scope.spawn(asked(host)))
            .collect();
        let answers = threads.into_iter().map(|thread| thread.join().unwrap());
        answers.collect()
    })
}

/// The first host of each verdict, afflicted ones first.
fn chosen(scenario: &Scenario) -> Vec<&Host> {
    let mut chosen: Vec<&Host> = Vec::new();
    for host in scenario.host.iter().filter(|host| !host.unlisted) {
        if !chosen.iter().any(|other| other.result == host.result) {
            chosen.push(host);
        }
    }
    chosen.sort_by_key(|host| host.result == Expected::default());
    chosen
}

fn condition(host: &Host) -> Condition {
    match host.result.outcome.as_str() {
        "reachable" => Condition::Healthy,
        "degraded" => Condition::Degraded,
        _ => Condition::Broken,
    }
}

/// A program in the client's place, with the client's resolver and nothing of this environment.
fn program(branch: &Branch, words: &[&str]) -> Command {
    let mut command = branch.client.command("unshare");
    command.env_clear().env("PATH", path());
    command
        .args([
            "--mount",
            "--propagation",
            "private",
            "sh",
            "-ec",
            WITH_RESOLVER,
        ])
        .arg(branch.directory.file("resolv.conf"))
        .args(words);
    command
}

fn curl(branch: &Branch, scenario: &Scenario, url: &str) -> Said {
    let (roots, limit) = (os_roots(branch), LIMIT_S.to_string());
    let proxy = proxy(scenario);
    let mut words = Vec::new();
    if let Some(clock) = &scenario.clock {
        words.extend(["faketime", "-f", clock]);
    }
    // As the exporter does: other hosts are followed to, and an HTTP error is a failure.
    words.extend("curl -q -sS --fail --location --output /dev/null".split(' '));
    words.extend(["--max-time", &limit, "--cacert", &roots]);
    words.extend(["--write-out", "%{http_code}"]);
    match &proxy {
        Some(proxy) => words.extend(["--proxy", proxy]),
        None => words.extend(["--noproxy", "*"]),
    }
    words.push(url);
    let output = program(branch, &words).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    of_curl(
        output.status.code(),
        &String::from_utf8_lossy(&output.stdout),
        &error,
    )
}

fn of_curl(code: Option<i32>, status: &str, error: &str) -> Said {
    if code == Some(0) {
        return Said::new(&format!("curl 0: {status}"), false);
    }
    let code = code.map_or("killed".to_owned(), |code| code.to_string());
    // Advice may follow.
    let line = error
        .lines()
        .find(|line| line.starts_with("curl: "))
        .unwrap_or(error);
    let reason = line.split_once(") ").map_or(line, |(_, reason)| reason);
    Said::new(&format!("curl {code}: {}", without_chance(reason)), true)
}

fn start_exporter(branch: &Branch, scenario: &Scenario) -> Running {
    let file = branch.directory.file("blackbox.yml");
    std::fs::write(&file, module(branch, scenario)).unwrap();
    let run = format!(
        "echo; exec {BLACKBOX} --config.file={} --web.listen-address={LISTENS} >&2 2>/dev/null",
        file.display()
    );
    let (exporter, _) = Running::start(&mut program(branch, &["sh", "-ec", &run]));
    branch.client.shell(&format!(
        "for wait in $(seq 200); do ss -Hltn src {LISTENS} | grep -q . && exit; sleep 0.05; done; exit 1"
    ));
    exporter
}

/// The exporter's configuration: its HTTP module with the roots and the proxy of the scenario.
fn module(branch: &Branch, scenario: &Scenario) -> String {
    let roots = os_roots(branch);
    // The proxy is to see the name, as with every other client.
    let proxy = proxy(scenario).map(|proxy| {
        format!("      proxy_url: {proxy}\n      skip_resolve_phase_with_proxy: true\n")
    });
    format!(
        "modules:\n  plain:\n    prober: http\n    timeout: {LIMIT_S}s\n    http:\n      \
         tls_config:\n        ca_file: {roots}\n{}",
        proxy.unwrap_or_default()
    )
}

fn blackbox(branch: &Branch, url: &str) -> Said {
    let (question, target) = (format!("http://{LISTENS}/probe"), format!("target={url}"));
    let mut words: Vec<&str> = "curl -q -sS --noproxy * --max-time 30 --get"
        .split(' ')
        .collect();
    words.extend(["--data", "module=plain", "--data", "debug=true"]);
    words.extend(["--data-urlencode", &target, &question]);
    let output = program(branch, &words).output().unwrap();
    assert!(
        output.status.success(),
        "the exporter did not answer: {output:?}"
    );
    of_blackbox(&String::from_utf8_lossy(&output.stdout))
}

/// Reads what the exporter answers with `debug=true`: its log, then the metrics.
fn of_blackbox(text: &str) -> Said {
    let metric = |name: &str| {
        let mut lines = text.lines();
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))
    };
    let success = metric("probe_success").expect("every answer of the exporter has this metric");
    if success == "1" {
        let status = metric("probe_http_status_code").unwrap_or_default();
        return Said::new(&format!("1: {status}"), false);
    }
    let log = text.lines().filter(|line| line.starts_with("ts="));
    let reason = log.rev().find_map(reason_in).unwrap_or_default();
    Said::new(&format!("0: {}", without_chance(&reason)), true)
}

/// The error of a line in logfmt; else what it reports as an error, with the status if it has one.
fn reason_in(line: &str) -> Option<String> {
    if let Some(error) = value(line, "err") {
        // The text that follows contains the address as well.
        let short = error.split_once("\": ").map(|(_, short)| short.to_owned());
        return Some(short.unwrap_or(error));
    }
    let message = value(line, "msg")?;
    let is_reason = line.contains("level=error") || message.starts_with("Invalid");
    if !is_reason || message == "Probe failed" {
        return None;
    }
    let status = value(line, "status_code").map(|status| format!(" (status {status})"));
    Some(message + &status.unwrap_or_default())
}

/// The value of a key in a line of logfmt.
fn value(line: &str, key: &str) -> Option<String> {
    let begin = line.find(&format!(" {key}="))? + key.len() + 2;
    let rest = &line[begin..];
    let Some(quoted) = rest.strip_prefix('"') else {
        return Some(rest.split(' ').next().unwrap_or_default().to_owned());
    };
    let (mut value, mut letters) = (String::new(), quoted.chars());
    while let Some(letter) = letters.next() {
        match letter {
            '"' => break,
            '\\' => value.extend(letters.next()),
            _ => value.push(letter),
        }
    }
    Some(value)
}

impl Said {
    fn new(text: &str, noticed: bool) -> Self {
        Self {
            words: for_table(text),
            noticed,
        }
    }
}

/// Untrusted text for a code span in a table: one line, cut, and nothing that ends span or cell.
fn for_table(text: &str) -> String {
    let plain: String = text
        .chars()
        .map(|letter| match letter {
            '`' => '\'',
            _ if letter.is_control() => ' ',
            _ => letter,
        })
        .collect();
    let plain = plain.trim();
    let mut cut: String = plain.chars().take(WIDTH).collect();
    if cut.len() < plain.len() {
        cut.push('…');
    }
    cut.replace('\\', "/").replace('|', "\\|")
}

/// Leaves out what is different every time: how long it took, and the port it came from.
fn without_chance(text: &str) -> String {
    let text = text.split(": current time ").next().unwrap_or_default();
    let mut words: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let to = word.split_once("->").map_or(word, |(_, to)| to);
        words.push(to.to_owned());
        let [.., before, number, unit] = words.as_slice() else {
            continue;
        };
        let name = unit.trim_end_matches(':');
        let is_time = before == "after" && matches!(name, "ms" | "milliseconds");
        if is_time && number.parse::<u64>().is_ok() {
            let rest = unit[name.len()..].to_owned();
            words.truncate(words.len() - 3);
            words
                .last_mut()
                .into_iter()
                .for_each(|last| last.push_str(&rest));
        }
    }
    words.join(" ")
}

fn os_roots(branch: &Branch) -> String {
    branch.roots.join(OS_ROOTS).display().to_string()
}

fn proxy(scenario: &Scenario) -> Option<String> {
    (scenario.proxy != "none").then(|| format!("http://{}", scenario.proxy))
}
