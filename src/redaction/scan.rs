//! One text, from left to right: what is public stays, what is known gets its placeholder, what
//! looks private gets a new one.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::keep;
use super::ledger::Ledger;

/// What stands before the name of a user in paths.
const HOMES: [&str; 3] = ["\\users\\", "/home/", "/users/"];
/// Directories there that are nobody's.
const SHARED: [&str; 3] = ["public", "default", "all"];
/// Labels before a domain that say what is asked for.
const SERVICES: [&str; 5] = [
    "msoid",
    "wpad",
    "autodiscover",
    "enterpriseregistration",
    "enterpriseenrollment",
];

pub(super) fn text(text: &str, ledger: &mut Ledger) -> String {
    let lower = text.to_ascii_lowercase();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    let mut before: Option<char> = None;
    while let Some(c) = text[at..].chars().next() {
        let begins = !c.is_alphanumeric() || !before.is_some_and(char::is_alphanumeric);
        let found = begins.then(|| piece(&text[at..], &lower[at..], &lower[..at], ledger));
        let (length, by) = found
            .flatten()
            .unwrap_or_else(|| (c.len_utf8(), c.to_string()));
        out.push_str(&by);
        at += length;
        before = text[..at].chars().next_back();
    }
    out
}

/// What begins here: its length, and what stands for it.
fn piece(rest: &str, lower: &str, before: &str, ledger: &mut Ledger) -> Option<(usize, String)> {
    if let Some(length) = public_name(rest, ledger) {
        return Some((length, rest[..length].to_owned()));
    }
    let word = dotted(rest);
    let host = keep::is_host(word) && !rest[word.len()..].starts_with('@');
    address(rest, ledger)
        .or_else(|| identifier(rest, ledger))
        .or_else(|| known(lower, if host { word.len() } else { 0 }, ledger))
        .or_else(|| user(rest, before, ledger))
        .or_else(|| private_name(rest, ledger))
}

/// A literal that begins here, unless it is only a part of a host's name.
fn known(lower: &str, least: usize, ledger: &Ledger) -> Option<(usize, String)> {
    let (length, by) = ledger.at(lower)?;
    (length >= least).then(|| (length, by.to_owned()))
}

fn public_name(rest: &str, ledger: &Ledger) -> Option<usize> {
    let word = dotted(rest);
    let public = keep::is_host(word) && keep::is_carried(word) && !ledger.is_private(word);
    let mail = rest[word.len()..].starts_with('@');
    (public && !mail).then_some(word.len())
}

/// A run of characters that names consist of, without dots at its end.
fn dotted(rest: &str) -> &str {
    let end = rest.find(|c: char| !c.is_alphanumeric() && !matches!(c, '.' | '-' | '_'));
    rest[..end.unwrap_or(rest.len())].trim_end_matches(['.', '-', '_'])
}

fn private_name(rest: &str, ledger: &mut Ledger) -> Option<(usize, String)> {
    let word = dotted(rest);
    if !keep::is_host(word) {
        return None;
    }
    if let Some((label, domain)) = word.split_once('.')
        && SERVICES.contains(&label.to_ascii_lowercase().as_str())
        && keep::is_host(domain)
    {
        let domain = ledger.found("domain", domain);
        return Some((word.len(), format!("{label}.{domain}")));
    }
    Some((word.len(), ledger.found("host", word)))
}

fn address(rest: &str, ledger: &mut Ledger) -> Option<(usize, String)> {
    six(rest, ledger).or_else(|| four(rest, ledger))
}

fn four(rest: &str, ledger: &mut Ledger) -> Option<(usize, String)> {
    if !rest.starts_with(|c: char| c.is_ascii_digit()) || keep::is_host(dotted(rest)) {
        return None;
    }
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.' && c != '*');
    let run = rest[..end.unwrap_or(rest.len())].trim_end_matches('.');
    if run.contains('*') {
        return Some((run.len(), "*".to_owned()));
    }
    let address: Ipv4Addr = run.parse().ok()?;
    Some((run.len(), ledger.address(address.into()).to_string()))
}

fn six(rest: &str, ledger: &mut Ledger) -> Option<(usize, String)> {
    let end = rest.find(|c: char| !c.is_ascii_hexdigit() && c != ':' && c != '.');
    let mut run = &rest[..end.unwrap_or(rest.len())];
    if run.matches(':').count() < 2 {
        return None;
    }
    // A full stop, or the colon before a port, may follow.
    for _ in 0..2 {
        if let Ok(address) = run.parse::<Ipv6Addr>() {
            let shown = ledger.address(IpAddr::V6(address)).to_string();
            return Some((run.len(), shown));
        }
        run = run.strip_suffix(['.', ':'])?;
    }
    None
}

/// Ids of tenants, devices and requests.
fn identifier(rest: &str, ledger: &mut Ledger) -> Option<(usize, String)> {
    let run = rest.get(..36)?;
    let fits = run.bytes().enumerate().all(|(at, byte)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    });
    let ends = !rest[36..].starts_with(char::is_alphanumeric);
    if !fits || !ends || run.starts_with("00000000-0000-0000-0000-") {
        return None;
    }
    let number = ledger.found("id", run);
    let number: u64 = number.trim_start_matches("id-").parse().ok()?;
    Some((36, format!("00000000-0000-0000-0000-{number:012}")))
}

/// The name before an `@`, or of a home directory.
fn user(rest: &str, before: &str, ledger: &mut Ledger) -> Option<(usize, String)> {
    let end =
        rest.find(|c: char| !c.is_alphanumeric() && !matches!(c, '.' | '_' | '%' | '+' | '-'));
    let run = &rest[..end.unwrap_or(rest.len())];
    let after = &rest[run.len()..];
    let mail = after.starts_with('@') && after[1..].starts_with(char::is_alphanumeric);
    let home = HOMES.iter().any(|home| before.ends_with(home))
        && !SHARED.contains(&run.to_ascii_lowercase().as_str());
    (!run.is_empty() && (mail || home)).then(|| (run.len(), ledger.found("user", run)))
}
