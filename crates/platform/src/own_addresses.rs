//! The addresses by which this machine is known outside.

use std::net::IpAddr;

use super::source::{OUTSIDE, source_towards};

/// The address from which a connection to the outside would come, IPv4 first; where no route
/// leads outside, the addresses of the interfaces.
pub fn own_addresses() -> Vec<IpAddr> {
    let routed: Vec<IpAddr> = OUTSIDE
        .into_iter()
        .filter_map(source_towards)
        .filter(|address| is_own(*address))
        .collect();
    if !routed.is_empty() {
        return routed;
    }
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    let mut addresses: Vec<IpAddr> = interfaces.iter().map(if_addrs::Interface::ip).collect();
    addresses.retain(|address| is_own(*address));
    addresses.sort_by_key(IpAddr::is_ipv6);
    addresses
}

fn is_own(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => !v4.is_loopback() && !v4.is_link_local() && !v4.is_unspecified(),
        IpAddr::V6(v6) => !v6.is_loopback() && !v6.is_unicast_link_local() && !v6.is_unspecified(),
    }
}
