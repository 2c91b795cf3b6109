//! What every source of settings comes down to.

use serde::Serialize;
use url::Url;

use crate::bypass::{BypassList, Dialect};
use crate::concealed::{self, without_credentials};
use crate::proxy_list::ProxyList;
use crate::safe_text::quoted;

/// Settings of one source, its switches obeyed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProxySettings {
    /// The PAC script is looked for by DHCP and DNS (WPAD).
    pub auto_detect: bool,
    /// Where the PAC script is; never with user and password. Shown and serialized without the
    /// values of its query.
    #[serde(serialize_with = "concealed::serialize_url")]
    pub pac_url: Option<String>,
    /// The proxies set by hand.
    pub servers: ProxyList,
    /// Whom the proxies set by hand are not used for.
    pub bypass: BypassList,
    /// What is odd about the PAC URL.
    #[serde(skip)]
    pub warnings: Vec<String>,
}

impl ProxySettings {
    /// Nothing is set.
    pub fn none(dialect: Dialect) -> Self {
        Self {
            auto_detect: false,
            pac_url: None,
            servers: ProxyList::default(),
            bypass: BypassList::empty(dialect),
            warnings: Vec::new(),
        }
    }

    /// Proxies and a bypass list as text.
    pub fn manual(servers: &str, dialect: Dialect, bypass: &str) -> Self {
        let mut settings = Self::none(dialect);
        settings.set_manual(servers, bypass);
        settings
    }

    /// Takes proxies and a bypass list as text. WinHTTP, which knows no SOCKS, goes on without such
    /// proxies.
    pub fn set_manual(&mut self, servers: &str, bypass: &str) {
        let dialect = self.bypass.dialect();
        self.bypass = BypassList::parse(dialect, bypass);
        self.servers = ProxyList::parse(servers);
        let windows = matches!(dialect, Dialect::Wininet | Dialect::Winhttp);
        if windows && self.servers.has_socks() {
            self.warnings
                .push("programs that use WinHTTP ignore SOCKS proxies".to_owned());
        }
        if dialect == Dialect::Winhttp {
            self.servers = std::mem::take(&mut self.servers).without_socks();
        }
    }

    /// Takes the URL of a PAC script, without the credentials that it may have in it.
    pub fn set_pac_url(&mut self, text: &str) {
        let text = text.trim();
        if text.is_empty() {
            self.warnings
                .push("a PAC script is switched on, but its URL is empty".to_owned());
            return;
        }
        let (url, warning) = pac_url(text);
        self.pac_url = Some(url);
        self.warnings.extend(warning);
    }

    /// Whether the settings name no script and no proxy.
    pub fn is_direct(&self) -> bool {
        !self.auto_detect
            && self.pac_url.is_none()
            && self.servers.is_empty()
            && self.servers.unreadable.is_empty()
    }
}

fn pac_url(text: &str) -> (String, Option<String>) {
    let Ok(mut url) = Url::parse(text) else {
        let shown = without_credentials(text);
        let warning = format!("the PAC URL {} is no URL", quoted(&shown));
        return (shown, Some(warning));
    };
    if url.username().is_empty() && url.password().is_none() {
        let warning = foreign_scheme(&url);
        return (text.to_owned(), warning);
    }
    let removed = url.set_username("").is_ok() && url.set_password(None).is_ok();
    let shown = if removed {
        url.to_string()
    } else {
        without_credentials(text)
    };
    (
        shown,
        Some("the credentials in the PAC URL are not used".to_owned()),
    )
}

/// WinHTTP, and with it Office, fetches a script by HTTP alone.
fn foreign_scheme(url: &Url) -> Option<String> {
    match url.scheme() {
        "http" | "https" => None,
        scheme => Some(format!(
            "the PAC URL begins with `{scheme}:`; WinHTTP, and Office with it, fetches `http:` and \
             `https:` alone and goes on without the script"
        )),
    }
}
