//! How many hops the packets of a socket may take, and whether the system tells where they ended.

use std::io;
use std::net::SocketAddr;

use socket2::SockRef;

/// Whether the system keeps the ICMP messages of a connection for the program that made it.
pub const TELLS_HOPS: bool = cfg!(target_os = "linux");

/// Hops of packets that are to arrive, as most systems begin with.
pub const FAR: u8 = 64;

/// Limits the hops of every packet that the socket sends from now on.
///
/// # Errors
/// What the system says where it does not take the option.
pub fn limit_hops(socket: &SockRef<'_>, address: SocketAddr, hops: u8) -> io::Result<()> {
    match address {
        SocketAddr::V4(_) => socket.set_ttl_v4(hops.into()),
        SocketAddr::V6(_) => socket.set_unicast_hops_v6(hops.into()),
    }
}
