//! Windows: the ICMP message of a failed connection (`TCP_ICMP_ERROR_INFO`, Windows 10 2004) and
//! the counters of a connection (`SIO_TCP_INFO`, Windows 10 1703). Older systems have neither.

use std::ffi::c_void;
use std::mem::{offset_of, size_of, size_of_val};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::windows::io::AsRawSocket;
use std::ptr;
use std::sync::Arc;

use socket2::Socket;
use windows_sys::Win32::Networking::WinSock::{
    AF_INET, AF_INET6, ICMP_ERROR_INFO, IPPROTO_ICMP, IPPROTO_ICMPV6, IPPROTO_TCP, SIO_TCP_INFO,
    SOCKADDR_IN, SOCKADDR_IN6, SOCKET, TCP_FAIL_CONNECT_ON_ICMP_ERROR, TCP_ICMP_ERROR_INFO,
    TCP_INFO_v0, WSAIoctl, getsockopt, setsockopt,
};

use super::SocketEvidence;
use reach365_model::evidence::{IcmpSeen, TcpCounters};

/// Room for a structure, aligned as any of them may need it.
type Words<const N: usize> = [u64; N];
const COUNTERS: usize = size_of::<TCP_INFO_v0>().div_ceil(8);
const MESSAGE: usize = size_of::<ICMP_ERROR_INFO>().div_ceil(8);

/// A duplicate of the socket: it stays open when the original is closed.
#[derive(Debug)]
struct Watched {
    socket: Socket,
}

/// Takes a handle to a connection that has not begun yet, and makes the system end it at the first
/// ICMP error: without that Windows retransmits until the limit.
pub fn watch(socket: &Socket) -> Option<Arc<dyn SocketEvidence>> {
    fail_on_icmp(socket);
    let socket = socket.try_clone().ok()?;
    Some(Arc::new(Watched { socket }))
}

impl SocketEvidence for Watched {
    fn icmp(&self) -> Option<IcmpSeen> {
        seen(&message(&self.socket)?)
    }

    fn counters(&self) -> Option<TcpCounters> {
        counted(&tcp_info(&self.socket)?)
    }
}

fn number(socket: &Socket) -> SOCKET {
    socket.as_raw_socket() as SOCKET
}

#[allow(unsafe_code, reason = "no safe binding has this option")]
fn fail_on_icmp(socket: &Socket) {
    let on = 1_u32;
    // SAFETY: the pointer is to a number of the length that is passed, which outlives the call. A
    // system that does not know the option rejects it, which changes nothing.
    let _ = unsafe {
        setsockopt(
            number(socket),
            IPPROTO_TCP,
            TCP_FAIL_CONNECT_ON_ICMP_ERROR,
            (&raw const on).cast(),
            (size_of_val(&on) as u32).cast_signed(),
        )
    };
}

/// The structure `ICMP_ERROR_INFO`; an error where no message came.
#[allow(unsafe_code, reason = "no safe binding has this option")]
fn message(socket: &Socket) -> Option<Vec<u8>> {
    let mut words: Words<MESSAGE> = [0; MESSAGE];
    let mut length = (size_of::<ICMP_ERROR_INFO>() as u32).cast_signed();
    // SAFETY: the buffer is valid for writes of `length` bytes and not used elsewhere; the system
    // writes at most that many and stores the number in `length`.
    let result = unsafe {
        getsockopt(
            number(socket),
            IPPROTO_TCP,
            TCP_ICMP_ERROR_INFO,
            words.as_mut_ptr().cast(),
            &raw mut length,
        )
    };
    whole(
        result,
        &words,
        length.unsigned_abs(),
        offset_of!(ICMP_ERROR_INFO, code),
    )
}

/// The structure `TCP_INFO_v0`.
#[allow(unsafe_code, reason = "no safe binding has this control code")]
fn tcp_info(socket: &Socket) -> Option<Vec<u8>> {
    let version = 0_u32;
    let mut words: Words<COUNTERS> = [0; COUNTERS];
    let mut length = 0_u32;
    // SAFETY: both buffers are as long as their lengths say and outlive the call, which is
    // complete when it returns, since it has no OVERLAPPED structure.
    let result = unsafe {
        WSAIoctl(
            number(socket),
            SIO_TCP_INFO,
            (&raw const version).cast::<c_void>(),
            size_of_val(&version) as u32,
            words.as_mut_ptr().cast(),
            size_of::<TCP_INFO_v0>() as u32,
            &raw mut length,
            ptr::null_mut(),
            None,
        )
    };
    whole(result, &words, length, offset_of!(TCP_INFO_v0, SynRetrans))
}

/// The bytes of a structure, where the call succeeded and filled it up to its last field.
fn whole(result: i32, words: &[u64], length: u32, last: usize) -> Option<Vec<u8>> {
    let bytes = words.iter().flat_map(|word| word.to_ne_bytes());
    (result == 0 && length as usize > last).then(|| bytes.collect())
}

fn counted(info: &[u8]) -> Option<TcpCounters> {
    let word = |at| Some(u32::from_ne_bytes(array(info, at)?));
    let syn = u32::from(*info.get(offset_of!(TCP_INFO_v0, SynRetrans))?);
    let fast = word(offset_of!(TCP_INFO_v0, FastRetrans))?;
    let timeouts = word(offset_of!(TCP_INFO_v0, TimeoutEpisodes))?;
    Some(TcpCounters {
        rtt_us: word(offset_of!(TCP_INFO_v0, RttUs))?,
        retransmits: syn.saturating_add(fast).saturating_add(timeouts),
        bytes_retransmitted: word(offset_of!(TCP_INFO_v0, BytesRetrans)).map(u64::from),
        bytes_unacked: word(offset_of!(TCP_INFO_v0, BytesInFlight)).map(u64::from),
        bytes_received: array(info, offset_of!(TCP_INFO_v0, BytesIn)).map(u64::from_ne_bytes),
        ..TcpCounters::default()
    })
}

