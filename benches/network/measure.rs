//! What a program uses until it ends.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use wait4::Wait4;

/// What one run used.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Usage {
    /// Whether it could be started and exited with success.
    pub(crate) ran: bool,
    /// User and system time.
    pub(crate) cpu: Duration,
    pub(crate) wall: Duration,
    /// Largest resident set in bytes.
    pub(crate) memory: u64,
}

/// Runs a program once, its output thrown away.
pub(crate) fn once(command: &mut Command) -> Usage {
    let began = Instant::now();
    let child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let Ok(used) = child.and_then(|mut child| child.wait4()) else {
        return Usage::default();
    };
    Usage {
        ran: used.status.success(),
        cpu: used.rusage.utime + used.rusage.stime,
        wall: began.elapsed(),
        memory: used.rusage.maxrss,
    }
}

/// The median of each figure over some runs; `ran` where every run did.
pub(crate) fn median(runs: usize, mut run: impl FnMut() -> Usage) -> Usage {
    let all: Vec<Usage> = (0..runs).map(|_| run()).collect();
    Usage {
        ran: all.iter().all(|usage| usage.ran),
        cpu: middle(all.iter().map(|usage| usage.cpu)),
        wall: middle(all.iter().map(|usage| usage.wall)),
        memory: middle(all.iter().map(|usage| usage.memory)),
    }
}

fn middle<T: Ord + Copy + Default>(figures: impl Iterator<Item = T>) -> T {
    let mut figures: Vec<T> = figures.collect();
    figures.sort_unstable();
    figures.get(figures.len() / 2).copied().unwrap_or_default()
}
