//! What a program of the system prints.

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// The programs answer from memory; one that does not is of no use.
const PATIENCE: Duration = Duration::from_secs(2);
/// Nobody has more settings.
const OUTPUT: u64 = 1 << 20;

/// What the program writes to its standard output; `None` where it is absent, fails or is slow.
pub(super) fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let text = read(&mut child);
    if text.is_none() {
        child.kill().ok();
    }
    let succeeded = child.wait().is_ok_and(|status| status.success());
    text.filter(|_| succeeded)
}

fn read(child: &mut Child) -> Option<String> {
    let stdout = child.stdout.take()?;
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let read = stdout.take(OUTPUT).read_to_end(&mut bytes);
        // Whoever waited may be gone.
        sender.send(read.map(|_| bytes)).ok();
    });
    let bytes = receiver.recv_timeout(PATIENCE).ok()?.ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_output_is_read() {
        assert_eq!(output("echo", &["a b"]).as_deref(), Some("a b\n"));
    }

    #[test]
    fn absent_failing_and_slow_programs_say_nothing() {
        assert_eq!(output("reach365-no-such-program", &[]), None);
        assert_eq!(output("false", &[]), None);
        assert_eq!(output("sleep", &["60"]), None);
    }
}
