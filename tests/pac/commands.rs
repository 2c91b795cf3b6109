//! The commands, as a user runs them.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

fn reach365(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_reach365"))
        .args(arguments)
        .env("NO_COLOR", "1")
        .output()
        .unwrap()
}

fn script(name: &str, text: &str) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pac");
    fs::create_dir_all(&directory).unwrap();
    let file = directory.join(name);
    fs::write(&file, text).unwrap();
    file
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn lines(output: &Output) -> Vec<Value> {
    stdout(output)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

const OFFICE: &str = "function FindProxyForURL(url, host) {\n\
    alert(url);\n\
    if (isInNet(host, '10.0.0.0', '255.0.0.0')) return 'DIRECT';\n\
    if (myIpAddress() === '10.9.9.9' && timeRange(9, 17)) return 'proxy P.example; SOCKS4 s.example; DIRECT';\n\
    return 'HTTPS night.example';\n\
}\n";

#[test]
fn every_url_gets_one_object() {
    let file = script("office.pac", OFFICE);
    let output = reach365(&[
        "pac",
        "eval",
        file.to_str().unwrap(),
        "--url",
        "https://login.live.com/path",
        "--url",
        "http://crl.example/a?b",
        "--resolve",
        "login.live.com=10.1.1.1,2001:db8::1",
        "--my-ip",
        "10.9.9.9",
        "--now",
        "2026-11-21T10:00:00+01:00",
        "--format",
        "json",
    ]);
    assert_eq!(code(&output), 0);
    let lines = lines(&output);
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["url"], "https://login.live.com/path");
    assert_eq!(lines[0]["answer"], "DIRECT");
    assert_eq!(lines[0]["hops"], serde_json::json!(["DIRECT"]));
    assert_eq!(lines[0]["names"], serde_json::json!(["login.live.com"]));
    assert_eq!(lines[0]["error"], Value::Null);
    assert_eq!(
        lines[0]["log"],
        serde_json::json!(["https://login.live.com/"])
    );
    assert_eq!(
        lines[1]["answer"],
        "proxy P.example; SOCKS4 s.example; DIRECT"
    );
    assert_eq!(
        lines[1]["hops"],
        serde_json::json!(["PROXY p.example:80", "SOCKS s.example:1080", "DIRECT"])
    );
}

