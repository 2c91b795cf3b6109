//! A host: a DNS name or a literal address.

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::owner::registrable_domain;
use crate::safe_text::quoted;

/// A host as it is asked for: a name in its ASCII form, or an address.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Host {
    /// A DNS name, lower case, punycode, without a final dot.
    Name(String),
    /// A literal address: DNS has no part in it.
    Address(IpAddr),
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Host {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Host".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "description": "A DNS name or an address."})
    }
}

impl Host {
    /// Reads a host as people write it: a name (IDN allowed) or an address, brackets allowed.
    ///
    /// # Errors
    /// A sentence that says what is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let bare = text
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
            .unwrap_or(text);
        if let Ok(address) = bare.parse() {
            return Ok(Self::Address(address));
        }
        Self::refuse_other_things(text)?;
        let unrooted = text.strip_suffix('.').unwrap_or(text);
        match url::Host::parse(unrooted) {
            Ok(url::Host::Domain(name)) => {
                Self::check_labels(&name)?;
                Ok(Self::Name(name))
            }
            Ok(_) => Err(format!("{} is not a complete address", quoted(text))),
            Err(error) => Err(format!("{} is not a host name: {error}", quoted(text))),
        }
    }

    /// The same with a port: `HOST:PORT` or `[IPV6]:PORT`.
    ///
    /// # Errors
    /// What is wrong with the host or with the port.
    pub fn parse_with_port(text: &str) -> Result<(Self, Option<u16>), String> {
        let (host, port) = split_port(text)?;
        Ok((Self::parse(host)?, port))
    }

    /// The name, or `None` for an address.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Name(name) => Some(name),
            Self::Address(_) => None,
        }
    }

    /// Who owns the host: the registrable domain of a name by the Public Suffix List, else the
    /// address itself.
    pub fn owner(&self) -> String {
        registrable_domain(&self.to_string())
    }

    fn refuse_other_things(text: &str) -> Result<(), String> {
        let shown = quoted(text);
        if text.is_empty() {
            return Err("the host is empty".to_owned());
        }
        if text.contains("://") || text.contains('/') {
            return Err(format!(
                "{shown} is a URL; give the host alone (scheme, port and path have keys of their own)"
            ));
        }
        if text.chars().any(char::is_whitespace) {
            return Err(format!("{shown} has a space in it"));
        }
        if text.contains('*') {
            return Err(format!(
                "{shown} is a wildcard; a wildcard cannot be probed, name a concrete host"
            ));
        }
        if text.contains(':') {
            return Err(format!(
                "{shown} has a port in it; `port` is a key of its own"
            ));
        }
        // Among them the percent sign, which the parser of URLs would undo.
        let foreign = |c: char| c.is_ascii() && !is_label_character(c) && c != '.';
        if text.chars().any(foreign) {
            return Err(format!(
                "{shown} has a character that no host name may have"
            ));
        }
        Ok(())
    }

    fn check_labels(name: &str) -> Result<(), String> {
        let shown = quoted(name);
        if name.len() > 253 {
            return Err(format!("{shown} is longer than 253 characters"));
        }
        for label in name.split('.') {
            if label.is_empty() {
                return Err(format!("{shown} has an empty label"));
            }
            if label.len() > 63 {
                return Err(format!("{shown} has a label of more than 63 characters"));
            }
            if !label.chars().all(is_label_character) {
                return Err(format!(
                    "{shown} has a character that no host name may have"
                ));
            }
        }
        Ok(())
    }
}

impl TryFrom<String> for Host {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text)
    }
}

impl From<Host> for String {
    fn from(host: Host) -> Self {
        host.to_string()
    }
}

impl fmt::Display for Host {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => out.write_str(name),
            Self::Address(address) => write!(out, "{address}"),
        }
    }
}

fn is_label_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-' || c == '_'
}

/// `HOST:PORT` and `[IPV6]:PORT` taken apart; an IPv6 address without brackets has no port.
fn split_port(text: &str) -> Result<(&str, Option<u16>), String> {
    let Some((host, port)) = text.rsplit_once(':') else {
        return Ok((text, None));
    };
    let bare_address = host.contains(':') && !host.ends_with(']');
    if bare_address || port.ends_with(']') {
        return Ok((text, None));
    }
    match port.parse::<u16>() {
        Ok(number) if number > 0 => Ok((host, Some(number))),
        _ => Err(format!(
            "{} ends in {}, which is not a port from 1 to 65535",
            quoted(text),
            quoted(port)
        )),
    }
}
