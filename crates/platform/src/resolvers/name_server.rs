//! The address of a name server as people and files write it, zone included.

use std::net::{IpAddr, SocketAddr, SocketAddrV6};

use reach365_model::endpoint::printable;

/// Port of a name server unless another one is given.
const PORT: u16 = 53;
/// Interfaces that are listed where a zone is none of them.
const LISTED: usize = 8;

/// Parses the address of a name server: `10.0.0.53`, `10.0.0.53:5353`, `fd00::53`,
/// `[fd00::53]:5353`; with a link-local address the interface (zone), by its name or number:
/// `fe80::1%eth0`, `[fe80::1%3]:53`.
///
/// # Errors
/// A sentence that says what is wrong with the text, or that this machine has no such interface.
pub fn name_server(text: &str) -> Result<SocketAddr, String> {
    let wanted =
        "not an address such as 10.0.0.53, 10.0.0.53:5353, [fd00::53]:5353 or fe80::1%eth0";
    let (host, port) = split(text).ok_or(wanted)?;
    let (address, zone) = match host.split_once('%') {
        Some((address, zone)) => (address, Some(zone)),
        None => (host, None),
    };
    let address: IpAddr = address.parse().map_err(|_| wanted)?;
    let IpAddr::V6(v6) = address.to_canonical() else {
        let fits = zone.is_none();
        return fits
            .then(|| SocketAddr::new(address.to_canonical(), port))
            .ok_or_else(|| "an IPv4 address has no zone".to_owned());
    };
    if !v6.is_unicast_link_local() {
        // The system ignores the zone of such an address.
        return Ok(SocketAddr::new(v6.into(), port));
    }
    let Some(zone) = zone.filter(|zone| !zone.is_empty()) else {
        return Err(format!(
            "{v6} is a link-local address and needs its zone, such as {v6}%eth0 ({})",
            interfaces()
        ));
    };
    let scope = scope_of(zone).ok_or_else(|| {
        let zone = printable(zone);
        format!("this machine has no interface {zone} ({})", interfaces())
    })?;
    Ok(SocketAddrV6::new(v6, port, 0, scope).into())
}

/// Address and port.
fn split(text: &str) -> Option<(&str, u16)> {
    if let Some(rest) = text.strip_prefix('[') {
        let (host, rest) = rest.split_once(']')?;
        return match rest.strip_prefix(':') {
            Some(port) => Some((host, a_port(port)?)),
            None => rest.is_empty().then_some((host, PORT)),
        };
    }
    match text.split_once(':') {
        Some((host, port)) if !port.contains(':') => Some((host, a_port(port)?)),
        _ => Some((text, PORT)),
    }
}

fn a_port(text: &str) -> Option<u16> {
    text.parse().ok().filter(|port| *port != 0)
}

/// The number of the interface that a zone names; RFC 6874 writes the percent sign as `%25`.
fn scope_of(zone: &str) -> Option<u32> {
    let known = known_interfaces();
    let find = |zone: &str| {
        let number: Option<u32> = zone.parse().ok();
        let same = |(name, index): &&(String, u32)| name == zone || Some(*index) == number;
        known.iter().find(same).map(|(_, index)| *index)
    };
    find(zone).or_else(|| find(zone.strip_prefix("25")?))
}

fn known_interfaces() -> Vec<(String, u32)> {
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    let mut known: Vec<(String, u32)> = Vec::new();
    for interface in interfaces {
        let one = interface.index.map(|index| (interface.name, index));
        if let Some(one) = one.filter(|one| !known.contains(one)) {
            known.push(one);
        }
    }
    known
}

fn interfaces() -> String {
    let known = known_interfaces().into_iter().take(LISTED);
    let names: Vec<String> = known
        .map(|(name, index)| format!("{} is {index}", printable(&name)))
        .collect();
    format!("its interfaces: {}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_people_write_them() {
        let read = |text: &str| name_server(text).map(|server| server.to_string());
        let cases = [
            ("10.0.0.53", "10.0.0.53:53"),
            ("10.0.0.53:5353", "10.0.0.53:5353"),
            ("fd00::53", "[fd00::53]:53"),
            ("[fd00::53]", "[fd00::53]:53"),
            ("[fd00::53]:5353", "[fd00::53]:5353"),
            ("fd00::53%any", "[fd00::53]:53"),
            ("::ffff:10.0.0.53", "10.0.0.53:53"),
        ];
        for (text, expected) in cases {
            assert_eq!(read(text).as_deref(), Ok(expected), "{text}");
        }
        for wrong in [
            "",
            "resolver",
            "10.0.0.53:0",
            "10.0.0.53:x",
            "[fd00::53",
            "[::1]5",
            "1.2.3",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_link_local_address_has_the_number_of_its_interface() {
        let interfaces = known_interfaces();
        let (name, index) = interfaces.first().expect("every machine has a loopback");
        for text in [
            format!("fe80::1%{name}"),
            format!("fe80::1%{index}"),
            format!("fe80::1%25{name}"),
            format!("[fe80::1%{name}]:53"),
        ] {
            let server = name_server(&text).unwrap();
            assert_eq!(
                server.to_string(),
                format!("[fe80::1%{index}]:53"),
                "{text}"
            );
            assert_eq!(server.to_string().parse(), Ok(server));
        }
    }

    #[test]
    fn a_zone_that_is_missing_or_unknown_is_told() {
        let missing = name_server("fe80::1").unwrap_err();
        assert!(missing.contains("needs its zone"), "{missing}");
        let unknown = name_server("fe80::1%nowhere0").unwrap_err();
        assert!(unknown.contains("no interface nowhere0"), "{unknown}");
        assert!(name_server("10.0.0.53%eth0").is_err());
    }
}
