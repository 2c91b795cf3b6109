//! How long the segments of a connection may be.

use std::io;

use socket2::Socket;

/// Whether the system lets a program ask for short segments.
pub const CAN_LIMIT: bool = cfg!(target_os = "linux");

/// Asks the other side for segments of so many bytes at most; before the connection begins.
/// False where the system does not let a program ask.
///
/// # Errors
/// What the system says where it does not take the option.
#[cfg(target_os = "linux")]
pub fn limit_segments(socket: &Socket, bytes: u16) -> io::Result<bool> {
    use nix::sys::socket::{setsockopt, sockopt};
    setsockopt(socket, sockopt::TcpMaxSeg, &u32::from(bytes))?;
    Ok(true)
}

/// Asks the other side for segments of so many bytes at most; before the connection begins.
/// False where the system does not let a program ask.
///
/// # Errors
///
/// None.
#[cfg(not(target_os = "linux"))]
#[allow(clippy::unnecessary_wraps, reason = "the same form on every system")]
pub fn limit_segments(_: &Socket, _: u16) -> io::Result<bool> {
    Ok(false)
}
