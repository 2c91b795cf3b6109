//! What was seen, without an opinion: flat, serializable, no behavior.
//!
//! Times are milliseconds. `at_ms` counts from the start of the run.

mod answer;
mod dns;
mod route;
mod size;
mod skipped;
mod tls;
mod trace;

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use reach365_proxy::route::Hop;

pub use answer::{CrlSeen, HttpSeen, PageAsks};
pub use dns::{
    DnsAnswer, DnsRecord, DnsTry, Lookup, MsoidEvidence, MsoidRecord, MsoidResolver, MsoidView,
    ProxyName, RecordKind, Transport,
};
pub use route::{
    ControlHostSeen, OtherRoute, RouteCandidate, ScriptFailure, ScriptFailureKind, ScriptSeen,
};
pub use size::SizeControl;
pub use skipped::{Redirect, SkipReason};
pub use tls::{Certificate, LegacyHello, SniControl, TlsSeen, Trust};
pub use trace::{HelloAnswer, HelloStep, HelloTrace, HopAnswer, OtherPort, Trace, TraceHop};

/// The position on the path to an endpoint.
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

impl fmt::Display for Stage {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
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
    pub ways: Vec<RouteCandidate>,
    /// Lookups of the names of proxies.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub proxy_lookups: Vec<Lookup>,
    /// How the names of proxies were completed; absent where they are addresses or in the hosts file.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub proxy_names: Vec<ProxyName>,
    /// Requests with another User-Agent, and neutral ones beside them; one endpoint of each path sends them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub agents: Vec<UserAgentAttempt>,
    /// ClientHellos, two with the own name and two with another, to the address where the handshake failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sni_control: Option<SniControl>,
    /// Questions with short answers and short packets, to the address that had been silent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size_control: Option<SizeControl>,
    /// Lookups of names that do not exist, after a failure.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub random_labels: Vec<Lookup>,
    /// What other routes showed, probed after a failure or where paths are compared.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub controls: Vec<OtherRoute>,
    /// The `msoid` record as several resolvers see it; on msoid rows only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub msoid: Option<MsoidEvidence>,
    /// How far packets came, where a row was blocked and a trace was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace: Option<Trace>,
    /// Why it was not probed on purpose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skipped: Option<SkipReason>,
    /// What the list asks for, where this machine is set to ask for something else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirected: Option<Redirect>,
    /// Why nothing was probed, or why the probe stopped early.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cut_short: Option<StopReason>,
}

impl Evidence {
    /// Gives back what its lists have allocated beyond their entries: a list with one connection has
    /// room for four of more than a kilobyte each, in each of thousands of rows.
    pub fn shrink_to_fit(&mut self) {
        let chains = self
            .attempts
            .iter_mut()
            .filter_map(|it| it.tls.as_mut()?.value.as_mut());
        chains.for_each(|seen| seen.chain.shrink_to_fit());
        for lookup in self.lookups.iter_mut().chain(&mut self.proxy_lookups) {
            lookup.tries.shrink_to_fit();
            if let Some(answer) = &mut lookup.outcome.value {
                answer.records.shrink_to_fit();
            }
        }
        self.lookups.shrink_to_fit();
        self.proxy_lookups.shrink_to_fit();
        self.attempts.shrink_to_fit();
        self.agents.shrink_to_fit();
        self.ways.shrink_to_fit();
    }
}

/// A connection whose request carries a certain User-Agent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UserAgentAttempt {
    /// Which User-Agent.
    pub agent: UserAgent,
    /// What came of it.
    pub attempt: Attempt,
}

/// The User-Agent of a request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum UserAgent {
    /// This program's own.
    #[default]
    Neutral,
    /// One that contains `MSOIDCRL`, as sign-in components of Office have it.
    Msoidcrl,
    /// Internet Explorer 6 without `MSOIDCRL`: asked after a difference.
    Msie6,
}

/// Why a probe ended before its natural end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum StopReason {
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

/// Counters of a TCP connection. Systems count different things: what one does not count is absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TcpCounters {
    /// Smoothed round trip in microseconds; 0 where none was measured.
    pub rtt_us: u32,
    /// Segments that were sent again, connection requests included. Windows counts how often it
    /// began to send again, so that it may be more there.
    pub retransmits: u32,
    /// Shortest round trip in microseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shortest_rtt_us: Option<u32>,
    /// Segments that were sent again although the other side had them (RFC 2883).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub needless_retransmits: Option<u32>,
    /// Bytes that were sent again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_retransmitted: Option<u64>,
    /// Segments that wait for their acknowledgement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unacked_segments: Option<u32>,
    /// Bytes that wait for their acknowledgement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_unacked: Option<u64>,
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
    /// The same in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_out_of_order_in: Option<u64>,
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
    /// Whether the system's own routing table ended the connection before anything was sent.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub no_route: bool,
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
    /// Why credentials were not sent, where there are some.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credentials_withheld: Option<CredentialsWithheld>,
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

