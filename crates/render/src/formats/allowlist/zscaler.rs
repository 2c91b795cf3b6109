//! Lines for custom URL categories of Zscaler.

use std::net::IpAddr;

use super::{Rules, refuse, uncovered};
use reach365_model::catalog::{Allowed, AllowedHost, Allowlist};
use reach365_model::endpoint::Inspection;

pub(super) fn rules(list: &Allowlist) -> Rules {
    let known = list
        .entries
        .iter()
        .filter(|entry| line(&entry.host).is_some());
    let known: Vec<&Allowed> = known.collect();
    let forbidden = list
        .entries
        .iter()
        .filter(|entry| entry.inspection == Inspection::Forbidden && entry.within_tls());
    let forbidden: Vec<&Allowed> = forbidden.collect();
    let body = format!(
        "# ---- custom URL category \"Microsoft 365\": allow it in URL and firewall filtering ----\n{}\
         # ---- custom URL category \"Microsoft 365 no inspection\": TLS inspection breaks these; SSL\n\
         # inspection policy, action Do Not Inspect, above every rule that inspects ----\n{}",
        lines(&uncovered(&known)),
        lines(&uncovered(&forbidden)),
    );
    Rules {
        what: "Custom URL categories for Zscaler Internet Access",
        comment: Some("#"),
        notes: vec![
            "Zscaler has no comments and refuses a list with one wrong line: paste the lines without a # alone.".to_owned(),
            "A category has no ports; a leading dot stands for the name itself and five levels below it.".to_owned(),
            "Zscaler's own one-click option for Microsoft 365 covers more than this list.".to_owned(),
        ],
        left_out: refuse(list, "has a form that custom URL categories do not take", |host| {
            line(host).is_none()
        }),
        body,
    }
}

fn lines(entries: &[&Allowed]) -> String {
    let lines = entries.iter().filter_map(|entry| line(&entry.host));
    lines.map(|line| line + "\n").collect()
}

/// A host as Zscaler takes it: no star, and no underscore in the last two labels.
fn line(host: &AllowedHost) -> Option<String> {
    let line = match host {
        AllowedHost::Name(name) => name.clone(),
        AllowedHost::Address(IpAddr::V4(address)) => return Some(address.to_string()),
        AllowedHost::Address(IpAddr::V6(_)) => return None,
        AllowedHost::Wildcard(_) => format!(".{}", host.below()?),
    };
    let underscored = line.rsplit('.').take(2).any(|label| label.contains('_'));
    let alone = !line.trim_start_matches('.').contains('.');
    (!underscored && !alone).then_some(line)
}
