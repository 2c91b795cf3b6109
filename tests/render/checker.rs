//! Programs that read a format for a living, and say whether they accept it.

use std::io::Write;
use std::process::{Command, Stdio};

/// Variable that turns a skipped test into a failed one.
const PARTS: &str = "REACH365_PARTS";

/// Gives a text to a program. `None`, after saying so, where the program is not installed; else
/// whether it is content, and its words.
pub(crate) fn ask(program: &str, arguments: &[&str], text: &str) -> Option<(bool, String)> {
    let started = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut child) = started else {
        let required = std::env::var(PARTS).is_ok_and(|value| value == "required");
        assert!(
            !required,
            "{program} is not installed, and {PARTS}=required"
        );
        println!("skipped: {program} is not installed");
        return None;
    };
    // A program that has seen enough closes its end.
    let _ = child.stdin.take().unwrap().write_all(text.as_bytes());
    let output = child.wait_with_output().unwrap();
    let words = [output.stdout, output.stderr].concat();
    Some((
        output.status.success(),
        String::from_utf8_lossy(&words).into_owned(),
    ))
}
