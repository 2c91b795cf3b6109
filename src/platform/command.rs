//! What a program of the system prints.

use std::ffi::OsStr;
use std::io::{self, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// No program that is asked prints more.
const OUTPUT: u64 = 1 << 20;
/// Between two looks at whether a program has ended.
const LOOK: Duration = Duration::from_millis(5);

/// Why a program said nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Silence {
    /// There is no such program.
    Absent,
    /// It cannot be started or read.
    Failed,
    /// It did not end in time.
    Slow,
}

/// What a program wrote to its standard output until it ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Printed {
    pub(super) bytes: Vec<u8>,
    /// Whether the program itself says that all is well.
    pub(super) succeeded: bool,
}

/// Runs a program and takes what it writes. Whoever is slow is ended.
pub(super) fn run(
    program: &str,
    arguments: &[&str],
    patience: Duration,
) -> Result<Printed, Silence> {
    let until = Instant::now() + patience;
    let mut child = start(program, arguments)?;
    let bytes = read(&mut child, until);
    let ended = wait(&mut child, until);
    if ended.is_none() {
        // It may have ended by itself in between.
        child.kill().ok();
        child.wait().ok();
    }
    match (bytes, ended) {
        (Some(bytes), Some(status)) => Ok(Printed {
            bytes,
            succeeded: status.success(),
        }),
        (None, Some(_)) => Err(Silence::Failed),
        (_, None) => Err(Silence::Slow),
    }
}

/// A program that does not inherit credentials: neither the password that this program reads, nor
/// variables that name a proxy with user and password.
pub(super) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    for (name, value) in std::env::vars_os() {
        if bears_credentials(&name, &value) {
            command.env_remove(name);
        }
    }
    command
}

fn bears_credentials(name: &OsStr, value: &OsStr) -> bool {
    let name = name.to_string_lossy().to_ascii_lowercase();
    name.starts_with("reach365_")
        || name.ends_with("_proxy") && value.to_string_lossy().contains('@')
}

fn start(program: &str, arguments: &[&str]) -> Result<Child, Silence> {
    let started = command(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    started.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Silence::Absent,
        _ => Silence::Failed,
    })
}

fn read(child: &mut Child, until: Instant) -> Option<Vec<u8>> {
    let stdout = child.stdout.take()?;
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let read = stdout.take(OUTPUT).read_to_end(&mut bytes);
        // Whoever waited may be gone.
        sender.send(read.map(|_| bytes)).ok();
    });
    let left = until.saturating_duration_since(Instant::now());
    receiver.recv_timeout(left).ok()?.ok()
}

fn wait(child: &mut Child, until: Instant) -> Option<ExitStatus> {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if Instant::now() < until => thread::sleep(LOOK),
            _ => return None,
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn the_output_is_read() {
        let ran = |program, arguments: &[&str]| run(program, arguments, Duration::from_secs(2));
        let (bytes, succeeded) = (b"a b\n".to_vec(), true);
        assert_eq!(ran("echo", &["a b"]), Ok(Printed { bytes, succeeded }));
        let (bytes, succeeded) = (b"a\n".to_vec(), false);
        let failed = ran("sh", &["-c", "echo a; exit 1"]);
        assert_eq!(failed, Ok(Printed { bytes, succeeded }));
    }

    #[test]
    fn variables_with_credentials_are_not_inherited() {
        let bears = |name: &str, value: &str| bears_credentials(name.as_ref(), value.as_ref());
        assert!(bears("REACH365_PROXY_PASSWORD", "secret"));
        assert!(bears("reach365_proxy_password", ""));
        assert!(bears("https_proxy", "http://user:secret@proxy.example:80"));
        assert!(bears("ALL_PROXY", "socks5://user@proxy.example"));
        assert!(!bears("http_proxy", "http://proxy.example:80"));
        assert!(!bears("PATH", "/home/user@example/bin"));
    }

    #[test]
    fn absent_and_slow_programs_are_told_apart() {
        let soon = Duration::from_millis(200);
        let absent = run("reach365-no-such-program", &[], soon);
        assert_eq!(absent, Err(Silence::Absent));
        assert_eq!(run("sleep", &["60"], soon), Err(Silence::Slow));
        // It has said all that it says, and does not end.
        let closed = run("sh", &["-c", "exec >&-; sleep 60"], soon);
        assert_eq!(closed, Err(Silence::Slow));
    }
}
