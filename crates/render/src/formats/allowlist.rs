//! Rules for firewalls and proxies, one file a format.
//!
//! Names come in validated ([`AllowedHost`](reach365_model::catalog::AllowedHost)); everything else that a
//! list or a report brings goes into comments alone, as [`remark`] makes it safe.

mod categories;
mod cisco_asa;
mod csv;
mod fortigate;
mod hosts;
mod iptables;
mod nftables;
mod pac;
mod palo_alto;
mod ranges;
mod squid;
mod windows_firewall;
mod zscaler;

use std::fmt::Write as _;
use std::io;

use reach365_model::catalog::{Allowed, AllowedHost, AllowedPort, Allowlist, LeftOut};
use reach365_model::endpoint::printable;
use reach365_model::report::Tool;
use reach365_proxy::route::ProxyServer;

/// The formats of an allowlist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AllowlistFormat {
    /// One host a line.
    Hosts,
    /// One host and port a line, RFC 4180.
    Csv,
    /// Access lists of Squid, and what its `ssl_bump` must leave alone.
    Squid,
    /// Sets and a chain of nftables.
    Nftables,
    /// A shell script for ipset, iptables-restore and ip6tables-restore.
    Iptables,
    /// A PowerShell script for the firewall of Windows.
    WindowsFirewall,
    /// An external dynamic list of URLs for PAN-OS.
    PaloAlto,
    /// An external dynamic list of addresses for PAN-OS.
    PaloAltoIp,
    /// Objects, groups and a policy of FortiOS.
    Fortigate,
    /// Objects, groups and an access list of Cisco ASA.
    CiscoAsa,
    /// Lines of custom URL categories of Zscaler.
    Zscaler,
    /// A PAC script: what is sensitive to detours goes directly.
    Pac,
    /// Hosts by category with ports and purposes, for people.
    Categories,
}

impl AllowlistFormat {
    /// Every format with its name, in the order of the documentation.
    pub const ALL: [(&'static str, Self); 13] = [
        ("hosts", Self::Hosts),
        ("csv", Self::Csv),
        ("categories", Self::Categories),
        ("pac", Self::Pac),
        ("squid", Self::Squid),
        ("nftables", Self::Nftables),
        ("iptables", Self::Iptables),
        ("windows-firewall", Self::WindowsFirewall),
        ("palo-alto", Self::PaloAlto),
        ("palo-alto-ip", Self::PaloAltoIp),
        ("fortigate", Self::Fortigate),
        ("cisco-asa", Self::CiscoAsa),
        ("zscaler", Self::Zscaler),
    ];
}

/// What one format makes of a list.
struct Rules {
    /// What the text is, as the first line says it.
    what: &'static str,
    /// What begins a comment; `None` where the format has no comments.
    comment: Option<&'static str>,
    /// What a reader must know before the rules are loaded.
    notes: Vec<String>,
    /// Hosts that this format cannot express.
    left_out: Vec<LeftOut>,
    /// The rules.
    body: String,
}

/// Writes rules, and returns everything that they do not open. The same list makes the same
/// text. `proxy` is the proxy for the rest in [`AllowlistFormat::Pac`]; other formats ignore it.
///
/// # Errors
/// What `out` reports, and `InvalidInput` for a PAC script without a proxy.
pub fn allowlist(
    list: &Allowlist,
    format: AllowlistFormat,
    proxy: Option<&ProxyServer>,
    out: &mut dyn io::Write,
) -> io::Result<Vec<LeftOut>> {
    let rules = match format {
        AllowlistFormat::Hosts => hosts::rules(list),
        AllowlistFormat::Csv => csv::rules(list),
        AllowlistFormat::Squid => squid::rules(list),
        AllowlistFormat::Nftables => nftables::rules(list),
        AllowlistFormat::Iptables => iptables::rules(list),
        AllowlistFormat::WindowsFirewall => windows_firewall::rules(list),
        AllowlistFormat::PaloAlto => palo_alto::urls(list),
        AllowlistFormat::PaloAltoIp => palo_alto::addresses(list),
        AllowlistFormat::Fortigate => fortigate::rules(list),
        AllowlistFormat::CiscoAsa => cisco_asa::rules(list),
        AllowlistFormat::Zscaler => zscaler::rules(list),
        AllowlistFormat::Categories => categories::rules(list),
        AllowlistFormat::Pac => {
            let proxy = proxy.ok_or(io::ErrorKind::InvalidInput)?;
            pac::rules(list, proxy)
        }
    };
    let left_out: Vec<LeftOut> = list
        .left_out
        .iter()
        .chain(&rules.left_out)
        .cloned()
        .collect();
    let head = head(list, &rules, &left_out);
    out.write_all(head.as_bytes())?;
    out.write_all(rules.body.as_bytes())?;
    Ok(left_out)
}

/// The comment at the top.
fn head(list: &Allowlist, rules: &Rules, left_out: &[LeftOut]) -> String {
    let Some(comment) = rules.comment else {
        return String::new();
    };
    let tool = Tool::this();
    let mut lines = vec![
        format!(
            "{}: {} hosts, cloud {}.",
            rules.what,
            list.entries.len(),
            list.cloud
        ),
        format!(
            "From {}, made by {} {}.",
            list.source, tool.name, tool.version
        ),
        "Addresses are given only where Microsoft publishes them; all others may change at any time."
            .to_owned(),
    ];
    if list.failures {
        lines.push(
            "Only what a check found blocked or degraded; a rule mends what a rule broke."
                .to_owned(),
        );
    }
    lines.extend(rules.notes.iter().cloned());
    lines.extend(named(
        "Not in the list, named by the report alone; look at it first",
        list.unlisted().map(|it| it.host.to_string()).collect(),
    ));
    lines.extend(named(
        "Left out",
        left_out.iter().map(ToString::to_string).collect(),
    ));
    let mut text: String = lines.iter().map(|line| remark(comment, line)).collect();
    text.push('\n');
    text
}

/// A title and its items, or nothing where there are none.
fn named(title: &str, items: Vec<String>) -> Vec<String> {
    if items.is_empty() {
        return items;
    }
    let items = items.into_iter().map(|item| format!("- {item}"));
    std::iter::once(format!("{title}:")).chain(items).collect()
}

/// One line of comment. Text of a list or a report cannot end it, nor join the next line to it.
fn remark(comment: &str, text: &str) -> String {
    let text = printable(text);
    let text = text.trim_end();
    let end = if text.ends_with('\\') { "." } else { "" };
    format!("{comment} {text}{end}\n")
}

/// The purpose of a host as a comment, where it has one.
fn purpose(comment: &str, entry: &Allowed) -> String {
    if entry.purpose.is_empty() {
        return String::new();
    }
    remark(comment, &short(&entry.purpose))
}

/// Purposes are one line; what is longer is cut.
fn short(text: &str) -> String {
    const LONGEST: usize = 200;
    let mut start: String = text.chars().take(LONGEST).collect();
    if start.len() < text.len() {
        start.push('…');
    }
    start
}

/// Hosts with a port, those out that a wildcard beside them covers.
fn with_port(list: &Allowlist, port: AllowedPort) -> Vec<&Allowed> {
    let has = |entry: &&Allowed| entry.has(port);
    let entries: Vec<&Allowed> = list.entries.iter().filter(has).collect();
    uncovered(&entries)
}

/// Hosts without those that a wildcard among them covers.
fn uncovered<'a>(entries: &[&'a Allowed]) -> Vec<&'a Allowed> {
    let wildcards: Vec<&AllowedHost> = entries
        .iter()
        .map(|entry| &entry.host)
        .filter(|host| host.below().is_some())
        .collect();
    let covered = |entry: &Allowed| wildcards.iter().any(|it| it.covers(&entry.host));
    let all = entries.iter().copied();
    all.filter(|entry| !covered(entry)).collect()
}

