//! What was seen, without an opinion: flat, serialisable, no behaviour.
//!
//! Times are milliseconds. `at_ms` counts from the start of the run.

mod trace;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::route::{Hop, Route};

pub use trace::{HelloAnswer, HelloStep, HelloTrace, HopAnswer, OtherPort, Trace, TraceHop};

/// The position on the way to an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Stage {
    /// This machine: interfaces, routes, clock.
    Device,
    /// The choice of the way: proxy settings and PAC.
    Route,
    /// Name resolution.
    Dns,
    /// The TCP connection.
    Tcp,
    /// The proxy that carries the connection.
    Proxy,
    /// The TLS handshake and the certificates.
    Tls,
    /// The HTTP exchange.
    Http,
    /// What the answer holds.
    Content,
}

impl std::fmt::Display for Stage {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::Device => "device",
            Self::Route => "route",
            Self::Dns => "dns",
            Self::Tcp => "tcp",
            Self::Proxy => "proxy",
            Self::Tls => "tls",
            Self::Http => "http",
            Self::Content => "content",
        })
    }
}

/// Everything that one endpoint's probe saw.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Evidence {
    /// Lookups of the host's own name, in the order in which they began.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lookups: Vec<Lookup>,
    /// Addresses that the hosts file gives for the name; they win over DNS.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hosts_file: Vec<IpAddr>,
    /// What the operating system's own resolver answered, where it was asked in time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub os_resolver: Option<Observation<Vec<IpAddr>>>,
    /// Connections, one per address and round.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attempts: Vec<Attempt>,
    /// The ways that the proxy settings of this machine lead to, the one that was taken first;
    /// empty where no settings were considered.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ways: Vec<Way>,
    /// Lookups of the names of proxies.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub proxy_lookups: Vec<Lookup>,
    /// Requests with another agent, and neutral ones beside them; one endpoint a path carries them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub agents: Vec<AgentAttempt>,
    /// Two hand-made greetings to the address that cut or swallowed the first one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sni_control: Option<SniControl>,
    /// Lookups of names that do not exist, after a failure.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub random_labels: Vec<Lookup>,
    /// What other ways showed, probed after a failure or where paths are compared.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub controls: Vec<Control>,
    /// The `msoid` record as several resolvers see it; on msoid rows only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub msoid: Option<MsoidEvidence>,
    /// How far packets came, where a row was blocked and a trace was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace: Option<Trace>,
    /// Why nothing was probed, or why the probe stopped early.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cut_short: Option<CutShort>,
}

/// How one set of settings would carry the connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Way {
    /// Whose settings: `user`, `machine`, `environment`, `explicit`, `direct`; `known-proxy` for a
    /// proxy that the settings name, but not for this host.
    pub view: String,
    /// The route that they lead to.
    pub route: Route,
    /// What was wrong with the script that had to decide; the route is then what clients fall back
    /// to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub script_failure: Option<ScriptFailure>,
}

/// Why a PAC script did not decide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ScriptFailure {
    /// Where the script is.
    pub script: String,
    /// The kind, for rules.
    pub kind: ScriptFailureKind,
    /// What happened, for people; foreign text, printable.
    pub detail: String,
    /// HTTP status of the server that has the script.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
}

/// The kinds of [`ScriptFailure`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum ScriptFailureKind {
    /// It could not be fetched.
    Unreachable,
    /// The server answered with another status than 200; `status` has it.
    Status,
    /// What came is no script: a web page, or text without the function.
    NotScript,
    /// A syntax error, an exception, or an answer that is none.
    Error,
    /// It ran too long, too large or too deep.
    Limit,
    /// This build has no script engine.
    NotSupported,
}

/// Two greetings that differ in nothing but the name that they ask for. Nobody but the address that
/// had failed is contacted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SniControl {
    /// Where both went.
    pub address: SocketAddr,
    /// The other name.
    pub name: String,
    /// The answer to the host's own name.
    pub own: LegacyHello,
    /// The answer to the other name.
    pub other: LegacyHello,
}

/// A connection whose request names a certain agent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AgentAttempt {
    /// Which agent.
    pub agent: Agent,
    /// What came of it.
    pub attempt: Attempt,
}

/// The agent that a request names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Agent {
    /// This program's own.
    #[default]
    Neutral,
    /// One that contains `MSOIDCRL`, as sign-in components of Office have it.
    Msoidcrl,
}

/// A way other than the one that was taken, and what it showed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Control {
    /// The way.
    pub way: Way,
    /// What was seen on it.
    pub evidence: Evidence,
}

/// Why a probe ended before its natural end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum CutShort {
    /// The deadline of the whole run passed.
    Deadline,
    /// The machine refused another socket.
    NoSocket,
}

/// A timed stage: a value, a failure, or both where a stage failed after it had seen something.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Observation<T> {
    /// When the stage began.
    pub at_ms: f64,
    /// How long it took.
    pub elapsed_ms: f64,
    /// What was seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<T>,
    /// How it failed; absent means that the stage passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
}

