//! The built program, as a user runs it: formats, exit codes, and what goes where.
//!
//! `UPDATE_CASES=1 cargo test --test binary` writes the stored cases anew.

#![allow(clippy::unwrap_used, reason = "a test may stop at a surprise")]

mod comparisons;
mod credentials;
mod endpoints;
mod reports;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

const REPORT: &str = "examples/saved_report.json";

fn reach365(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_reach365"))
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("NO_COLOR", "1")
        .env("COLUMNS", "100")
        .output()
        .unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn scratch(name: &str, content: &str) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("binary");
    let file = directory.join(name);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, content).unwrap();
    file
}

fn saved() -> Value {
    serde_json::from_str(&fs::read_to_string(REPORT).unwrap()).unwrap()
}

fn variant(name: &str, change: impl FnOnce(&mut Value)) -> String {
    let mut report = saved();
    change(&mut report);
    let file = scratch(name, &report.to_string());
    file.to_str().unwrap().to_owned()
}

#[test]
fn every_format_is_as_stored() {
    for format in reach365_render::formats::Format::ALL {
        let format = format.name();
        let output = reach365(&["replay", REPORT, "--format", format]);
        // Monitors have codes of their own: 2 is CRITICAL to them.
        let blocked = if format == "nagios" { 2 } else { 1 };
        assert_eq!(code(&output), blocked, "{format}: {}", stderr(&output));
        let case =
            PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/binary/replay.{format}"));
        if std::env::var_os("UPDATE_CASES").is_some() {
            fs::write(&case, &output.stdout).unwrap();
        }
        let stored = fs::read_to_string(&case).unwrap();
        assert_eq!(
            stdout(&output),
            stored,
            "{format} differs from {}",
            case.display()
        );
    }
}

#[test]
fn a_replayed_report_has_the_verdicts_that_it_had() {
    let saved: Value = serde_json::from_str(&fs::read_to_string(REPORT).unwrap()).unwrap();
    let output = reach365(&["replay", REPORT, "--format", "json"]);
    let again: Value = serde_json::from_slice(&output.stdout).unwrap();
    for key in ["summary", "findings", "endpoints", "advice"] {
        assert_eq!(again[key], saved[key], "{key}");
    }
}

#[test]
fn a_list_with_a_mistake_stops_before_the_first_packet() {
    let list = scratch(
        "bad.toml",
        "[[endpoints]]\nid = \"a\"\nhosst = \"a.example\"\n",
    );
    let output = reach365(&["check", "--endpoints", list.to_str().unwrap()]);
    assert_eq!(code(&output), 2);
    assert_eq!(stdout(&output), "");
    let words = stderr(&output);
    assert!(words.contains("bad.toml:3:1"), "{words}");
    assert!(words.contains("hosst") && words.contains("host"), "{words}");
}

#[test]
fn own_signatures_name_products() {
    let list = scratch(
        "crates/judge/data/signatures.toml",
        "[[signature]]\nproduct = \"Contoso Gateway\"\nissuers = [\"O=Contoso Firewall\"]\n",
    );
    let arguments = ["replay", REPORT, "--format", "json", "--signatures"];
    let output = reach365(&[&arguments[..], &[list.to_str().unwrap()]].concat());
    assert_eq!(code(&output), 1, "{}", stderr(&output));
    assert!(stdout(&output).contains("Contoso Gateway (by issuer)"));
    let bad = scratch(
        "via.toml",
        "[[signature]]\nproduct = \"A\"\nheaders = [\"via: squid\"]\n",
    );
    let output = reach365(&[&arguments[..], &[bad.to_str().unwrap()]].concat());
    assert_eq!(code(&output), 2);
    let words = stderr(&output);
    assert!(
        words.contains("via.toml:3:12") && words.contains("Via"),
        "{words}"
    );
}

#[test]
fn wrong_words_are_usage_errors() {
    let cases: [&[&str]; 6] = [
        &["--no-such-flag"],
        &["check", "--ipv4", "--ipv6"],
        &["check", "--timeout", "0"],
        &["explain", "tcp-drooped"],
        &["replay", "no-such-file.json"],
        &["check", "--group", "no-such-group"],
    ];
    for arguments in cases {
        let output = reach365(arguments);
        assert_eq!(code(&output), 2, "{arguments:?}: {}", stderr(&output));
        assert_eq!(stdout(&output), "", "{arguments:?}");
        assert!(!stderr(&output).is_empty(), "{arguments:?}");
    }
    assert!(stderr(&reach365(&["explain", "tcp-drooped"])).contains("tcp-dropped"));
}

