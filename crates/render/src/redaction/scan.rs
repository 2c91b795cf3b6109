//! One text, from left to right: what is public stays, what is known gets its placeholder, what
//! looks private gets a new one.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::pseudonym_map::PseudonymMap;
use super::windows::{self, SHARED};
use super::{page, public_names, web};

/// What stands before the name of a user in paths.
const HOMES: [&str; 3] = ["\\users\\", "/home/", "/users/"];
/// Labels before a domain that say what is asked for.
const SERVICES: [&str; 5] = [
    "msoid",
    "wpad",
    "autodiscover",
    "enterpriseregistration",
    "enterpriseenrollment",
];
/// What stands before a proxy in the answers of scripts.
const HOPS: [&str; 6] = ["PROXY", "HTTP", "HTTPS", "SOCKS", "SOCKS4", "SOCKS5"];
/// Characters that a name has at most; a longer run is not a name, and is not to be read.
const LONGEST: usize = 255;
/// Characters that an address has at most, with what may stand around it.
const ADDRESS: usize = 64;

/// Characters that the name before an `@` has at most (RFC 5321).
const LOCAL_PART: usize = 64;

pub(super) fn text(text: &str, pseudonyms: &mut PseudonymMap) -> String {
    let lower = text.to_ascii_lowercase();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    let mut before: Option<char> = None;
    while let Some(c) = text[at..].chars().next() {
        let begins = !c.is_alphanumeric() || !before.is_some_and(char::is_alphanumeric);
        let found = begins.then(|| piece(&text[at..], &lower[at..], &lower[..at], pseudonyms));
        let (length, by) = found
            .flatten()
            .unwrap_or_else(|| (c.len_utf8(), c.to_string()));
        out.push_str(&by);
        at += length;
        before = text[..at].chars().next_back();
    }
    out
}

/// What begins here: its length, and its replacement.
fn piece(
    rest: &str,
    lower: &str,
    before: &str,
    pseudonyms: &mut PseudonymMap,
) -> Option<(usize, String)> {
    if let Some(length) = endless(rest) {
        return Some((length, "…".to_owned()));
    }
    let word = dotted(rest);
    let host = public_names::is_host(word) && !rest[word.len()..].starts_with('@');
    // What is known as a whole, such as a title, may begin with any name.
    if let Some(found) = known(lower, word.len() + 1, pseudonyms) {
        return Some(found);
    }
    if let Some(found) =
        windows::piece(rest, before, pseudonyms).or_else(|| web::piece(rest, pseudonyms))
    {
        return Some(found);
    }
    if host && pseudonyms.is_public(word) {
        return Some((word.len(), word.to_owned()));
    }
    address(rest, pseudonyms)
        .or_else(|| identifier(rest, pseudonyms))
        .or_else(|| user(rest, before, pseudonyms))
        .or_else(|| known(lower, if host { word.len() } else { 0 }, pseudonyms))
        .or_else(|| host.then(|| (word.len(), private(word, pseudonyms))))
        .or_else(|| file(word, pseudonyms))
        .or_else(|| hop(rest, pseudonyms))
        .or_else(|| cut(rest))
}

/// A literal that begins here, unless it is only a part of a host's name.
fn known(lower: &str, least: usize, pseudonyms: &PseudonymMap) -> Option<(usize, String)> {
    let (length, by) = pseudonyms.at(lower)?;
    (length >= least).then(|| (length, by.to_owned()))
}

/// A run of characters that names consist of, without dots at its end.
fn dotted(rest: &str) -> &str {
    if !begins_name(rest) {
        return "";
    }
    let end = rest.find(|c: char| !is_of_name(c));
    rest[..end.unwrap_or(rest.len())].trim_end_matches(['.', '-', '_'])
}

/// The length of a run that is longer than any name.
fn endless(rest: &str) -> Option<usize> {
    if !begins_name(rest) {
        return None;
    }
    let start = run(rest, LONGEST + 1, is_of_name);
    if start.chars().count() <= LONGEST {
        return None;
    }
    let end = rest[start.len()..].find(|c: char| !is_of_name(c));
    Some(end.map_or(rest.len(), |end| start.len() + end))
}

fn begins_name(rest: &str) -> bool {
    rest.starts_with(|c: char| c.is_alphanumeric() || c == '_')
}

fn is_of_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '.' | '-' | '_')
}

/// A file that has the name of a host before its ending.
fn file(word: &str, pseudonyms: &mut PseudonymMap) -> Option<(usize, String)> {
    let (host, ending) = word.rsplit_once('.')?;
    let named =
        public_names::is_host(host) && public_names::is_file(word) && !pseudonyms.is_public(host);
    named.then(|| {
        (
            word.len(),
            format!("{}.{ending}", private(host, pseudonyms)),
        )
    })
}

