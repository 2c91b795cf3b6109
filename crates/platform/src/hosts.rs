//! The hosts file of the system.

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

/// No hosts file written by hand is larger; blocking lists of a few MB fit.
const LIMIT: u64 = 16 * 1024 * 1024;

/// Text of the hosts file; `None` where it is absent or cannot be read.
pub fn hosts_file() -> Option<String> {
    let mut bytes = Vec::new();
    File::open(path()?)
        .ok()?
        .take(LIMIT)
        .read_to_end(&mut bytes)
        .ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(windows)]
fn path() -> Option<PathBuf> {
    let root = std::env::var_os("SystemRoot")?;
    Some(PathBuf::from(root).join(r"System32\drivers\etc\hosts"))
}

#[cfg(not(windows))]
#[allow(
    clippy::unnecessary_wraps,
    reason = "on Windows the path may be unknown"
)]
fn path() -> Option<PathBuf> {
    Some(PathBuf::from("/etc/hosts"))
}
