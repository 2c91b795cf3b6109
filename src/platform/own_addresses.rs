//! The addresses by which this machine is known outside.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

/// Targets of routes that lead outside; no packet goes there. Browsers take the same.
const OUTSIDE: [SocketAddr; 2] = [
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(8, 8, 8, 8)), 53),
    SocketAddr::new(
        IpAddr::V6(Ipv6Addr::new(0x2001, 0x4860, 0x4860, 0, 0, 0, 0, 0x8888)),
        53,
    ),
];

/// The address from which a connection to the outside would come, IPv4 first; where no route
/// leads outside, the addresses of the interfaces.
pub(crate) fn own_addresses() -> Vec<IpAddr> {
    let routed: Vec<IpAddr> = OUTSIDE.into_iter().filter_map(source_towards).collect();
    if !routed.is_empty() {
        return routed;
    }
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    let mut addresses: Vec<IpAddr> = interfaces.iter().map(if_addrs::Interface::ip).collect();
    addresses.retain(|address| is_own(*address));
    addresses.sort_by_key(IpAddr::is_ipv6);
    addresses
}

/// Connecting a UDP socket asks the routing table and sends nothing.
fn source_towards(target: SocketAddr) -> Option<IpAddr> {
    let any: IpAddr = match target {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((any, 0)).ok()?;
    socket.connect(target).ok()?;
    let address = socket.local_addr().ok()?.ip();
    is_own(address).then_some(address)
}

fn is_own(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => !v4.is_loopback() && !v4.is_link_local() && !v4.is_unspecified(),
        IpAddr::V6(v6) => !v6.is_loopback() && !v6.is_unicast_link_local() && !v6.is_unspecified(),
    }
}
