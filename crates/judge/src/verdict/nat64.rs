//! IPv6 addresses that stand for IPv4 addresses: NAT64 with DNS64 (RFC 6052, RFC 6147, RFC 7050).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv6Net};

use crate::verdict::dns;
use reach365_model::evidence::{Lookup, RunEvidence};

/// Lengths of prefixes (RFC 6052, section 2.2), the usual one first.
const LENGTHS: [u8; 6] = [96, 64, 56, 48, 40, 32];
/// The addresses of `ipv4only.arpa`.
const KNOWN: [Ipv4Addr; 2] = [Ipv4Addr::new(192, 0, 0, 170), Ipv4Addr::new(192, 0, 0, 171)];
/// The prefix that everybody knows.
const WELL_KNOWN: [u16; 6] = [0x64, 0xff9b, 0, 0, 0, 0];

/// The name whose IPv6 addresses only DNS64 synthesizes.
pub const NAME: &str = "ipv4only.arpa";

/// The prefixes that the answer for [`NAME`] shows.
pub fn prefixes(lookup: &Lookup) -> Vec<IpNet> {
    let mut found = Vec::new();
    for address in dns::addresses_of(lookup) {
        let IpAddr::V6(v6) = address else { continue };
        let length = LENGTHS
            .into_iter()
            .find(|length| KNOWN.contains(&embedded(v6, *length)));
        let prefix = length.and_then(|length| Ipv6Net::new(v6, length).ok());
        let Some(prefix) = prefix.map(|prefix| IpNet::V6(prefix.trunc())) else {
            continue;
        };
        if !found.contains(&prefix) {
            found.push(prefix);
        }
    }
    found
}

/// The address that an answer means: the IPv4 address within it, where it lies in a prefix of
/// this network or holds an address that the same name has over IPv4.
pub(super) fn meant(run: &RunEvidence, address: IpAddr, answers: &[IpAddr]) -> IpAddr {
    let IpAddr::V6(v6) = address else {
        return address;
    };
    let known = |length: &u8| {
        let within = |prefix: &&IpNet| prefix.prefix_len() == *length && prefix.contains(&address);
        let well_known = *length == 96 && v6.segments()[..6] == WELL_KNOWN;
        let inner = IpAddr::V4(embedded(v6, *length));
        well_known || run.nat64.iter().any(|it| within(&it)) || answers.contains(&inner)
    };
    match LENGTHS.iter().find(|length| known(length)) {
        Some(length) => embedded(v6, *length).into(),
        None => address,
    }
}

/// The IPv4 address behind a prefix of so many bits; the ninth byte is left out.
fn embedded(address: Ipv6Addr, length: u8) -> Ipv4Addr {
    let bytes = address.octets();
    let first = usize::from(length / 8);
    let mut places = (first..16).filter(|place| *place != 8);
    let mut next = || places.next().map_or(0, |place| bytes[place]);
    Ipv4Addr::new(next(), next(), next(), next())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meant_by(text: &str, nat64: &[&str], answers: &[&str]) -> IpAddr {
        let run = RunEvidence {
            nat64: nat64.iter().map(|text| text.parse().unwrap()).collect(),
            ..RunEvidence::default()
        };
        let answers: Vec<IpAddr> = answers.iter().map(|text| text.parse().unwrap()).collect();
        meant(&run, text.parse().unwrap(), &answers)
    }

    /// The examples of RFC 6052, section 2.4.
    #[test]
    fn every_length_of_a_prefix_is_read() {
        let inner: IpAddr = "192.0.2.33".parse().unwrap();
        for (prefix, address) in [
            ("2001:db8::/32", "2001:db8:c000:221::"),
            ("2001:db8:100::/40", "2001:db8:1c0:2:21::"),
            ("2001:db8:122::/48", "2001:db8:122:c000:2:2100::"),
            ("2001:db8:122:300::/56", "2001:db8:122:3c0:0:221::"),
            ("2001:db8:122:344::/64", "2001:db8:122:344:c0:2:2100::"),
            ("2001:db8:122:344::/96", "2001:db8:122:344::192.0.2.33"),
        ] {
            assert_eq!(meant_by(address, &[prefix], &[]), inner, "{prefix}");
            assert_eq!(meant_by(address, &[], &["192.0.2.33"]), inner, "{prefix}");
        }
        assert_eq!(meant_by("64:ff9b::192.0.2.33", &[], &[]), inner);
    }

    #[test]
    fn other_addresses_mean_themselves() {
        let address = "2603:1000::1";
        let own: IpAddr = address.parse().unwrap();
        assert_eq!(meant_by(address, &["64:ff9b::/96"], &["192.0.2.1"]), own);
    }
}
