//! Name servers that the system is configured with.

use std::net::SocketAddr;

use hickory_resolver::system_conf::read_system_conf;

/// More name servers than any system asks.
const LIMIT: usize = 8;

/// The name servers in the order of use; empty where none is configured or readable.
pub(crate) fn system_resolvers() -> Vec<SocketAddr> {
    let Ok((config, _)) = read_system_conf() else {
        return Vec::new();
    };
    let mut servers: Vec<SocketAddr> = Vec::new();
    for server in config.name_servers() {
        let address = SocketAddr::new(server.ip, 53);
        if !servers.contains(&address) && servers.len() < LIMIT {
            servers.push(address);
        }
    }
    servers
}

/// The DNS suffix of this machine: its own domain, else the first name of the search list.
pub(crate) fn dns_suffix() -> Option<String> {
    let (config, _) = read_system_conf().ok()?;
    let name = config.domain().or_else(|| config.search().first())?;
    let name = name.to_utf8();
    let name = name.trim_matches('.').to_ascii_lowercase();
    (!name.is_empty()).then_some(name)
}
