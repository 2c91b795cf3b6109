//! The format of a scenario file.

use std::collections::BTreeMap;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;

use serde::Deserialize;

use crate::dns::Transports;
use crate::server::Server;
use crate::zone::Name;

/// Programs that services run.
const PARTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/parts");
/// The resolver's address in the internet.
pub(crate) const RESOLVER: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 53);
/// The firewall, seen by the client.
pub(crate) const FIREWALL: Ipv4Addr = Ipv4Addr::new(10, 9, 1, 1);
pub(crate) const FIREWALL_IPV6: &str = "2001:db8:9::1";
/// The client.
pub(crate) const CLIENT: Ipv4Addr = Ipv4Addr::new(10, 9, 1, 2);
pub(crate) const CLIENT_IPV6: &str = "2001:db8:9::2";

/// A branch office, and the expected report of the program in it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Scenario {
    /// The file itself.
    #[serde(skip)]
    pub(crate) text: String,
    /// What happens in this network, in a sentence.
    pub(crate) about: String,
    /// Whether everything has IPv6 addresses too.
    #[serde(default)]
    pub ipv6: bool,
    /// One-way delay between firewall and internet.
    #[serde(default = "five")]
    pub(crate) delay_ms: u32,
    /// Packets that the line loses, per hundred, in each direction.
    #[serde(default)]
    pub(crate) loss: f32,
    /// Whether healthy hosts may be degraded: packets are lost, and the report may show that.
    #[serde(default)]
    pub(crate) flaky: bool,
    /// How often the program runs; every run must have the same result.
    #[serde(default = "once")]
    pub(crate) runs: usize,
    /// The proxy option of the program; none if it is `settings`.
    #[serde(default = "none")]
    pub(crate) proxy: String,
    /// Command and arguments, where it is not the check of the scenario's list of endpoints.
    #[serde(default)]
    pub(crate) command: Vec<String>,
    /// Further arguments of the program.
    #[serde(default)]
    pub(crate) arguments: Vec<String>,
    /// Variables in the program's environment.
    #[serde(default)]
    pub(crate) environment: BTreeMap<String, String>,
    /// A file of certificates that a service has made in the directory of the services, and that
    /// the client's operating system trusts too.
    pub(crate) os_roots: Option<String>,
    /// The client's clock, as `faketime` takes it.
    pub(crate) clock: Option<String>,
    #[serde(default)]
    pub(crate) client: Place,
    #[serde(default)]
    pub(crate) firewall: Place,
    #[serde(default)]
    pub(crate) internet: Place,
    /// The resolver that the client uses, with its zone if it needs one; if it is `system`, the
    /// client's `/etc/resolv.conf` names it.
    #[serde(default = "resolver")]
    pub(crate) ask: String,
    /// The client's `/etc/resolv.conf`.
    pub(crate) resolv_conf: Option<String>,
    /// The client's `/etc/hosts`.
    pub(crate) hosts_file: Option<String>,
    /// Whether the internet answers below `64:ff9b::/96` too, as behind NAT64.
    #[serde(default)]
    pub nat64: bool,
    /// Transports of the resolver in the internet.
    #[serde(default)]
    pub(crate) resolver: Transports,
    /// Answers of the resolver besides the hosts' addresses.
    #[serde(default)]
    pub(crate) zone: BTreeMap<String, Name>,
    pub(crate) wildcard: Option<Name>,
    #[serde(default)]
    pub(crate) host: Vec<Host>,
    /// Healthy hosts in addition to these.
    #[serde(default = "three")]
    pub(crate) healthy: usize,
    /// Endpoints without a host: the `msoid` records.
    #[serde(default)]
    pub(crate) row: Vec<Row>,
    /// The findings, all of them: code, and the address of the culprit where it is known.
    #[serde(default)]
    pub(crate) findings: Vec<String>,
    /// Codes of findings without a culprit that may be there as well.
    #[serde(default)]
    pub(crate) may_find: Vec<String>,
    /// The exit code of the program; not compared where it is absent.
    pub(crate) exit: Option<i32>,
    /// Faults that are planted here, one at a time, by the names of their files.
    #[serde(default, rename = "faults")]
    _faults: Vec<String>,
    /// The addresses of parties that faults name: `{resolver}` stands for that of `resolver`.
    #[serde(default, rename = "parties")]
    _parties: BTreeMap<String, String>,
}

/// What is switched on in one of the namespaces. `{NAME}` stands for the address of a host,
/// `{NAME/6}` for its IPv6 address, `{parts}` for the directory of programs that services run.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub(crate) struct Place {
    /// Rules of nftables: for what the firewall forwards, for what the client sends.
    pub(crate) rules: Vec<String>,
    /// Shell scripts that end with `exec PROGRAM`, which runs as long as the scenario does. They
    /// are in a directory of their own, with the public roots in `public-roots.pem`.
    pub(crate) services: Vec<String>,
    /// Shell commands.
    pub(crate) commands: Vec<String>,
}