/// `PROXY prx7:8080`: a name of one label, which nothing but the word before it tells.
fn hop(rest: &str, pseudonyms: &mut PseudonymMap) -> Option<(usize, String)> {
    let word = run(rest, ADDRESS, |c| {
        c.is_ascii_uppercase() || c.is_ascii_digit()
    });
    let behind = rest[word.len()..].strip_prefix(' ')?;
    let host = run(behind, LONGEST, is_of_name);
    let port = behind[host.len()..].strip_prefix(':')?;
    let single = !host.contains('.') && port.starts_with(|c: char| c.is_ascii_digit());
    if !HOPS.contains(&word) || !single || public_names::is_generic(host) {
        return None;
    }
    let by = format!("{word} {}", pseudonyms.found("proxy", host));
    Some((word.len() + 1 + host.len(), by))
}

/// A word of which the end was cut off, so that it is unknown what it is a part of.
fn cut(rest: &str) -> Option<(usize, String)> {
    let end = rest.find(|c: char| !c.is_alphanumeric())?;
    let word = &rest[..end];
    let open = word.contains(char::is_alphabetic) && rest[end..].starts_with('…');
    (open && !page::is_known(word)).then(|| (end, String::new()))
}

/// The placeholder of a host.
pub(super) fn private(host: &str, pseudonyms: &mut PseudonymMap) -> String {
    if let Some((label, domain)) = host.split_once('.')
        && SERVICES.contains(&label.to_ascii_lowercase().as_str())
        && public_names::is_host(domain)
    {
        let domain = pseudonyms.found("domain", domain);
        return format!("{label}.{domain}");
    }
    pseudonyms.found("host", host)
}

fn address(rest: &str, pseudonyms: &mut PseudonymMap) -> Option<(usize, String)> {
    six(rest, pseudonyms).or_else(|| four(rest, pseudonyms))
}

fn four(rest: &str, pseudonyms: &mut PseudonymMap) -> Option<(usize, String)> {
    if !rest.starts_with(|c: char| c.is_ascii_digit()) || public_names::is_host(dotted(rest)) {
        return None;
    }
    let run = run(rest, ADDRESS, |c| {
        c.is_ascii_digit() || c == '.' || c == '*'
    });
    let run = run.trim_end_matches('.');
    if run.contains('*') && run.contains('.') {
        return Some((run.len(), "*".to_owned()));
    }
    let address: Ipv4Addr = run.parse().ok()?;
    Some((run.len(), pseudonyms.address(address.into()).to_string()))
}

fn six(rest: &str, pseudonyms: &mut PseudonymMap) -> Option<(usize, String)> {
    let mut run = run(rest, ADDRESS, |c| {
        c.is_ascii_hexdigit() || c == ':' || c == '.'
    });
    if run.matches(':').count() < 2 {
        return None;
    }
    // A full stop, or the colon before a port, may follow.
    for _ in 0..2 {
        if let Ok(address) = run.parse::<Ipv6Addr>() {
            let shown = pseudonyms.address(IpAddr::V6(address)).to_string();
            return Some((run.len() + zone(&rest[run.len()..]), shown));
        }
        run = run.strip_suffix(['.', ':'])?;
    }
    None
}

/// The length of the zone behind an address: the name of an interface may be anything, and its number
/// has no meaning elsewhere.
fn zone(rest: &str) -> usize {
    let Some(name) = rest.strip_prefix('%') else {
        return 0;
    };
    let name = run(name, ADDRESS, is_of_name).trim_end_matches('.');
    if name.is_empty() { 0 } else { 1 + name.len() }
}

/// Ids of tenants, devices and requests.
fn identifier(rest: &str, pseudonyms: &mut PseudonymMap) -> Option<(usize, String)> {
    let run = rest.get(..36)?;
    let fits = run.bytes().enumerate().all(|(at, byte)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    });
    let ends = !rest[36..].starts_with(char::is_alphanumeric);
    let public = run.starts_with("00000000-0000-0000-0000-") || public_names::is_public_id(run);
    if !fits || !ends || public {
        return None;
    }
    let number = pseudonyms.found("id", run);
    let number: u64 = number.trim_start_matches("id-").parse().ok()?;
    Some((36, format!("00000000-0000-0000-0000-{number:012}")))
}

/// The name before an `@`, or of a home directory.
fn user(rest: &str, before: &str, pseudonyms: &mut PseudonymMap) -> Option<(usize, String)> {
    if !begins_name(rest) {
        return None;
    }
    let run = run(rest, LOCAL_PART, |c| is_of_name(c) || c == '%' || c == '+');
    let after = &rest[run.len()..];
    let mail = after.starts_with('@') && after[1..].starts_with(char::is_alphanumeric);
    let home = HOMES.iter().any(|home| before.ends_with(home))
        && !SHARED.contains(&run.to_ascii_lowercase().as_str());
    (!run.is_empty() && (mail || home)).then(|| (run.len(), pseudonyms.found("user", run)))
}

/// The run of such characters that a text begins with, as far as it may be long.
pub(super) fn run(text: &str, longest: usize, is_of: impl Fn(char) -> bool) -> &str {
    let first = text.chars().take(longest);
    let length = first.take_while(|c| is_of(*c)).map(char::len_utf8).sum();
    &text[..length]
}
