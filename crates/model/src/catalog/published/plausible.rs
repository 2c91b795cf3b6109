//! Which address ranges a list of the service may publish. A list that claims the whole internet
//! would switch every judgment by address off, so it is refused, wherever it came from.
//!
//! Measured on Microsoft's own lists of 2025-12 (Worldwide, China, USGovGCCHigh, USGovDoD), of 2020-12
//! (Worldwide), and on the MISP warning list of Microsoft's addresses of 2026-08: the shortest prefixes
//! are `52.96.0.0/12` and `2603:1063:6000::/35`, the largest total is 2,646,367 IPv4 addresses and half
//! an IPv6 /32.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::endpoint::quoted;

/// The shortest prefixes that Microsoft publishes.
const SHORTEST: (u8, u8) = (12, 35);
/// IPv4 addresses of a whole list: three times what Microsoft publishes.
const IPV4_ADDRESSES: u64 = 1 << 23;
/// IPv6 networks of /64 of a whole list: four times what Microsoft publishes.
const IPV6_NETWORKS: u64 = 1 << 33;

/// Ranges that belong to no service on the internet (RFC 6890): this host, private, shared, loopback,
/// link-local, multicast, reserved. Those for documentation are left, for labs.
const SPECIAL_IPV4: [(Ipv4Addr, u8); 9] = [
    (Ipv4Addr::UNSPECIFIED, 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];
const SPECIAL_IPV6: [(Ipv6Addr, u8); 5] = [
    // Unspecified, loopback, and IPv4 addresses in IPv6 clothes.
    (Ipv6Addr::UNSPECIFIED, 8),
    (Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7),
    (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 9),
    (Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0), 8),
];

/// Reads one range; the error is a clause that says why it cannot be Microsoft's.
pub(super) fn range(text: &str) -> Result<IpNet, String> {
    let shown = quoted(text);
    let net: Option<IpNet> = text.trim().parse().ok();
    let net = net.ok_or_else(|| format!("{shown} is no range of addresses"))?;
    let shortest = match net {
        IpNet::V4(_) => SHORTEST.0,
        IpNet::V6(_) => SHORTEST.1,
    };
    if net.prefix_len() == 0 {
        return Err(format!("{shown} is every address"));
    }
    if net.prefix_len() < shortest {
        return Err(format!(
            "{shown} is larger than any range that Microsoft publishes (/{shortest})"
        ));
    }
    if is_special(net) {
        return Err(format!("{shown} is private or reserved"));
    }
    Ok(net.trunc())
}

fn is_special(net: IpNet) -> bool {
    match net {
        IpNet::V4(net) => SPECIAL_IPV4.into_iter().any(|(address, length)| {
            let special = Ipv4Net::new_assert(address, length);
            special.contains(&net) || net.contains(&special)
        }),
        IpNet::V6(net) => SPECIAL_IPV6.into_iter().any(|(address, length)| {
            let special = Ipv6Net::new_assert(address, length);
            special.contains(&net) || net.contains(&special)
        }),
    }
}

/// Refuses a list whose ranges together are more than Microsoft can have.
pub(super) fn total<'a>(nets: impl Iterator<Item = &'a IpNet>) -> Result<(), String> {
    let nets: Vec<IpNet> = nets.copied().collect();
    let (mut ipv4, mut ipv6) = (0, 0);
    for net in IpNet::aggregate(&nets) {
        match net.addr() {
            IpAddr::V4(_) => ipv4 += 1_u64 << 32_u8.saturating_sub(net.prefix_len()),
            IpAddr::V6(_) => ipv6 += 1_u64 << 64_u8.saturating_sub(net.prefix_len()).min(60),
        }
    }
    if ipv4 > IPV4_ADDRESSES {
        return Err(format!(
            "its ranges have {ipv4} IPv4 addresses; Microsoft publishes fewer than {IPV4_ADDRESSES}"
        ));
    }
    if ipv6 > IPV6_NETWORKS {
        return Err(format!(
            "its ranges have {ipv6} IPv6 networks of /64; Microsoft publishes fewer than {IPV6_NETWORKS}"
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_no_larger_than_microsofts_and_on_the_internet() {
        for good in [
            "52.96.0.0/12",
            "2603:1063:6000::/35",
            "13.107.6.152/31",
            "192.0.2.0/24",
        ] {
            assert!(range(good).is_ok(), "{good}");
        }
        for bad in [
            "0.0.0.0/0",
            "0.0.0.0/1",
            "128.0.0.0/1",
            "40.0.0.0/8",
            "40.96.0.0/11",
            "10.1.0.0/16",
            "172.20.0.0/16",
            "192.168.0.0/13",
            "127.0.0.0/24",
            "100.64.0.0/24",
            "169.254.1.1/32",
            "224.0.0.0/24",
            "255.255.255.255/32",
            "2000::/3",
            "2603::/34",
            "fd00::/48",
            "fe80::/64",
            "::1/128",
            "::ffff:1.2.3.0/120",
            "64:ff9b::102:0/112",
            "ff02::/64",
            "40.96.0.0",
            "",
        ] {
            assert!(range(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn many_plausible_ranges_are_not_plausible_together() {
        let nets: Vec<IpNet> = (0..32_u8)
            .map(|place| format!("{}.0.0.0/13", 11 + place).parse().unwrap())
            .collect();
        assert_eq!(total(nets[..8].iter()), Ok(()));
        // The same range in many sets counts once.
        assert_eq!(total(nets[..8].iter().cycle().take(1_000)), Ok(()));
        assert!(total(nets.iter()).unwrap_err().contains("IPv4"));
        let wide: Vec<IpNet> = (0..32)
            .map(|place| format!("26{place:02}::/35").parse().unwrap())
            .collect();
        assert!(total(wide.iter()).unwrap_err().contains("IPv6"));
    }
}
