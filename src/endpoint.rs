//! What has to be reachable, and what a genuine answer of it looks like.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::owner::registrable_domain;

/// A required host and port, with what a genuine answer is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Endpoint {
    /// Unique name of the entry in its list.
    pub id: String,
    /// Whom to ask.
    pub host: Host,
    /// TCP port.
    pub port: u16,
    /// How to ask.
    pub scheme: Scheme,
    /// Path and query of the request, beginning with a slash.
    pub path: String,
    /// Names of the groups that this entry belongs to.
    pub groups: Vec<String>,
    /// Whether activation needs it.
    pub level: Level,
    /// One line that a firewall owner understands.
    pub purpose: String,
    /// Set id of Microsoft's endpoint service, per cloud.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sets: BTreeMap<Cloud, u32>,
    /// Category of Microsoft's endpoint service.
    pub category: Category,
    /// What Microsoft says of TLS inspection for this host.
    pub inspection: Inspection,
    /// Who may issue its certificate; absent in reports of older versions and where nothing was
    /// decided yet: then the host's name decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<Issuer>,
    /// Whether the list says so itself. A private issuer that was stated is never taken for TLS
    /// inspection.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub issuer_stated: bool,
    /// Whether the most specific set that names this host publishes addresses.
    #[serde(default)]
    pub published_ips: bool,
    /// Published addresses of that set; empty where none are published.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<String>"))]
    pub ranges: Vec<IpNet>,
    /// Where these addresses come from; empty where there are none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub ranges_from: String,
    /// What a genuine answer looks like.
    pub expect: Expect,
    /// Names that a CNAME chain may pass through, by suffix; empty allows every name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cname_suffixes: Vec<String>,
    /// Addresses that DNS must answer with; empty allows every address.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dns_answer: Vec<IpAddr>,
    /// Whether it is asked over IPv6 alone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ipv6_only: bool,
    /// Clouds in which the entry is needed.
    pub clouds: Vec<Cloud>,
    /// Whether the endpoint has to be open or closed.
    #[serde(default)]
    pub must_be: MustBe,
    /// Where the requirement is written.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source: String,
}

impl fmt::Display for Endpoint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.host, self.scheme) {
            (host, Scheme::Dns) => write!(out, "{host}"),
            (Host::Address(IpAddr::V6(address)), _) => write!(out, "[{address}]:{}", self.port),
            (host, _) => write!(out, "{host}:{}", self.port),
        }
    }
}

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
    pub(crate) fn parse_with_port(text: &str) -> Result<(Self, Option<u16>), String> {
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

fn is_label_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-' || c == '_'
}

/// Foreign text made safe for a terminal and for a line: control and invisible direction
/// characters become `\u{…}`.
pub fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_unsafe_to_print(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

/// Foreign text as a message quotes it: printable, and shortened when it is long.
pub(crate) fn quoted(text: &str) -> String {
    const LONGEST: usize = 80;
    let mut start: String = text.chars().take(LONGEST).collect();
    if start.len() < text.len() {
        start.push('…');
    }
    format!("`{}`", printable(&start))
}

/// Whether a character would move the cursor, change the direction of text or hide itself.
pub(crate) fn is_unsafe_to_print(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00AD}'
            | '\u{061C}'
            | '\u{200B}'..='\u{200F}'
            | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{2069}'
            | '\u{FEFF}'
            | '\u{FFF9}'..='\u{FFFB}'
            | '\u{E0000}'..='\u{E007F}')
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

/// How an endpoint is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Scheme {
    /// TLS 1.2, then HTTP.
    Https,
    /// HTTP in clear.
    Http,
    /// A DNS record alone: the msoid check and the NCSI name.
    Dns,
}

impl Scheme {
    /// The port that goes with the scheme unless an entry says otherwise.
    pub fn default_port(self) -> u16 {
        match self {
            Self::Https => 443,
            Self::Http => 80,
            Self::Dns => 53,
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Https => "https",
            Self::Http => "http",
            Self::Dns => "dns",
        })
    }
}

/// Whether activation needs an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Level {
    /// Activation fails without it.
    Required,
    /// Activation may be slow or incomplete without it.
    Recommended,
}

/// Category of Microsoft's endpoint service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Category {
    /// Most sensitive to detours.
    Optimize,
    /// Must not be inspected; may be routed directly.
    Allow,
    /// Ordinary internet traffic.
    Default,
}

/// What Microsoft says of TLS inspection for a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Inspection {
    /// It breaks the service: a failure.
    Forbidden,
    /// It is advised against: a warning while the device trusts the issuer.
    Discouraged,
}

/// Who may issue the certificate of a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Issuer {
    /// A public authority: an issuer that only this machine trusts is TLS inspection.
    Public,
    /// Any issuer that the operating system trusts, such as the company's own authority.
    Private,
}

/// Whether an endpoint has to be open or closed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum MustBe {
    /// The check passes when the host answers genuinely.
    #[default]
    Reachable,
    /// A negative test: the check passes when the host does not.
    Blocked,
}

/// What a genuine answer looks like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Expect {
    /// Any HTTP status over a verified chain.
    AnyGenuine,
    /// One of these HTTP status codes.
    Status(Vec<u16>),
    /// A JSON object with this key.
    JsonKey(String),
    /// A certificate revocation list in DER, or a genuine "not found".
    DerCrl,
    /// Exactly this text, white space at its ends apart.
    Body(String),
    /// A redirect to a host that is one of these or below one of these.
    RedirectHost(Vec<String>),
}

/// A cloud of Microsoft 365; each has its own endpoints.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Cloud {
    /// The public cloud, GCC included.
    #[default]
    Worldwide,
    /// Operated by 21Vianet.
    China,
    /// US government, GCC High.
    GccHigh,
    /// US Department of Defense.
    Dod,
}

impl Cloud {
    /// Every cloud, in the order of the documentation.
    pub const ALL: [Self; 4] = [Self::Worldwide, Self::China, Self::GccHigh, Self::Dod];
}

impl fmt::Display for Cloud {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Worldwide => "worldwide",
            Self::China => "china",
            Self::GccHigh => "gcc-high",
            Self::Dod => "dod",
        })
    }
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
