//! Where a script's names, addresses and time come from.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use jiff::Zoned;

use crate::evidence::RecordKind;
use crate::options::SearchList;
use crate::platform;
use crate::probe::clock::RunClock;
use crate::probe::dns::{DnsClient, NameServers};
use crate::probe::hosts_text::HostsText;
use crate::probe::names::AsSystem;

/// What scripts learn from outside, and who is trusted when they are fetched.
#[derive(Debug, Clone, Default)]
pub struct PacSurroundings {
    /// Who answers for names.
    pub names: PacNames,
    /// Domains by which names are completed, in place of those of the system.
    pub search: Option<SearchList>,
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
            PacNames::System => self.asking(platform::system_resolvers().servers, true),
            PacNames::Servers(servers) => self.asking(servers.clone(), false),
        }
    }

    fn asking(&self, servers: Vec<SocketAddr>, asks_system: bool) -> Resolver {
        let hosts = platform::hosts_file().unwrap_or_default();
        let search = self.search.clone();
        Resolver::Asking(Arc::new(Asking {
            servers,
            known: Arc::default(),
            hosts: HostsText::parse(&hosts),
            search: search.unwrap_or_else(platform::search_list),
            asks_system,
        }))
    }
}

/// Answers for names within a time limit.
#[derive(Debug, Clone)]
pub(super) enum Resolver {
    Fixed(Arc<HashMap<String, Vec<IpAddr>>>),
    Asking(Arc<Asking>),
}

/// Who is asked.
#[derive(Debug)]
pub(super) struct Asking {
    servers: Vec<SocketAddr>,
    known: Arc<NameServers>,
    hosts: HostsText,
    search: SearchList,
    asks_system: bool,
}

impl Resolver {
    /// The addresses of a name, IPv4 first; none where nobody answers in time. Names are completed
    /// as those of proxies are.
    pub(super) async fn addresses(&self, name: &str, limit: Duration) -> Vec<IpAddr> {
        let name = name.to_ascii_lowercase();
        match self {
            Self::Fixed(table) => {
                let addresses = table.get(name.trim_end_matches('.'));
                addresses.cloned().unwrap_or_default()
            }
            Self::Asking(asking) => asking.addresses(&name, limit).await,
        }
    }
}

impl Asking {
    async fn addresses(&self, name: &str, limit: Duration) -> Vec<IpAddr> {
        let client = DnsClient {
            servers: self.servers.clone(),
            timeout: limit / 2,
            recursion: true,
            clock: RunClock::start(limit),
            known: Arc::clone(&self.known),
        };
        let names = AsSystem {
            client: &client,
            hosts: &self.hosts,
            search: &self.search,
            asks_system: self.asks_system,
        };
        let found = names
            .resolve(name, &[RecordKind::A, RecordKind::Aaaa])
            .await;
        let mut addresses = found.addresses;
        addresses.sort_by_key(IpAddr::is_ipv6);
        addresses
    }
}
