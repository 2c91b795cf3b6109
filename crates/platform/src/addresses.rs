//! Addresses of this machine, and the one from which it would connect (RFC 6724).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};

/// Hosts on the internet; no packet is sent to them. Browsers use the same.
const OUTSIDE: [IpAddr; 2] = [
    IpAddr::V4(Ipv4Addr::new(8, 8, 8, 8)),
    IpAddr::V6(Ipv6Addr::new(0x2001, 0x4860, 0x4860, 0, 0, 0, 0, 0x8888)),
];

/// Which address families the system would take to a host of the internet.
#[derive(Debug, Clone, Copy)]
pub struct UsedFamilies {
    /// Whether it would take IPv4.
    pub ipv4: bool,
    /// Whether it would take IPv6.
    pub ipv6: bool,
}

/// Queries the routing table. IPv6 with a source address of another scope or label, such as a
/// unique local one, is only used where there is no IPv4.
pub fn used_families() -> UsedFamilies {
    let [v4, v6] = OUTSIDE;
    let ipv4 = fits(v4);
    let reaches = source_towards(v6).is_some_and(|source| scope(source) == Scope::Global);
    UsedFamilies {
        ipv4,
        ipv6: fits(v6) || (!ipv4 && reaches),
    }
}

/// Whether the system would choose this address of a host: it has a route there, and a source
/// address of the same scope and label.
pub fn fits(target: IpAddr) -> bool {
    source_towards(target)
        .is_some_and(|source| scope(source) == scope(target) && label(source) == label(target))
}

/// The source address of a connection. Connecting a UDP socket queries the routing table and sends
/// nothing.
fn source_towards(target: IpAddr) -> Option<IpAddr> {
    let any: IpAddr = match target {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((any, 0)).ok()?;
    socket.connect((target, 53)).ok()?;
    let source = socket.local_addr().ok()?.ip();
    (!source.is_unspecified()).then_some(source)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope {
    Link,
    Global,
}

/// RFC 6724, section 3.1 and 3.2: loopback counts as link-local, private as global.
fn scope(address: IpAddr) -> Scope {
    let near = match address {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unicast_link_local(),
    };
    if near { Scope::Link } else { Scope::Global }
}

/// The label in the default policy table of RFC 6724, section 2.1.
fn label(address: IpAddr) -> u8 {
    let IpAddr::V6(v6) = address else { return 4 };
    let first = v6.segments();
    match first {
        _ if v6.is_loopback() => 0,
        _ if v6.to_ipv4_mapped().is_some() => 4,
        [0x2002, ..] => 2,
        [0x2001, 0, ..] => 5,
        [0x3ffe, ..] => 12,
        _ if v6.is_unique_local() => 13,
        _ if first[0] & 0xffc0 == 0xfec0 => 11,
        [0, 0, 0, 0, 0, 0, ..] => 3,
        _ => 1,
    }
}

/// Which address families have an address that reaches beyond this machine and its link.
#[derive(Debug, Clone, Copy)]
pub struct Families {
    /// Whether there is one of IPv4.
    pub ipv4: Option<bool>,
    /// Whether there is one of IPv6.
    pub ipv6: Option<bool>,
}

/// Lists the addresses of all interfaces; `None` where the system does not report them.
pub fn usable_families() -> Families {
    let Ok(interfaces) = if_addrs::get_if_addrs() else {
        return Families {
            ipv4: None,
            ipv6: None,
        };
    };
    let addresses: Vec<IpAddr> = interfaces.iter().map(if_addrs::Interface::ip).collect();
    Families {
        ipv4: Some(addresses.iter().any(|a| a.is_ipv4() && reaches_out(*a))),
        ipv6: Some(addresses.iter().any(|a| a.is_ipv6() && reaches_out(*a))),
    }
}

fn reaches_out(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => !v4.is_loopback() && !v4.is_link_local() && !v4.is_unspecified(),
        IpAddr::V6(v6) => !v6.is_loopback() && !v6.is_unicast_link_local() && !v6.is_unspecified(),
    }
}

/// The source address of a connection to the internet, IPv4 first; where there is no such route,
/// the addresses of the interfaces.
#[cfg(feature = "pac")]
pub fn own_addresses() -> Vec<IpAddr> {
    let routed: Vec<IpAddr> = OUTSIDE
        .into_iter()
        .filter_map(source_towards)
        .filter(|address| reaches_out(*address))
        .collect();
    if !routed.is_empty() {
        return routed;
    }
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    let mut addresses: Vec<IpAddr> = interfaces.iter().map(if_addrs::Interface::ip).collect();
    addresses.retain(|address| reaches_out(*address));
    addresses.sort_by_key(IpAddr::is_ipv6);
    addresses
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_those_of_the_policy_table() {
        for (text, expected) in [
            ("::1", 0),
            ("2603:1000::1", 1),
            ("64:ff9b::1.2.3.4", 1),
            ("2002:c000:201::1", 2),
            ("192.0.2.1", 4),
            ("::ffff:192.0.2.1", 4),
            ("2001:0:53aa::1", 5),
            ("2001:db8::1", 1),
            ("fd00::1", 13),
            ("fe80::1", 1),
        ] {
            assert_eq!(label(text.parse().unwrap()), expected, "{text}");
        }
    }

    #[test]
    fn loopback_fits_loopback_and_nothing_beyond() {
        assert!(fits(Ipv4Addr::LOCALHOST.into()));
        assert_eq!(scope("169.254.1.1".parse().unwrap()), Scope::Link);
        assert_eq!(scope("10.1.2.3".parse().unwrap()), Scope::Global);
    }
}