#[test]
fn every_code_is_explained() {
    for known in reach365_model::verdict::Code::ALL {
        let output = reach365(&["explain", known.id()]);
        assert_eq!(code(&output), 0, "{known}");
        let text = stdout(&output);
        assert!(
            text.contains(known.id()) && text.contains("WHAT TO DO"),
            "{known}: {text}"
        );
    }
}

#[test]
fn error_numbers_are_explained() {
    let known = [
        "0xCAA82EE7",
        "CAA50021",
        "-895156191",
        "12007",
        "error code: [0x80072EFD]",
        "AADSTS50126: Error validating credentials",
        "0x80070005",
    ];
    for number in known {
        let output = reach365(&["explain", number]);
        assert_eq!(code(&output), 0, "{number}: {}", stderr(&output));
        assert!(stdout(&output).contains("source"), "{number}");
    }
    let refused = [
        ("0x8004ABCD", "not an activation error that we know"),
        ("0xZZ", "AADSTS50126"),
        ("80070102", "0x04C5C5D6"),
        ("53003", "AADSTS53003"),
        ("tcp-drooped", "tcp-dropped"),
        ("CAA", "no error number"),
        ("AADSTS", "no error number"),
        (" ", "an error number such as"),
    ];
    for (number, words) in refused {
        let output = reach365(&["explain", number]);
        assert_eq!(code(&output), 2, "{number}");
        assert_eq!(stdout(&output), "", "{number}");
        assert!(
            stderr(&output).contains(words),
            "{number}: {}",
            stderr(&output)
        );
    }
}

#[test]
fn the_app_orders_what_to_do_about_an_error() {
    let steps = |app: &[&str]| {
        let output = reach365(&[&["explain", "0xCAA50021"], app].concat());
        assert_eq!(code(&output), 0, "{}", stderr(&output));
        stdout(&output)
    };
    assert_ne!(steps(&[]), steps(&["--app", "teams"]));
    let output = reach365(&["explain", "tls-silent", "--app", "teams"]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("--app goes with an error number"));
}

#[test]
fn an_error_number_is_joined_with_a_report() {
    let joined = |number, report| reach365(&["explain", number, "--report", report]);
    let output = joined("0xCAA82F8F", REPORT);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let words = stdout(&output);
    assert!(words.contains("0xCAA82F8F and ols."), "{words}");
    assert!(words.contains("is blocked (tls-intercepted)"), "{words}");
    let words = stdout(&joined("0xCAA50021", REPORT));
    assert!(words.contains("no failure that explains it"), "{words}");
}

#[test]
fn a_report_that_cannot_be_read_is_said_as_replay_says_it() {
    let whole = fs::read_to_string(REPORT).unwrap();
    let cut = scratch("cut.json", &whole[..whole.len() / 2]);
    let newer = scratch("newer.json", &whole.replace("report/1", "report/2"));
    let other = scratch("other.json", "{}");
    let missing = PathBuf::from("no-such-file.json");
    for file in [cut, newer, other, missing] {
        let file = file.to_str().unwrap();
        let explained = reach365(&["explain", "0xCAA82F8F", "--report", file]);
        assert_eq!(code(&explained), 2, "{file}");
        assert_eq!(stdout(&explained), "", "{file}");
        assert_eq!(
            stderr(&explained),
            stderr(&reach365(&["replay", file])),
            "{file}"
        );
    }
    let with_code = reach365(&["explain", "tcp-dropped", "--report", REPORT]);
    assert_eq!(code(&with_code), 2);
    assert!(stderr(&with_code).contains("--report goes with an error number"));
}

#[test]
fn an_unreachable_resolver_accuses_no_row() {
    // Port 9 of loopback is closed on a normal machine; a closed port is reported at once.
    let arguments = ["check", "--dns", "127.0.0.1:9", "--format", "json"];
    let output = reach365(&arguments);
    assert_eq!(code(&output), 3, "{}", stderr(&output));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["findings"].as_array().unwrap().len(), 1);
    assert_eq!(report["summary"]["blocked"], 0);
    let rows = report["endpoints"].as_array().unwrap();
    assert!(rows.len() >= 22, "{}", rows.len());
    for row in rows {
        // The test over IPv6 alone says nothing where nothing connects over IPv6.
        let over_ipv6 = row["id"] == "ncsi-web-ipv6";
        let expected = if over_ipv6 { "skipped" } else { "inconclusive" };
        assert_eq!(row["verdict"]["outcome"], expected, "{}", row["id"]);
    }
}

