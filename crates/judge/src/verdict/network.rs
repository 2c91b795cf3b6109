//! Kinds of addresses and names, and where in a run genuine answers came from.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use reach365_model::endpoint::{Endpoint, Host};
use reach365_model::evidence::RunEvidence;

/// Addresses that answered genuinely, with the endpoint that they answered for.
#[derive(Debug, Default)]
pub(super) struct GenuineAddresses {
    genuine: Vec<(String, IpAddr)>,
}

impl GenuineAddresses {
    pub(super) fn add(&mut self, endpoint: &Endpoint, address: IpAddr) {
        self.genuine.push((endpoint.id.clone(), address));
    }

    /// Whether another endpoint was reached in the same network, a /16 or a /48.
    pub(super) fn confirms(&self, endpoint: &Endpoint, address: IpAddr) -> bool {
        self.genuine
            .iter()
            .any(|(id, known)| *id != endpoint.id && same_network(*known, address))
    }
}

fn same_network(one: IpAddr, other: IpAddr) -> bool {
    match (one, other) {
        (IpAddr::V4(one), IpAddr::V4(other)) => one.octets()[..2] == other.octets()[..2],
        (IpAddr::V6(one), IpAddr::V6(other)) => one.segments()[..3] == other.segments()[..3],
        _ => false,
    }
}

/// Whether an address cannot be a public service: unspecified, loopback, private, link-local,
/// multicast, reserved, or of the blocks for tests (RFC 2544, RFC 6666), which redacted reports have
/// in their place.
pub(super) fn is_bogus(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_bogus_v4(address),
        IpAddr::V6(address) => is_bogus_v6(address),
    }
}

fn is_bogus_v4(address: Ipv4Addr) -> bool {
    let [first, second, ..] = address.octets();
    address.is_unspecified()
        || address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        || (first == 100 && (64..128).contains(&second))
        || (first == 198 && (second == 18 || second == 19))
        // Multicast, 240/4 and broadcast.
        || first >= 224
}

fn is_bogus_v6(address: Ipv6Addr) -> bool {
    address.is_unspecified()
        || address.is_loopback()
        || address.is_unique_local()
        || address.is_unicast_link_local()
        || address.segments()[..4] == [0x100, 0, 0, 0]
        || address.is_multicast()
}

/// Whether this machine has no address family: no address, or none that the system would use.
pub(super) fn lacks(run: &RunEvidence, ipv6: bool) -> bool {
    let (has, used) = if ipv6 {
        (run.ipv6, run.ipv6_used)
    } else {
        (run.ipv4, run.ipv4_used)
    };
    has == Some(false) || used == Some(false)
}

/// A run whose resolver was named and sits on loopback: a test bench, where loopback is normal.
pub(super) fn is_test_bench(run: &RunEvidence) -> bool {
    run.resolvers_named && run.resolvers.iter().any(|server| server.ip().is_loopback())
}

/// Whether a name is one of the suffixes or below one.
pub(super) fn below(name: &str, suffix: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let suffix = suffix
        .trim_matches('.')
        .trim_start_matches("*.")
        .to_ascii_lowercase();
    name == suffix
        || name
            .strip_suffix(&suffix)
            .is_some_and(|head| head.ends_with('.'))
}

/// Whether two names have different owners. Two names of one owner may share an issuer, an address
/// or a page without any device between them.
pub(super) fn unrelated(one: &Host, other: &Host) -> bool {
    one.name().is_some() && other.name().is_some() && one.owner() != other.owner()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bogus_addresses_are_those_that_no_public_service_has() {
        for text in [
            "0.0.0.0",
            "::",
            "127.0.0.53",
            "::1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.1.1",
            "100.64.0.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "ff02::1",
            "fd00::1",
            "fe80::1",
            "::ffff:10.0.0.1",
        ] {
            assert!(is_bogus(text.parse().unwrap()), "{text}");
        }
        for text in ["20.190.128.1", "100.128.0.1", "172.32.0.1", "2603:1000::1"] {
            assert!(!is_bogus(text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn names_of_different_owners_are_unrelated() {
        let unrelated =
            |one, other| unrelated(&Host::parse(one).unwrap(), &Host::parse(other).unwrap());
        assert!(unrelated("a.contoso.co.uk", "a.fabrikam.co.uk"));
        assert!(unrelated("one.azurewebsites.net", "two.azurewebsites.net"));
        assert!(!unrelated("a.contoso.co.uk", "b.contoso.co.uk"));
        assert!(!unrelated("a.contoso.co.uk", "192.0.2.1"));
    }

    #[test]
    fn suffixes_match_whole_labels() {
        assert!(below("a.akamaiedge.NET.", "akamaiedge.net"));
        assert!(below("akamaiedge.net", ".akamaiedge.net"));
        assert!(!below("evilakamaiedge.net", "akamaiedge.net"));
    }
}
