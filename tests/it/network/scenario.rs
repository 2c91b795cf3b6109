//! The format of a scenario file.

use std::collections::BTreeMap;
use std::net::IpAddr;

use reach365_model::endpoint::Cloud;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::proxies::{ProxyTable, ScriptTable, SignInTable, ViewTable};
use reach365_testlab::address;
use reach365_testlab::dns::Transports;
use reach365_testlab::server::Server;
use reach365_testlab::zone::Name;

/// A network, and what the checker must say about it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Scenario {
    /// What happens in this network, in a sentence.
    pub(super) about: String,
    /// What the machine must offer.
    #[serde(default)]
    pub(super) needs: Vec<Need>,
    #[serde(default)]
    pub(super) options: OptionsTable,
    /// Transports of the resolver.
    #[serde(default)]
    pub(super) resolver: Transports,
    /// Resolvers that are asked before that one; they know the same names.
    #[serde(default)]
    pub(super) earlier_resolver: Vec<Transports>,
    /// Names that the resolver knows beside those of the hosts.
    #[serde(default)]
    pub(super) zone: BTreeMap<String, Name>,
    /// What every name is that the resolver does not know.
    pub(super) wildcard: Option<Name>,
    /// The name server of the domains.
    pub(super) authoritative: Option<NameServer>,
    /// The resolver for a second opinion.
    pub(super) second: Option<NameServer>,
    /// Proxies of the network.
    #[serde(default)]
    pub(super) proxy: Vec<ProxyTable>,
    /// Servers that have PAC scripts.
    #[serde(default)]
    pub(super) script: Vec<ScriptTable>,
    /// Proxy settings of the machine, those first that are taken.
    #[serde(default)]
    pub(super) view: Vec<ViewTable>,
    #[serde(default)]
    pub(super) host: Vec<HostTable>,
    /// The control host outside the list.
    pub(super) outside: Option<OutsideTable>,
    /// Results that belong to no host: the `msoid` records.
    #[serde(default)]
    pub(super) row: Vec<RowTable>,
    /// The findings, all of them.
    #[serde(default)]
    pub(super) finding: Vec<FindingTable>,
}

/// What a scenario needs of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Need {
    /// Linux: what it does with a full queue or with an ICMP message for UDP.
    Linux,
    /// Addresses other than 127.0.0.1.
    Addresses,
    /// `::1`.
    Ipv6,
    /// A route into the IPv6 internet, as far as the system knows; no packet is sent.
    GlobalIpv6,
    /// No such route.
    NoGlobalIpv6,
}

/// Options of the run.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub(super) struct OptionsTable {
    /// Limit of every stage.
    pub(super) timeout_ms: u64,
    pub(super) deadline_ms: u64,
    pub(super) cloud: Cloud,
    pub(super) domains: Vec<String>,
    pub(super) all_addresses: bool,
    /// `{HOST}` is replaced by the address of the host's first server, or of a proxy.
    pub(super) hosts_file: String,
    /// One proxy for everything, as a hop; `{NAME}` is replaced by the proxy's name and port.
    pub(super) proxy: Option<String>,
    /// URL of a script for everything.
    pub(super) pac: Option<String>,
    pub(super) compare_paths: bool,
    pub(super) wpad: bool,
    /// Domains by which names are completed.
    pub(super) search: Vec<String>,
    pub(super) sign_in: Option<SignInTable>,
}

/// A further name server.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct NameServer {
    #[serde(default)]
    pub(super) transports: Transports,
    #[serde(default)]
    pub(super) zone: BTreeMap<String, Name>,
    #[serde(default)]
    pub(super) one_link_at_a_time: bool,
}

/// A host: its entry in the list of endpoints, its servers, its DNS, the verdict on it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct HostTable {
    /// Its name; an address where `literal` is set.
    pub(super) name: String,
    /// Id of the entry; the name unless given.
    pub(super) id: Option<String>,
    #[serde(default)]
    pub(super) scheme: Scheme,
    /// Hosts with the same label share a port number; the scheme unless given.
    pub(super) port: Option<String>,
    /// Further keys of the entry, as they stand in a list of endpoints.
    #[serde(default)]
    pub(super) entry: toml::Table,
    /// Published addresses of the host's own set.
    #[serde(default)]
    pub(super) published: Vec<String>,
    /// Asked for by address, not by name.
    #[serde(default)]
    pub(super) literal: bool,
    /// Its servers, each at an address of its own; one healthy server unless given.
    pub(super) servers: Option<Vec<Server>>,
    /// What proxies reach under the name instead.
    pub(super) behind_proxies: Option<Server>,
    /// A server at `::1`.
    pub(super) ipv6: Option<Server>,
    /// What DNS says instead of the servers' addresses, or in addition.
    pub(super) dns: Option<Name>,
    /// Aliases on the path from the name to its addresses.
    #[serde(default)]
    pub(super) behind: Vec<String>,
    /// The same, as a number of aliases whose names do not matter.
    #[serde(default)]
    pub(super) links: usize,
    pub(super) result: Expected,
}

/// A host for comparison, on the ports of the scheme.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct OutsideTable {
    pub(super) name: String,
    #[serde(default)]
    pub(super) scheme: Scheme,
    #[serde(default)]
    pub(super) server: Server,
    pub(super) dns: Option<Name>,
}

/// How a host is asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Scheme {
    #[default]
    Https,
    Http,
    Dns,
}

/// A result of the report.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct RowTable {
    pub(super) id: String,
    pub(super) result: Expected,
}

