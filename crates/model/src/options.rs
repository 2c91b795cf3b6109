//! Every option of a run with its default, written once.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use data_encoding::BASE64;

use crate::endpoint::{Cloud, Host};
use crate::evidence::Stage;
use reach365_proxy::ProxyServer;
pub use reach365_proxy::ProxySource;

/// One DNS packet waits this long for its answer.
pub const DNS_TIMEOUT: Duration = Duration::from_secs(2);
/// Packets of one DNS question; the last goes together with a question over TCP.
pub const DNS_TRIES: usize = 3;
/// A TCP connection.
pub const TCP_TIMEOUT: Duration = Duration::from_secs(5);
/// A TLS handshake.
pub const TLS_TIMEOUT: Duration = Duration::from_millis(6_500);
/// From the request for a tunnel to the proxy's answer: some proxies need ten seconds.
pub const PROXY_TIMEOUT: Duration = Duration::from_secs(12);
/// From an HTTP request to the first byte of its answer.
pub const HTTP_TIMEOUT: Duration = Duration::from_secs(12);
/// The whole run; what is unfinished then is reported as inconclusive.
pub const DEADLINE: Duration = Duration::from_secs(60);
/// How much time the chosen route has before the other routes are probed beside it.
pub const COMPARE_AFTER: Duration = Duration::from_secs(1);
/// How long a silent stage waits before a confirming attempt starts beside it, which ends with it:
/// a silent stage costs its limit once.
pub const CONFIRM_SILENT_AFTER: Duration = Duration::from_secs(2);
/// Pause before a failure that was not silent is tried again.
pub const CONFIRM_PAUSE: Duration = Duration::from_millis(250);
/// Confirming attempts after a failure.
pub const CONFIRM: u32 = 1;
/// Hosts at once.
pub const JOBS: usize = 64;
/// So many endpoints that fail or lag by silence, loss, resets or slowness may have met a limit on
/// bursts: they are probed once more, at a lower rate.
pub const BURST_ENDPOINTS: usize = 3;
/// Where so many endpoints are probed at once, a limit on connections may refuse the last of them: a
/// single one that is refused is probed once more too.
pub const BURST_AT_ONCE: usize = 8;
/// An endpoint lags when its probe has taken this long; the second pass begins then, so that it
/// ends with what still waits.
pub const BURST_LAG: Duration = Duration::from_millis(1_500);
/// Where so many endpoints fail alike in the second pass and none passes, the burst is not the
/// cause: the others are not probed again.
pub const BURST_SAMPLE: usize = 6;
/// Endpoints at once in the second pass.
pub const CALM_JOBS: usize = 4;
/// DNS questions a second in the second pass.
pub const CALM_QUESTIONS: u32 = 20;
/// Connections a second in the second pass.
pub const CALM_CONNECTIONS: u32 = 30;
/// Connections at once to one name server.
pub const DNS_CONNECTIONS: usize = 4;
/// Connections at once to one address.
pub const JOBS_PER_ADDRESS: usize = 4;
/// Connections at once to one proxy.
pub const JOBS_PER_PROXY: usize = 32;
/// Proxies of one PAC answer that are tried at most.
pub const HOP_LIMIT: usize = 8;
/// Routes and ports on which the control host is probed at most.
pub const CONTROL_HOST_PROBES: usize = 4;
/// Names of unrelated owners that a resolver is asked for when it fails.
pub const DNS_CONTROLS: usize = 3;
/// Resolvers that are asked so at most.
pub const DNS_CONTROL_SERVERS: usize = 3;
/// Endpoints that are traced at most.
pub const TRACE_ROWS: usize = 8;
/// Control name for ClientHellos that no filter knows (RFC 6761: it is never registered).
pub const TRACE_CONTROL: &str = "control.invalid";
/// A probe that has been quiet this long gives its place to others: the limits are there against
/// bursts, and silent hosts must not hold up the rest of the run.
pub const QUIET: Duration = Duration::from_millis(500);
/// Probes that may run at once, those that only wait included; fewer where the system
/// allows fewer sockets.
pub const PROBES_UNDER_WAY: usize = 4096;
/// Bytes of a response body that are read at most.
pub const BODY_LIMIT: usize = 256 * 1024;
/// Bytes of a response head that are read at most.
pub const HEAD_LIMIT: usize = 64 * 1024;
/// Characters that a name in DNS has at most.
const NAME_LENGTH: usize = 253;
/// Addresses of one family that are tried at most.
pub const ADDRESS_LIMIT: usize = 16;
/// Links of a CNAME chain that are followed at most.
pub const CNAME_LIMIT: usize = 16;

