//! Addresses by port, for the formats that know addresses alone.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;

use super::remark;
use reach365_model::catalog::{Allowed, Allowlist, LeftOut};

/// The addresses of one port and one family.
pub(super) struct Ranges {
    pub(super) port: u16,
    pub(super) ipv6: bool,
    /// Ascending, none within another one.
    pub(super) nets: Vec<IpNet>,
}

/// Every port and family that has addresses, in ascending order.
pub(super) fn by_port(list: &Allowlist) -> Vec<Ranges> {
    let mut all: BTreeMap<(u16, bool), BTreeSet<IpNet>> = BTreeMap::new();
    for entry in &list.entries {
        for port in entry.numbers() {
            for range in entry.addresses() {
                let family = matches!(range, IpNet::V6(_));
                all.entry((port, family)).or_default().insert(range.trunc());
            }
        }
    }
    let all = all.into_iter();
    all.map(|((port, ipv6), ranges)| Ranges {
        port,
        ipv6,
        nets: outermost(&ranges),
    })
    .collect()
}

/// Sets of addresses refuse ranges that overlap. In ascending order a range comes right after the
/// one that it is within.
fn outermost(ranges: &BTreeSet<IpNet>) -> Vec<IpNet> {
    let mut outer: Vec<IpNet> = Vec::new();
    for range in ranges {
        if outer.last().is_none_or(|last| !last.contains(range)) {
            outer.push(*range);
        }
    }
    outer
}

/// Comments that name the hosts behind the addresses.
pub(super) fn hosts(list: &Allowlist, comment: &str) -> String {
    let known = list.entries.iter().filter(|it| !it.addresses().is_empty());
    let lines = known.map(|it| remark(comment, &format!("opened by address: {}", line(it))));
    lines.collect()
}

/// What is said above rules that know addresses alone.
pub(super) fn notes(list: &Allowlist) -> Vec<String> {
    let unknown = list.entries.iter().filter(|it| it.addresses().is_empty());
    let count = unknown.count();
    if count == 0 {
        return Vec::new();
    }
    vec![format!(
        "INCOMPLETE: {count} of {} hosts have no published IPs; they need a proxy, or a firewall that knows names.",
        list.entries.len()
    )]
}

/// Hosts that rules by address do not open.
pub(super) fn left_out(list: &Allowlist) -> Vec<LeftOut> {
    let unknown = list.entries.iter().filter(|it| it.addresses().is_empty());
    let why = "is not opened: no IPs are published for this host";
    unknown.map(|it| LeftOut::new(&line(it), why)).collect()
}

fn line(entry: &Allowed) -> String {
    let ports: Vec<String> = entry.numbers().iter().map(ToString::to_string).collect();
    format!("{} (TCP {})", entry.host, ports.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_within_others_are_left_out() {
        let ranges = [
            "10.0.0.0/8",
            "10.0.0.0/16",
            "10.9.0.1/32",
            "11.0.0.0/32",
            "9.0.0.0/9",
        ];
        let ranges: BTreeSet<IpNet> = ranges.iter().map(|it| it.parse().unwrap()).collect();
        let outer: Vec<String> = outermost(&ranges).iter().map(ToString::to_string).collect();
        assert_eq!(outer, ["9.0.0.0/9", "10.0.0.0/8", "11.0.0.0/32"]);
    }
}
