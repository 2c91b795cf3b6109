//! macOS: the counters of a connection (`TCP_CONNECTION_INFO`). The system does not report ICMP
//! messages to a program without privileges.

use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::sync::Arc;

use nix::libc;
use socket2::Socket;

use super::SocketEvidence;
use reach365_model::evidence::{IcmpSeen, TcpCounters};

/// Length of `struct tcp_connection_info` in `netinet/tcp.h` of macOS. Its fields are read by their
/// place: the binding takes the one-bit fields in its middle for whole numbers.
const LENGTH: usize = 112;

/// A duplicate of the socket.
#[derive(Debug)]
struct Watched {
    socket: OwnedFd,
}

/// Takes a handle to a connection.
pub fn watch(socket: &Socket) -> Option<Arc<dyn SocketEvidence>> {
    let socket = socket.as_fd().try_clone_to_owned().ok()?;
    Some(Arc::new(Watched { socket }))
}

impl SocketEvidence for Watched {
    fn icmp(&self) -> Option<IcmpSeen> {
        None
    }

    fn counters(&self) -> Option<TcpCounters> {
        counted(&connection_info(&self.socket)?)
    }
}

#[allow(unsafe_code, reason = "no safe binding has this option")]
fn connection_info(socket: &OwnedFd) -> Option<Vec<u8>> {
    let mut words = [0_u64; LENGTH / 8];
    let mut length = libc::socklen_t::try_from(LENGTH).ok()?;
    // SAFETY: the buffer is valid for writes of `length` bytes; the system writes at most that
    // many and stores the number in `length`.
    let result = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::IPPROTO_TCP,
            libc::TCP_CONNECTION_INFO,
            words.as_mut_ptr().cast(),
            &raw mut length,
        )
    };
    let bytes = words.iter().flat_map(|word| word.to_ne_bytes());
    (result == 0 && usize::try_from(length).ok()? >= LENGTH).then(|| bytes.collect())
}

/// The bytes in the send buffer are those that the peer has not acknowledged: a ClientHello is sent
/// at once. Bytes out of order are counted among the received ones.
fn counted(info: &[u8]) -> Option<TcpCounters> {
    let waiting = u32::from_ne_bytes(array(info, 32)?);
    let round_trip_ms = u32::from_ne_bytes(array(info, 44)?);
    let bytes_again = u64::from_ne_bytes(array(info, 72)?);
    let received = u64::from_ne_bytes(array(info, 88)?);
    let out_of_order = u64::from_ne_bytes(array(info, 96)?);
    let again = u64::from_ne_bytes(array(info, 104)?);
    Some(TcpCounters {
        rtt_us: round_trip_ms.saturating_mul(1_000),
        retransmits: u32::try_from(again).unwrap_or(u32::MAX),
        bytes_retransmitted: Some(bytes_again),
        bytes_unacked: Some(waiting.into()),
        bytes_received: Some(received.saturating_sub(out_of_order)),
        bytes_out_of_order_in: Some(out_of_order),
        ..TcpCounters::default()
    })
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at + N)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn counters_count_what_was_acknowledged_and_received() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut ours = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (mut theirs, _) = listener.accept().unwrap();
        let watched = watch(&Socket::from(ours.try_clone().unwrap())).unwrap();
        theirs.write_all(b"hi").unwrap();
        let mut buffer = [0; 2];
        ours.read_exact(&mut buffer).unwrap();
        let counters = watched.counters().unwrap();
        assert_eq!(counters.bytes_received, Some(2));
        assert_eq!(counters.bytes_unacked, Some(0));
        assert!(watched.icmp().is_none());
    }
}