/// How a run is done. Every field has the default of the constants above.
#[derive(Debug, Clone)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own, as on a command line"
)]
#[non_exhaustive]
pub struct Options {
    /// The cloud whose endpoints are needed and whose `msoid` record is right.
    pub cloud: Cloud,
    /// Where the proxy settings come from.
    pub proxy: ProxySource,
    /// Probes every route that the settings know, not only after a failure.
    pub compare_paths: bool,
    /// Asks the network for a PAC script (WPAD) even where no setting says so.
    pub wpad: bool,
    /// User and password for proxies that ask for them.
    pub proxy_sign_in: Option<ProxySignIn>,
    /// Name servers; empty means those of the system.
    pub dns: Vec<SocketAddr>,
    /// A further resolver for the `msoid` check; no other party is ever asked.
    pub second_resolver: Option<SocketAddr>,
    /// A control host outside Microsoft that is probed where endpoints are blocked; none is probed
    /// unless the caller names one.
    pub control_host: Option<ControlHost>,
    /// Port at which the authoritative name servers of a domain are asked.
    pub authoritative_port: u16,
    /// Which address families are probed.
    pub family: Family,
    /// TLS and HTTP on every address instead of the first good one of each family.
    pub all_addresses: bool,
    /// PEM file that replaces the public roots.
    pub public_roots: Option<PathBuf>,
    /// PEM file that replaces the operating system's roots.
    pub os_roots: Option<PathBuf>,
    /// Domains by which names of proxies are completed, in place of those of the system.
    pub search: Option<SearchList>,
    /// Text that replaces the system's hosts file.
    pub hosts_file: Option<String>,
    /// Whether the operating system's resolver is asked beside ours; only with the system's name
    /// servers, and never waited for.
    pub ask_os_resolver: bool,
    /// Time limits.
    pub timeouts: Timeouts,
    /// How long a stage must have waited before its silence counts. Where `timeouts` are shorter,
    /// silence is inconclusive; only who knows the network may lower this.
    pub silence: Timeouts,
    /// Limit for the whole run.
    pub deadline: Duration,
    /// Hosts at once.
    pub jobs: usize,
    /// Confirming attempts after a failure.
    pub confirm: u32,
    /// Traces endpoints that are blocked at the connection or at TLS; on Linux alone.
    pub trace: bool,
    /// Name of the site, copied into the report.
    pub site: Option<String>,
}

/// User and password for proxies. They are sent as Basic credentials to a proxy that asks for them
/// and that an argument, a setting, or a PAC script over `https` or `file` names; they never reach a
/// report or a log.
#[derive(Clone)]
pub struct ProxySignIn {
    proxy_authorization: String,
    /// The one proxy that gets them.
    only: Option<(Host, u16)>,
}

impl ProxySignIn {
    /// Credentials of a user.
    pub fn basic(user: &str, password: &str) -> Self {
        let encoded = BASE64.encode(format!("{user}:{password}").as_bytes());
        Self {
            proxy_authorization: format!("Basic {encoded}"),
            only: None,
        }
    }

    /// The same for one proxy alone, named by a setting or an argument, but not by the network.
    #[must_use]
    pub fn only_for(self, host: Host, port: u16) -> Self {
        Self {
            only: Some((host, port)),
            ..self
        }
    }

