//! What must be reachable, and what a genuine answer of it looks like.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

pub use reach365_proxy::Host;
pub use reach365_proxy::safe_text::{is_unsafe_to_print, printable, quoted};

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