#[test]
fn a_result_that_cannot_be_written_is_refused_before_the_run() {
    let output = reach365(&["check", "--output", "/no/such/directory/report.json"]);
    assert_eq!(code(&output), 2, "{}", stderr(&output));
    assert!(stderr(&output).contains("/no/such/directory"));
}

#[test]
fn a_monitor_hears_of_every_failure_as_unknown() {
    let list = scratch("monitor.toml", "[[endpoints]]\nhosst = \"a | b\"\n");
    let list = list.to_str().unwrap();
    let cases: [&[&str]; 7] = [
        &["check", "--no-such-flag|", "--format", "nagios"],
        &["--format=nagios", "--timeout", "0"],
        &["check", "--format", "nagios", "--endpoints", list],
        &["replay", "no-such-file.json", "--format", "nagios"],
        &["replay", "Cargo.toml", "--format", "nagios"],
        &["explain", "--format", "nagios", "tcp-dropped"],
        &["dns", "--format", "nagios"],
    ];
    for arguments in cases {
        let output = reach365(arguments);
        let line = stdout(&output);
        assert_eq!(code(&output), 3, "{arguments:?}: {line}");
        assert!(line.starts_with("REACH365 UNKNOWN - "), "{line}");
        assert_eq!(line.lines().count(), 1, "{line}");
        assert!(!line.contains('|'), "{line}");
        assert_eq!(stderr(&output), "", "{arguments:?}");
    }
    let asked = reach365(&["check", "--format", "nagios", "--help"]);
    assert_eq!(code(&asked), 3);
    assert!(stdout(&asked).contains("Usage"), "{}", stdout(&asked));
}

#[test]
fn a_monitor_is_told_the_outcome_by_its_own_codes() {
    let state = |report: &str, fail_on: &str| {
        let output = reach365(&["replay", report, "--format", "nagios", "--fail-on", fail_on]);
        let line = stdout(&output);
        let word = line.split(' ').nth(1).unwrap().to_owned();
        (code(&output), word)
    };
    assert_eq!(state(REPORT, "blocked"), (2, "CRITICAL".to_owned()));
    let mut report: Value = serde_json::from_str(&fs::read_to_string(REPORT).unwrap()).unwrap();
    report["endpoints"] = Value::Array(Vec::new());
    let empty = scratch("empty.json", &report.to_string());
    let empty = empty.to_str().unwrap();
    assert_eq!(state(empty, "blocked"), (3, "UNKNOWN".to_owned()));
    assert_eq!(state(empty, "inconclusive"), (2, "CRITICAL".to_owned()));
}

/// A limit on the size of files fails as a full disk does, in the middle of writing.
#[cfg(unix)]
#[test]
fn a_full_disk_leaves_the_older_file_whole() {
    let older = scratch("full/older.json", "the older result");
    let program = env!("CARGO_BIN_EXE_reach365");
    let script = format!(
        "trap '' XFSZ; ulimit -f 1; exec {program} replay {REPORT} --format json --output {}",
        older.display()
    );
    let output = Command::new("sh")
        .args(["-c", &script])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert_eq!(code(&output), 4, "{}", stderr(&output));
    assert!(
        stderr(&output).contains("cannot be written"),
        "{}",
        stderr(&output)
    );
    assert_eq!(fs::read_to_string(&older).unwrap(), "the older result");
    let beside = fs::read_dir(older.parent().unwrap()).unwrap();
    assert_eq!(beside.count(), 1, "a part of the result was left behind");
}

#[cfg(target_os = "linux")]
#[test]
fn a_device_without_room_is_said() {
    for format in reach365_render::formats::Format::ALL {
        let format = format.name();
        let arguments = [
            "replay",
            REPORT,
            "--output",
            "/dev/full",
            "--format",
            format,
        ];
        let output = reach365(&arguments);
        let monitor = format == "nagios";
        assert_eq!(code(&output), if monitor { 3 } else { 4 }, "{format}");
        let words = if monitor {
            stdout(&output)
        } else {
            stderr(&output)
        };
        assert!(words.contains("cannot be written"), "{format}: {words}");
    }
}

