//! Objects and groups of FortiOS, and a policy to fill in.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::net::IpAddr;

use super::{Rules, object_name, purpose, refuse};
use reach365_model::catalog::{Allowed, AllowedHost, AllowedPort, Allowlist};
use reach365_model::endpoint::Inspection;

const LONGEST_NAME: usize = 63;

pub(super) fn rules(list: &Allowlist) -> Rules {
    let ports = list.ports();
    let mut body = "config firewall address\n".to_owned();
    let known = list.entries.iter().filter(|entry| is_known(&entry.host));
    body.extend(known.map(address));
    body.push_str("end\n\nconfig firewall addrgrp\n");
    body.extend(ports.iter().map(|port| group(list, *port)));
    body.push_str("end\n\nconfig firewall service custom\n");
    let numbers: BTreeSet<u16> = ports.iter().map(|port| port.number).collect();
    for number in numbers {
        let _ = write!(
            body,
            "    edit \"reach365-tcp-{number}\"\n        set tcp-portrange {number}\n    next\n"
        );
    }
    body.push_str("end\n\n");
    body.extend(ports.iter().map(|port| policy(*port)));
    body.push_str(&exemptions(list));
    Rules {
        what: "Objects for FortiOS",
        comment: Some("#"),
        notes: vec![
            "Wildcards in firewall addresses need FortiOS 6.2.2 or newer, and clients that ask DNS through the FortiGate.".to_owned(),
            "These objects open IPv4; IPv6 needs the same under `config firewall address6`.".to_owned(),
        ],
        left_out: refuse(list, "is an IPv6 address, which needs `config firewall address6`", |host| {
            !is_known(host)
        }),
        body,
    }
}

fn is_known(host: &AllowedHost) -> bool {
    !matches!(host, AllowedHost::Address(IpAddr::V6(_)))
}

fn name(host: &AllowedHost) -> String {
    object_name(host, LONGEST_NAME)
}

fn address(entry: &Allowed) -> String {
    let mut text = purpose("    #", entry);
    let _ = writeln!(text, "    edit \"{}\"", name(&entry.host));
    let _ = match &entry.host {
        AllowedHost::Address(address) => {
            writeln!(
                text,
                "        set type ipmask\n        set subnet {address}/32"
            )
        }
        host => writeln!(text, "        set type fqdn\n        set fqdn \"{host}\""),
    };
    text.push_str("    next\n");
    text
}

fn group_name(port: AllowedPort) -> String {
    let kind = if port.plain { "http" } else { "https" };
    format!("reach365-{kind}-{}", port.number)
}

fn group(list: &Allowlist, port: AllowedPort) -> String {
    let members = list
        .entries
        .iter()
        .filter(|entry| entry.has(port) && is_known(&entry.host));
    let members: String = members
        .map(|entry| format!("        append member \"{}\"\n", name(&entry.host)))
        .collect();
    if members.is_empty() {
        return String::new();
    }
    let members = members.replacen("append", "set", 1);
    format!("    edit \"{}\"\n{members}    next\n", group_name(port))
}

/// Interfaces are different everywhere, so the policy is a comment.
fn policy(port: AllowedPort) -> String {
    let name = group_name(port);
    format!(
        "# config firewall policy\n\
         #     edit 0\n\
         #         set name \"{name}\"\n\
         #         set srcintf \"INSIDE\"\n\
         #         set dstintf \"OUTSIDE\"\n\
         #         set srcaddr \"all\"\n\
         #         set dstaddr \"{name}\"\n\
         #         set service \"reach365-tcp-{}\"\n\
         #         set schedule \"always\"\n\
         #         set action accept\n\
         #         set nat enable\n\
         #     next\n\
         # end\n\n",
        port.number
    )
}

/// What TLS inspection breaks, as lines for an inspection profile.
fn exemptions(list: &Allowlist) -> String {
    let forbidden = list
        .entries
        .iter()
        .filter(|entry| entry.inspection == Inspection::Forbidden && entry.within_tls());
    let forbidden: Vec<&Allowed> = forbidden.filter(|entry| is_known(&entry.host)).collect();
    if forbidden.is_empty() {
        return String::new();
    }
    let mut text =
        "# TLS inspection breaks these: put them into ssl-exempt of your ssl-ssh-profile.\n"
            .to_owned();
    text.push_str("config firewall wildcard-fqdn custom\n");
    for entry in forbidden.iter().filter(|entry| is_wildcard(entry)) {
        let name = name(&entry.host);
        let _ = write!(
            text,
            "    edit \"{name}\"\n        set wildcard-fqdn \"{}\"\n    next\n",
            entry.host
        );
    }
    text.push_str("end\n\n# config firewall ssl-ssh-profile\n#     edit \"YOUR-PROFILE\"\n#         config ssl-exempt\n");
    for entry in forbidden {
        let kind = if is_wildcard(entry) {
            "wildcard-fqdn"
        } else {
            "address"
        };
        let _ = write!(
            text,
            "#             edit 0\n#                 set type {kind}\n#                 set {kind} \"{}\"\n#             next\n",
            name(&entry.host)
        );
    }
    text.push_str("#         end\n#     next\n# end\n");
    text
}

fn is_wildcard(entry: &Allowed) -> bool {
    matches!(entry.host, AllowedHost::Wildcard(_))
}
