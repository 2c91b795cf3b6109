//! Addresses by port, for the formats that know addresses alone.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;

use super::remark;
use crate::catalog::{Allowed, Allowlist};

/// The addresses of one port and one family.
pub(super) struct Ranges {
    pub(super) port: u16,
    pub(super) ipv6: bool,
    /// Ascending, none within another one.
    pub(super) ranges: Vec<IpNet>,
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
        ranges: outermost(&ranges),
    })
    .collect()
}

/// Sets of addresses refuse ranges that overlap.
fn outermost(ranges: &BTreeSet<IpNet>) -> Vec<IpNet> {
    let within = |range: &IpNet| {
        let mut others = ranges.iter().filter(|other| *other != range);
        others.any(|other| other.contains(range))
    };
    ranges
        .iter()
        .copied()
        .filter(|range| !within(range))
        .collect()
}

/// Comments that name the hosts behind the addresses, and each host that has none.
pub(super) fn hosts(list: &Allowlist, comment: &str) -> String {
    let (known, unknown): (Vec<&Allowed>, Vec<&Allowed>) = list
        .entries
        .iter()
        .partition(|entry| !entry.addresses().is_empty());
    let mut text = String::new();
    for entry in known {
        text.push_str(&remark(
            comment,
            &format!("opened by address: {}", line(entry)),
        ));
    }
    for entry in unknown {
        let words = format!("no IPs are published for this host: {}", line(entry));
        text.push_str(&remark(comment, &words));
    }
    text
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
pub(super) fn left_out(list: &Allowlist) -> Vec<crate::catalog::LeftOut> {
    let unknown = list.entries.iter().filter(|it| it.addresses().is_empty());
    unknown
        .map(|it| {
            let host = it.host.to_string();
            crate::catalog::LeftOut::new(
                &host,
                "has no published IPs, and these rules know IPs alone",
            )
        })
        .collect()
}

fn line(entry: &Allowed) -> String {
    let ports: Vec<String> = entry.numbers().iter().map(ToString::to_string).collect();
    format!("{} (TCP {})", entry.host, ports.join(", "))
}