/// The hosts that a format cannot express, with one reason for all.
fn refuse(list: &Allowlist, why: &str, refused: impl Fn(&AllowedHost) -> bool) -> Vec<LeftOut> {
    let entries = list.entries.iter().filter(|entry| refused(&entry.host));
    entries
        .map(|entry| LeftOut::new(&entry.host.to_string(), why))
        .collect()
}

/// A name for an object in a configuration, at most `longest` bytes: the host, or its start and a
/// number that tells it from others.
fn object_name(host: &AllowedHost, longest: usize) -> String {
    let name = format!("reach365-{host}")
        .replace('*', "any")
        .replace(':', "-");
    if name.len() <= longest {
        return name;
    }
    let number = fnv(name.as_bytes()) as u32;
    // All of it is ASCII, so every place is a boundary of characters.
    let mut start: String = name.chars().take(longest - 9).collect();
    let _ = write!(start, "-{number:08x}");
    start
}

/// FNV-1a with 128 bits: the same name has the same number in every run.
fn fnv(bytes: &[u8]) -> u128 {
    const BASIS: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    let step = |hash: u128, byte: &u8| (hash ^ u128::from(*byte)).wrapping_mul(PRIME);
    bytes.iter().fold(BASIS, step)
}

/// `TCP 80 (HTTP in clear), TCP 443 (TLS)`.
fn ports(entry: &Allowed) -> String {
    let words = entry.ports.iter().map(|port| {
        let how = if port.plain { "HTTP in clear" } else { "TLS" };
        format!("TCP {} ({how})", port.number)
    });
    words.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remark_is_one_line_whatever_is_in_it() {
        let evil = "a\r\nhttp_access allow all\u{2028}b\u{85}c\\";
        let line = remark("#", evil);
        assert_eq!(line.lines().count(), 1, "{line}");
        assert!(line.ends_with("c\\.\n"), "{line}");
    }

    #[test]
    fn object_names_are_short_and_still_differ() {
        let of = |last: &str| {
            let name = format!("{}.{last}.example", "a".repeat(60));
            object_name(&AllowedHost::Name(name), 63)
        };
        assert_eq!(of("b").len(), 63);
        assert_ne!(of("b"), of("c"));
        let wildcard = AllowedHost::Wildcard("*.office.com".to_owned());
        assert_eq!(object_name(&wildcard, 63), "reach365-any.office.com");
    }
}