impl<T> Observation<T> {
    /// Whether the stage passed.
    pub fn passed(&self) -> bool {
        self.failure.is_none()
    }
}

/// How a stage failed, as the operating system or the other party said it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Failure {
    /// The kind, for rules.
    pub kind: FailureKind,
    /// The words of the system or library, for people; foreign text, already made printable.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
    /// Number of the operating system's error, or of the TLS alert.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<i32>,
}

/// The kinds of [`Failure`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum FailureKind {
    /// No answer within the limit.
    Timeout,
    /// A reset answered the connection request, or ICMP said "port unreachable".
    Refused,
    /// A reset on an established connection.
    Reset,
    /// An orderly close where data was due.
    Closed,
    /// The system has no route or was told that the network is unreachable.
    NetworkUnreachable,
    /// The system was told that the host is unreachable.
    HostUnreachable,
    /// The system refused, or an ICMPv6 message forbade it.
    PermissionDenied,
    /// This machine has no suitable address of its own.
    AddressNotAvailable,
    /// No more sockets.
    NoSocket,
    /// The DNS answer said that the name does not exist.
    Nxdomain,
    /// The DNS answer holds no record of the kind asked for.
    Nodata,
    /// DNS: server failure.
    Servfail,
    /// DNS: the server refuses to answer.
    DnsRefused,
    /// DNS: another response code; `number` has it.
    DnsCode,
    /// DNS: truncated over UDP and not to be had over TCP.
    Truncated,
    /// DNS: the chain of CNAME records turns in a circle or does not end.
    CnameLoop,
    /// The answer is not what the protocol allows.
    Malformed,
    /// A TLS alert; `number` has it.
    Alert,
    /// Clear text where TLS was due.
    Plaintext,
    /// A ServerHello of TLS 1.1 or older.
    OldTls,
    /// The server chose a cipher suite that was not offered, or none is common.
    NoCommonCipher,
    /// The certificate cannot be used for a handshake at all.
    BadCertificate,
    /// A response head larger than allowed.
    TooLarge,
    /// The proxy answered and does not open a tunnel.
    ProxyRefused,
    /// Anything else; `detail` has the words.
    Other,
}

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
}

impl std::fmt::Display for RecordKind {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::A => "A",
            Self::Aaaa => "AAAA",
            Self::Cname => "CNAME",
            Self::Ns => "NS",
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
    /// The address or name that the record holds.
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
    /// Response code where one came; `TRUNCATED` for a truncated answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rcode: Option<String>,
    /// How it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
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

/// One connection to one address.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Attempt {
    /// Where to.
    pub address: SocketAddr,
    /// 1 for the first attempt, 2 and up for confirming ones.
    pub round: u32,
    /// Who carries the connection; absent for the direct path. The address is then the carrier's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hop: Option<Hop>,
    /// The TCP connection.
    pub tcp: Observation<TcpSeen>,
    /// The ICMP message that the system received for the connection, where it tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icmp: Option<IcmpSeen>,
    /// Counters of the connection when the last stage failed, where the system has them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counters: Option<TcpCounters>,
    /// The TLS handshake with a proxy that is spoken to within TLS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy_tls: Option<Observation<TlsSeen>>,
    /// The request for a tunnel through the proxy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy: Option<Observation<ProxySeen>>,
    /// The TLS handshake.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<Observation<TlsSeen>>,
    /// The HTTP exchange.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http: Option<Observation<HttpSeen>>,
}

/// An ICMP message that ended a connection (RFC 792, RFC 4443).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct IcmpSeen {
    /// The device that sent it; absent where this machine itself did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<IpAddr>,
    /// 4 for ICMP, 6 for ICMPv6.
    pub version: u8,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: u8,
    /// Its code.
    pub code: u8,
    /// Whether this machine made it up, without a packet having come.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub local: bool,
}

/// Counters of a TCP connection.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TcpCounters {
    /// Smoothed round trip in microseconds; 0 where none was measured.
    pub rtt_us: u32,
    /// Segments that were sent again, connection requests included.
    pub retransmits: u32,
    /// Segments that wait for their acknowledgement.
    pub unacked_segments: u32,
    /// Bytes that the other side has acknowledged; the connection request counts as one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_acked: Option<u64>,
    /// Bytes that came in order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_received: Option<u64>,
    /// Segments with data that came, in order or not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_segments_in: Option<u32>,
    /// Segments that came out of order: something before them is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub out_of_order_in: Option<u32>,
}

/// What a TCP connection showed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TcpSeen {
    /// Our own address on the connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local: Option<SocketAddr>,
    /// Whether the peer closed before anything was sent; looked for in confirming rounds only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_before_hello: Option<bool>,
}

/// What a proxy said to a request for a tunnel.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProxySeen {
    /// What was asked: `CONNECT host:port`, or the same in words of SOCKS.
    pub request: String,
    /// Whether credentials went with the request.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub credentials_sent: bool,
    /// Status code of an HTTP proxy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Its reason phrase; foreign text, printable.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Reply code of a SOCKS proxy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub socks_reply: Option<u8>,
    /// Schemes that the proxy offers for a sign-in.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub auth_schemes: Vec<String>,
    /// Headers of the answer, lower-case names; foreign text, printable.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Title of the page that came with a refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Beginning of that page; foreign text, printable.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub body_text: String,
}

