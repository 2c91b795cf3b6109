//! Where a script's names, addresses and time come from.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use jiff::Zoned;

use crate::evidence::RecordKind;
use crate::platform;
use crate::probe::clock::RunClock;
use crate::probe::dns::{self, DnsClient};
use crate::probe::hosts_text::HostsText;

/// What scripts learn from outside, and who is trusted when they are fetched.
#[derive(Debug, Clone, Default)]
pub struct PacSurroundings {
    /// Who answers for names.
    pub names: PacNames,
    /// The addresses of this machine instead of the real ones.
    pub own_addresses: Option<Vec<IpAddr>>,
    /// The time instead of the real one.
    pub now: Option<Zoned>,
    /// PEM file that replaces the operating system's roots.
    pub os_roots: Option<std::path::PathBuf>,
}

/// Who answers for names.
#[derive(Debug, Clone, Default)]
pub enum PacNames {
    /// The operating system's name servers and its hosts file.
    #[default]
    System,
    /// These name servers, and the hosts file.
    Servers(Vec<SocketAddr>),
    /// This table alone; nothing is asked of the network. Keys are in lower case.
    Fixed(HashMap<String, Vec<IpAddr>>),
}

impl PacSurroundings {
    /// Makes ready what does not change during a run.
    pub(super) fn resolver(&self) -> Resolver {
        match &self.names {
            PacNames::Fixed(table) => Resolver::Fixed(Arc::new(table.clone())),
            PacNames::System => Resolver::asking(platform::system_resolvers()),
            PacNames::Servers(servers) => Resolver::asking(servers.clone()),
        }
    }
}

/// Answers for names within a time limit.
#[derive(Debug, Clone)]
pub(super) enum Resolver {
    Fixed(Arc<HashMap<String, Vec<IpAddr>>>),
    Asking {
        servers: Vec<SocketAddr>,
        hosts: Arc<HostsText>,
    },
}

impl Resolver {
    fn asking(servers: Vec<SocketAddr>) -> Self {
        let hosts = platform::hosts_file().unwrap_or_default();
        Self::Asking {
            servers,
            hosts: Arc::new(HostsText::parse(&hosts)),
        }
    }

    /// The addresses of a name, IPv4 first; none where nobody answers in time.
    pub(super) async fn addresses(&self, name: &str, limit: Duration) -> Vec<IpAddr> {
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        match self {
            Self::Fixed(table) => table.get(&name).cloned().unwrap_or_default(),
            Self::Asking { servers, hosts } => {
                let known = hosts.addresses(&name);
                if !known.is_empty() {
                    return known;
                }
                // Names without a dot get the system's search list, which is its own business.
                if servers.is_empty() || !name.contains('.') {
                    return ask_system(&name, limit).await;
                }
                ask_servers(servers, &name, limit).await
            }
        }
    }
}

async fn ask_system(name: &str, limit: Duration) -> Vec<IpAddr> {
    let lookup = tokio::net::lookup_host((name, 0));
    let Ok(Ok(found)) = tokio::time::timeout(limit, lookup).await else {
        return Vec::new();
    };
    let mut addresses: Vec<IpAddr> = found.map(|address| address.ip()).collect();
    addresses.sort_by_key(IpAddr::is_ipv6);
    addresses.dedup();
    addresses
}

async fn ask_servers(servers: &[SocketAddr], name: &str, limit: Duration) -> Vec<IpAddr> {
    let client = DnsClient {
        servers: servers.to_vec(),
        timeout: limit / 2,
        recursion: true,
        clock: RunClock::start(limit),
        known: Arc::default(),
    };
    let (v4, v6) = futures_util::future::join(
        client.lookup(name, RecordKind::A),
        client.lookup(name, RecordKind::Aaaa),
    )
    .await;
    let mut addresses = dns::addresses(&v4);
    addresses.extend(dns::addresses(&v6));
    addresses
}
