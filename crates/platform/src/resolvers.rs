//! Name servers and search domains that the system is configured with.

mod name_server;
#[cfg(not(windows))]
mod resolv_conf;

use std::net::SocketAddr;

use reach365_model::options::SearchList;

pub use name_server::name_server;

/// More name servers than any system uses.
const LIMIT: usize = 8;
/// More search domains than any system tries.
const DOMAINS: usize = 16;

/// The name servers of the system.
#[derive(Debug, Default)]
pub struct SystemResolvers {
    /// In the order of use; empty where none is configured or readable.
    pub servers: Vec<SocketAddr>,
    /// Entries that cannot be used, with their place and the reason.
    pub unusable: Vec<String>,
}

impl SystemResolvers {
    fn add(&mut self, server: SocketAddr) {
        if !self.servers.contains(&server) && self.servers.len() < LIMIT {
            self.servers.push(server);
        }
    }
}

/// The domains by which the system completes names.
pub fn search_list() -> SearchList {
    let mut list = read_search_list();
    for domain in &mut list.domains {
        *domain = domain.trim_matches('.').to_ascii_lowercase();
    }
    list.domains
        .retain(|domain| !domain.is_empty() && domain != "--");
    list.domains.truncate(DOMAINS);
    list
}

/// The DNS suffix of this machine: its own domain, else the first name of the search list, else (on
/// Windows) the suffix from DHCP.
pub(super) fn dns_suffix() -> Option<String> {
    suffixes().iter().find_map(|name| {
        let name = name.trim_matches('.').to_ascii_lowercase();
        (!name.is_empty()).then_some(name)
    })
}

#[cfg(not(windows))]
pub use unix::system_resolvers;
#[cfg(not(windows))]
use unix::{read_search_list, suffixes};
#[cfg(windows)]
pub use windows::system_resolvers;
#[cfg(windows)]
use windows::{read_search_list, suffixes};

#[cfg(not(windows))]
mod unix {
    use std::fs::File;
    use std::io::Read;

    use super::resolv_conf::{self, ResolvConf};
    use super::{SystemResolvers, name_server};
    use reach365_model::endpoint::printable;
    use reach365_model::options::SearchList;

    const FILE: &str = "/etc/resolv.conf";
    /// No file that a system writes is larger.
    const FILE_LIMIT: u64 = 64 * 1024;

    fn read() -> ResolvConf {
        let mut bytes = Vec::new();
        let read = File::open(FILE).and_then(|file| file.take(FILE_LIMIT).read_to_end(&mut bytes));
        match read {
            Ok(_) => ResolvConf::parse(&String::from_utf8_lossy(&bytes)),
            Err(_) => ResolvConf::default(),
        }
    }

    /// The name servers of `resolv.conf`, in its order.
    pub fn system_resolvers() -> SystemResolvers {
        let mut found = SystemResolvers::default();
        for text in read().servers {
            match name_server(&text) {
                Ok(server) => found.add(server),
                Err(why) => {
                    let text = printable(&text);
                    found
                        .unusable
                        .push(format!("nameserver {text} in {FILE}: {why}"));
                }
            }
        }
        found
    }

    /// The variables of the environment win over the file, as in the C library.
    pub(super) fn read_search_list() -> SearchList {
        let conf = read();
        let named = std::env::var("LOCALDOMAIN").ok();
        let named = named.map(|text| text.split_whitespace().map(str::to_owned).collect());
        let options = std::env::var("RES_OPTIONS").unwrap_or_default();
        let mut ndots = options.split_whitespace().filter_map(resolv_conf::ndots);
        let mut search_list = SearchList::default();
        search_list.domains = named.unwrap_or_else(|| {
            if conf.search.is_empty() {
                own_domain().into_iter().collect()
            } else {
                conf.search
            }
        });
        search_list.ndots = ndots.next_back().or(conf.ndots).unwrap_or(1);
        search_list.completes_dotted = true;
        search_list
    }

    pub(super) fn suffixes() -> Vec<String> {
        let conf = read();
        let own = conf.domain.or_else(own_domain);
        own.into_iter().chain(conf.search).collect()
    }

    /// The domain in the name of this machine.
    fn own_domain() -> Option<String> {
        let name = std::fs::read_to_string("/proc/sys/kernel/hostname").ok()?;
        let (_, domain) = name.trim().split_once('.')?;
        Some(domain.to_owned())
    }
}

#[cfg(windows)]
mod windows {
    use hickory_resolver::system_conf::read_system_conf;

    use super::SystemResolvers;
    use crate::registry_key::Key;
    use reach365_model::options::SearchList;
    use reach365_proxy::registry::Registry;

    const PARAMETERS: &str = r"System\CurrentControlSet\Services\Tcpip\Parameters";
    const POLICY: &str = r"Software\Policies\Microsoft\Windows NT\DNSClient";

    /// The name servers of the connections, and where names are completed.
    pub fn system_resolvers() -> SystemResolvers {
        let mut found = SystemResolvers::default();
        if let Ok((config, _)) = read_system_conf() {
            for server in config.name_servers() {
                found.add(std::net::SocketAddr::new(server.ip, 53));
            }
        }
        found
    }

    /// Windows completes names without a dot, and others only where a policy says so. A search list
    /// replaces the machine's own domain and those of its connections.
    pub(super) fn read_search_list() -> SearchList {
        let (policy, parameters) = (values(POLICY), values(PARAMETERS));
        let text = |registry: &Registry, key, name| {
            let text = registry.text(key, name).unwrap_or_default();
            let names = text.split([',', ' ']).filter(|name| !name.is_empty());
            names.map(str::to_owned).collect::<Vec<String>>()
        };
        let lists = [
            text(&policy, POLICY, "SearchList"),
            text(&parameters, PARAMETERS, "SearchList"),
        ];
        let own = ["Domain", "DhcpDomain"].map(|name| text(&parameters, PARAMETERS, name));
        let list = lists.into_iter().find(|list| !list.is_empty());
        let mut search_list = SearchList::default();
        search_list.domains = list.unwrap_or_else(|| own.concat());
        search_list.ndots = 1;
        search_list.completes_dotted = policy.number(POLICY, "AppendToMultiLabelName") == Some(1);
        search_list
    }

    pub(super) fn suffixes() -> Vec<String> {
        let parameters = values(PARAMETERS);
        let text = |name| parameters.text(PARAMETERS, name).unwrap_or_default();
        let first_of_list = text("SearchList").split([',', ' ']).next();
        [
            text("Domain"),
            first_of_list.unwrap_or_default(),
            text("DhcpDomain"),
        ]
        .map(str::to_owned)
        .into()
    }

    /// Read here: the resolver's own reading of the configuration looks for these values at the root
    /// of the registry, where they never are.
    fn values(path: &str) -> Registry {
        let mut registry = Registry::default();
        let key = Key::open(&format!(r"HKLM\{path}")).ok().flatten();
        for (name, value) in key.iter().flat_map(Key::settings) {
            registry.insert(path, &name, value);
        }
        registry
    }
}
