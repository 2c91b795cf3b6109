//! Running a program to its end.

use std::io::{self, ErrorKind, Read};
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::platform::command::command;

/// No program of the catalogue needs longer; `w32tm` waits for the network.
const LIMIT: Duration = Duration::from_secs(120);
/// Bytes of each stream that are kept.
const OUTPUT: u64 = 64 * 1024;
/// How often somebody looks whether it has ended.
const PAUSE: Duration = Duration::from_millis(20);

/// What came of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// Its exit code; `None` where it was killed.
    pub code: Option<i32>,
    /// What it wrote, cut.
    pub output: String,
}

pub(super) fn run(program: &Path, arguments: &[String]) -> io::Result<Ran> {
    let mut child = command(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let readers = [
        child.stdout.take().map(collect),
        child.stderr.take().map(collect),
    ];
    let code = wait(&mut child)?;
    let texts = readers.into_iter().flatten().map(JoinHandle::join);
    let output: Vec<String> = texts.filter_map(Result::ok).collect();
    Ok(Ran {
        code,
        output: output.concat(),
    })
}

fn wait(child: &mut Child) -> io::Result<Option<i32>> {
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status.code());
        }
        if started.elapsed() > LIMIT {
            child.kill()?;
            child.wait()?;
            let message = format!("it did not end within {} seconds", LIMIT.as_secs());
            return Err(io::Error::new(ErrorKind::TimedOut, message));
        }
        thread::sleep(PAUSE);
    }
}

/// Keeps the beginning, and reads on so that the program is not held up.
fn collect(mut stream: impl Read + Send + 'static) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut kept = Vec::new();
        stream.by_ref().take(OUTPUT).read_to_end(&mut kept).ok();
        io::copy(&mut stream, &mut io::sink()).ok();
        String::from_utf8_lossy(&kept).into_owned()
    })
}
