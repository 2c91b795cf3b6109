//! Addresses of this machine.

use std::net::IpAddr;

/// Which address families have an address that reaches beyond this machine and its link.
#[derive(Debug, Clone, Copy)]
pub struct Families {
    pub ipv4: Option<bool>,
    pub ipv6: Option<bool>,
}

/// Looks at the addresses of all interfaces; `None` where the system does not tell.
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
