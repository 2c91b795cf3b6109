//! The file `kioslaverc` of KDE.

use std::collections::BTreeMap;

use crate::bypass::{BypassList, Dialect};
use crate::proxy_list::{Carrier, ProxyList};
use crate::route::ProxyProtocol;
use crate::server;
use crate::settings::ProxySettings;
use crate::view::{View, ViewKind};

/// The file has some twenty lines.
const LINES: usize = 10_000;

/// Reads the file; `None` where it has no proxy settings, or leaves them to the environment.
pub fn parse(text: &str) -> Option<View> {
    let keys = section(text, "Proxy Settings");
    let mut settings = ProxySettings::none(Dialect::NoProxy);
    match keys.get("ProxyType").map(String::as_str) {
        Some("1") => manual(&mut settings, &keys),
        Some("2") => {
            settings.set_pac_url(keys.get("Proxy Config Script").map_or("", String::as_str));
        }
        Some("3") => settings.auto_detect = true,
        Some("0") => {}
        _ => return None,
    }
    Some(View::new(
        ViewKind::User,
        "KDE settings (kioslaverc)",
        settings,
    ))
}

/// The keys of one section; what follows a key in brackets (`[$e]`) is left out.
fn section(text: &str, wanted: &str) -> BTreeMap<String, String> {
    let mut keys = BTreeMap::new();
    let mut inside = false;
    for line in text.lines().take(LINES).map(str::trim) {
        if let Some(name) = line
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
        {
            inside = name == wanted;
        } else if let Some((key, value)) = line.split_once('=').filter(|_| inside) {
            let key = key.split('[').next().unwrap_or(key).trim();
            keys.insert(key.to_owned(), value.trim().to_owned());
        }
    }
    keys
}

fn manual(settings: &mut ProxySettings, keys: &BTreeMap<String, String>) {
    let mut list = ProxyList::default();
    list.http = carrier(keys, "httpProxy", ProxyProtocol::Http, &mut list.warnings);
    list.https = carrier(keys, "httpsProxy", ProxyProtocol::Http, &mut list.warnings);
    list.socks = carrier(
        keys,
        "socksProxy",
        ProxyProtocol::Socks5,
        &mut list.warnings,
    );
    settings.servers = list;
    let exceptions = keys.get("NoProxyFor").map_or("", String::as_str);
    settings.bypass = BypassList::parse(Dialect::NoProxy, exceptions);
    if keys
        .get("ReversedException")
        .is_some_and(|value| value == "true")
    {
        settings.bypass.reverse();
    }
}

/// KDE writes `http://host port`.
fn carrier(
    keys: &BTreeMap<String, String>,
    key: &str,
    protocol: ProxyProtocol,
    warnings: &mut Vec<String>,
) -> Option<Carrier> {
    let value = keys.get(key).filter(|value| !value.is_empty())?;
    let address = match value.rsplit_once(' ') {
        Some((host, port)) => format!("{}:{port}", host.trim_end_matches('/')),
        None => value.clone(),
    };
    let parsed = server::parse(&address, protocol);
    if parsed.is_err() {
        // Why is not said: credentials may stand in the value.
        warnings.push(format!("{key} names no proxy"));
    }
    Some(Carrier::new(parsed.ok()?.server, key))
}