    /// Whether they are for this proxy; `None` where they are bound to none.
    pub fn is_for(&self, proxy: &ProxyServer) -> Option<bool> {
        let (host, port) = self.only.as_ref()?;
        Some(*host == proxy.host && *port == proxy.port)
    }

    /// Value of the header `Proxy-Authorization`.
    pub fn proxy_authorization(&self) -> &str {
        &self.proxy_authorization
    }
}

/// Says that there are some, and nothing else.
impl fmt::Debug for ProxySignIn {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("ProxySignIn(hidden)")
    }
}

/// The user of a proxy as a person names it: `USER`, or `USER@HOST:PORT` for one proxy alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxyUser {
    /// The name of the user.
    pub name: String,
    /// The one proxy that gets the credentials.
    pub proxy: Option<(Host, u16)>,
}

impl ProxyUser {
    /// The credentials of the user.
    pub fn sign_in(&self, password: &str) -> ProxySignIn {
        let sign_in = ProxySignIn::basic(&self.name, password);
        match &self.proxy {
            Some((host, port)) => sign_in.only_for(host.clone(), *port),
            None => sign_in,
        }
    }
}

impl FromStr for ProxyUser {
    type Err = String;

    /// Only a last `@` before a host and a port names a proxy: `DOMAIN\user` and
    /// `user@contoso.com` are names of users.
    fn from_str(text: &str) -> Result<Self, String> {
        let (name, proxy) = match text.rsplit_once('@') {
            Some((name, server)) => match Host::parse_with_port(server) {
                Ok((host, Some(port))) if !name.is_empty() => (name, Some((host, port))),
                _ => (text, None),
            },
            None => (text, None),
        };
        if name.is_empty() {
            return Err("the name of the user is empty".to_owned());
        }
        // Basic ends the name at the first colon (RFC 7617): what follows may be a password.
        if name.contains(':') || name.chars().any(char::is_control) {
            return Err(
                "the name of a user has no colon; the password does not belong on a command line, \
                 which others can read"
                    .to_owned(),
            );
        }
        Ok(Self {
            name: name.to_owned(),
            proxy,
        })
    }
}

/// A host for comparison: `HOST`, `HOST:PORT` or `[IPV6]:PORT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControlHost {
    /// The host.
    pub host: Host,
    /// Its port; without one it is probed on the ports of the blocked endpoints.
    pub port: Option<u16>,
}

impl FromStr for ControlHost {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (host, port) = Host::parse_with_port(text.trim())?;
        Ok(Self { host, port })
    }
}

/// How names are completed that are not complete: `proxy` becomes `proxy.corp.example`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SearchList {
    /// Domains in the order in which they are tried.
    pub domains: Vec<String>,
    /// From how many dots on a name is asked as it is before it is completed.
    pub ndots: usize,
    /// Whether names that have a dot are completed at all; Windows does not.
    pub completes_dotted: bool,
}

impl Default for SearchList {
    fn default() -> Self {
        Self {
            domains: Vec::new(),
            ndots: 1,
            completes_dotted: true,
        }
    }
}

impl SearchList {
    /// The full names to ask for, in order. A name with a final dot is complete.
    pub fn candidates(&self, name: &str) -> Vec<String> {
        let bare = name.strip_suffix('.').unwrap_or(name);
        let dots = bare.matches('.').count();
        let is_complete = bare.len() < name.len() || (dots > 0 && !self.completes_dotted);
        let mut names: Vec<String> = Vec::new();
        if !is_complete {
            let full = self.domains.iter().map(|domain| format!("{bare}.{domain}"));
            names.extend(full.filter(|full| full.len() <= NAME_LENGTH));
        }
        let first = if dots >= self.ndots { 0 } else { names.len() };
        names.insert(first, bare.to_owned());
        names
    }
}

/// Time limits of the stages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timeouts {
    /// One DNS packet.
    pub dns: Duration,
    /// TCP connection.
    pub tcp: Duration,
    /// Answer of a proxy to the request for a tunnel.
    pub proxy: Duration,
    /// TLS handshake.
    pub tls: Duration,
    /// First byte of the HTTP answer.
    pub http: Duration,
}

