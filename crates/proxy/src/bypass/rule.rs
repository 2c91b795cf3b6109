//! One rule of a bypass list, and whom it matches.

use std::net::IpAddr;

use ipnet::IpNet;
use url::Url;

use crate::glob;
use crate::host::Host;

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rule {
    /// As it is written.
    pub(super) text: String,
    pub(super) pattern: Pattern,
    pub(super) port: Option<u16>,
    pub(super) scheme: Option<String>,
}

/// What a rule looks for in a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Pattern {
    Everything,
    Name(String),
    Subdomains(String),
    NameAndSubdomains(String),
    Glob(String),
    Address(IpAddr),
    Network(IpNet),
    /// `<local>`: names without a dot.
    SimpleNames,
    /// `<-loopback>`: no rule for hosts, it takes the implicit ones away.
    NotLoopback,
    /// An entry that matches nothing in its dialect.
    Nothing,
}

/// What rules look at: the parts of a URL, names in lower case and punycode. Nothing is resolved.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub(super) host: Host,
    scheme: String,
    port: Option<u16>,
    plain: bool,
}

impl Target {
    /// `None` for a URL without a host.
    pub(super) fn from_url(url: &Url) -> Option<Self> {
        let text = url.host_str()?;
        Some(Self {
            host: Host::parse(text).ok()?,
            scheme: url.scheme().to_owned(),
            port: url.port_or_known_default(),
            plain: !text.contains(['.', ':']),
        })
    }

    /// Loopback and link-local hosts, which never leave this machine or its link.
    pub(super) fn is_implicit(&self, names: bool) -> bool {
        match &self.host {
            Host::Address(IpAddr::V4(address)) => address.is_loopback() || address.is_link_local(),
            Host::Address(IpAddr::V6(address)) => {
                (names && address.is_loopback()) || address.is_unicast_link_local()
            }
            Host::Name(name) => {
                names
                    && (matches!(name.as_str(), "localhost" | "loopback")
                        || name.ends_with(".localhost"))
            }
        }
    }
}

impl Rule {
    pub(super) fn matches(&self, target: &Target) -> bool {
        let port = self.port.is_none_or(|port| target.port == Some(port));
        let scheme = self
            .scheme
            .as_ref()
            .is_none_or(|scheme| *scheme == target.scheme);
        port && scheme && self.pattern.matches(target)
    }
}

impl Pattern {
    fn matches(&self, target: &Target) -> bool {
        match (self, &target.host) {
            (Self::Everything, _) => true,
            (Self::SimpleNames, _) => target.plain,
            (Self::Glob(pattern), host) => glob::matches(pattern, &host.to_string()),
            (Self::Name(wanted), Host::Name(name)) => wanted == name,
            (Self::Subdomains(domain), Host::Name(name)) => is_below(name, domain),
            (Self::NameAndSubdomains(domain), Host::Name(name)) => {
                domain == name || is_below(name, domain)
            }
            (Self::Address(wanted), Host::Address(address)) => wanted == address,
            (Self::Network(network), Host::Address(address)) => network.contains(address),
            _ => false,
        }
    }
}

fn is_below(name: &str, domain: &str) -> bool {
    name.strip_suffix(domain)
        .is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
}
