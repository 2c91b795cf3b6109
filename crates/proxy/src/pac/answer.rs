//! What an answer of a script means.

use super::circumstances::Dependence;
use crate::host::Host;
use crate::route::{Hop, ProxyProtocol, ProxyServer};
use crate::safe_text::printable;

/// Elements of an answer that are read.
const ELEMENT_LIMIT: usize = 64;
/// Characters of an element that are shown.
const SHOWN: usize = 80;

/// The answer of a script for one URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PacAnswer {
    /// Exactly what the script returned; not printable.
    pub answer: String,
    /// The proxies to try, or the direct path, in order; never empty.
    pub hops: Vec<Hop>,
    /// Elements of the answer that no client takes.
    pub ignored: Vec<Ignored>,
    /// Names that the script asked for, in order, each once.
    pub names: Vec<String>,
    /// What the script wrote with `alert`, printable.
    pub log: Vec<String>,
    /// The function that answered.
    pub entry: Entry,
    /// What the script has looked at beside the URL.
    pub depends_on: Dependence,
}

/// The function of a script that answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// The one that every client calls.
    FindProxyForUrl,
    /// The one that WinHTTP prefers where it is defined; browsers other than those on Windows'
    /// own engine do not know it.
    FindProxyForUrlEx,
}

impl Entry {
    /// The name in the script.
    pub fn name(self) -> &'static str {
        match self {
            Self::FindProxyForUrl => "FindProxyForURL",
            Self::FindProxyForUrlEx => "FindProxyForURLEx",
        }
    }
}

/// An element of an answer that is passed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ignored {
    /// The element, printable, without credentials.
    pub element: String,
    /// Why clients pass over it.
    pub why: &'static str,
}

/// Reads an answer. Without any valid element the answer means the direct path.
pub fn hops(answer: &str) -> (Vec<Hop>, Vec<Ignored>) {
    let mut hops = Vec::new();
    let mut ignored = Vec::new();
    let elements = answer
        .split(';')
        .map(|element| element.trim_matches(is_blank));
    for element in elements.filter(|element| !element.is_empty()) {
        if hops.len() + ignored.len() == ELEMENT_LIMIT {
            ignored.push(pass_over(element, "no client reads so many elements"));
            break;
        }
        match hop(element) {
            Ok(hop) => hops.push(hop),
            Err(why) => ignored.push(pass_over(element, why)),
        }
    }
    if hops.is_empty() {
        hops.push(Hop::Direct);
    }
    (hops, ignored)
}

fn hop(element: &str) -> Result<Hop, &'static str> {
    let (word, rest) = element.split_once(is_blank).unwrap_or((element, ""));
    let server = rest.trim_start_matches(is_blank);
    if word.eq_ignore_ascii_case("DIRECT") {
        return match server {
            "" => Ok(Hop::Direct),
            _ => Err("nothing may follow DIRECT"),
        };
    }
    let protocol = protocol(word)?;
    let (host, port) = host_and_port(server, protocol)?;
    Ok(Hop::Proxy(ProxyServer {
        protocol,
        host,
        port,
    }))
}

fn protocol(word: &str) -> Result<ProxyProtocol, &'static str> {
    match word.to_ascii_uppercase().as_str() {
        "PROXY" => Ok(ProxyProtocol::Http),
        "HTTPS" => Ok(ProxyProtocol::Https),
        "SOCKS" | "SOCKS4" => Ok(ProxyProtocol::Socks4),
        "SOCKS5" => Ok(ProxyProtocol::Socks5),
        "HTTP" => Err("only Firefox knows HTTP; the word is PROXY"),
        "SOCKS4A" => Err("browsers and Windows do not know SOCKS4A"),
        _ => Err("unknown kind of proxy"),
    }
}

fn host_and_port(server: &str, protocol: ProxyProtocol) -> Result<(Host, u16), &'static str> {
    if server.is_empty() {
        return Err("the proxy has no host");
    }
    if server.contains("://") {
        return Err("a URL stands where host and port belong");
    }
    if server.contains('@') {
        return Err("credentials cannot stand in an answer");
    }
    let (host, port) = split_port(server)?;
    let host = Host::parse(host).map_err(|_| "this is no host name and no address")?;
    let port = match port {
        None => protocol.default_port(),
        Some(digits) => number(digits).ok_or("the port is no number from 1 to 65535")?,
    };
    Ok((host, port))
}

/// Host and the digits of the port; an IPv6 address must have brackets.
fn split_port(server: &str) -> Result<(&str, Option<&str>), &'static str> {
    if let Some(rest) = server.strip_prefix('[') {
        let (_, behind) = rest.split_once(']').ok_or("a bracket is not closed")?;
        let bracketed = &server[..server.len() - behind.len()];
        return match behind.strip_prefix(':') {
            Some(port) => Ok((bracketed, Some(port))),
            None if behind.is_empty() => Ok((bracketed, None)),
            None => Err("something follows the address"),
        };
    }
    match server.split_once(':') {
        Some((_, port)) if port.contains(':') => Err("an IPv6 address needs brackets"),
        Some((host, port)) => Ok((host, Some(port))),
        None => Ok((server, None)),
    }
}

fn number(digits: &str) -> Option<u16> {
    let only_digits = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    only_digits
        .then(|| digits.parse().ok())
        .flatten()
        .filter(|port| *port != 0)
}

fn pass_over(element: &str, why: &'static str) -> Ignored {
    let shown: String = match element.rsplit_once('@') {
        Some((_, server)) => format!("…@{server}"),
        None => element.to_owned(),
    };
    Ignored {
        element: printable(&shown.chars().take(SHOWN).collect::<String>()),
        why,
    }
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}
