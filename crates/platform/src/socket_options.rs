//! Options of sockets, and how many this process may have.

use std::io;
use std::net::SocketAddr;

use socket2::{SockRef, Socket};

/// Whether the system keeps the ICMP messages of a connection for the program that opened it.
pub const TELLS_HOPS: bool = cfg!(target_os = "linux");

/// Hop limit of packets that should arrive, the default of most systems.
pub const FAR: u8 = 64;

/// Limits the hops of every packet that the socket sends from now on.
///
/// # Errors
/// The system's error where it does not support the option.
pub fn limit_hops(socket: &SockRef<'_>, address: SocketAddr, hops: u8) -> io::Result<()> {
    match address {
        SocketAddr::V4(_) => socket.set_ttl_v4(hops.into()),
        SocketAddr::V6(_) => socket.set_unicast_hops_v6(hops.into()),
    }
}

/// Whether the system lets a program set the maximum segment size (MSS).
pub const CAN_LIMIT: bool = cfg!(target_os = "linux");

/// Sets the maximum segment size that the peer may send; before the connection begins. False where
/// the system does not let a program set it.
///
/// # Errors
/// The system's error where it does not support the option.
#[cfg(target_os = "linux")]
pub fn limit_segments(socket: &Socket, bytes: u16) -> io::Result<bool> {
    use nix::sys::socket::{setsockopt, sockopt};
    setsockopt(socket, sockopt::TcpMaxSeg, &u32::from(bytes))?;
    Ok(true)
}

/// Sets the maximum segment size that the peer may send; before the connection begins. False where
/// the system does not let a program set it.
///
/// # Errors
/// None.
#[cfg(not(target_os = "linux"))]
#[allow(clippy::unnecessary_wraps, reason = "the same form on every system")]
pub fn limit_segments(_: &Socket, _: u16) -> io::Result<bool> {
    Ok(false)
}

/// Sockets that may be open at once; `None` where the system sets no such limit.
#[cfg(unix)]
pub fn socket_limit() -> Option<usize> {
    let (soft, _) = rlimit::Resource::NOFILE.get().ok()?;
    usize::try_from(soft).ok()
}

/// Sockets that may be open at once; `None` where the system sets no such limit.
#[cfg(not(unix))]
pub fn socket_limit() -> Option<usize> {
    None
}