/// Which address families are probed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Family {
    /// Both.
    #[default]
    Both,
    /// IPv4 alone.
    Ipv4,
    /// IPv6 alone.
    Ipv6,
}

impl Family {
    /// Whether an address belongs to the selection.
    pub fn includes(self, address: IpAddr) -> bool {
        match self {
            Self::Both => true,
            Self::Ipv4 => address.is_ipv4(),
            Self::Ipv6 => address.is_ipv6(),
        }
    }
}

impl Timeouts {
    /// The limit of a stage.
    fn limit(&self, stage: Stage) -> Option<Duration> {
        match stage {
            Stage::Dns => Some(self.dns),
            Stage::Tcp => Some(self.tcp),
            Stage::Proxy => Some(self.proxy),
            Stage::Tls => Some(self.tls),
            Stage::Http => Some(self.http),
            Stage::Device | Stage::Route | Stage::Content => None,
        }
    }

    /// The usual limit of a stage in milliseconds.
    pub fn usual_ms(stage: Stage) -> Option<u64> {
        let limit = Self::default().limit(stage)?;
        Some(limit.as_millis() as u64)
    }

    /// The limits in milliseconds that are shorter than others: silence within them says nothing.
    pub fn shorter_than(&self, usual: &Self) -> BTreeMap<Stage, u64> {
        let stages = [
            Stage::Dns,
            Stage::Tcp,
            Stage::Proxy,
            Stage::Tls,
            Stage::Http,
        ];
        let limits = stages.into_iter().filter_map(|stage| {
            let own = self.limit(stage)?;
            (own < usual.limit(stage)?).then_some((stage, own.as_millis() as u64))
        });
        limits.collect()
    }

    /// The same limit for every stage.
    pub fn all(limit: Duration) -> Self {
        Self {
            dns: limit,
            tcp: limit,
            proxy: limit,
            tls: limit,
            http: limit,
        }
    }
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            dns: DNS_TIMEOUT,
            tcp: TCP_TIMEOUT,
            proxy: PROXY_TIMEOUT,
            tls: TLS_TIMEOUT,
            http: HTTP_TIMEOUT,
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            cloud: Cloud::default(),
            proxy: ProxySource::default(),
            compare_paths: false,
            wpad: false,
            proxy_sign_in: None,
            dns: Vec::new(),
            second_resolver: None,
            control_host: None,
            authoritative_port: 53,
            family: Family::default(),
            all_addresses: false,
            public_roots: None,
            os_roots: None,
            search: None,
            hosts_file: None,
            ask_os_resolver: true,
            timeouts: Timeouts::default(),
            silence: Timeouts::default(),
            deadline: DEADLINE,
            jobs: JOBS,
            confirm: CONFIRM,
            trace: false,
            site: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_completed_as_the_systems_do_it() {
        let list = |ndots, completes_dotted| SearchList {
            domains: vec!["corp.example".to_owned(), "example".to_owned()],
            ndots,
            completes_dotted,
        };
        let unix = list(1, true);
        let full = ["proxy.corp.example", "proxy.example", "proxy"];
        assert_eq!(unix.candidates("proxy"), full);
        let dotted = [
            "proxy.corp",
            "proxy.corp.corp.example",
            "proxy.corp.example",
        ];
        assert_eq!(unix.candidates("proxy.corp"), dotted);
        let late = [
            "proxy.corp.corp.example",
            "proxy.corp.example",
            "proxy.corp",
        ];
        assert_eq!(list(2, true).candidates("proxy.corp"), late);
        assert_eq!(list(1, false).candidates("proxy.corp"), ["proxy.corp"]);
        assert_eq!(list(1, false).candidates("proxy"), full);
        assert_eq!(unix.candidates("proxy."), ["proxy"]);
        assert_eq!(SearchList::default().candidates("proxy"), ["proxy"]);
        let long = "a".repeat(250);
        assert_eq!(unix.candidates(&long), std::slice::from_ref(&long));
    }
}
