//! Where a script's names, addresses and time come from.

use std::collections::{BTreeSet, HashMap};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::clock::RunClock;
use crate::dns::{DnsClient, NameServers};
use crate::hosts_text::HostsText;
use crate::names::{AsSystem, Resolved};
use reach365_model::evidence::RecordKind;
use reach365_model::options::SearchList;
use reach365_model::time::LocalTime;
use reach365_platform as platform;

/// Longest wait for the name of a server that the tool itself connects to.
const NAME_LIMIT: Duration = Duration::from_secs(4);
/// Names that must get no answer before further ones are not looked up.
const SILENT_NAMES: usize = 3;

/// What scripts learn from their environment, and the roots that are trusted to fetch them.
#[derive(Debug, Clone, Default)]
pub struct PacEnvironment {
    /// Who answers for names.
    pub names: PacNames,
    /// Domains by which names are completed, in place of those of the system.
    pub search: Option<SearchList>,
    /// The addresses of this machine instead of the real ones.
    pub own_addresses: Option<Vec<IpAddr>>,
    /// The time instead of the real one.
    pub now: Option<LocalTime>,
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
    /// This table only; no name server is asked. Keys are in lower case.
    Fixed(HashMap<String, Vec<IpAddr>>),
}

impl PacEnvironment {
    /// Makes ready what does not change during a run.
    pub(super) fn resolver(&self) -> Resolver {
        self.resolver_after(&Arc::default())
    }

    /// The same for the scripts of a run, which share the answers of name servers.
    pub(super) fn resolver_after(&self, silence: &Arc<Silence>) -> Resolver {
        match &self.names {
            PacNames::Fixed(table) => Resolver::Fixed(Arc::new(table.clone())),
            PacNames::System => self.asking(platform::system_resolvers().servers, true, silence),
            PacNames::Servers(servers) => self.asking(servers.clone(), false, silence),
        }
    }

    /// The addresses of a server that the tool itself connects to, IPv4 first.
    pub(crate) async fn addresses_of(&self, name: &str) -> Vec<IpAddr> {
        let addresses = self.resolver().addresses(name, NAME_LIMIT).await;
        if addresses.is_empty() && matches!(self.names, PacNames::Fixed(_)) {
            // A table is for the script; where the script itself lies is another question.
            let system = Self::default().resolver();
            return system.addresses(name, NAME_LIMIT).await;
        }
        addresses
    }

    fn asking(
        &self,
        servers: Vec<SocketAddr>,
        asks_system: bool,
        silence: &Arc<Silence>,
    ) -> Resolver {
        let hosts = platform::hosts_file().unwrap_or_default();
        let search = self.search.clone();
        Resolver::Asking(Arc::new(Asking {
            servers,
            known: Arc::default(),
            hosts: HostsText::parse(&hosts),
            search: search.unwrap_or_else(platform::search_list),
            asks_system,
            silence: Arc::clone(silence),
        }))
    }
}

/// The name server answers that the scripts of a run share. A script looks up one name after the
/// other, so that each silence would add to the wait of all endpoints behind it.
#[derive(Debug, Default)]
pub struct Silence {
    state: Mutex<SilenceState>,
}

#[derive(Debug, Default)]
struct SilenceState {
    /// Whether any name was answered, if only with an error.
    anything: bool,
    /// Names that were looked up and got no answer.
    silent: BTreeSet<String>,
    /// Names that were then not looked up.
    unasked: BTreeSet<String>,
}

impl Silence {
    /// Whether a name is taken as unresolvable without a question: nothing was ever answered, and
    /// this name, or enough others, met silence.
    fn covers(&self, name: &str) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.anything {
            return false;
        }
        if state.silent.contains(name) {
            return true;
        }
        let covered = state.silent.len() >= SILENT_NAMES;
        if covered {
            state.unasked.insert(name.to_owned());
        }
        covered
    }

    fn learn(&self, name: &str, found: &Resolved) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if found.is_silent() {
            state.silent.insert(name.to_owned());
        } else {
            state.anything |= !found.lookups.is_empty();
        }
    }

    /// How many names were taken as unresolvable without a question.
    pub fn unasked(&self) -> usize {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.unasked.len()
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
    silence: Arc<Silence>,
}

