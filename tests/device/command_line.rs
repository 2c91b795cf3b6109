//! The built program: `reach365 device`.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::{SAMPLES, path, sample};

fn reach365(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_reach365"))
        .arg("device")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap()
}

fn succeed(arguments: &[&str], input: &[u8]) -> String {
    let output = reach365(arguments, input);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {said}");
    assert!(said.is_empty(), "{said}");
    String::from_utf8(output.stdout).unwrap()
}

fn refuse(arguments: &[&str], input: &[u8]) -> String {
    let output = reach365(arguments, input);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    assert!(output.stdout.is_empty(), "{arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn the_verdict_comes_first() {
    let first = |name: &str| {
        let file = path(name).display().to_string();
        let text = succeed(&["--from", &file], b"");
        assert!(
            text.lines().all(|line| line.chars().count() <= 80),
            "{text}"
        );
        let paragraph = text.split("\n\n").next().unwrap();
        paragraph.replace('\n', " ")
    };
    assert_eq!(
        first("hybrid"),
        "Hybrid joined, managed, no primary refresh token: the last attempt failed with 0xc000006d, \
         HTTP status 400, invalid_grant, AADSTS50126"
    );
    assert_eq!(
        first("joined"),
        "Entra joined, not managed, the primary refresh token has expired: the last renewal failed \
         with 0xc000023c, HTTP error 0x80072ee7"
    );
    assert_eq!(
        first("registered"),
        "Registered (a work or school account was added), not managed"
    );
    assert_eq!(
        first("discovery"),
        "Domain joined, not joined to Entra, managed, DRS discovery failed with 0x801c0021 and \
         0x80072ee2"
    );
}

#[test]
fn json_is_read_again_from_standard_input() {
    for name in SAMPLES {
        let text = sample(name);
        let json = succeed(&["--from", "-", "--format", "json"], text.as_bytes());
        let value: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(value["schema"], "reach365/device/1");
        assert_eq!(value["pc"], Value::Null);
        assert_eq!(
            succeed(&["--from", "-", "--format", "json"], json.as_bytes()),
            json
        );
        let words = succeed(&["--from", "-"], text.as_bytes());
        assert_eq!(succeed(&["--from", "-"], json.as_bytes()), words, "{name}");
    }
}

#[test]
fn what_cannot_be_read_is_refused_in_words() {
    assert!(refuse(&["--from", "/no/such/file"], b"").contains("/no/such/file"));
    let other = refuse(&["--from", "-"], b"Guten Tag\x1b[2J\n");
    assert!(
        other.contains("standard input: this is not the output of dsregcmd"),
        "{other}"
    );
    assert!(!other.contains('\u{1b}'), "{other}");
    let large = refuse(&["--from", "-"], &vec![b'\n'; (1 << 20) + 1]);
    assert!(large.contains("larger than 1 MiB"), "{large}");
}

#[cfg(not(windows))]
#[test]
fn elsewhere_than_on_windows_a_file_is_needed() {
    let said = refuse(&[], b"");
    for part in [
        "reads a Windows PC",
        "--from FILE",
        "dsregcmd /status > device.txt",
    ] {
        assert!(said.contains(part), "{said}");
    }
}
