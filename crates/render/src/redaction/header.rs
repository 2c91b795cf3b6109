//! Headers whose form is known: what names a product or a state stays, what names a machine or its
//! owner gets a placeholder.

use std::net::IpAddr;

use super::page::{masked, software};
use super::pseudonym_map::PseudonymMap;
use super::web::{self, Address};
use super::{public_names, scan};

/// Authentication schemes, and the parameters that do not identify the server.
const SCHEMES: [&str; 8] = [
    "basic",
    "digest",
    "ntlm",
    "negotiate",
    "kerberos",
    "bearer",
    "scram-sha-256",
    "mutual",
];
const PARAMETERS: [&str; 12] = [
    "realm",
    "charset",
    "algorithm",
    "qop",
    "stale",
    "nonce",
    "opaque",
    "domain",
    "error",
    "scope",
    "authorization_uri",
    "claims",
];
const VALUES: [&str; 12] = [
    "utf-8",
    "md5",
    "md5-sess",
    "sha-256",
    "sha-256-sess",
    "auth",
    "auth-int",
    "auth,auth-int",
    "true",
    "false",
    "invalid_token",
    "insufficient_scope",
];

/// The replacement for the value of a header.
pub(super) fn value(name: &str, text: &str, pseudonyms: &mut PseudonymMap) -> String {
    match name {
        "server" => software(text),
        "via" => via(text, pseudonyms),
        "x-cache" | "x-cache-lookup" => cache(text, pseudonyms),
        "location" => location(text, pseudonyms),
        "proxy-authenticate" | "www-authenticate" => sign_in(text, pseudonyms),
        "date" | "content-type" | "content-length" | "content-encoding" | "transfer-encoding"
        | "connection" | "proxy-connection" | "cache-control" => scan::text(text, pseudonyms),
        "age" | "retry-after" if text.bytes().all(|byte| byte.is_ascii_digit()) => text.to_owned(),
        _ => masked(text),
    }
}

/// `1.1 proxy-a (squid), 1.0 proxy-b`.
pub(super) fn via(text: &str, pseudonyms: &mut PseudonymMap) -> String {
    let parts = text.split(',').map(|part| {
        let (protocol, rest) = word(part);
        if !is_protocol(protocol.trim()) {
            return software(part);
        }
        let (name, comment) = word(rest);
        format!(
            "{protocol}{}{}",
            machine(name, pseudonyms),
            software(comment)
        )
    });
    parts.collect::<Vec<_>>().join(",")
}

/// `MISS from proxy-a, HIT from proxy-b:3128`.
pub(super) fn cache(text: &str, pseudonyms: &mut PseudonymMap) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut from = false;
    while !rest.is_empty() {
        let (next, behind) = word(rest);
        if from {
            out.push_str(&machine(next, pseudonyms));
        } else {
            out.push_str(&masked(next));
        }
        from = next.trim().eq_ignore_ascii_case("from");
        rest = behind;
    }
    out
}

/// Where a redirect leads. Of the path and the query only words that rules look for stay, of a
/// public host the path as well.
pub(super) fn location(text: &str, pseudonyms: &mut PseudonymMap) -> String {
    let text = text.trim();
    let relative = text.strip_prefix("//").map(|rest| format!("http://{rest}"));
    let whole = relative.as_deref().unwrap_or(text);
    let Some(address) = Address::at(whole) else {
        return masked(text);
    };
    let origin = address.origin(pseudonyms);
    let tail = if pseudonyms.is_public(address.host()) {
        web::tail(&address, pseudonyms)
    } else {
        masked(address.tail)
    };
    match relative {
        Some(_) => format!("{}{tail}", origin.trim_start_matches("http:")),
        None => format!("{origin}{tail}"),
    }
}

/// `Digest realm="Contoso", nonce="…", Basic realm="Fabrikam"`.
pub(super) fn sign_in(text: &str, pseudonyms: &mut PseudonymMap) -> String {
    let parts = parts(text);
    let shown = parts.into_iter().map(|part| challenge(part, pseudonyms));
    shown.collect::<Vec<_>>().join(", ")
}

