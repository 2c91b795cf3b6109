//! External dynamic lists for PAN-OS: one of URLs and one of addresses, which may not be mixed.

use std::collections::BTreeSet;

use ipnet::IpNet;

use super::ranges;
use super::{Rules, refuse};
use reach365_model::catalog::{AllowedHost, Allowlist};

const COMMENTS: &str = "PAN-OS takes entries alone: it may count these lines as invalid ones. `grep -v '^#'` takes them out.";

pub(super) fn urls(list: &Allowlist) -> Rules {
    // The slash keeps PAN-OS from matching longer names that begin with this one.
    let entries = list.entries.iter().filter(|entry| is_url(&entry.host));
    let lines = entries.map(|entry| match entry.host {
        AllowedHost::Address(std::net::IpAddr::V6(address)) => format!("[{address}]/\n"),
        _ => format!("{}/\n", entry.host),
    });
    Rules {
        what: "External dynamic list of URLs for PAN-OS",
        comment: Some("#"),
        notes: vec![
            COMMENTS.to_owned(),
            "Use it as a URL category in an allow rule for the services of the list, and in a no-decrypt rule.".to_owned(),
            services(list),
        ],
        left_out: refuse(list, "has its star within a word, which PAN-OS does not take", |host| {
            !is_url(host)
        }),
        body: lines.collect(),
    }
}

/// A star is a whole label in the lists of PAN-OS.
fn is_url(host: &AllowedHost) -> bool {
    match host {
        AllowedHost::Wildcard(pattern) => pattern.split('.').any(|label| label == "*"),
        _ => true,
    }
}

fn services(list: &Allowlist) -> String {
    let ports = list.ports();
    let ports: Vec<String> = ports
        .iter()
        .map(|port| format!("TCP {}", port.number))
        .collect();
    format!("Services: {}.", ports.join(", "))
}

pub(super) fn addresses(list: &Allowlist) -> Rules {
    let nets = ranges::by_port(list).into_iter().flat_map(|set| set.nets);
    let nets: BTreeSet<IpNet> = nets.collect();
    let lines: String = nets.iter().map(|net| format!("{net}\n")).collect();
    let body = ranges::hosts(list, "#") + &lines;
    let mut notes = vec![COMMENTS.to_owned()];
    notes.extend(ranges::notes(list));
    notes.push(services(list));
    Rules {
        what: "External dynamic list of addresses for PAN-OS",
        comment: Some("#"),
        notes,
        left_out: ranges::left_out(list),
        body,
    }
}
