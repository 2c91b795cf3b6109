//! Builds the network of a scenario and runs the checker on it.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use reach365::{Catalog, Checker, Options, Plan, Report};
use reach365_model::options::{SearchList, Timeouts};
use reach365_model::plan::Selection;
use reach365_proxy::View;

use super::compare;
use super::proxies::{self, Places};
use super::scenario::{HostTable, NameServer, OutsideTable, Scenario, Scheme};
use reach365_testlab::Lab;
use reach365_testlab::server::Server;
use reach365_testlab::zone::{Name, SharedZone};

/// Runs a scenario and lists the differences from the expected report.
pub(super) fn differences(scenario: &Scenario) -> Vec<String> {
    let network = Network::build(scenario);
    let report = network.check();
    let mut differences = compare::differences(scenario, &network.places, &report);
    differences.extend(compare::judged_again(&report));
    differences.extend(compare::judged_without_names(&report));
    differences
}

/// A lab with a list of endpoints and the options to check them.
struct Network {
    list: String,
    selection: Selection,
    options: Options,
    views: Vec<View>,
    places: Places,
    /// Runs as long as it is not dropped.
    _lab: Lab,
}

impl Network {
    fn build(scenario: &Scenario) -> Self {
        let mut lab = Lab::start();
        let mut addresses = BTreeMap::new();
        let mut list = String::new();
        for (number, host) in scenario.host.iter().enumerate() {
            let address = start(&mut lab, host);
            let port = address.map_or(53, |address| address.port());
            list += &host.entry(number + 1, port, address.map(|address| address.ip()));
            if let Some(address) = address {
                addresses.insert(host.name.clone(), address.ip());
            }
        }
        write_zone(&lab.zone, &scenario.zone);
        lab.zone.lock().wildcard.clone_from(&scenario.wildcard);
        let places = proxies::start(scenario, &mut lab);
        addresses.extend(places.addresses.clone());
        let mut options = options(scenario, &mut lab, &addresses);
        proxies::set(scenario, &places, &mut options);
        options.control_host = scenario.outside.as_ref().map(|outside| {
            start_outside(&mut lab, outside);
            outside.name.parse().expect("a name")
        });
        let mut selection = Selection::default();
        selection.groups = vec!["all".to_owned()];
        selection.domains.clone_from(&scenario.options.domains);
        selection.cloud = scenario.options.cloud;
        Self {
            list,
            selection,
            options,
            views: proxies::views(scenario, &places),
            places,
            _lab: lab,
        }
    }

    fn check(&self) -> Report {
        let catalog = Catalog::parse("scenario.toml", &self.list, reach365::builtin())
            .unwrap_or_else(|error| panic!("{error}\n{}", self.list));
        let plan = Plan::select(&catalog, &self.selection).expect("a group that is there");
        let checker = Checker::builder()
            .options(self.options.clone())
            .proxy_views(self.views.clone())
            .build();
        let checker = checker.expect("the files of roots are there");
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.expect("a runtime").block_on(checker.run(&plan))
    }
}

/// Starts the servers of a host and tells the resolver; the address of the first one comes back.
fn start(lab: &mut Lab, host: &HostTable) -> Option<SocketAddr> {
    let first = start_servers(lab, host);
    if let Some(dns) = &host.dns {
        lab.zone
            .edit(&host.name, |entry| entry.overlay(dns.clone()));
    }
    let numbered = (1..=host.links).map(|number| format!("n{number}.chain.example"));
    let links: Vec<String> = host.behind.iter().cloned().chain(numbered).collect();
    let links: Vec<&str> = links.iter().map(String::as_str).collect();
    lab.zone.hide_behind(&host.name, &links);
    first
}

fn start_servers(lab: &mut Lab, host: &HostTable) -> Option<SocketAddr> {
    if host.scheme == Scheme::Dns {
        return None;
    }
    let healthy = vec![Server::default()];
    let servers = host.servers.as_ref().unwrap_or(&healthy);
    let mut first = None;
    for server in servers {
        let mut server = server.clone();
        server.clear = host.scheme == Scheme::Http;
        let address = lab.host(&host.name, host.port(), &server);
        first = first.or(Some(address));
    }
    if let Some(server) = &host.behind_proxies {
        let mut server = server.clone();
        server.clear = host.scheme == Scheme::Http;
        lab.host_behind_proxies(&host.name, host.port(), &server);
    }
    if let Some(server) = &host.ipv6 {
        lab.host_ipv6(&host.name, host.port(), server);
    }
    first
}

fn start_outside(lab: &mut Lab, outside: &OutsideTable) {
    let mut server = outside.server.clone();
    server.clear = outside.scheme == Scheme::Http;
    lab.host(&outside.name, outside.scheme.name(), &server);
    if let Some(dns) = &outside.dns {
        lab.zone
            .edit(&outside.name, |entry| entry.overlay(dns.clone()));
    }
}

fn options(scenario: &Scenario, lab: &mut Lab, addresses: &BTreeMap<String, IpAddr>) -> Options {
    let table = &scenario.options;
    let earlier = scenario.earlier_resolver.iter();
    let resolvers = earlier.chain([&scenario.resolver]);
    let mut options = Options::default();
    options.cloud = table.cloud;
    options.dns = resolvers
        .map(|transports| lab.resolver(*transports))
        .collect();
    options.all_addresses = table.all_addresses;
    options.public_roots = Some(lab.authorities.public_roots());
    options.os_roots = Some(lab.authorities.os_roots());
    options.hosts_file = Some(with_addresses(&table.hosts_file, addresses));
    options.search = Some({
        let mut search_list = SearchList::default();
        search_list.domains.clone_from(&table.search);
        search_list
    });
    options.ask_os_resolver = false;
    options.timeouts = Timeouts::all(Duration::from_millis(table.timeout_ms));
    options.silence = Timeouts::all(Duration::from_millis(table.timeout_ms));
    options.deadline = Duration::from_millis(table.deadline_ms);
    if let Some(second) = &scenario.second {
        options.second_resolver = Some(name_server(lab, second, &[], &table.domains));
    }
    if let Some(authoritative) = &scenario.authoritative {
        let address = name_server(lab, authoritative, &table.domains, &table.domains);
        options.authoritative_port = address.port();
        delegate(lab, &table.domains, address.ip());
    }
    options
}

/// A name server that knows the domains unless the scenario says otherwise of them.
fn name_server(
    lab: &mut Lab,
    table: &NameServer,
    authority_for: &[String],
    domains: &[String],
) -> SocketAddr {
    let zone = SharedZone::default();
    for domain in domains {
        zone.edit(domain, |entry| entry.ns.push(format!("ns1.{domain}")));
    }
    write_zone(&zone, &table.zone);
    zone.lock().authority_for = authority_for.to_vec();
    zone.lock().one_link_at_a_time = table.one_link_at_a_time;
    lab.name_server(zone, table.transports)
}

/// Lets the resolver know which server is responsible for the domains.
fn delegate(lab: &Lab, domains: &[String], address: IpAddr) {
    for domain in domains {
        let server = format!("ns1.{domain}");
        lab.zone.edit(domain, |entry| entry.ns.push(server.clone()));
        lab.name(&server, Name::at(&[address]));
    }
}

fn write_zone(zone: &SharedZone, names: &BTreeMap<String, Name>) {
    for (name, entry) in names {
        zone.insert(name, entry.clone());
    }
}

fn with_addresses(text: &str, addresses: &BTreeMap<String, IpAddr>) -> String {
    let mut text = text.to_owned();
    for (name, address) in addresses {
        text = text.replace(&format!("{{{name}}}"), &address.to_string());
    }
    text
}
