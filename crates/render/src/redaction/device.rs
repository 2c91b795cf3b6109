//! What is private in the state of a device, found where its fields say so.

use serde_json::Value;

use super::page;
use super::pseudonym_map::PseudonymMap;

/// What Windows itself asks for in its test of the connection, and expects.
const OF_WINDOWS: [&str; 4] = [
    "connecttest.txt",
    "ncsi.txt",
    "microsoft connect test",
    "microsoft ncsi",
];

/// What the fields of the state of a device say.
pub(super) fn collect(state: &Value, pseudonyms: &mut PseudonymMap) {
    for (key, kind) in [("domain", "domain"), ("tenant", "tenant")] {
        if let Some(name) = state[key].as_str() {
            pseudonyms.name(kind, name);
        }
    }
    let sections = state["status"]["sections"].as_array();
    let fields = sections.into_iter().flatten();
    let fields = fields.filter_map(|section| section["fields"].as_array());
    for field in fields.flatten() {
        if let (Some(key), Some(value)) = (field["key"].as_str(), field["value"].as_str()) {
            status_field(key, value, pseudonyms);
        }
    }
    let values = state["pc"]["registry"].as_array();
    for value in values.into_iter().flatten() {
        if let (Some(name), Some(text)) = (value["name"].as_str(), value["value"].as_str()) {
            probe(name, text, pseudonyms);
        }
    }
    let views = state["pc"]["proxies"].as_array();
    for view in views.into_iter().flatten() {
        let servers = view["proxies"].as_array().into_iter().flatten();
        for server in servers.filter_map(Value::as_str) {
            proxy_list(server, pseudonyms);
        }
        bypass(view["bypass"].as_str().unwrap_or_default(), pseudonyms);
    }
}

/// What the registry names for the test of the connection: the names of its values say what it is.
fn probe(name: &str, text: &str, pseudonyms: &mut PseudonymMap) {
    let name = name.to_ascii_lowercase();
    let usual = OF_WINDOWS.contains(&text.to_ascii_lowercase().as_str());
    if name.contains("probehost") {
        pseudonyms.private_host("host", text);
    } else if name.contains("probepath") && !usual {
        pseudonyms.name("path", text);
    } else if name.contains("probecontent") && !usual && page::masked(text) != text {
        pseudonyms.name("text", text);
    }
}

fn status_field(key: &str, value: &str, pseudonyms: &mut PseudonymMap) {
    let key = key.to_ascii_lowercase().replace(' ', "");
    if key.ends_with("tenantname") {
        pseudonyms.name("tenant", value);
    } else if key.ends_with("domainname") {
        pseudonyms.name("domain", value);
    } else if key.ends_with("devicename") {
        pseudonyms.name("machine", value);
    } else if key.ends_with("thumbprint") {
        pseudonyms.name("thumbprint", value);
    } else if key.ends_with("identity") || key.ends_with("accountname") {
        accounts(value, pseudonyms);
    }
}

/// `CONTOSO\ada, ada@contoso.example`.
fn accounts(text: &str, pseudonyms: &mut PseudonymMap) {
    for account in text.split(',') {
        match account.trim().split_once(['\\', '@']) {
            Some((domain, user)) if account.contains('\\') => {
                pseudonyms.name("domain", domain);
                pseudonyms.name("user", user);
            }
            Some((user, _)) => pseudonyms.name("user", user),
            None => pseudonyms.name("user", account),
        }
    }
}

/// `http=proxy-a:8080;https=proxy-b:8080`, or a hop.
fn proxy_list(text: &str, pseudonyms: &mut PseudonymMap) {
    for word in text.split([';', ' ', '=', '/']) {
        let host = word.split(':').next().unwrap_or(word);
        let protocol = [
            "proxy", "socks", "socks4", "socks5", "https", "http", "ftp", "direct",
        ];
        if !protocol.contains(&host.to_ascii_lowercase().as_str()) {
            pseudonyms.name("proxy", host);
        }
    }
}

fn bypass(text: &str, pseudonyms: &mut PseudonymMap) {
    for entry in text.split([';', ',', ' ']) {
        let name = entry.trim_matches(['*', '.']);
        if !name.starts_with('<') && !pseudonyms.is_public_name(name) {
            pseudonyms.name("host", name);
        }
    }
}
