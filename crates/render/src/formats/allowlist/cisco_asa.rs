//! Objects, groups and an access list of Cisco ASA.

use std::fmt::Write as _;

use ipnet::IpNet;

use super::ranges;
use super::{Rules, object_name, purpose, refuse};
use reach365_model::catalog::{Allowed, AllowedHost, Allowlist};

const LONGEST_NAME: usize = 64;
const ACCESS_LIST: &str = "REACH365";

pub(super) fn rules(list: &Allowlist) -> Rules {
    let objects: String = list.entries.iter().filter_map(object).collect();
    let numbers = list.ports().into_iter().map(|port| port.number);
    let mut numbers: Vec<u16> = numbers.collect();
    numbers.dedup();
    let groups: String = numbers.iter().map(|number| group(list, *number)).collect();
    let published: String = ranges::by_port(list).iter().map(published).collect();
    Rules {
        what: "Objects and access list for Cisco ASA",
        comment: Some("!"),
        notes: vec![
            "Names need ASA 8.4(2) or newer, the IPv6 groups 9.0(1), `dns domain-lookup` on an interface, and the resolver of the clients:".to_owned(),
            "another answer than theirs opens other addresses. Bind it with `access-group REACH365 in interface NAME`.".to_owned(),
            "Objects of names open IPv4; `fqdn v6` opens IPv6.".to_owned(),
        ],
        left_out: refuse(list, WHY, |host| !is_fqdn(host) && !matches!(host, AllowedHost::Address(_))),
        body: format!("{objects}!\n{groups}{published}"),
    }
}

const WHY: &str = "is a wildcard or has an underscore, which `fqdn` does not take";

fn is_fqdn(host: &AllowedHost) -> bool {
    matches!(host, AllowedHost::Name(name) if !name.contains('_'))
}

fn object(entry: &Allowed) -> Option<String> {
    is_fqdn(&entry.host).then(|| {
        let name = object_name(&entry.host, LONGEST_NAME);
        let comment = purpose("!", entry);
        format!("{comment}object network {name}\n fqdn v4 {}\n", entry.host)
    })
}

fn group(list: &Allowlist, number: u16) -> String {
    let members = list
        .entries
        .iter()
        .filter(|entry| is_fqdn(&entry.host) && entry.numbers().contains(&number));
    let members: String = members
        .map(|entry| {
            format!(
                " network-object object {}\n",
                object_name(&entry.host, LONGEST_NAME)
            )
        })
        .collect();
    section(&format!("reach365-names-{number}"), &members, number)
}

/// Addresses that are published do not depend on any resolver.
fn published(set: &ranges::Ranges) -> String {
    let family = if set.ipv6 { "ipv6" } else { "ipv4" };
    let mut members = String::new();
    for range in &set.nets {
        let _ = match range {
            IpNet::V4(range) => {
                writeln!(
                    members,
                    " network-object {} {}",
                    range.addr(),
                    range.netmask()
                )
            }
            IpNet::V6(range) => writeln!(members, " network-object {range}"),
        };
    }
    section(
        &format!("reach365-{family}-{}", set.port),
        &members,
        set.port,
    )
}

fn section(name: &str, members: &str, number: u16) -> String {
    if members.is_empty() {
        return String::new();
    }
    format!(
        "object-group network {name}\n{members}access-list {ACCESS_LIST} extended permit tcp any object-group {name} eq {number}\n"
    )
}
