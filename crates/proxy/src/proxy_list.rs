//! Lists of proxies as Windows keeps them: `proxy:8080`, `http=a:80;https=b:443;socks=c:1080`.

use serde::Serialize;

use crate::route::{Hop, ProxyProtocol, ProxyServer};
use crate::safe_text::quoted;
use crate::server;

/// No list that people write has more entries.
const ENTRIES: usize = 1_000;

/// Which proxy is used for which kind of URL. The first valid entry for a kind wins.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ProxyList {
    /// For `http:` URLs.
    pub http: Option<Carrier>,
    /// For `https:` URLs.
    pub https: Option<Carrier>,
    /// For whatever has no proxy of its own.
    pub socks: Option<Carrier>,
    /// Entries that do nothing, with the reason.
    #[serde(skip)]
    pub warnings: Vec<String>,
    /// Entries that were meant to name a proxy and cannot be read.
    #[serde(skip)]
    pub unreadable: Vec<Unreadable>,
}

/// An entry that was meant to name a proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// The kind of URL that it is for, in lower case; empty for every kind.
    pub scheme: String,
    /// Which entry, and why; never with credentials.
    pub why: String,
}

/// A proxy, and the words that named it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Carrier {
    /// The proxy.
    pub hop: Hop,
    /// The part of the setting that says so, such as `http=` or `https_proxy`.
    pub setting: String,
}

impl ProxyList {
    /// Reads a list: entries between `;` or blanks, each `[scheme=][scheme://]host[:port]`, in
    /// upper or lower case. `socks=` means version 4 unless the entry says otherwise.
    pub fn parse(text: &str) -> Self {
        let mut list = Self::default();
        let entries = text
            .split(|c: char| c == ';' || c.is_whitespace())
            .filter(|entry| !entry.is_empty());
        // In a text with credentials, where an entry ends and what of it is secret is unknown.
        let secret = text.contains('@');
        for (position, entry) in entries.enumerate() {
            if position == ENTRIES {
                list.warn(format!("only the first {ENTRIES} entries are read"));
                break;
            }
            let shown = if secret {
                format!(
                    "entry {} (hidden: it may have credentials in it)",
                    position + 1
                )
            } else {
                quoted(entry)
            };
            list.add(entry, &shown);
        }
        list
    }

    /// The proxy for URLs of a scheme.
    pub fn carrier(&self, scheme: &str) -> Option<&Carrier> {
        let own = match scheme {
            "http" | "ws" => self.http.as_ref(),
            "https" | "wss" => self.https.as_ref(),
            _ => None,
        };
        own.or(self.socks.as_ref())
    }

    /// The entry that makes the proxy for a scheme unknown: it cannot be read, and no other
    /// names a proxy.
    pub fn unreadable(&self, scheme: &str) -> Option<&str> {
        if self.carrier(scheme).is_some() {
            return None;
        }
        let meant = |entry: &&Unreadable| ["", "socks", scheme].contains(&&*entry.scheme);
        self.unreadable.iter().find(meant).map(|entry| &*entry.why)
    }

    /// Whether no proxy is set.
    pub fn is_empty(&self) -> bool {
        self.http.is_none() && self.https.is_none() && self.socks.is_none()
    }

    /// Whether a SOCKS proxy is among them, which WinHTTP cannot use.
    pub fn has_socks(&self) -> bool {
        [&self.http, &self.https, &self.socks]
            .into_iter()
            .flatten()
            .any(Carrier::is_socks)
    }

    /// The same without SOCKS proxies.
    #[must_use]
    pub fn without_socks(mut self) -> Self {
        for slot in [&mut self.http, &mut self.https, &mut self.socks] {
            if slot.as_ref().is_some_and(Carrier::is_socks) {
                *slot = None;
            }
        }
        self
    }

    /// One proxy for everything.
    pub fn every(server: ProxyServer, setting: &str) -> Self {
        let carrier = Carrier::new(server, setting);
        Self {
            http: Some(carrier.clone()),
            https: Some(carrier),
            ..Self::default()
        }
    }

    fn add(&mut self, entry: &str, shown: &str) {
        let (key, value) = match entry.split_once('=') {
            Some((key, value)) => (key.to_ascii_lowercase(), value),
            None => (String::new(), entry),
        };
        let protocol = match key.as_str() {
            "" | "http" | "https" => ProxyProtocol::Http,
            "socks" => ProxyProtocol::Socks4,
            // Known, and of no interest: nothing here is fetched by FTP or Gopher.
            "ftp" | "gopher" => return,
            _ => return self.warn(format!("{shown} is for no scheme that exists")),
        };
        if value.is_empty() && entry != "=" {
            return;
        }
        match server::parse(value, protocol) {
            Ok(parsed) => self.put(&key, parsed, shown),
            Err(why) => {
                let why = if shown.starts_with('`') {
                    why
                } else {
                    "it is no proxy".to_owned()
                };
                self.unreadable.push(Unreadable {
                    scheme: key,
                    why: format!("{shown}: {why}"),
                });
                self.warn(format!("{shown} is left out: {why}"));
            }
        }
    }

    fn put(&mut self, key: &str, parsed: server::Parsed<'_>, shown: &str) {
        if parsed.userinfo.is_some() {
            self.warn(format!("the credentials in {shown} are not used"));
        }
        if parsed.server.protocol == ProxyProtocol::Https {
            self.warn(format!(
                "{shown}: WinHTTP clients speak no TLS with a proxy"
            ));
        }
        let setting = if key.is_empty() {
            String::new()
        } else {
            format!("{key}=")
        };
        let carrier = Carrier::new(parsed.server, &setting);
        let used = match key {
            "http" => fill(&mut self.http, &carrier),
            "https" => fill(&mut self.https, &carrier),
            "socks" => fill(&mut self.socks, &carrier),
            _ => fill(&mut self.http, &carrier) | fill(&mut self.https, &carrier),
        };
        if !used {
            self.warn(format!(
                "{shown} is not used: an earlier entry has its place"
            ));
        }
    }

    fn warn(&mut self, warning: String) {
        self.warnings.push(warning);
    }
}

impl Carrier {
    /// A proxy by the setting that names it.
    pub fn new(server: ProxyServer, setting: &str) -> Self {
        Self {
            hop: Hop::Proxy(server),
            setting: setting.to_owned(),
        }
    }

    fn is_socks(&self) -> bool {
        match &self.hop {
            Hop::Direct => false,
            Hop::Proxy(server) => {
                !matches!(server.protocol, ProxyProtocol::Http | ProxyProtocol::Https)
            }
        }
    }
}

fn fill(slot: &mut Option<Carrier>, carrier: &Carrier) -> bool {
    let free = slot.is_none();
    if free {
        *slot = Some(carrier.clone());
    }
    free
}