impl Resolver {
    /// The addresses of a name, IPv4 first; none where no answer arrives in time. Names are
    /// completed as those of proxies are.
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
        let in_hosts_file = !self.hosts.addresses(name).is_empty();
        if !in_hosts_file && self.silence.covers(name) {
            return Vec::new();
        }
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
        self.silence.learn(name, &found);
        let mut addresses = found.addresses;
        addresses.sort_by_key(IpAddr::is_ipv6);
        addresses
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reach365_model::evidence::{DnsTry, Lookup, Observation, Transport};

    const LIMIT: Duration = Duration::from_millis(300);

    fn environment(server: SocketAddr) -> PacEnvironment {
        PacEnvironment {
            names: PacNames::Servers(vec![server]),
            search: Some(SearchList::default()),
            ..PacEnvironment::default()
        }
    }

    /// Looks up names, one after the other, and returns whether each had addresses.
    async fn ask(resolver: &Resolver, names: &[&str]) {
        for name in names {
            let found = resolver.addresses(name, LIMIT).await;
            assert!(found.is_empty(), "{name}: {found:?}");
        }
    }

    /// The questions that a silent server received.
    fn questions(server: &std::net::UdpSocket) -> String {
        server.set_nonblocking(true).unwrap();
        let mut text = String::new();
        let mut buffer = [0; 512];
        while let Ok(length) = server.recv(&mut buffer) {
            text += &String::from_utf8_lossy(&buffer[..length]);
        }
        text.to_lowercase()
    }

    #[tokio::test]
    async fn after_three_silent_names_no_further_one_is_asked_for() {
        let server = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let environment = environment(server.local_addr().unwrap());
        let silence = Arc::default();
        let first = environment.resolver_after(&silence);
        ask(&first, &["one.example", "two.example", "one.example"]).await;
        assert_eq!(silence.unasked(), 0);
        // Another script of the same run.
        let second = environment.resolver_after(&silence);
        ask(&second, &["three.example", "four.example", "five.example"]).await;
        ask(&first, &["five.example"]).await;
        let asked = questions(&server);
        for (name, is_asked) in [
            ("one", true),
            ("three", true),
            ("four", false),
            ("five", false),
        ] {
            assert_eq!(asked.contains(name), is_asked, "{name}");
        }
        assert_eq!(silence.unasked(), 2);
    }

    #[test]
    fn one_answer_of_whatever_kind_keeps_the_questions_coming() {
        let one = |rcode: Option<&str>| DnsTry {
            server: "192.0.2.53:53".parse().unwrap(),
            transport: Transport::Udp,
            at_ms: 0.0,
            elapsed_ms: 1.0,
            edns: None,
            resent_after_ms: None,
            queued_ms: None,
            rcode: rcode.map(str::to_owned),
            failure: None,
        };
        let lookup = |rcode| Lookup {
            name: "a.example".to_owned(),
            kind: RecordKind::A,
            outcome: Observation {
                at_ms: 0.0,
                elapsed_ms: 1.0,
                value: None,
                failure: None,
            },
            tries: vec![one(rcode)],
        };
        let found = |rcode| Resolved {
            lookups: vec![lookup(rcode)],
            ..Resolved::default()
        };
        let silence = Silence::default();
        for name in ["one", "two", "three"] {
            silence.learn(name, &found(None));
        }
        assert!(silence.covers("four"));
        silence.learn("five", &found(Some("NXDOMAIN")));
        assert!(!silence.covers("four") && !silence.covers("one"));
        let by_hosts_file = Resolved::default();
        let other = Silence::default();
        other.learn("own", &by_hosts_file);
        for name in ["one", "two", "three"] {
            other.learn(name, &found(None));
        }
        assert!(other.covers("four"));
    }
}
