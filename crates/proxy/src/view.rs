//! The proxy settings as one kind of program sees them.

use serde::Serialize;

use crate::bypass::Dialect;
use crate::proxy_list::ProxyList;
use crate::route::{Origin, ProxyProtocol};
use crate::server;
use crate::settings::ProxySettings;

/// Whose view it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ViewKind {
    /// What programs of the user take: Office and its sign-in.
    User,
    /// What services take: WinHTTP's default.
    Machine,
    /// What command-line tools take from variables.
    Environment,
    /// What was asked for.
    Explicit,
    /// No proxy at all.
    Direct,
}

impl ViewKind {
    /// The name, as reports spell it.
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Machine => "machine",
            Self::Environment => "environment",
            Self::Explicit => "explicit",
            Self::Direct => "direct",
        }
    }

    /// Who decided, where this view did.
    pub fn origin(self) -> Origin {
        match self {
            Self::User => Origin::User,
            Self::Machine => Origin::Machine,
            Self::Environment => Origin::Environment,
            Self::Explicit => Origin::Explicit,
            Self::Direct => Origin::Direct,
        }
    }
}

/// Settings, where they were read, and what is odd about them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct View {
    /// Whose view it is.
    pub kind: ViewKind,
    /// Where it was read, as text.
    pub source: String,
    /// What it says.
    pub settings: ProxySettings,
    /// What a reader should know about it, a sentence each.
    pub notes: Vec<String>,
}

impl View {
    /// A view; what is odd about the settings becomes its notes.
    pub fn new(kind: ViewKind, source: &str, settings: ProxySettings) -> Self {
        let notes = [
            &settings.warnings[..],
            &settings.servers.warnings,
            settings.bypass.warnings(),
        ]
        .concat();
        Self {
            kind,
            source: source.to_owned(),
            settings,
            notes,
        }
    }

    /// The view without any proxy.
    pub fn direct() -> Self {
        let settings = ProxySettings::none(Dialect::NoProxy);
        Self::new(ViewKind::Direct, "no proxy is considered", settings)
    }

    /// What a person asks for: `none`, a proxy such as `proxy.example:8080` or
    /// `socks5://proxy.example`, or `pac:URL`.
    ///
    /// # Errors
    /// What is wrong with the text; never with credentials in it.
    pub fn explicit(text: &str) -> Result<Self, String> {
        let mut settings = ProxySettings::none(Dialect::NoProxy);
        if text == "none" {
            return Ok(Self::direct());
        }
        if text.contains('@') {
            return Err(
                "credentials do not belong on a command line, which others can read".to_owned(),
            );
        }
        match text.strip_prefix("pac:") {
            Some("") => return Err("the URL of the script is missing after `pac:`".to_owned()),
            Some(url) => settings.set_pac_url(url),
            None => {
                let parsed = server::parse(text, ProxyProtocol::Http)?;
                settings.servers = ProxyList::every(parsed.server, "");
            }
        }
        Ok(Self::new(ViewKind::Explicit, "asked for", settings))
    }

    /// Whether a script may be needed.
    pub fn has_script(&self) -> bool {
        self.settings.auto_detect || self.settings.pac_url.is_some()
    }

    /// The same with one note more.
    #[must_use]
    pub fn noting(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }
}
