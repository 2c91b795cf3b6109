//! Programs of the system: run to their end, within bounds of time and output.

use std::ffi::OsStr;
use std::io::{self, Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

/// Bytes of each stream that are kept; no program that is run here prints more.
const OUTPUT: usize = 1 << 20;
/// Between two looks at whether a program has ended.
const LOOK: Duration = Duration::from_millis(5);
/// How long its streams may stay open after its end: a process that it left behind may hold them.
const GRACE: Duration = Duration::from_secs(1);

/// Why a program did not run to its end.
#[derive(Debug)]
pub enum RunError {
    /// The program does not exist.
    Absent(io::Error),
    /// It cannot be started or watched.
    Failed(io::Error),
    /// It did not end within this time.
    TimedOut(Duration),
}

impl From<RunError> for io::Error {
    fn from(error: RunError) -> Self {
        match error {
            RunError::Absent(error) | RunError::Failed(error) => error,
            RunError::TimedOut(limit) => {
                let message = format!("it did not end within {} seconds", limit.as_secs());
                Self::new(io::ErrorKind::TimedOut, message)
            }
        }
    }
}

/// A program that has ended, and the beginning of what it wrote.
#[derive(Debug)]
pub struct Finished {
    /// How it ended.
    pub status: ExitStatus,
    /// What it wrote to its standard output.
    pub stdout: Vec<u8>,
    pub(super) stderr: Vec<u8>,
}

/// Runs a program to its end. One that does not end in time is killed, on Unix with every process
/// of its group; nothing is read from it after that.
///
/// # Errors
/// When it does not start, or does not end in time.
pub fn run(
    program: impl AsRef<OsStr>,
    arguments: &[impl AsRef<OsStr>],
    limit: Duration,
) -> Result<Finished, RunError> {
    let deadline = Instant::now() + limit;
    let mut child = start(program, arguments)?;
    let stdout = child.stdout.take().map(Output::read);
    let stderr = child.stderr.take().map(Output::read);
    let waited = wait(&mut child, deadline);
    if !matches!(waited, Ok(Some(_))) {
        kill(&mut child);
    }
    let status = waited
        .map_err(RunError::Failed)?
        .ok_or(RunError::TimedOut(limit))?;
    let until = Instant::now() + GRACE;
    let [stdout, stderr] =
        [stdout, stderr].map(|output| output.map(|output| output.take(until)).unwrap_or_default());
    Ok(Finished {
        status,
        stdout,
        stderr,
    })
}

fn start(program: impl AsRef<OsStr>, arguments: &[impl AsRef<OsStr>]) -> Result<Child, RunError> {
    let mut command = command(program);
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command.spawn().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => RunError::Absent(error),
        _ => RunError::Failed(error),
    })
}

/// A program that does not inherit credentials: neither the password that this program reads, nor
/// variables that name a proxy with user and password.
fn command(program: impl AsRef<OsStr>) -> Command {
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

fn wait(child: &mut Child, deadline: Instant) -> io::Result<Option<ExitStatus>> {
    loop {
        match child.try_wait()? {
            None if Instant::now() < deadline => thread::sleep(LOOK),
            ended => return Ok(ended),
        }
    }
}

/// Windows has no process groups: there only the program itself is killed.
fn kill(child: &mut Child) {
    // What has ended by itself in between cannot be killed, and does not need to be.
    #[cfg(any(target_os = "linux", target_os = "macos"))]
    {
        use nix::sys::signal::{Signal, killpg};
        use nix::unistd::Pid;

        killpg(Pid::from_raw(child.id().cast_signed()), Signal::SIGKILL).ok();
    }
    child.kill().ok();
    child.wait().ok();
}

/// What a program writes to one of its streams.
struct Output {
    kept: Kept,
    /// Disconnected at the end of the stream.
    end: mpsc::Receiver<()>,
}

impl Output {
    /// Reads on to the end of the stream, so that the program never blocks.
    fn read(mut stream: impl Read + Send + 'static) -> Self {
        let kept = Kept::default();
        let mut writer = kept.clone();
        let (sender, end) = mpsc::channel();
        thread::spawn(move || {
            // A stream that cannot be read any further has ended.
            io::copy(&mut stream, &mut writer).ok();
            drop(sender);
        });
        Self { kept, end }
    }

    /// The output until the end of the stream, or until a time.
    fn take(self, until: Instant) -> Vec<u8> {
        let left = until.saturating_duration_since(Instant::now());
        // Disconnected or too late, which is the same here.
        self.end.recv_timeout(left).ok();
        let mut kept = self.kept.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *kept)
    }
}

/// Keeps the beginning of what is written to it.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let room = OUTPUT.saturating_sub(kept.len());
        kept.extend_from_slice(&bytes[..bytes.len().min(room)]);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(all(test, any(target_os = "linux", target_os = "macos")))]
mod tests {
    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;

    use super::*;

    const SOON: Duration = Duration::from_millis(200);

    fn shell(script: &str, limit: Duration) -> Result<Finished, RunError> {
        run("sh", &["-c", script], limit)
    }

    #[test]
    fn the_output_is_read() {
        let limit = Duration::from_secs(20);
        let echo = run("echo", &["a b"], limit).unwrap();
        assert_eq!(
            (echo.stdout.as_slice(), echo.stderr.len()),
            (&b"a b\n"[..], 0)
        );
        assert!(echo.status.success());
        let failed = shell("echo a; echo b >&2; exit 1", limit).unwrap();
        assert_eq!(
            (failed.stdout.as_slice(), failed.stderr.as_slice()),
            (&b"a\n"[..], &b"b\n"[..])
        );
        assert_eq!(failed.status.code(), Some(1));
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
        let absent = run("reach365-no-such-program", &[""; 0], SOON);
        assert!(matches!(absent, Err(RunError::Absent(_))), "{absent:?}");
        let slow = run("sleep", &["60"], SOON);
        assert!(matches!(slow, Err(RunError::TimedOut(SOON))), "{slow:?}");
        // It has closed its output, and does not end.
        let closed = shell("exec >&-; sleep 60", SOON);
        assert!(
            matches!(closed, Err(RunError::TimedOut(SOON))),
            "{closed:?}"
        );
    }

    #[test]
    fn a_process_left_behind_that_holds_the_pipes_is_not_waited_for() {
        let ran = shell("sleep 60 & echo hi $!", Duration::from_secs(20)).unwrap();
        assert!(ran.status.success());
        let text = String::from_utf8(ran.stdout).unwrap();
        let left_behind: i32 = text.strip_prefix("hi ").unwrap().trim().parse().unwrap();
        // It still runs: what a program starts on purpose is not killed with its end.
        kill(Pid::from_raw(left_behind), Signal::SIGKILL).unwrap();
    }

    #[test]
    fn a_program_that_is_too_slow_is_killed_with_what_it_started() {
        let (mut reader, writer) = io::pipe().unwrap();
        let mut child = command("sh");
        child.args(["-c", "sleep 60 & wait"]).stdout(writer);
        std::os::unix::process::CommandExt::process_group(&mut child, 0);
        let mut started = child.spawn().unwrap();
        // The write end that this process still has.
        drop(child);
        super::kill(&mut started);
        // The end of the stream: no process holds it open.
        assert_eq!(reader.read_to_end(&mut Vec::new()).unwrap(), 0);
    }

    #[test]
    fn a_program_that_writes_without_end_is_read_and_cut() {
        let long = shell("head -c 3000000 /dev/zero", Duration::from_secs(20)).unwrap();
        assert_eq!(long.stdout.len(), OUTPUT);
    }
}
