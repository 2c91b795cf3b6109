//! Bypass lists: whom the proxies set by hand are not used for, in the dialects of their readers.
//!
//! Hosts are compared as text, names in punycode; nothing is resolved, so that addresses and
//! networks match literal addresses alone.

mod entry;
mod rule;

use std::fmt;

use serde::{Serialize, Serializer};
use url::Url;

use crate::safe_text::quoted;
use entry::Entry;
use rule::{Pattern, Rule, Target};

/// No list that people write has more entries.
const ENTRIES: usize = 5_000;

/// Whose rules a bypass list follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dialect {
    /// `ProxyOverride` of WinINET and of Internet Options.
    Wininet,
    /// The default proxy of WinHTTP (`netsh winhttp set proxy`).
    Winhttp,
    /// The variable `no_proxy`.
    NoProxy,
    /// The exceptions list of macOS.
    Macos,
    /// `ignore-hosts` of GNOME.
    Gnome,
}

impl Dialect {
    /// Every dialect with its name on the command line.
    pub const ALL: [(&'static str, Self); 5] = [
        ("wininet", Self::Wininet),
        ("winhttp", Self::Winhttp),
        ("no-proxy", Self::NoProxy),
        ("macos", Self::Macos),
        ("gnome", Self::Gnome),
    ];

    /// What the list is called where it is kept.
    pub fn name(self) -> &'static str {
        match self {
            Self::Wininet => "ProxyOverride",
            Self::Winhttp => "the WinHTTP bypass list",
            Self::NoProxy => "no_proxy",
            Self::Macos => "the exceptions list of macOS",
            Self::Gnome => "ignore-hosts",
        }
    }

    fn is_windows(self) -> bool {
        matches!(self, Self::Wininet | Self::Winhttp)
    }

    fn separates(self, c: char) -> bool {
        match self {
            Self::Wininet | Self::Winhttp => c == ';' || c.is_whitespace(),
            Self::NoProxy => c == ',' || c.is_whitespace(),
            Self::Macos | Self::Gnome => matches!(c, ',' | ';') || c.is_whitespace(),
        }
    }
}

/// A bypass list, its entries read in one dialect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BypassList {
    dialect: Dialect,
    rules: Vec<Rule>,
    reversed: bool,
    warnings: Vec<String>,
}

impl BypassList {
    /// A list without entries.
    pub fn empty(dialect: Dialect) -> Self {
        Self {
            dialect,
            rules: Vec::new(),
            reversed: false,
            warnings: Vec::new(),
        }
    }

    /// Reads a list as its dialect separates it.
    pub fn parse(dialect: Dialect, text: &str) -> Self {
        Self::from_entries(dialect, text.split(|c| dialect.separates(c)))
    }

    /// Reads entries that are apart already.
    pub fn from_entries<'a>(dialect: Dialect, entries: impl Iterator<Item = &'a str>) -> Self {
        let mut list = Self::empty(dialect);
        let mut entries = entries.map(str::trim).filter(|entry| !entry.is_empty());
        for text in entries.by_ref().take(ENTRIES) {
            let entry = Entry::parse(dialect, text);
            list.rules.push(entry.rule);
            list.warnings.extend(entry.warnings);
        }
        if entries.next().is_some() {
            list.warnings
                .push(format!("only the first {ENTRIES} entries are read"));
        }
        list
    }

    /// Adds the rule that names without a dot are bypassed, where a switch of its own says so.
    pub fn add_simple_names(&mut self, switch: &str) {
        self.rules.push(Rule {
            text: switch.to_owned(),
            pattern: Pattern::SimpleNames,
            port: None,
            scheme: None,
        });
    }

    /// Turns the list round: the proxies are used for its hosts alone.
    pub fn reverse(&mut self) {
        self.reversed = true;
    }

    /// Whether the proxies are used for the hosts of the list alone.
    pub fn is_reversed(&self) -> bool {
        self.reversed
    }

    /// The dialect.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// The entries as they are written.
    pub fn entries(&self) -> impl Iterator<Item = &str> {
        self.rules.iter().map(|rule| rule.text.as_str())
    }

    /// Entries that do nothing in this dialect, or something that their author may not expect.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Why the proxy is bypassed for a URL; `None` where it is not.
    pub fn reason(&self, url: &Url) -> Option<String> {
        let target = Target::from_url(url)?;
        let found = self.found(&target);
        if self.reversed {
            let nobody = format!(
                "no rule of {} matches, and the list is reversed",
                self.dialect.name()
            );
            return found.is_none().then_some(nobody);
        }
        found
    }

    /// Why a URL never reaches a PAC script; `None` where it does.
    pub fn spares_script(&self, url: &Url) -> Option<String> {
        let target = Target::from_url(url)?;
        let spared = target.is_implicit(true) && self.last_removal().is_none();
        spared.then(|| "loopback and link-local hosts never reach a PAC script".to_owned())
    }

    /// A later rule wins, which matters for `<-loopback>` alone: it takes away what stands before
    /// it from loopback and link-local hosts, and the implicit rules too.
    fn found(&self, target: &Target) -> Option<String> {
        let implicit = self.is_implicit(target);
        let start = match self.last_removal() {
            Some(removal) if implicit => removal + 1,
            _ => 0,
        };
        let matching = self.rules[start..].iter().find(|rule| rule.matches(target));
        match matching {
            Some(rule) => Some(format!(
                "{} rule {} matches",
                self.dialect.name(),
                quoted(&rule.text)
            )),
            None if implicit && self.last_removal().is_none() => Some(
                "an implicit rule matches: loopback and link-local hosts need no proxy".to_owned(),
            ),
            None => None,
        }
    }

    fn is_implicit(&self, target: &Target) -> bool {
        match self.dialect {
            Dialect::Wininet => target.is_implicit(true),
            Dialect::Winhttp => target.is_implicit(false),
            Dialect::NoProxy | Dialect::Macos | Dialect::Gnome => false,
        }
    }

    fn last_removal(&self) -> Option<usize> {
        self.rules
            .iter()
            .rposition(|rule| rule.pattern == Pattern::NotLoopback)
    }
}

impl fmt::Display for BypassList {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entries: Vec<&str> = self.entries().collect();
        out.write_str(&entries.join(";"))
    }
}

impl Serialize for BypassList {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        let entries: Vec<&str> = self.entries().collect();
        let mut list = serializer.serialize_struct("BypassList", 3)?;
        list.serialize_field("dialect", &self.dialect)?;
        list.serialize_field("entries", &entries)?;
        list.serialize_field("reversed", &self.reversed)?;
        list.end()
    }
}
