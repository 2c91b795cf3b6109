//! What `gsettings list-recursively org.gnome.system.proxy` prints.

use std::collections::BTreeMap;

use crate::bypass::{BypassList, Dialect};
use crate::proxy_list::{Carrier, ProxyList};
use crate::route::ProxyProtocol;
use crate::server;
use crate::settings::ProxySettings;
use crate::view::{View, ViewKind};

const SCHEMA: &str = "org.gnome.system.proxy";
/// The schema has some twenty keys.
const LINES: usize = 1_000;

/// Reads the text; `None` where the schema is not in it.
pub fn parse(text: &str) -> Option<View> {
    let keys = keys(text);
    let mode = string(keys.get("mode")?);
    let mut settings = ProxySettings::none(Dialect::Gnome);
    match mode.as_str() {
        "auto" => automatic(&mut settings, &keys),
        "manual" => manual(&mut settings, &keys),
        _ => {}
    }
    Some(View::new(
        ViewKind::User,
        "GNOME settings (gsettings)",
        settings,
    ))
}

/// `http.host` and its like with their values as they are written.
fn keys(text: &str) -> BTreeMap<String, String> {
    let entries = text.lines().take(LINES).filter_map(|line| {
        let mut words = line.trim().splitn(3, ' ');
        let group = words.next()?.strip_prefix(SCHEMA)?;
        let (key, value) = (words.next()?, words.next()?);
        let name = match group.strip_prefix('.') {
            Some(group) => format!("{group}.{key}"),
            None if group.is_empty() => key.to_owned(),
            None => return None,
        };
        Some((name, value.trim().to_owned()))
    });
    entries.collect()
}

/// Without a URL, GNOME looks for the script by WPAD.
fn automatic(settings: &mut ProxySettings, keys: &BTreeMap<String, String>) {
    let url = keys
        .get("autoconfig-url")
        .map(|value| string(value))
        .unwrap_or_default();
    if url.is_empty() {
        settings.auto_detect = true;
        return;
    }
    settings.set_pac_url(&url);
}

fn manual(settings: &mut ProxySettings, keys: &BTreeMap<String, String>) {
    let mut list = ProxyList::default();
    list.http = carrier(keys, "http", ProxyProtocol::Http, &mut list.warnings);
    list.https = carrier(keys, "https", ProxyProtocol::Http, &mut list.warnings);
    list.socks = carrier(keys, "socks", ProxyProtocol::Socks5, &mut list.warnings);
    settings.servers = list;
    let hosts = keys
        .get("ignore-hosts")
        .map(|value| strings(value))
        .unwrap_or_default();
    settings.bypass = BypassList::from_entries(Dialect::Gnome, hosts.iter().map(String::as_str));
}

fn carrier(
    keys: &BTreeMap<String, String>,
    scheme: &str,
    protocol: ProxyProtocol,
    warnings: &mut Vec<String>,
) -> Option<Carrier> {
    let host = string(keys.get(&format!("{scheme}.host"))?);
    let port = keys
        .get(&format!("{scheme}.port"))
        .map_or("0", String::as_str);
    if host.is_empty() {
        return None;
    }
    // The port of a proxy that was never filled in is 0.
    let address = if port == "0" {
        host
    } else {
        format!("{host}:{port}")
    };
    match server::parse(&address, protocol) {
        Ok(parsed) => Some(Carrier::new(parsed.server, &format!("{scheme} host"))),
        Err(why) => {
            warnings.push(format!("the {scheme} host names no proxy: {why}"));
            None
        }
    }
}

/// The first string of a value.
fn string(value: &str) -> String {
    strings(value).into_iter().next().unwrap_or_default()
}

/// The strings of a GVariant text: between `'` or `"`, with backslashes before what is special.
fn strings(value: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut open: Option<(char, String)> = None;
    let mut characters = value.chars();
    while let Some(c) = characters.next() {
        match open.take() {
            None if matches!(c, '\'' | '"') => open = Some((c, String::new())),
            None => {}
            Some((quote, text)) if c == quote => found.push(text),
            Some((quote, mut text)) => {
                text.extend(if c == '\\' {
                    characters.next()
                } else {
                    Some(c)
                });
                open = Some((quote, text));
            }
        }
    }
    found
}