/// An authentication scheme, without what only one server has.
pub(super) fn scheme(text: &str) -> String {
    if SCHEMES.contains(&text.to_ascii_lowercase().as_str()) {
        return text.to_owned();
    }
    masked(text)
}

/// A scheme, a parameter, or a scheme with its first parameter.
fn challenge(part: &str, pseudonyms: &mut PseudonymMap) -> String {
    let (first, rest) = part.split_once(char::is_whitespace).unwrap_or((part, ""));
    if first.contains('=') {
        return parameter(part, pseudonyms);
    }
    match rest.trim() {
        "" => scheme(first),
        rest => format!("{} {}", scheme(first), parameter(rest, pseudonyms)),
    }
}

fn parameter(text: &str, pseudonyms: &mut PseudonymMap) -> String {
    let Some((name, value)) = text.split_once('=') else {
        return "…".to_owned();
    };
    let name = name.trim().to_ascii_lowercase();
    let bare = value.trim().trim_matches('"');
    if !PARAMETERS.contains(&name.as_str()) {
        return "…".to_owned();
    }
    let value = match name.as_str() {
        "realm" => realm(bare, pseudonyms),
        _ if VALUES.contains(&bare.to_ascii_lowercase().as_str()) => bare.to_owned(),
        _ => "…".to_owned(),
    };
    format!("{name}=\"{value}\"")
}

fn realm(text: &str, pseudonyms: &mut PseudonymMap) -> String {
    let name = text.replace('\\', "");
    pseudonyms.name("organisation", &name);
    pseudonyms.whole(&name).unwrap_or(&name).to_owned()
}

/// The parts between commas that stand in no quotes.
fn parts(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut quoted, mut escaped) = (0, false, false);
    for (at, c) in text.char_indices() {
        match c {
            '"' if !escaped => quoted = !quoted,
            ',' if !quoted => {
                parts.push(text[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
        escaped = c == '\\' && !escaped;
    }
    parts.push(text[start..].trim());
    parts.retain(|part| !part.is_empty());
    parts
}

/// The first word with the blanks around it, and what follows.
fn word(text: &str) -> (&str, &str) {
    let start = text.len() - text.trim_start().len();
    let end = text[start..].find(char::is_whitespace);
    let end = end.map_or(text.len(), |end| start + end);
    let blanks = text[end..].len() - text[end..].trim_start().len();
    text.split_at(end + blanks)
}

/// `1.1`, `2`, `HTTP/1.1`.
fn is_protocol(word: &str) -> bool {
    let version = word.rsplit('/').next().unwrap_or(word);
    !version.is_empty() && version.chars().all(|c| c.is_ascii_digit() || c == '.')
}

/// The name of a machine, with a port or without, and the marks around it.
fn machine(text: &str, pseudonyms: &mut PseudonymMap) -> String {
    let inner = |c: char| c.is_alphanumeric() || "-_.:[]".contains(c);
    let start = text.find(inner).unwrap_or(text.len());
    let end = text[start..]
        .find(|c| !inner(c))
        .map_or(text.len(), |end| start + end);
    let whole = &text[start..end];
    let bare = whole.trim_matches(['[', ']']);
    let by = match bare.parse::<IpAddr>() {
        Ok(address) => pseudonyms.address(address).to_string(),
        Err(_) => with_port(whole, pseudonyms),
    };
    format!("{}{by}{}", &text[..start], masked(&text[end..]))
}

fn with_port(text: &str, pseudonyms: &mut PseudonymMap) -> String {
    let (host, port) = text.split_at(text.find(':').unwrap_or(text.len()));
    if let Ok(address) = host.parse::<IpAddr>() {
        return format!("{}{port}", pseudonyms.address(address));
    }
    if host.is_empty() || public_names::is_generic(host) || pseudonyms.is_public(host) {
        return text.to_owned();
    }
    if host.eq_ignore_ascii_case("cloudfront") {
        return text.to_owned();
    }
    pseudonyms.name("proxy", host);
    let shown = pseudonyms.whole(host).unwrap_or(host);
    let port = port
        .bytes()
        .all(|byte| byte == b':' || byte.is_ascii_digit())
        .then_some(port);
    format!("{shown}{}", port.unwrap_or(""))
}