/// Why a proxy that asked for credentials did not get those that there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum CredentialsWithheld {
    /// The network named the proxy (WPAD).
    Wpad,
    /// A PAC script named the proxy that came over `http`.
    CleartextScript,
    /// They are for another proxy.
    OtherProxy,
    /// The proxy did not prove its name in TLS.
    UnprovenProxy,
    /// The proxy does not offer Basic.
    NoBasic,
    /// The proxy has rejected them once in this run.
    Rejected,
    /// Another proxy has rejected them in this run.
    RejectedElsewhere,
    /// A request with them got no answer in this run.
    Unanswered,
}

impl fmt::Display for CredentialsWithheld {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Wpad => "no credentials were sent: the network (WPAD) named this proxy",
            Self::CleartextScript => {
                "no credentials were sent: a PAC script over http, which anyone on the path can \
                 rewrite, named this proxy; --proxy-user USER@HOST:PORT sends them to it"
            }
            Self::OtherProxy => "no credentials were sent: --proxy-user names another proxy",
            Self::UnprovenProxy => {
                "no credentials were sent: the certificate of the proxy does not prove its name"
            }
            Self::NoBasic => "no credentials were sent: the proxy does not offer Basic",
            Self::Rejected => "the proxy rejected the credentials once; they were not sent again",
            Self::RejectedElsewhere => {
                "no credentials were sent: another proxy rejected them in this run"
            }
            Self::Unanswered => {
                "no credentials were sent: an authenticated request in this run got no answer, \
                 which may be a rejection"
            }
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
    /// Whether the system would take IPv4 to a host of the internet: there is a route, and a source
    /// address that fits (RFC 6724); absent where it was not looked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ipv4_used: Option<bool>,
    /// The same for IPv6.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ipv6_used: Option<bool>,
    /// Prefixes whose IPv6 addresses stand for IPv4 addresses (DNS64, RFC 7050).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<String>"))]
    pub nat64: Vec<IpNet>,
    /// Limits of stages in milliseconds, where the caller made them shorter than usual.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub short_limits: BTreeMap<Stage, u64>,
    /// Name servers, in the order of use.
    pub resolvers: Vec<SocketAddr>,
    /// Whether the caller named the resolvers instead of the system.
    pub resolvers_named: bool,
    /// Name servers of the system that cannot be asked, with the place where they stand and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unusable_resolvers: Vec<String>,
    /// Whether the machine runs Windows, whose programs do not read proxy variables.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub windows: bool,
    /// Number of public roots.
    pub public_roots: usize,
    /// Number of roots of the operating system.
    pub os_roots: usize,
    /// Whether the sign-in broker of Windows has an exemption that lets it connect to loopback
    /// addresses; read where a proxy has one, absent where it cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loopback_exempt: Option<bool>,
    /// Why the proxy settings of the machine could not be read: nothing was probed then, since any
    /// other route than theirs would be a guess.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy_settings_unread: Option<String>,
    /// What came of the endpoints that failed or lagged while all were probed at once; absent where
    /// they were too few to be probed once more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub burst: Option<BurstSeen>,
    /// Name servers that answer fewer questions than the run asks at once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub busy_resolvers: Vec<BusyResolver>,
    /// PAC scripts that the settings name or the network announces.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scripts: Vec<ScriptSeen>,
    /// Names that the scripts asked for and that were taken as unresolvable without a question,
    /// since several had met silence and none an answer.
    #[serde(skip_serializing_if = "is_zero")]
    pub script_names_unasked: usize,
    /// What the host showed that the caller named for comparison, once for each way and port on
    /// which rows were blocked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub control_hosts: Vec<ControlHostSeen>,
    /// Control lookups: names of unrelated owners, and the root, asked of a resolver that resolved
    /// none of the run's own names beside one that failed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dns_controls: Vec<Lookup>,
}

/// Endpoints that were probed once more, a few at a time, since several had failed or lagged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BurstSeen {
    /// Endpoints that had failed or lagged.
    pub endpoints: usize,
    /// Those of them that answered then: the network limits bursts, which is no fault of theirs.
    pub passed: usize,
}

/// A name server that answers fewer questions than a run asks at once, which is no fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BusyResolver {
    /// The server.
    pub server: SocketAddr,
    /// Whether it was seen to answer one question after another, so that the later ones waited.
    pub one_by_one: bool,
    /// Questions that it, or a firewall before it, dropped for their number; they were asked again
    /// slowly.
    pub dropped: usize,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
pub(crate) fn is_zero(count: &usize) -> bool {
    *count == 0
}