#[test]
fn the_list_can_be_read() {
    let output = reach365(&[
        "endpoints",
        "list",
        "--group",
        "activation",
        "--format",
        "json",
    ]);
    assert_eq!(code(&output), 0);
    let list: Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = list.to_string();
    assert!(text.contains("login.microsoftonline.com"), "{text}");
    assert_eq!(code(&reach365(&["endpoints", "lint", "endpoints.toml"])), 0);
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    use std::process::Stdio;
    let mut child = Command::new(env!("CARGO_BIN_EXE_reach365"))
        .args(["check", "--dns", "127.0.0.1:9", "--format", "json"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_control_host_of_the_list_is_refused() {
    let output = reach365(&["check", "--control-host", "login.microsoftonline.com:443"]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("name a host of somebody else"));
    let output = reach365(&["check", "--control-host", "www.contoso.com:0"]);
    assert_eq!(code(&output), 2);
}

#[test]
fn a_replay_can_be_redacted() {
    let named = variant("named.json", |report| {
        report["run"]["host"] = "pc-0815".into();
    });
    let output = reach365(&["replay", &named, "--redact", "--format", "json"]);
    assert_eq!(code(&output), 1, "{}", stderr(&output));
    let text = stdout(&output);
    assert!(
        !text.contains("pc-0815") && !text.contains("beta.example"),
        "{text}"
    );
    assert!(text.contains("machine-1"));
    let device = ["device", "--from", "tests/device/samples/hybrid.txt"];
    let output = reach365(&[&device[..], &["--redact", "--format", "json"]].concat());
    let text_of_device = stdout(&output);
    assert!(text_of_device.contains("user-1") && !text_of_device.contains("ada@"));
    let redacted = scratch("redacted.json", &text);
    assert_eq!(code(&reach365(&["replay", redacted.to_str().unwrap()])), 1);
}

#[test]
fn only_what_failed_is_checked_again() {
    let failed = variant("failed.json", |_| {});
    let dead = ["--dns", "127.0.0.1:9", "--format", "json"];
    let output = reach365(&[&["check", "--only-failed", &failed], &dead[..]].concat());
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let rows = report["endpoints"].as_array().unwrap();
    let hosts: Vec<_> = rows
        .iter()
        .map(|row| row["host"].as_str().unwrap())
        .collect();
    assert_eq!(hosts, ["ols.beta.example", "odc.gamma.example"]);
    let fine = variant("fine.json", |report| {
        for row in report["endpoints"].as_array_mut().unwrap() {
            row["verdict"]["outcome"] = "reachable".into();
        }
    });
    let output = reach365(&["check", "--only-failed", &fine]);
    let text = stdout(&output);
    assert_eq!(code(&output), 3, "{text}");
    assert!(text.contains("nothing was checked"), "{text}");
    let said = stderr(&output);
    assert!(said.contains("nothing failed in"), "{said}");
    let output = reach365(&["check", "--only-failed", &fine, "--format", "nagios"]);
    let text = stdout(&output);
    assert_eq!(code(&output), 3, "{text}");
    assert!(
        text.starts_with("REACH365 UNKNOWN - nothing was checked |"),
        "{text}"
    );
    let record = variant("record.json", |report| {
        let row = &mut report["endpoints"][0];
        row["id"] = "gone".into();
        row["host"] = "gone.example".into();
        row["scheme"] = "dns".into();
        row["verdict"]["outcome"] = "blocked".into();
        report["endpoints"].as_array_mut().unwrap().truncate(1);
    });
    let output = reach365(&[&["check", "--only-failed", &record], &dead[..]].concat());
    let again: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(again["endpoints"][0]["id"], "gone");
    assert_eq!(again["endpoints"][0]["scheme"], "dns");
    assert_eq!(
        code(&reach365(&["check", "a.example", "--only-failed", &fine])),
        2
    );
}

#[test]
fn a_plan_comes_with_what_to_send() {
    let file = scratch("bundle.json", "");
    let bundle = file.to_str().unwrap();
    let device = "tests/device/samples/hybrid.txt";
    let plan = [
        "fix",
        "plan",
        "0xCAA82F8F",
        "--report",
        REPORT,
        "--device",
        device,
    ];
    let output = reach365(&[&plan[..], &["--bundle", bundle]].concat());
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let text = fs::read_to_string(&file).unwrap();
    let sent: Value = serde_json::from_str(&text).unwrap();
    for part in ["error", "plan", "report", "device"] {
        assert!(!sent[part].is_null(), "{part}");
    }
    assert!(!text.contains("contoso.example") && !text.contains("beta.example"));
}