#[test]
fn the_clock_and_the_host_can_be_given() {
    let file = script("clock.pac", OFFICE);
    let ask = |more: &[&str]| {
        let mut arguments = vec![
            "pac",
            "eval",
            file.to_str().unwrap(),
            "--url",
            "http://a.example/",
            "--my-ip",
            "10.9.9.9",
            "--resolve",
            "b.example=10.0.0.1",
            "--format",
            "json",
        ];
        arguments.extend(more);
        lines(&reach365(&arguments))[0]["answer"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(
        ask(&["--now", "2026-11-21T20:00:00Z"]),
        "HTTPS night.example"
    );
    assert!(ask(&["--now", "2026-11-21T20:00:00+05:00"]).starts_with("HTTPS"));
    assert!(ask(&["--now", "2026-11-21T12:00:00-08:00"]).starts_with("proxy"));
    assert_eq!(ask(&["--host", "b.example"]), "DIRECT");
}

#[test]
fn failures_are_answers_too() {
    let cases = [
        (
            "function FindProxyForURL() {\n nobody(); }",
            "route-pac-error",
            Some(2),
        ),
        ("<html>", "route-pac-not-script", None),
        ("", "route-pac-not-script", None),
        ("var a;", "route-pac-not-script", None),
        (
            "function FindProxyForURL() { for (var i = 0; i < 99; i++) dnsResolve('h' + i); }",
            "route-pac-limit",
            None,
        ),
        (
            "function FindProxyForURL() { return ",
            "route-pac-error",
            Some(1),
        ),
    ];
    for (text, error, line) in cases {
        let file = script("bad.pac", text);
        let arguments = [
            "pac",
            "eval",
            file.to_str().unwrap(),
            "--url",
            "http://a.example/",
            "--url",
            "http://b.example/",
            "--resolve",
            "x=10.0.0.1",
            "--format",
            "json",
        ];
        let output = reach365(&arguments);
        assert_eq!(code(&output), 1, "{text}");
        let lines = lines(&output);
        assert_eq!(lines.len(), 2, "{text}");
        for row in lines {
            assert_eq!(
                (&row["error"], &row["answer"]),
                (&Value::from(error), &Value::Null),
                "{text}"
            );
            assert_eq!(row["line"].as_u64(), line, "{text}");
            assert_eq!(row["hops"], serde_json::json!([]), "{text}");
        }
        let text_output = reach365(&arguments[..arguments.len() - 2]);
        assert!(
            stdout(&text_output).contains(error),
            "{}",
            stdout(&text_output)
        );
    }
}

#[test]
fn a_url_that_nobody_answers_is_unreachable() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let source = format!("http://{address}/proxy.pac");
    let output = reach365(&[
        "pac",
        "eval",
        &source,
        "--url",
        "http://a.example/",
        "--format",
        "json",
    ]);
    assert_eq!(code(&output), 1);
    assert_eq!(lines(&output)[0]["error"], "route-pac-unreachable");
}

#[test]
fn slips_are_usage_errors() {
    let file = script("slips.pac", OFFICE);
    let file = file.to_str().unwrap();
    let cases: [&[&str]; 9] = [
        &["pac", "eval", file],
        &[
            "pac",
            "eval",
            "no-such-file.pac",
            "--url",
            "http://a.example/",
        ],
        &["pac", "eval", file, "--url", "a.example"],
        &["pac", "eval", file, "--url", "http://a/", "--now", "noon"],
        &[
            "pac",
            "eval",
            file,
            "--url",
            "http://a/",
            "--resolve",
            "10.0.0.1",
        ],
        &["pac", "eval", file, "--url", "http://a/", "--my-ip", "me"],
        &["pac", "lint", "no-such-file.pac"],
        &["pac", "build", "--proxy", "proxy.example"],
        &[
            "pac",
            "build",
            "--proxy",
            "proxy.example:80",
            "--group",
            "no-such-group",
        ],
    ];
    for arguments in cases {
        let output = reach365(arguments);
        assert_eq!(code(&output), 2, "{arguments:?}");
        assert_eq!(stdout(&output), "", "{arguments:?}");
    }
}

#[test]
fn foreign_text_never_reaches_the_terminal_raw() {
    let file = script(
        "color.pac",
        "function FindProxyForURL() { alert('\\x1b[31m'); return 'PROXY \\x1b]0;x\\x07'; }",
    );
    let output = reach365(&[
        "pac",
        "eval",
        file.to_str().unwrap(),
        "--url",
        "http://a.example/",
    ]);
    assert_eq!(code(&output), 0);
    assert!(!stdout(&output).contains('\u{1b}'), "{}", stdout(&output));
}

#[test]
fn lint_tells_what_office_cannot_run() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let open = listener.local_addr().unwrap();
    let closed_listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = closed_listener.local_addr().unwrap();
    drop(closed_listener);
    let text = format!(
        "function FindProxyForURL(url, host) {{\n\
           var pick = () => url.indexOf('oauth2') > 0;\n\
           if (pick()) return 'PROXY {closed}';\n\
           return 'PROXY {open}; HTTP {open}';\n\
         }}\n\
         function forgotten() {{}}\n"
    );
    let file = script("lint.pac", &text);
    let output = reach365(&[
        "pac",
        "lint",
        file.to_str().unwrap(),
        "--url",
        "https://login.live.com/oauth2",
        "--url",
        "http://a.example/oauth2",
        "--format",
        "json",
    ]);
    assert_eq!(code(&output), 1);
    let remarks: Value = serde_json::from_slice(&output.stdout).unwrap();
    let rules: Vec<&str> = remarks
        .as_array()
        .unwrap()
        .iter()
        .map(|remark| remark["rule"].as_str().unwrap())
        .collect();
    assert_eq!(
        rules,
        [
            "newer-syntax",
            "depends-on-path",
            "ignored-element",
            "unreachable-proxy",
            "unused-function"
        ]
    );
    assert_eq!(remarks[0]["line"], 2);
    assert!(
        remarks[3]["message"]
            .as_str()
            .unwrap()
            .contains(&closed.to_string())
    );
}

#[test]
fn a_plain_script_has_no_remarks() {
    let file = script(
        "plain.pac",
        "function FindProxyForURL(url, host) { return isPlainHostName(host) ? 'DIRECT' : 'DIRECT'; }",
    );
    let output = reach365(&["pac", "lint", file.to_str().unwrap()]);
    assert_eq!(
        (code(&output), stdout(&output).as_str()),
        (0, "0 errors, 0 warnings, 0 notes\n")
    );
}

#[test]
fn a_built_script_is_the_same_every_time_and_answers() {
    let arguments = ["pac", "build", "--proxy", "proxy.example:8080"];
    let built = stdout(&reach365(&arguments));
    assert_eq!(built, stdout(&reach365(&arguments)));
    let file = script("built.pac", &built);
    let file = file.to_str().unwrap();
    let output = reach365(&[
        "pac",
        "eval",
        file,
        "--url",
        "https://login.microsoftonline.com/",
        "--url",
        "https://officecdn.microsoft.com/",
        "--resolve",
        "none=",
        "--format",
        "json",
    ]);
    let answers: Vec<Value> = lines(&output)
        .into_iter()
        .map(|row| row["hops"].clone())
        .collect();
    assert_eq!(
        answers,
        [
            serde_json::json!(["DIRECT"]),
            serde_json::json!(["PROXY proxy.example:8080"])
        ]
    );
    let remarks = reach365_proxy::pac::lint(&built);
    assert_eq!(remarks, [], "the script is plain");
    let saved = script("saved.pac", "");
    let output = reach365(&[
        "pac",
        "build",
        "--proxy",
        "proxy.example:8080",
        "--output",
        saved.to_str().unwrap(),
    ]);
    assert_eq!((code(&output), stdout(&output).as_str()), (0, ""));
    assert_eq!(fs::read_to_string(saved).unwrap(), built);
}
