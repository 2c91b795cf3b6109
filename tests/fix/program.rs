//! The program, where it cannot apply remedies.

use std::process::{Command, Output};

fn fix(words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_reach365"));
    command.arg("fix").args(words).output().unwrap()
}

fn said(output: &Output) -> String {
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    String::from_utf8(text).unwrap()
}

#[test]
fn only_windows_carries_out() {
    let output = fix(&["run", "federated-sign-in", "--yes"]);
    assert_eq!(output.status.code(), Some(2));
    let text = said(&output);
    assert!(text.contains(r"1. Set HKCU\Software\"), "{text}");
    assert!(text.contains("on Windows only"), "{text}");
    let undo = fix(&["undo"]);
    assert_eq!(undo.status.code(), Some(2));
    assert!(said(&undo).contains("on Windows only"));
}

#[test]
fn a_dry_run_shows_the_actions_everywhere() {
    // Without a terminal to ask on, the answer cannot be yes.
    for more in [&["--dry-run"][..], &[]] {
        let output = fix(&[&["run", "federated-sign-in"], more].concat());
        assert_eq!(output.status.code(), Some(0));
        let text = said(&output);
        assert!(text.contains("2. Restart Windows"), "{text}");
        assert!(text.contains("nothing was done"), "{text}");
    }
}

#[test]
fn an_unknown_remedy_is_named() {
    let output = fix(&["run", "reinstall-everything", "--dry-run"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("there is no remedy `reinstall-everything`"));
}
