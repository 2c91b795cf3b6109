//! macOS: the counters of a connection (`TCP_CONNECTION_INFO`). Nothing tells a program without
//! privileges of ICMP messages there.

use std::mem::{offset_of, size_of};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::sync::Arc;

use nix::libc;
use socket2::Socket;

use super::SocketEvidence;
use crate::evidence::{IcmpSeen, TcpCounters};

/// Room for the structure, aligned as it needs it.
const WORDS: usize = size_of::<libc::tcp_connection_info>().div_ceil(8);

/// A duplicate of the socket.
#[derive(Debug)]
struct Watched {
    socket: OwnedFd,
}

/// Takes a hold on a connection.
pub(crate) fn watch(socket: &Socket) -> Option<Arc<dyn SocketEvidence>> {
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
    let mut words = [0_u64; WORDS];
    let wanted = size_of::<libc::tcp_connection_info>();
    let mut length = libc::socklen_t::try_from(wanted).ok()?;
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
    (result == 0 && usize::try_from(length).ok()? >= wanted).then(|| bytes.collect())
}

/// The bytes that wait in the send buffer are those that nobody has acknowledged: a greeting is
/// sent at once. Bytes out of order are counted among the received ones.
fn counted(info: &[u8]) -> Option<TcpCounters> {
    let word = |at| Some(u32::from_ne_bytes(array(info, at)?));
    let long = |at| Some(u64::from_ne_bytes(array(info, at)?));
    let again = long(offset_of!(
        libc::tcp_connection_info,
        tcpi_txretransmitpackets
    ))?;
    let out_of_order = long(offset_of!(
        libc::tcp_connection_info,
        tcpi_rxoutoforderbytes
    ))?;
    let received = long(offset_of!(libc::tcp_connection_info, tcpi_rxbytes))?;
    let round_trip_ms = word(offset_of!(libc::tcp_connection_info, tcpi_srtt))?;
    let waiting = word(offset_of!(libc::tcp_connection_info, tcpi_snd_sbbytes))?;
    Some(TcpCounters {
        rtt_us: round_trip_ms.saturating_mul(1_000),
        retransmits: u32::try_from(again).unwrap_or(u32::MAX),
        bytes_retransmitted: long(offset_of!(
            libc::tcp_connection_info,
            tcpi_txretransmitbytes
        )),
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
