//! Proxies, scripts and settings of a scenario.

use std::collections::BTreeMap;
use std::net::IpAddr;

use reach365::Options;
use reach365_model::options::{ProxySignIn, ProxySource};
use reach365_proxy::route::Hop;
use reach365_proxy::{Dialect, ProxySettings, View, ViewKind};
use serde::Deserialize;

use super::scenario::Scenario;
use reach365_testlab::Lab;
use reach365_testlab::http::{Http, Page};
use reach365_testlab::proxy::Proxy;
use reach365_testlab::server::{Server, Tcp};
use reach365_testlab::zone::Name;

/// Proxies under one name.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct ProxyTable {
    pub(super) name: String,
    /// What settings call it, where that is shorter.
    pub(super) called: Option<String>,
    /// Each at an address of its own; one that serves everybody unless given.
    pub(super) servers: Option<Vec<Proxy>>,
    /// What DNS says instead of the addresses, or in addition.
    pub(super) dns: Option<Name>,
}

/// A server that has a PAC script.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct ScriptTable {
    pub(super) name: String,
    /// The script, `{NAME}` as in settings.
    pub(super) text: Option<String>,
    /// What is answered instead.
    #[serde(default)]
    pub(super) http: Http,
    #[serde(default)]
    pub(super) tcp: Tcp,
    /// What DNS says instead of the address, or in addition.
    pub(super) dns: Option<Name>,
}

/// Settings of the machine.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct ViewTable {
    kind: Kind,
    #[serde(default)]
    servers: String,
    #[serde(default)]
    bypass: String,
    pac: Option<String>,
}

/// Whose settings.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    User,
    Machine,
    Environment,
}

/// User and password for proxies.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct SignInTable {
    user: String,
    password: String,
}

/// `HOST:PORT` by name: `{NAME}` is replaced by it in settings, scripts and expected facts.
#[derive(Debug, Default)]
pub(super) struct Places {
    places: BTreeMap<String, String>,
    /// Addresses of proxies.
    pub(super) addresses: BTreeMap<String, IpAddr>,
}

impl Places {
    /// The text with every `{NAME}` filled in.
    pub(super) fn fill(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (name, place) in &self.places {
            text = text.replace(&format!("{{{name}}}"), place);
        }
        text
    }

    fn add(&mut self, name: &str, port: u16) {
        self.places
            .insert(name.to_owned(), format!("{name}:{port}"));
    }
}

/// Starts the proxies, then the servers whose scripts may name them.
pub(super) fn start(scenario: &Scenario, lab: &mut Lab) -> Places {
    let mut places = Places::default();
    for host in scenario.host.iter().filter(|host| host.is_connected_to()) {
        places.add(&host.name, lab.port(host.port()));
    }
    for proxy in &scenario.proxy {
        let one = vec![Proxy::default()];
        for server in proxy.servers.as_ref().unwrap_or(&one) {
            let address = lab.proxy(&proxy.name, server);
            places.add(&proxy.name, address.port());
            if let Some(called) = &proxy.called {
                places.add(called, address.port());
            }
            places.addresses.insert(proxy.name.clone(), address.ip());
        }
        if let Some(dns) = &proxy.dns {
            lab.zone
                .edit(&proxy.name, |entry| entry.overlay(dns.clone()));
        }
    }
    // From the last to the first, so that a server can redirect to a later one.
    for script in scenario.script.iter().rev() {
        start_script(lab, script, &mut places);
    }
    places
}

fn start_script(lab: &mut Lab, script: &ScriptTable, places: &mut Places) {
    let mut http = script.http.clone();
    for value in http.headers.values_mut() {
        *value = places.fill(value);
    }
    if let Some(text) = &script.text {
        http.page = Page::Text(places.fill(text));
    }
    let server = Server {
        tcp: script.tcp,
        ..Server::clear(http)
    };
    let address = lab.host(&script.name, &script.name, &server);
    places.add(&script.name, address.port());
    if let Some(dns) = &script.dns {
        lab.zone
            .edit(&script.name, |entry| entry.overlay(dns.clone()));
    }
}

/// Sets what the run is told about proxies. Nothing is read of the machine that the tests run on.
pub(super) fn set(scenario: &Scenario, places: &Places, options: &mut Options) {
    let table = &scenario.options;
    options.compare_paths = table.compare_paths;
    options.wpad = table.wpad;
    let sign_in = table.sign_in.as_ref();
    options.proxy_sign_in = sign_in.map(|table| ProxySignIn::basic(&table.user, &table.password));
    options.proxy = match (&table.proxy, &table.pac) {
        (Some(hop), _) => explicit(&places.fill(hop)),
        (None, Some(url)) => ProxySource::Pac(places.fill(url)),
        (None, None) if scenario.view.is_empty() => ProxySource::None,
        (None, None) => ProxySource::System,
    };
}

fn explicit(text: &str) -> ProxySource {
    let hop: Result<Hop, String> = text.parse();
    match hop {
        Ok(Hop::Proxy(server)) => ProxySource::Explicit(server),
        other => panic!("`{text}` names no proxy: {other:?}"),
    }
}

/// The settings that stand in for those of the machine.
pub(super) fn views(scenario: &Scenario, places: &Places) -> Vec<View> {
    let view = |table: &ViewTable| table.view(places);
    scenario.view.iter().map(view).collect()
}

impl ViewTable {
    fn view(&self, places: &Places) -> View {
        let (kind, dialect) = match self.kind {
            Kind::User => (ViewKind::User, Dialect::Wininet),
            Kind::Machine => (ViewKind::Machine, Dialect::Winhttp),
            Kind::Environment => (ViewKind::Environment, Dialect::NoProxy),
        };
        let servers = places.fill(&self.servers);
        let mut settings = ProxySettings::manual(&servers, dialect, &self.bypass);
        if let Some(url) = &self.pac {
            settings.set_pac_url(&places.fill(url));
        }
        View::new(kind, "the scenario", settings)
    }
}
