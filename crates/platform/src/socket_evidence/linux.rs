//! Linux: the error queue of a socket (ip(7), `IP_RECVERR`) and `TCP_INFO` (tcp(7)).

use std::io::IoSliceMut;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::sync::Arc;

use nix::libc;
use nix::sys::socket::{
    ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, setsockopt, sockopt,
};
use socket2::Socket;

use super::SocketEvidence;
use reach365_model::evidence::{IcmpSeen, TcpCounters};

/// Origins of an entry in the error queue (`linux/errqueue.h`).
const FROM_LOCAL: u8 = 1;
const FROM_ICMP: u8 = 2;
const FROM_ICMP6: u8 = 3;
/// Entries that are read before the queue is given up.
const QUEUE_LIMIT: usize = 8;

/// A duplicate of the socket.
#[derive(Debug)]
struct Watched {
    socket: OwnedFd,
}

/// Takes a handle to a connection and makes the system keep its errors; from the first packet on if
/// the connection has not begun yet.
pub fn watch(socket: &Socket) -> Option<Arc<dyn SocketEvidence>> {
    let socket = socket.as_fd().try_clone_to_owned().ok()?;
    // A socket is of one family: the other option is refused, which means nothing.
    let _ = setsockopt(&socket, sockopt::Ipv4RecvErr, &true);
    let _ = setsockopt(&socket, sockopt::Ipv6RecvErr, &true);
    Some(Arc::new(Watched { socket }))
}

impl SocketEvidence for Watched {
    fn icmp(&self) -> Option<IcmpSeen> {
        (0..QUEUE_LIMIT).find_map(|_| self.next_error())
    }

    fn counters(&self) -> Option<TcpCounters> {
        let info = tcp_info(&self.socket)?;
        Some(TcpCounters {
            rtt_us: word(&info, 68)?,
            retransmits: word(&info, 100)?,
            // The largest number means "not measured".
            shortest_rtt_us: word(&info, 148).filter(|rtt| *rtt != u32::MAX),
            needless_retransmits: word(&info, 216),
            unacked_segments: word(&info, 24),
            bytes_acked: double_word(&info, 120),
            bytes_received: double_word(&info, 128),
            data_segments_in: word(&info, 152),
            out_of_order_in: word(&info, 224),
            ..TcpCounters::default()
        })
    }
}

impl Watched {
    /// The next entry of the queue, if there is one and it is an ICMP message.
    fn next_error(&self) -> Option<IcmpSeen> {
        let mut space = nix::cmsg_space!(libc::sock_extended_err, libc::sockaddr_in6);
        let mut data = [0; 64];
        let mut buffers = [IoSliceMut::new(&mut data)];
        let flags = MsgFlags::MSG_ERRQUEUE | MsgFlags::MSG_DONTWAIT;
        let message = recvmsg::<SockaddrStorage>(
            self.socket.as_raw_fd(),
            &mut buffers,
            Some(&mut space),
            flags,
        );
        let message = message.ok()?;
        let mut entries = message.cmsgs().ok()?;
        entries.find_map(|entry| seen(&entry))
    }
}

fn seen(entry: &ControlMessageOwned) -> Option<IcmpSeen> {
    let (error, from) = match entry {
        ControlMessageOwned::Ipv4RecvErr(error, from) => {
            let from = from.map(|from| Ipv4Addr::from(u32::from_be(from.sin_addr.s_addr)));
            (error, from.map(IpAddr::from))
        }
        ControlMessageOwned::Ipv6RecvErr(error, from) => {
            let from = from.map(|from| Ipv6Addr::from(from.sin6_addr.s6_addr));
            (error, from.map(IpAddr::from))
        }
        _ => return None,
    };
    let origins = [FROM_LOCAL, FROM_ICMP, FROM_ICMP6];
    origins.contains(&error.ee_origin).then(|| IcmpSeen {
        from: from.filter(|from| !from.is_unspecified()),
        kind: error.ee_type,
        code: error.ee_code,
        version: if error.ee_origin == FROM_ICMP6 { 6 } else { 4 },
        local: error.ee_origin == FROM_LOCAL,
    })
}

/// The structure `tcp_info` of `linux/tcp.h`, as long as this kernel has it. Fields are only ever
/// added to its end, so they are read by their place.
#[allow(
    unsafe_code,
    reason = "no safe binding gives more than the fields of old kernels"
)]
fn tcp_info(socket: &OwnedFd) -> Option<Vec<u8>> {
    let mut info = vec![0_u8; 256];
    let mut length = libc::socklen_t::try_from(info.len()).ok()?;
    // SAFETY: the buffer is valid for writes of `length` bytes, which is its size; the system
    // writes at most that many and stores the number in `length`.
    let result = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::IPPROTO_TCP,
            libc::TCP_INFO,
            info.as_mut_ptr().cast(),
            &raw mut length,
        )
    };
    if result != 0 {
        return None;
    }
    info.truncate(usize::try_from(length).ok()?);
    Some(info)
}

fn word(info: &[u8], at: usize) -> Option<u32> {
    let bytes = info.get(at..at + 4)?;
    Some(u32::from_ne_bytes(bytes.try_into().ok()?))
}

fn double_word(info: &[u8], at: usize) -> Option<u64> {
    let bytes = info.get(at..at + 8)?;
    Some(u64::from_ne_bytes(bytes.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};

    #[test]
    fn counters_count_what_was_acknowledged_and_received() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut ours = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (mut theirs, _) = listener.accept().unwrap();
        let socket = Socket::from(ours.try_clone().unwrap());
        let watched = watch(&socket).unwrap();
        ours.write_all(b"hello").unwrap();
        let mut buffer = [0; 5];
        theirs.read_exact(&mut buffer).unwrap();
        theirs.write_all(b"hi").unwrap();
        ours.read_exact(&mut buffer[..2]).unwrap();
        let counters = watched.counters().unwrap();
        // The first byte of the count is the request for the connection.
        assert_eq!(counters.bytes_acked, Some(6));
        assert_eq!(counters.bytes_received, Some(2));
        assert_eq!(counters.unacked_segments, Some(0));
        assert!(watched.icmp().is_none());
    }
}
