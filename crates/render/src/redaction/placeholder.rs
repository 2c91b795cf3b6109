//! The forms of the placeholders in redacted reports.

use std::net::IpAddr;

use super::public_names::zone;

/// Blocks of 256 addresses that documents use (RFC 5737).
pub(crate) const DOCUMENTS: [[u8; 3]; 3] = [[192, 0, 2], [198, 51, 100], [203, 0, 113]];
/// What no name on the internet ends with (RFC 2606).
pub(crate) const RESERVED: &str = ".example";
/// What placeholders begin with.
const KINDS: [&str; 17] = [
    "host",
    "proxy",
    "machine",
    "site",
    "user",
    "tenant",
    "domain",
    "organisation",
    "endpoint",
    "group",
    "thumbprint",
    "/path",
    "path",
    "sid",
    "mac",
    "text",
    "key",
];
/// Those of endpoints, and of domains within their names.
const ENDPOINT_KINDS: [&str; 4] = ["host", "proxy", "endpoint", "domain"];

/// Whether a placeholder replaces a whole name.
pub(crate) fn is_placeholder_name(name: &str) -> bool {
    if let Some(name) = name.strip_suffix(RESERVED) {
        return name.split('.').all(|label| is_numbered(label, &KINDS));
    }
    let label = match zone(name) {
        Some(zone) => name[..name.len() - zone.len()].trim_end_matches('.'),
        None => name,
    };
    is_numbered(label, &KINDS)
}

/// Whether a redacted report numbers this endpoint: in another report the same number is another
/// name.
pub(crate) fn has_placeholder(name: &str) -> bool {
    name.split('.')
        .any(|label| is_numbered(label, &ENDPOINT_KINDS))
}

fn is_numbered(label: &str, kinds: &[&str]) -> bool {
    let parts = label.rsplit_once('-');
    parts.is_some_and(|(kind, number)| kinds.contains(&kind) && number.parse::<u32>().is_ok())
}

/// Whether an address replaces another one.
pub(crate) fn is_placeholder_address(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            DOCUMENTS.contains(&[a, b, c]) || (a == 198 && (b == 18 || b == 19))
        }
        IpAddr::V6(address) => {
            let segments = address.segments();
            segments[..2] == [0x2001, 0xdb8] || segments[..4] == [0x100, 0, 0, 0]
        }
    }
}