/// A host and the verdict on it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Host {
    pub(crate) name: String,
    #[serde(default = "https")]
    pub(crate) scheme: String,
    /// Not in the list of endpoints.
    #[serde(default)]
    pub(crate) unlisted: bool,
    /// Further keys of its entry in the list of endpoints, as lines.
    #[serde(default)]
    pub(crate) entry: String,
    #[serde(default)]
    pub(crate) server: Server,
    /// A verdict that is right as well, where chance decides.
    pub(crate) or: Option<Expected>,
    /// Its IPv4 address, where it is not one of the internet.
    pub(crate) address: Option<Ipv4Addr>,
    /// The DNS answer instead of its addresses.
    pub(crate) dns: Option<Name>,
    #[serde(default)]
    pub(crate) result: Expected,
}

/// An endpoint in the report.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) result: Expected,
}

/// A verdict. What is not given must be absent, except facts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub(crate) struct Expected {
    pub(crate) outcome: String,
    pub(crate) code: Option<String>,
    pub(crate) stage: Option<String>,
    pub(crate) who: Option<String>,
    /// Address of the culprit.
    pub(crate) address: Option<IpAddr>,
    pub(crate) consequence_of: Option<String>,
}

impl Scenario {
    /// Every scenario of a directory, by the name of its file.
    pub(crate) fn all(directory: &Path) -> BTreeMap<String, Self> {
        let files = fs::read_dir(directory)
            .unwrap()
            .map(|file| file.unwrap().path());
        let named = files.map(|file| {
            let name = file.file_stem().unwrap().to_string_lossy().into_owned();
            let scenario = Self::parse(&fs::read_to_string(&file).unwrap());
            (
                name.clone(),
                scenario.unwrap_or_else(|error| panic!("{name}: {error}")),
            )
        });
        named.collect()
    }

    /// Reads a file and adds the healthy hosts.
    pub(crate) fn parse(text: &str) -> Result<Self, toml::de::Error> {
        let mut scenario: Self = toml::from_str(text)?;
        let healthy = (1..=scenario.healthy).map(Host::healthy);
        scenario.host.extend(healthy);
        text.clone_into(&mut scenario.text);
        Ok(scenario)
    }

    /// Expected verdicts, by the id of the endpoint.
    pub(crate) fn expected(&self) -> impl Iterator<Item = (&str, &Expected)> {
        let listed = self.host.iter().filter(|host| !host.unlisted);
        let hosts = listed.map(|host| (host.name.as_str(), &host.result));
        hosts.chain(self.row.iter().map(|row| (row.id.as_str(), &row.result)))
    }

    /// A rule or command with the addresses of the hosts in it.
    pub(crate) fn with_addresses(&self, text: &str) -> String {
        let hosts = self.host.iter().enumerate();
        let text = text.replace("{parts}", PARTS);
        hosts.fold(text, |text, (place, host)| {
            let address = host.ipv4(place).to_string();
            let text = text.replace(&format!("{{{}}}", host.name), &address);
            text.replace(&format!("{{{}/6}}", host.name), &ipv6(place).to_string())
        })
    }

    /// The list of endpoints.
    pub(crate) fn list(&self) -> String {
        let listed = self.host.iter().filter(|host| !host.unlisted);
        listed.map(Host::entry_in_list).collect()
    }
}

impl Host {
    fn healthy(number: usize) -> Self {
        Self {
            name: format!("www.healthy{number}.example"),
            scheme: https(),
            unlisted: false,
            entry: String::new(),
            server: Server::default(),
            address: None,
            dns: None,
            or: None,
            result: Expected::default(),
        }
    }

    /// Its IPv4 address, by its place in the list.
    pub(crate) fn ipv4(&self, place: usize) -> Ipv4Addr {
        self.address.unwrap_or_else(|| ipv4(place))
    }

    pub(crate) fn port(&self) -> u16 {
        if self.scheme == "http" { 80 } else { 443 }
    }

    /// The request of the program.
    pub(crate) fn url(&self) -> String {
        #[derive(Deserialize)]
        struct Entry {
            path: Option<String>,
        }
        let entry: Entry = toml::from_str(&self.entry).unwrap();
        let path = entry.path.as_deref().unwrap_or("/");
        format!("{}://{}{path}", self.scheme, self.name)
    }

    fn entry_in_list(&self) -> String {
        let Self {
            name,
            scheme,
            entry,
            ..
        } = self;
        format!(
            "[[endpoints]]\nid = \"{name}\"\nhost = \"{name}\"\nscheme = \"{scheme}\"\n{entry}\n"
        )
    }
}

impl Default for Expected {
    fn default() -> Self {
        Self {
            outcome: "reachable".to_owned(),
            code: None,
            stage: None,
            who: None,
            address: None,
            consequence_of: None,
        }
    }
}

/// The address of the internet for a place in the list.
fn ipv4(place: usize) -> Ipv4Addr {
    Ipv4Addr::new(192, 0, 2, u8::try_from(place + 1).expect("few hosts"))
}

/// The same for IPv6.
pub(crate) fn ipv6(place: usize) -> Ipv6Addr {
    let place = u16::try_from(place + 1).expect("few hosts");
    Ipv6Addr::new(0x2001, 0xdb8, 0x77, 0, 0, 0, 0, place)
}

fn resolver() -> String {
    RESOLVER.to_string()
}

fn five() -> u32 {
    5
}

fn once() -> usize {
    1
}

fn none() -> String {
    "none".to_owned()
}

fn three() -> usize {
    3
}

fn https() -> String {
    "https".to_owned()
}