/// What a TLS handshake showed, finished or not.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TlsSeen {
    /// Server name that was asked for; absent for addresses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_name: Option<String>,
    /// Cipher suite of a finished handshake.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cipher_suite: Option<String>,
    /// Certificates as the server sent them, its own first, at most 16.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub chain: Vec<Certificate>,
    /// Trust by the public roots.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_roots: Option<Trust>,
    /// Trust by the operating system's roots.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub os_roots: Option<Trust>,
    /// Whether the certificate names the host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name_matches: Option<bool>,
    /// Bytes sent before the handshake ended.
    pub bytes_sent: u64,
    /// Bytes received before the handshake ended.
    pub bytes_received: u64,
    /// The first bytes received, as printable text, where they are not TLS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_bytes: Option<String>,
    /// The answer to a hand-made hello with old suites, sent after a refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub legacy_hello: Option<LegacyHello>,
}

/// Answer to a hand-made ClientHello that offers old versions and suites.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LegacyHello {
    /// Version of the ServerHello (0x0301 is TLS 1.0), where one came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u16>,
    /// Cipher suite of the ServerHello.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cipher_suite: Option<u16>,
    /// Number of the alert that came instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert: Option<u8>,
    /// Whether a hello that offers TLS 1.3 got a ServerHello with TLS 1.3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls13: Option<bool>,
}

/// Whether a chain leads to a root of one store, dates and name set aside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Trust {
    /// It does.
    Trusted,
    /// No root of the store issued it.
    UnknownIssuer,
    /// The verifier objects to something else, in its own words.
    Refused(String),
    /// The store is empty or could not be read.
    NoRoots,
}

/// A certificate, as far as it could be read.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Certificate {
    /// Subject in RFC 4514 order.
    pub subject: String,
    /// Issuer in RFC 4514 order.
    pub issuer: String,
    /// DNS names and addresses that it is valid for, at most 50.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// Beginning of its validity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Timestamp>,
    /// End of its validity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_after: Option<Timestamp>,
    /// SHA-256 of the DER form, lower-case hex.
    pub sha256: String,
    /// Whether subject and issuer are the same.
    pub self_issued: bool,
    /// Whether it may issue others.
    pub authority: bool,
    /// Why it could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unreadable: Option<String>,
}

/// What an HTTP exchange showed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HttpSeen {
    /// Status code.
    pub status: u16,
    /// Headers that help to judge, lower-case names; foreign text, printable.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Time from the request to the response head.
    pub first_byte_ms: f64,
    /// Length of the body as announced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub announced_length: Option<u64>,
    /// Bytes of the body that were read.
    pub body_bytes: u64,
    /// Whether the body was read to its end.
    pub body_complete: bool,
    /// Beginning of a text body, at most 2,048 characters; foreign text, printable.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub body_text: String,
    /// Title of an HTML page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The body read as a revocation list, where one is expected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crl: Option<CrlSeen>,
    /// Keys of the top-level JSON object, at most 50.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub json_keys: Vec<String>,
    /// Whether credentials for a proxy went with the request.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub proxy_credentials_sent: bool,
    /// This machine's clock when the response head arrived.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub received: Option<Timestamp>,
}

/// A body read as a certificate revocation list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CrlSeen {
    /// Whether it reads as a revocation list, or begins like one that is longer than what was read.
    pub valid: bool,
    /// Issuer of the list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// When the next list is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_update: Option<Timestamp>,
}

/// The `msoid` record of one domain, from every side.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MsoidEvidence {
    /// The domain as asked for.
    pub domain: String,
    /// One view per resolver.
    pub views: Vec<MsoidView>,
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

/// What holds for the whole run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RunEvidence {
    /// Whether an IPv4 address other than loopback can be used; `None` where it was not looked for.
    pub ipv4: Option<bool>,
    /// The same for IPv6.
    pub ipv6: Option<bool>,
    /// Name servers, in the order of use.
    pub resolvers: Vec<SocketAddr>,
    /// Whether the caller named the resolvers instead of the system.
    pub resolvers_named: bool,
    /// Whether the machine runs Windows, whose programs do not read proxy variables.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub windows: bool,
    /// Number of public roots.
    pub public_roots: usize,
    /// Number of roots of the operating system.
    pub os_roots: usize,
    /// PAC scripts that the settings name or the network announces.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scripts: Vec<ScriptSeen>,
}

/// A PAC script, fetched or not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ScriptSeen {
    /// Where it is.
    pub url: String,
    /// Whether the network announced it (WPAD) instead of a setting.
    pub discovered: bool,
    /// SHA-256 of its bytes, lower-case hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Addresses that redirects led to, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub redirects: Vec<String>,
    /// How long it took to fetch it.
    pub fetch_ms: f64,
    /// Why it cannot be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<ScriptFailure>,
}
