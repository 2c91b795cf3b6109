//! What an answer of a script costs: CPU per call, time to the first answer, memory.
//!
//! `cargo bench --bench pac`; it ends with an error where a number is missed.

#![allow(clippy::unwrap_used, reason = "a benchmark may stop at a surprise")]

use std::collections::HashMap;
use std::fmt::Write as _;
use std::net::IpAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use reach365_probe::pac::{PacEnvironment, PacLimits, PacNames, answer, of_text};
use reach365_proxy::pac::{PacHost, PacScript, ScriptRequest};

const CALLS: usize = 20_000;
/// Numbers to reach.
const PER_CALL_US: f64 = 50.0;
const FIRST_MS: f64 = 3.0;
const MEMORY_MB: f64 = 8.0;

struct Nobody;

impl PacHost for Nobody {
    fn resolve(&self, _: &str) -> Vec<IpAddr> {
        Vec::new()
    }

    fn own_addresses(&self) -> Vec<IpAddr> {
        vec![[10, 0, 0, 5].into()]
    }

    fn now_ms(&self) -> i64 {
        since_1970().as_millis() as i64
    }

    fn utc_offset(&self, _: i64) -> i32 {
        0
    }
}

fn main() -> ExitCode {
    let text = script();
    println!(
        "script: {} lines, {} bytes",
        text.lines().count(),
        text.len()
    );
    let before = resident_mb();
    let first = first_answer_ms(&text);
    let (per_call, heap) = per_call_us(&text);
    let through_thread = through_thread_us(&text);
    let memory = resident_mb() - before;
    println!("first answer after load      {first:8.3} ms   (at most {FIRST_MS} ms)");
    println!("CPU of one call              {per_call:8.2} us   (at most {PER_CALL_US} us)");
    println!("one answer over the thread   {through_thread:8.2} us   wall");
    println!("memory                       {memory:8.2} MB   (at most {MEMORY_MB} MB)");
    println!("heap of the engine           {:8.2} MB", heap / 1e6);
    let reached = first <= FIRST_MS && per_call <= PER_CALL_US && memory <= MEMORY_MB;
    if reached {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// The best of several, since the first one of a process also pays for the allocator.
fn first_answer_ms(text: &str) -> f64 {
    let once = || {
        let began = Instant::now();
        let script = PacScript::load(text, Box::new(Nobody), Arc::default()).unwrap();
        script.answer(&requests()[0], &Arc::default()).unwrap();
        began.elapsed().as_secs_f64() * 1e3
    };
    let cold = once();
    println!("first answer of the process  {cold:8.3} ms");
    (0..10).map(|_| once()).fold(f64::INFINITY, f64::min)
}

fn per_call_us(text: &str) -> (f64, f64) {
    let script = PacScript::load(text, Box::new(Nobody), Arc::default()).unwrap();
    let requests = requests();
    let stop = Arc::default();
    let began = cpu_us();
    for request in requests.iter().cycle().take(CALLS) {
        script.answer(request, &stop).unwrap();
    }
    ((cpu_us() - began) / CALLS as f64, script.memory() as f64)
}

fn through_thread_us(text: &str) -> f64 {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let surroundings = PacEnvironment {
        names: PacNames::Fixed(HashMap::new()),
        ..PacEnvironment::default()
    };
    let script = of_text(text.to_owned(), &PacLimits::default(), surroundings);
    let url = "https://login.microsoftonline.com/".parse().unwrap();
    runtime.block_on(async {
        answer(&script, &url, None).await.unwrap();
        let began = Instant::now();
        for _ in 0..CALLS / 10 {
            answer(&script, &url, None).await.unwrap();
        }
        began.elapsed().as_secs_f64() * 1e6 / (CALLS / 10) as f64
    })
}

fn requests() -> Vec<ScriptRequest> {
    let hosts = [
        "login.microsoftonline.com",
        "login.live.com",
        "officecdn.microsoft.com",
        "ols.officeapps.live.com",
        "www.site7.example",
        "intranet",
        "host12.int.example",
        "portal.office.com",
        "crl3.digicert.com",
        "a.b.c.d.example",
    ];
    let request = |host| ScriptRequest::new(&format!("https://{host}/").parse().unwrap());
    hosts.into_iter().map(request).collect()
}

/// About 300 lines as large organizations have them: hosts, networks, patterns, domains and
/// regular expressions, one after the other.
fn script() -> String {
    let mut text = String::from(
        "function FindProxyForURL(url, host) {\n  if (isPlainHostName(host)) return \"DIRECT\";\n",
    );
    for number in 0..60 {
        writeln!(
            text,
            "  if (host == \"host{number}.int.example\") return \"DIRECT\";"
        )
        .unwrap();
    }
    writeln!(
        text,
        "  var literal = /^\\d+\\.\\d+\\.\\d+\\.\\d+$/.test(host);"
    )
    .unwrap();
    for number in 0..34 {
        writeln!(text, "  if (literal && isInNet(host, \"10.{number}.0.0\", \"255.255.0.0\")) return \"DIRECT\";").unwrap();
    }
    for number in 0..90 {
        writeln!(text, "  if (shExpMatch(host, \"*.site{number}.example\")) return \"PROXY p{number}.example:8080\";").unwrap();
    }
    for number in 0..50 {
        writeln!(
            text,
            "  if (dnsDomainIs(host, \".domain{number}.example\")) return \"DIRECT\";"
        )
        .unwrap();
    }
    for number in 0..15 {
        writeln!(text, "  if (/^(www|api)[0-9]*\\.service{number}\\.(com|net)$/i.test(host)) return \"DIRECT\";").unwrap();
    }
    for number in 0..45 {
        writeln!(text, "  // rule {number} was here").unwrap();
    }
    text.push_str("  return \"PROXY proxy.example:8080; DIRECT\";\n}\n");
    text
}

/// CPU time of this thread, where the system tells; wall time elsewhere.
fn cpu_us() -> f64 {
    let schedule = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = schedule.and_then(|text| text.split(' ').next()?.parse::<f64>().ok());
    nanoseconds.map_or_else(|| since_1970().as_micros() as f64, |ns| ns / 1e3)
}

fn since_1970() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap()
}

/// Memory of this process; nothing where the system does not tell.
fn resident_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kilobytes.unwrap_or_default() / 1e3
}