/// A verdict, as far as it is compared. What is not given must be absent.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Expected {
    pub(super) outcome: String,
    pub(super) code: Option<String>,
    pub(super) stage: Option<String>,
    pub(super) who: Option<String>,
    pub(super) consequence_of: Option<String>,
    /// The route, where it matters.
    pub(super) via: Option<String>,
    /// Facts that the verdict must have, among others.
    #[serde(default)]
    pub(super) facts: toml::Table,
}

/// A finding, as far as it is compared.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct FindingTable {
    pub(super) code: String,
    pub(super) outcome: String,
    pub(super) stage: String,
    pub(super) who: String,
    /// Ids of the endpoints concerned.
    pub(super) endpoints: Vec<String>,
    /// Facts that it must have, among others.
    #[serde(default)]
    pub(super) facts: toml::Table,
}

impl Scenario {
    /// Whether this machine offers what the scenario needs.
    pub(super) fn can_run_here(&self) -> bool {
        self.needs.iter().all(|need| match need {
            Need::Linux => cfg!(target_os = "linux"),
            Need::Addresses => address::whole_range(),
            Need::Ipv6 => address::has_ipv6() && address::whole_range(),
            Need::GlobalIpv6 => address::has_global_ipv6() && address::whole_range(),
            Need::NoGlobalIpv6 => !address::has_global_ipv6(),
        })
    }

    /// The codes that the scenario expects.
    pub(super) fn codes(&self) -> Vec<String> {
        let hosts = self.host.iter().map(|host| &host.result);
        let results = hosts.chain(self.row.iter().map(|row| &row.result));
        let rows = results.filter_map(|result| result.code.clone());
        rows.chain(self.finding.iter().map(|finding| finding.code.clone()))
            .collect()
    }
}

impl HostTable {
    /// Id of the result.
    pub(super) fn id(&self) -> &str {
        self.id.as_deref().unwrap_or(&self.name)
    }

    /// Label of the port.
    pub(super) fn port(&self) -> &str {
        self.port.as_deref().unwrap_or(self.scheme.name())
    }

    /// Whether servers are started for it.
    pub(super) fn is_connected_to(&self) -> bool {
        self.scheme != Scheme::Dns
    }

    /// The entry in the list of endpoints. `number` is unique in the list.
    pub(super) fn entry(&self, number: usize, port: u16, address: Option<IpAddr>) -> String {
        let mut entry = self.entry.clone();
        let host = address
            .filter(|_| self.literal)
            .map(|address| address.to_string());
        let text = |text: &str| toml::Value::String(text.to_owned());
        entry.insert("id".into(), text(self.id()));
        entry.insert(
            "host".into(),
            host.map_or_else(|| text(&self.name), toml::Value::String),
        );
        entry.insert("scheme".into(), text(self.scheme.name()));
        if self.scheme != Scheme::Dns {
            entry.insert("port".into(), toml::Value::Integer(port.into()));
        }
        let mut list = String::new();
        if !self.published.is_empty() {
            entry.insert("published-ips".into(), toml::Value::Boolean(true));
            let sets = toml::Table::from_iter([("worldwide".into(), integer(number))]);
            entry.insert("sets".into(), toml::Value::Table(sets));
            let ips = self.published.iter().map(|range| text(range)).collect();
            let set = [
                ("id".into(), integer(number)),
                ("ips".into(), toml::Value::Array(ips)),
            ];
            list += &table("sets", &toml::Table::from_iter(set));
        }
        list + &table("endpoints", &entry)
    }
}

impl Scheme {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Https => "https",
            Self::Http => "http",
            Self::Dns => "dns",
        }
    }
}

fn integer(number: usize) -> toml::Value {
    toml::Value::Integer(i64::try_from(number).expect("a list is short"))
}

fn table(name: &str, table: &toml::Table) -> String {
    let line = |(key, value): (&String, &toml::Value)| format!("{key} = {}\n", inline(value));
    let lines: String = table.iter().map(line).collect();
    format!("[[{name}]]\n{lines}\n")
}

/// A value as it stands behind an equals sign. Strings in JSON are strings in TOML.
fn inline(value: &toml::Value) -> String {
    match value {
        toml::Value::Array(values) => {
            let values: Vec<String> = values.iter().map(inline).collect();
            format!("[{}]", values.join(", "))
        }
        toml::Value::Table(table) => {
            let pair = |(key, value): (&String, &toml::Value)| format!("{key} = {}", inline(value));
            let pairs: Vec<String> = table.iter().map(pair).collect();
            format!("{{ {} }}", pairs.join(", "))
        }
        toml::Value::Datetime(time) => time.to_string(),
        other => serde_json::to_string(other).expect("plain data"),
    }
}

impl Default for OptionsTable {
    fn default() -> Self {
        Self {
            timeout_ms: 600,
            deadline_ms: 60_000,
            cloud: Cloud::default(),
            domains: Vec::new(),
            all_addresses: false,
            hosts_file: String::new(),
            proxy: None,
            pac: None,
            compare_paths: false,
            wpad: false,
            search: Vec::new(),
            sign_in: None,
        }
    }
}

/// Guards the derive above: a scenario with an unknown key is a mistake.
#[test]
fn unknown_keys_are_refused() {
    let text = "about = 'A network.'\nhosts = []\n";
    let error = toml::from_str::<Scenario>(text)
        .map(|_| IgnoredAny)
        .unwrap_err();
    assert!(
        error.to_string().contains("unknown field `hosts`"),
        "{error}"
    );
}
