//! One proxy as settings and variables spell it: `[scheme://][user:password@]host[:port][/]`.

use crate::host::Host;
use crate::route::{ProxyProtocol, ProxyServer};

/// A proxy that was read, and what stood before its `@`.
pub(super) struct Parsed<'a> {
    pub(super) server: ProxyServer,
    pub(super) userinfo: Option<&'a str>,
}

/// Reads a proxy; `protocol` holds where the text names none.
///
/// # Errors
/// The reason, as text that never contains credentials.
pub(super) fn parse(text: &str, protocol: ProxyProtocol) -> Result<Parsed<'_>, String> {
    let (protocol, rest) = match text.split_once("://") {
        Some((scheme, rest)) => (named(scheme)?, rest),
        None => (protocol, text),
    };
    let (userinfo, address) = match rest.rsplit_once('@') {
        Some((userinfo, address)) => (Some(userinfo), address),
        None => (None, rest),
    };
    let (host, port) = split_port(without_path(address))?;
    let server = ProxyServer {
        protocol,
        host: Host::parse(host)?,
        port: port.unwrap_or_else(|| protocol.default_port()),
    };
    Ok(Parsed { server, userinfo })
}

fn named(scheme: &str) -> Result<ProxyProtocol, String> {
    Ok(match scheme.to_ascii_lowercase().as_str() {
        "http" => ProxyProtocol::Http,
        "https" => ProxyProtocol::Https,
        "socks" | "socks4" => ProxyProtocol::Socks4,
        "socks4a" => ProxyProtocol::Socks4a,
        "socks5" => ProxyProtocol::Socks5,
        "socks5h" => ProxyProtocol::Socks5h,
        _ => return Err("no kind of proxy has this scheme".to_owned()),
    })
}

fn without_path(address: &str) -> &str {
    address.split(['/', '?', '#']).next().unwrap_or_default()
}

/// Splits `host`, `host:port`, `[v6]`, `[v6]:port` and a bare IPv6 address.
///
/// # Errors
/// What is wrong with the port.
pub(super) fn split_port(address: &str) -> Result<(&str, Option<u16>), String> {
    let colons = address.matches(':').count();
    let (host, port) = match address.rfind(']') {
        Some(end) => match &address[end + 1..] {
            "" => (address, None),
            rest => match rest.strip_prefix(':') {
                Some(port) => (&address[..=end], Some(port)),
                None => return Err("text follows the closing bracket".to_owned()),
            },
        },
        None if colons == 1 => {
            let (host, port) = address.split_once(':').unwrap_or((address, ""));
            (host, Some(port))
        }
        None => (address, None),
    };
    port.map(parse_port).transpose().map(|port| (host, port))
}

fn parse_port(text: &str) -> Result<u16, String> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(port @ 1..) if digits => Ok(port),
        _ => Err("the port is not a number from 1 to 65535".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::route::Hop;

    #[test]
    fn proxies_are_read() {
        let cases = [
            ("a.example", "PROXY a.example:80"),
            ("A.Example:8080", "PROXY a.example:8080"),
            ("http://a.example", "PROXY a.example:80"),
            ("HTTP://a.example:3128/", "PROXY a.example:3128"),
            ("https://a.example", "HTTPS a.example:443"),
            ("socks://a.example", "SOCKS a.example:1080"),
            ("socks4://a.example", "SOCKS a.example:1080"),
            ("socks4a://a.example:1", "SOCKS4A a.example:1"),
            ("socks5://a.example", "SOCKS5 a.example:1080"),
            ("socks5h://a.example:65535", "SOCKS5H a.example:65535"),
            ("[fd00::1]:8080", "PROXY [fd00::1]:8080"),
            ("fd00::1", "PROXY [fd00::1]:80"),
            ("http://u:p@a.example:8080", "PROXY a.example:8080"),
            ("b\u{fc}cher.example:1", "PROXY xn--bcher-kva.example:1"),
        ];
        for (text, hop) in cases {
            let parsed =
                parse(text, ProxyProtocol::Http).unwrap_or_else(|why| panic!("{text}: {why}"));
            assert_eq!(Hop::Proxy(parsed.server).to_string(), hop, "{text}");
        }
    }

    #[test]
    fn what_is_no_proxy_is_refused() {
        for text in [
            "",
            ":8080",
            "a:0",
            "a:65536",
            "a:b",
            "a:+1",
            "a:",
            "ftp://a:1",
            "[fd00::1",
            "[fd00::1]x",
            "a b",
            "a,b",
            "http://",
            "direct://",
            "*.example:1",
            "1.2.3:80 ",
        ] {
            assert!(parse(text, ProxyProtocol::Http).is_err(), "{text}");
        }
    }
}
