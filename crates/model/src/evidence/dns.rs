//! What name servers said.

use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

use super::{Failure, Observation};

/// Which family of records a lookup asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum RecordKind {
    /// IPv4 addresses.
    A,
    /// IPv6 addresses.
    #[serde(rename = "AAAA")]
    Aaaa,
    /// Aliases.
    #[serde(rename = "CNAME")]
    Cname,
    /// Name servers.
    #[serde(rename = "NS")]
    Ns,
    /// The head of a zone.
    #[serde(rename = "SOA")]
    Soa,
}

impl std::fmt::Display for RecordKind {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::A => "A",
            Self::Aaaa => "AAAA",
            Self::Cname => "CNAME",
            Self::Ns => "NS",
            Self::Soa => "SOA",
        })
    }
}

/// One DNS question with all its tries.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Lookup {
    /// The name asked for.
    pub name: String,
    /// The record asked for.
    pub kind: RecordKind,
    /// Time of the whole lookup, its value and its failure.
    #[serde(flatten)]
    pub outcome: Observation<DnsAnswer>,
    /// Packets or connections, in order.
    pub tries: Vec<DnsTry>,
}

/// What a name server answered; present for negative answers too.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DnsAnswer {
    /// Response code by its standard name: `NOERROR`, `NXDOMAIN`, `SERVFAIL`, …
    pub rcode: String,
    /// Records of the answer section, in order, at most 100.
    pub records: Vec<DnsRecord>,
    /// Whether the server is authoritative for the answer.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub authoritative: bool,
    /// Of a negative answer: how many labels the zone has that it comes from, by its SOA record; the
    /// name asked for lies in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone_labels: Option<usize>,
    /// Extended DNS errors (RFC 8914) as `code text`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extended_errors: Vec<String>,
}

/// One resource record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DnsRecord {
    /// Owner name, lower case, without a final dot.
    pub name: String,
    /// Kind of the record.
    pub kind: RecordKind,
    /// Time to live in seconds.
    pub ttl: u32,
    /// The address or name that the record holds; of the head of a zone its first name server.
    pub data: String,
}

/// One packet or connection to one name server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DnsTry {
    /// The server asked.
    pub server: SocketAddr,
    /// UDP or TCP.
    pub transport: Transport,
    /// When it began.
    pub at_ms: f64,
    /// How long it took.
    pub elapsed_ms: f64,
    /// UDP alone: whether the packet that was answered carried EDNS; where none was answered,
    /// whether the first one did. Absent in reports that did not record it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edns: Option<bool>,
    /// How long after the beginning the packet left that was answered, where it was the second: the
    /// first one or its answer was lost. The second one has no EDNS: at a server that never answers
    /// with EDNS in the whole run it stands for that, and not for a loss.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resent_after_ms: Option<f64>,
    /// How much of the time it waited for other questions of the run: at a server that was busy
    /// with them, or here for its turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queued_ms: Option<f64>,
    /// Response code where one came; `TRUNCATED` for a truncated answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rcode: Option<String>,
    /// How it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
}

/// How the name of a proxy was looked up, which the settings may give in short.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProxyName {
    /// The name as the settings have it.
    pub name: String,
    /// The full names that were asked for, in order: completed by the search list of the machine.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub asked: Vec<String>,
    /// What the operating system's own resolver answered, where DNS had no address and it was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub os_resolver: Option<Observation<Vec<IpAddr>>>,
}

/// Transport of a DNS question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Transport {
    /// UDP.
    Udp,
    /// TCP.
    Tcp,
}

/// The `msoid` record of one domain, from every side.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MsoidEvidence {
    /// The domain as asked for.
    pub domain: String,
    /// One view per resolver.
    pub views: Vec<MsoidView>,
    /// How the domain's own name servers were looked for: their names, and their addresses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub name_servers: Vec<Lookup>,
}

/// The `msoid` chain as one resolver sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MsoidView {
    /// Who was asked.
    pub resolver: MsoidResolver,
    /// The servers asked; empty where none was found.
    pub servers: Vec<SocketAddr>,
    /// Targets of the CNAME chain in order, lower case, without final dots.
    pub chain: Vec<String>,
    /// Time, and why no answer was had.
    #[serde(flatten)]
    pub outcome: Observation<MsoidRecord>,
    /// The head of the zone, asked for at the domain: whether the domain is there at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<Lookup>,
    /// Addresses that the name has itself, without an alias.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<IpAddr>,
    /// A name below the domain that does not exist, asked for where the record is there: an answer
    /// means a wildcard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub random_label: Option<Lookup>,
}

/// Whether the record exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum MsoidRecord {
    /// A CNAME is there.
    Present,
    /// The name does not exist, or has no CNAME.
    Absent,
}

/// Which side a [`MsoidView`] is seen from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum MsoidResolver {
    /// The resolver that this machine uses.
    System,
    /// The domain's own name servers: what the outside sees.
    Authoritative,
    /// The resolver named by `--second-resolver`.
    Second,
}

impl std::fmt::Display for MsoidResolver {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::System => "this machine's resolver",
            Self::Authoritative => "the domain's own name servers",
            Self::Second => "the second resolver",
        })
    }
}
