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

/// The DNS suffix of this machine: its own domain, else the first name of the search list, else
/// (on Windows) what DHCP said.
pub(super) fn dns_suffix() -> Option<String> {
    suffixes().iter().find_map(|name| {
        let name = name.trim_matches('.').to_ascii_lowercase();
        (!name.is_empty()).then_some(name)
    })
}

#[cfg(not(windows))]
fn suffixes() -> Vec<String> {
    let Ok((config, _)) = read_system_conf() else {
        return Vec::new();
    };
    let names = config.domain().into_iter().chain(config.search());
    names
        .map(hickory_resolver::proto::rr::Name::to_utf8)
        .collect()
}

/// Read here: the resolver's own reading of the configuration looks for these values at the root
/// of the registry, where they never are.
#[cfg(windows)]
fn suffixes() -> Vec<String> {
    use windows_sys::Win32::System::Registry::{HKEY_LOCAL_MACHINE, KEY_WOW64_64KEY};

    use crate::platform::registry_key::Key;
    use crate::proxy::registry::Registry;

    const PARAMETERS: &str = r"System\CurrentControlSet\Services\Tcpip\Parameters";
    let mut registry = Registry::default();
    if let Some(key) = Key::open(HKEY_LOCAL_MACHINE, PARAMETERS, KEY_WOW64_64KEY) {
        for (name, value) in key.values() {
            registry.insert(PARAMETERS, &name, value);
        }
    }
    let text = |name| registry.text(PARAMETERS, name).unwrap_or_default();
    let first_of_list = text("SearchList").split([',', ' ']).next();
    [
        text("Domain"),
        first_of_list.unwrap_or_default(),
        text("DhcpDomain"),
    ]
    .map(str::to_owned)
    .into()
}
