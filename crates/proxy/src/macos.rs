//! What `scutil --proxy` prints on macOS.

use std::collections::BTreeMap;

use crate::bypass::{BypassList, Dialect};
use crate::proxy_list::{Carrier, ProxyList};
use crate::route::ProxyProtocol;
use crate::server;
use crate::settings::ProxySettings;
use crate::view::{View, ViewKind};

/// More lines than any real list of exceptions or keys has.
const LINES: usize = 10_000;

/// Reads the text; `None` where it is not a dictionary.
///
/// What holds for one interface alone (`__SCOPED__`) is left out: it is not what a program without
/// ties to an interface gets.
pub fn parse(text: &str) -> Option<View> {
    let dictionary = Dictionary::parse(text)?;
    let mut settings = ProxySettings::none(Dialect::Macos);
    settings.auto_detect = dictionary.is_on("ProxyAutoDiscoveryEnable");
    if dictionary.is_on("ProxyAutoConfigEnable") {
        settings.set_pac_url(dictionary.text("ProxyAutoConfigURLString"));
    }
    settings.servers = dictionary.servers();
    let exceptions = dictionary.exceptions.iter().map(String::as_str);
    settings.bypass = BypassList::from_entries(Dialect::Macos, exceptions);
    if dictionary.is_on("ExcludeSimpleHostnames") {
        settings.bypass.add_simple_names("ExcludeSimpleHostnames");
    }
    Some(View::new(
        ViewKind::User,
        "macOS network settings (scutil --proxy)",
        settings,
    ))
}

/// The keys of the outermost dictionary.
struct Dictionary {
    values: BTreeMap<String, String>,
    exceptions: Vec<String>,
}

impl Dictionary {
    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines().map(str::trim).take(LINES);
        lines.find(|line| *line == "<dictionary> {")?;
        let mut dictionary = Self {
            values: BTreeMap::new(),
            exceptions: Vec::new(),
        };
        let mut open: Vec<String> = Vec::new();
        for line in lines {
            dictionary.line(line, &mut open);
        }
        Some(dictionary)
    }

    /// `open` has the names of what is open within the outermost dictionary.
    fn line(&mut self, line: &str, open: &mut Vec<String>) {
        if line == "}" {
            open.pop();
            return;
        }
        let Some((key, value)) = line.split_once(" : ") else {
            return;
        };
        if value == "<dictionary> {" || value == "<array> {" {
            open.push(key.to_owned());
            return;
        }
        match open.as_slice() {
            [] => drop(self.values.insert(key.to_owned(), value.to_owned())),
            [array] if array == "ExceptionsList" => self.exceptions.push(value.to_owned()),
            _ => {}
        }
    }

    fn text(&self, key: &str) -> &str {
        self.values.get(key).map_or("", String::as_str)
    }

    fn is_on(&self, key: &str) -> bool {
        self.text(key) == "1"
    }

    fn servers(&self) -> ProxyList {
        let mut list = ProxyList::default();
        list.http = self.carrier("HTTP", ProxyProtocol::Http, &mut list.warnings);
        list.https = self.carrier("HTTPS", ProxyProtocol::Http, &mut list.warnings);
        list.socks = self.carrier("SOCKS", ProxyProtocol::Socks5, &mut list.warnings);
        list
    }

    fn carrier(
        &self,
        kind: &str,
        protocol: ProxyProtocol,
        warnings: &mut Vec<String>,
    ) -> Option<Carrier> {
        if !self.is_on(&format!("{kind}Enable")) {
            return None;
        }
        let setting = format!("{kind}Proxy");
        let (host, port) = (self.text(&setting), self.text(&format!("{kind}Port")));
        let separator = if port.is_empty() { "" } else { ":" };
        match server::parse(&format!("{host}{separator}{port}"), protocol) {
            Ok(parsed) => Some(Carrier::new(parsed.server, &setting)),
            Err(why) => {
                warnings.push(format!(
                    "{kind}Enable is 1, but {setting} names no proxy: {why}"
                ));
                None
            }
        }
    }
}