fn seen(info: &[u8]) -> Option<IcmpSeen> {
    let protocol = i32::from_ne_bytes(array(info, offset_of!(ICMP_ERROR_INFO, protocol))?);
    let version = match protocol {
        IPPROTO_ICMP => 4,
        IPPROTO_ICMPV6 => 6,
        _ => return None,
    };
    Some(IcmpSeen {
        from: sender(info).filter(|from| !from.is_unspecified()),
        version,
        kind: *info.get(offset_of!(ICMP_ERROR_INFO, r#type))?,
        code: *info.get(offset_of!(ICMP_ERROR_INFO, code))?,
        local: false,
    })
}

/// The union at the beginning of the structure; its first field is the address family.
fn sender(info: &[u8]) -> Option<IpAddr> {
    let at = offset_of!(ICMP_ERROR_INFO, srcaddress);
    match u16::from_ne_bytes(array(info, at)?) {
        AF_INET => {
            let octets = array::<4>(info, at + offset_of!(SOCKADDR_IN, sin_addr))?;
            Some(Ipv4Addr::from(octets).into())
        }
        AF_INET6 => {
            let octets = array::<16>(info, at + offset_of!(SOCKADDR_IN6, sin6_addr))?;
            Some(Ipv6Addr::from(octets).into())
        }
        _ => None,
    }
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at + N)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};

    use super::*;

    fn put(bytes: &mut [u8], at: usize, value: &[u8]) {
        bytes[at..at + value.len()].copy_from_slice(value);
    }

    #[test]
    fn a_lost_greeting_waits_for_its_acknowledgement() {
        let mut info = vec![0; size_of::<TCP_INFO_v0>()];
        put(
            &mut info,
            offset_of!(TCP_INFO_v0, RttUs),
            &20_000_u32.to_ne_bytes(),
        );
        put(
            &mut info,
            offset_of!(TCP_INFO_v0, BytesInFlight),
            &210_u32.to_ne_bytes(),
        );
        put(
            &mut info,
            offset_of!(TCP_INFO_v0, BytesRetrans),
            &840_u32.to_ne_bytes(),
        );
        put(
            &mut info,
            offset_of!(TCP_INFO_v0, TimeoutEpisodes),
            &1_u32.to_ne_bytes(),
        );
        put(&mut info, offset_of!(TCP_INFO_v0, SynRetrans), &[2]);
        let expected = TcpCounters {
            rtt_us: 20_000,
            retransmits: 3,
            bytes_retransmitted: Some(840),
            bytes_unacked: Some(210),
            bytes_received: Some(0),
            ..TcpCounters::default()
        };
        assert_eq!(counted(&info), Some(expected));
        assert_eq!(counted(&info[..40]), None);
    }

    #[test]
    fn the_sender_of_a_message_is_of_either_family() {
        let mut info = vec![0; size_of::<ICMP_ERROR_INFO>()];
        put(&mut info, 0, &AF_INET.to_ne_bytes());
        put(&mut info, 4, &[10, 9, 1, 1]);
        put(&mut info, 28, &IPPROTO_ICMP.to_ne_bytes());
        put(&mut info, 32, &[3, 13]);
        let found = seen(&info).unwrap();
        assert_eq!(found.from, Some("10.9.1.1".parse().unwrap()));
        assert_eq!((found.version, found.kind, found.code), (4, 3, 13));

        let sender: Ipv6Addr = "2001:db8::1".parse().unwrap();
        put(&mut info, 0, &AF_INET6.to_ne_bytes());
        put(&mut info, 8, &sender.octets());
        put(&mut info, 28, &IPPROTO_ICMPV6.to_ne_bytes());
        put(&mut info, 32, &[1, 1]);
        let found = seen(&info).unwrap();
        assert_eq!(found.from, Some(sender.into()));
        assert_eq!((found.version, found.kind, found.code), (6, 1, 1));

        put(&mut info, 28, &IPPROTO_TCP.to_ne_bytes());
        assert_eq!(seen(&info), None);
    }

    #[test]
    fn a_watched_connection_works_and_is_counted_where_the_system_counts() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let ours = Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
        let watched = watch(&ours).unwrap();
        ours.connect(&listener.local_addr().unwrap().into())
            .unwrap();
        let mut ours = TcpStream::from(ours);
        let (mut theirs, _) = listener.accept().unwrap();
        theirs.write_all(b"hi").unwrap();
        let mut buffer = [0; 2];
        ours.read_exact(&mut buffer).unwrap();
        assert_eq!(watched.icmp(), None);
        // Windows before 10 1703 and Wine do not count.
        if let Some(counters) = watched.counters() {
            assert_eq!(counters.bytes_received, Some(2));
            assert_eq!(counters.bytes_unacked, Some(0));
        }
    }

    #[test]
    fn a_hold_outlives_the_socket_and_keeps_its_number_from_others() {
        let ours = Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
        let watched = watch(&ours).unwrap();
        drop(ours);
        assert_eq!(watched.icmp(), None);
    }
}
