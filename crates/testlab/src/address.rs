//! Loopback addresses and ports.
//!
//! Every server gets an address of its own out of 127.0.0.0/8, as hosts on a real network have, and
//! the servers of one kind share a port number. Linux and Windows accept that whole range without
//! any setup. Where the system does not (macOS knows 127.0.0.1 alone), servers share the address and
//! have ports of their own.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use socket2::{Domain, Socket, Type};

/// Ports are taken from below the range that systems use for outgoing connections.
const FIRST_PORT: u16 = 20_000;
const PORTS: u32 = 12_000;
/// Addresses 127.16.0.0 to 127.253.255.255.
const FIRST_ADDRESS: u32 = 0x7f10_0000;
const ADDRESSES: u32 = 0x00ee_0000;

static NEXT: AtomicU32 = AtomicU32::new(0);

/// Port numbers by label.
#[derive(Debug, Default)]
pub struct Ports {
    numbers: HashMap<String, u16>,
}

impl Ports {
    /// A TCP socket that is bound and does not listen yet: an address of its own, and the port of
    /// the label.
    pub fn bind(&mut self, label: &str) -> (Socket, SocketAddr) {
        if !whole_range() {
            return bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).expect("loopback has ports");
        }
        for _ in 0..200 {
            let port = self.numbers.get(label).copied().unwrap_or_else(any_port);
            if let Ok(bound) = bind(SocketAddr::from((fresh_address(), port))) {
                self.numbers.insert(label.to_owned(), port);
                return bound;
            }
        }
        panic!("no address of 127.0.0.0/8 can be bound for `{label}`");
    }

    /// The port numbers that labels have so far.
    pub fn numbers(&self) -> HashMap<String, u16> {
        self.numbers.clone()
    }

    /// The same as [`Ports::bind`] on `::1`, at the port that the label has already.
    pub fn bind_ipv6(&mut self, label: &str) -> (Socket, SocketAddr) {
        let port = self.numbers[label];
        bind(SocketAddr::from((Ipv6Addr::LOCALHOST, port)))
            .unwrap_or_else(|error| panic!("[::1]:{port} cannot be bound: {error}"))
    }
}

/// Whether this system accepts every address of 127.0.0.0/8.
pub fn whole_range() -> bool {
    UdpSocket::bind((Ipv4Addr::new(127, 83, 0, 1), 0)).is_ok()
}

/// Whether this system has `::1`.
pub fn has_ipv6() -> bool {
    UdpSocket::bind((Ipv6Addr::LOCALHOST, 0)).is_ok()
}

/// Whether this system has a route to the IPv6 internet. No packet is sent.
pub fn has_global_ipv6() -> bool {
    let documentation = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);
    let socket = UdpSocket::bind((Ipv6Addr::UNSPECIFIED, 0));
    socket.is_ok_and(|socket| socket.connect((documentation, 53)).is_ok())
}

/// Makes a bound socket listen with a queue that is full, so that further connection requests are
/// dropped without an answer. The sockets do it as long as they stay open.
pub fn fill_queue(socket: Socket) -> Vec<Socket> {
    let address = socket.local_addr().expect("the socket is bound");
    socket.listen(0).expect("a bound socket can listen");
    let mut held = vec![socket];
    for _ in 0..4 {
        let filler = Socket::new(Domain::for_address(as_std(&address)), Type::STREAM, None)
            .expect("a socket");
        filler.set_nonblocking(true).expect("any socket can");
        // In progress, or established in the kernel's queue: both are what is wanted.
        let _ = filler.connect(&address);
        held.push(filler);
    }
    held
}

fn as_std(address: &socket2::SockAddr) -> SocketAddr {
    address.as_socket().expect("an internet address")
}

fn bind(address: SocketAddr) -> std::io::Result<(Socket, SocketAddr)> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.bind(&address.into())?;
    let bound = as_std(&socket.local_addr()?);
    Ok((socket, bound))
}

fn fresh_address() -> IpAddr {
    let place = (start() ^ NEXT.fetch_add(1, Ordering::Relaxed)) % ADDRESSES;
    let address = Ipv4Addr::from(FIRST_ADDRESS + place);
    match address.octets()[3] {
        0 | 255 => fresh_address(),
        _ => IpAddr::V4(address),
    }
}

fn any_port() -> u16 {
    let place = start().wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed).wrapping_mul(7));
    FIRST_PORT + u16::try_from(place % PORTS).expect("less than the number of ports")
}

/// Where this process begins in the ranges, so that tests running side by side rarely meet.
fn start() -> u32 {
    static START: std::sync::OnceLock<u32> = std::sync::OnceLock::new();
    *START.get_or_init(|| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let nanos = now.map_or(0, |elapsed| elapsed.subsec_nanos());
        std::process::id().wrapping_mul(2_654_435_761) ^ nanos
    })
}
