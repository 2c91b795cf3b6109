//! The route to an endpoint: the hops to try, and what decided that.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::host::Host;

/// The way that a probe takes to an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Route {
    /// Who may carry the connection, in the order in which a client tries them; empty means
    /// directly.
    pub hops: Vec<Hop>,
    /// Who decided.
    pub origin: Origin,
    /// Why, a sentence each.
    pub reasons: Vec<String>,
    /// Whether a PAC script decided that came over `http`, which anyone on the path can rewrite:
    /// its proxies get no credentials.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cleartext_script: bool,
}

/// Who named the proxies of a route, as far as it matters to credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamedBy {
    /// An argument, a setting, or a PAC script that a setting names over `https` or `file`.
    Settings,
    /// A PAC script that a setting names over `http`.
    CleartextScript,
    /// The network (WPAD).
    Network,
}

impl Route {
    /// The direct path, as this program takes it when no proxy is involved.
    pub fn direct() -> Self {
        Self {
            hops: Vec::new(),
            origin: Origin::Direct,
            reasons: vec!["no proxy is considered".to_owned()],
            cleartext_script: false,
        }
    }

    /// Who named the proxies.
    pub fn named_by(&self) -> NamedBy {
        match self.origin {
            Origin::Wpad => NamedBy::Network,
            _ if self.cleartext_script => NamedBy::CleartextScript,
            _ => NamedBy::Settings,
        }
    }

    /// Whether no proxy is on the path.
    pub fn is_direct(&self) -> bool {
        self.proxies().next().is_none()
    }

    /// The proxies on the path, in order; none twice.
    pub fn proxies(&self) -> impl Iterator<Item = &ProxyServer> {
        let hops = self.hops.iter().enumerate();
        let first = hops.filter(|(place, hop)| !self.hops[..*place].contains(hop));
        first.filter_map(|(_, hop)| hop.proxy())
    }

    /// The hops as a PAC answer spells them; `DIRECT` where there are none.
    pub fn hop_words(&self) -> Vec<String> {
        if self.hops.is_empty() {
            return vec![Hop::Direct.to_string()];
        }
        self.hops.iter().map(Hop::to_string).collect()
    }
}

impl Hop {
    /// The proxy, where it is one.
    pub fn proxy(&self) -> Option<&ProxyServer> {
        match self {
            Self::Direct => None,
            Self::Proxy(server) => Some(server),
        }
    }
}

/// One hop, spelled as in the answer of a PAC script: `DIRECT`, `PROXY host:80`,
/// `HTTPS host:443`, `SOCKS host:1080` (version 4), `SOCKS5 host:1080`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Hop {
    /// Straight to the endpoint's address.
    Direct,
    /// Through a proxy.
    Proxy(ProxyServer),
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Hop {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Hop".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "DIRECT, or a kind of proxy with host and port."
        })
    }
}

/// A proxy; its credentials are never part of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ProxyServer {
    /// Its protocol.
    pub protocol: ProxyProtocol,
    /// Its name or address.
    pub host: Host,
    /// Its port.
    pub port: u16,
}

/// The protocol of a proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProxyProtocol {
    /// HTTP in clear, CONNECT for TLS endpoints.
    Http,
    /// The same within TLS.
    Https,
    /// SOCKS 4: the client resolves the name, IPv4 only.
    Socks4,
    /// SOCKS 4a: the proxy resolves the name.
    Socks4a,
    /// SOCKS 5.
    Socks5,
    /// SOCKS 5 where the proxy resolves the name.
    Socks5h,
}

impl ProxyProtocol {
    /// Every protocol with its word in a hop.
    pub const ALL: [(Self, &'static str); 6] = [
        (Self::Http, "PROXY"),
        (Self::Https, "HTTPS"),
        (Self::Socks4, "SOCKS"),
        (Self::Socks4a, "SOCKS4A"),
        (Self::Socks5, "SOCKS5"),
        (Self::Socks5h, "SOCKS5H"),
    ];

    /// The port that goes with the protocol unless a setting says otherwise.
    pub fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
            Self::Socks4 | Self::Socks4a | Self::Socks5 | Self::Socks5h => 1080,
        }
    }

    fn word(self) -> &'static str {
        let known = Self::ALL.iter().find(|(protocol, _)| *protocol == self);
        known.map_or("PROXY", |(_, word)| word)
    }
}

impl fmt::Display for ProxyServer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            Host::Address(std::net::IpAddr::V6(address)) => {
                write!(out, "[{address}]:{}", self.port)
            }
            host => write!(out, "{host}:{}", self.port),
        }
    }
}

impl fmt::Display for Hop {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Direct => out.write_str("DIRECT"),
            Self::Proxy(server) => write!(out, "{} {server}", server.protocol.word()),
        }
    }
}

impl From<Hop> for String {
    fn from(hop: Hop) -> Self {
        hop.to_string()
    }
}

impl TryFrom<String> for Hop {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl FromStr for Hop {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "DIRECT" {
            return Ok(Self::Direct);
        }
        let (word, server) = text
            .split_once(' ')
            .ok_or_else(|| "a hop is DIRECT, or a kind of proxy with host and port".to_owned())?;
        let (protocol, _) = ProxyProtocol::ALL
            .into_iter()
            .find(|(_, known)| *known == word)
            .ok_or_else(|| "an unknown kind of proxy".to_owned())?;
        let (host, port) = server
            .rsplit_once(':')
            .ok_or_else(|| "a proxy without a port".to_owned())?;
        Ok(Self::Proxy(ProxyServer {
            protocol,
            host: Host::parse(host)?,
            port: port
                .parse()
                .map_err(|_| "a proxy with a wrong port".to_owned())?,
        }))
    }
}

/// Who decided on a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Origin {
    /// The direct path was asked for.
    Direct,
    /// The settings of the user.
    User,
    /// The settings of the machine.
    Machine,
    /// Variables of the environment.
    Environment,
    /// The caller named the proxy or the script.
    Explicit,
    /// A PAC script.
    Pac,
    /// A PAC script that the network announced.
    Wpad,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hop_reads_back_as_it_is_written() {
        for text in [
            "DIRECT",
            "PROXY proxy.example:8080",
            "HTTPS proxy.example:443",
            "SOCKS [fd00::1]:1080",
            "SOCKS4A a.example:1",
            "SOCKS5 192.0.2.1:1080",
            "SOCKS5H a.example:65535",
        ] {
            assert_eq!(text.parse::<Hop>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "PROXY",
            "PROXY a",
            "PROXY a:b",
            "FTP a:1",
            "PROXY a b:1",
        ] {
            assert!(text.parse::<Hop>().is_err(), "{text}");
        }
    }
}
