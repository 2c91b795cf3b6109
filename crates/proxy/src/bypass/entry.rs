//! One entry of a bypass list, read in its dialect.

use ipnet::IpNet;

use crate::bypass::Dialect;
use crate::bypass::rule::{Pattern, Rule};
use crate::host::Host;
use crate::safe_text::quoted;
use crate::server::split_port;

/// What became of an entry: its rule, and what its author should know.
pub(super) struct Entry {
    pub(super) rule: Rule,
    pub(super) warnings: Vec<String>,
}

impl Entry {
    /// Reads one entry; one that means nothing in the dialect matches nothing and has a warning.
    pub(super) fn parse(dialect: Dialect, text: &str) -> Self {
        let mut entry = Self {
            rule: Rule {
                text: text.to_owned(),
                pattern: Pattern::Nothing,
                port: None,
                scheme: None,
            },
            warnings: Vec::new(),
        };
        match entry.pattern(dialect, text) {
            Ok(pattern) => entry.rule.pattern = pattern,
            Err(why) => entry.warn(&format!("matches nothing: {why}")),
        }
        entry
    }

    fn pattern(&mut self, dialect: Dialect, text: &str) -> Result<Pattern, String> {
        match text {
            "*" => return Ok(Pattern::Everything),
            _ if text.starts_with('<') => return keyword(dialect, text),
            _ => {}
        }
        let rest = self.take_scheme(dialect, text)?;
        if rest.contains('/') {
            return network(dialect, rest);
        }
        let host = self.take_port(dialect, rest)?;
        if let Ok(host @ Host::Address(_)) = Host::parse(host) {
            return Ok(literal(host));
        }
        if host.contains('*') {
            return self.wildcard(dialect, host);
        }
        if let Some(domain) = host.strip_prefix('.') {
            return leading_dot(dialect, domain);
        }
        let name = ascii_name(host)?;
        Ok(match dialect {
            Dialect::NoProxy | Dialect::Gnome => Pattern::NameAndSubdomains(name),
            Dialect::Wininet | Dialect::Winhttp | Dialect::Macos => Pattern::Name(name),
        })
    }

    fn take_scheme<'a>(&mut self, dialect: Dialect, text: &'a str) -> Result<&'a str, String> {
        let Some((scheme, rest)) = text.split_once("://") else {
            return Ok(text);
        };
        if !dialect.is_windows() {
            return Err(format!("{} knows no schemes", dialect.name()));
        }
        self.undocumented(dialect, "a scheme");
        self.rule.scheme = Some(scheme.to_ascii_lowercase());
        Ok(rest)
    }

    fn take_port<'a>(&mut self, dialect: Dialect, text: &'a str) -> Result<&'a str, String> {
        let (host, port) = split_port(text)?;
        self.rule.port = port;
        match (port, dialect) {
            (None, _) | (_, Dialect::Wininet | Dialect::Gnome) => {}
            (_, Dialect::Macos) => return Err("macOS knows no ports in this list".to_owned()),
            (_, Dialect::Winhttp) => self.undocumented(dialect, "a port"),
            (_, Dialect::NoProxy) => {
                self.warn("some clients, older curl among them, ignore entries with a port");
            }
        }
        Ok(host)
    }

    fn wildcard(&mut self, dialect: Dialect, host: &str) -> Result<Pattern, String> {
        let lower = ascii_labels(host)?;
        let domain = lower
            .strip_prefix("*.")
            .filter(|rest| !rest.contains('*') && !rest.is_empty());
        match (dialect, domain) {
            (Dialect::NoProxy, Some(domain)) => {
                self.warn("curl takes the `*` literally and matches nothing; a leading dot works everywhere");
                Ok(Pattern::Subdomains(domain.to_owned()))
            }
            (Dialect::Macos | Dialect::Gnome, Some(domain)) => {
                Ok(Pattern::Subdomains(domain.to_owned()))
            }
            (Dialect::Macos, None) if ends_with_only_star(&lower) => Ok(Pattern::Glob(lower)),
            (Dialect::Macos, None) => {
                Err("macOS takes a `*` as the first or the last label alone".to_owned())
            }
            (Dialect::NoProxy | Dialect::Gnome, None) => {
                Err(format!("{} knows no such wildcard", dialect.name()))
            }
            (Dialect::Winhttp, None) if lower.rfind('*') != Some(0) => {
                self.warn("WinHTTP documents a `*` at the left end alone");
                Ok(Pattern::Glob(lower))
            }
            (Dialect::Wininet | Dialect::Winhttp, _) => Ok(Pattern::Glob(lower)),
        }
    }

    fn undocumented(&mut self, dialect: Dialect, what: &str) {
        if dialect == Dialect::Winhttp {
            self.warn(&format!(
                "WinHTTP does not document {what} in a bypass list"
            ));
        }
    }

    fn warn(&mut self, words: &str) {
        self.warnings
            .push(format!("{}: {words}", quoted(&self.rule.text)));
    }
}

fn keyword(dialect: Dialect, text: &str) -> Result<Pattern, String> {
    let lower = text.to_ascii_lowercase();
    match (lower.as_str(), dialect) {
        ("<local>", Dialect::Wininet | Dialect::Winhttp) => Ok(Pattern::SimpleNames),
        ("<-loopback>", Dialect::Wininet) => Ok(Pattern::NotLoopback),
        ("<-loopback>", Dialect::Winhttp) => {
            Err("WinHTTP goes directly to loopback addresses in any case".to_owned())
        }
        ("<local>" | "<-loopback>", _) => Err(format!("{} has no such keyword", dialect.name())),
        _ => Err("there is no such keyword".to_owned()),
    }
}

fn network(dialect: Dialect, text: &str) -> Result<Pattern, String> {
    let Some(network) = parse_network(dialect, text) else {
        return Err("a path, or a network that cannot be read".to_owned());
    };
    if dialect.is_windows() {
        return Err(format!(
            "{} has no networks, and one entry with a slash is reported to make Windows go directly \
             everywhere; write a wildcard such as `10.*`",
            dialect.name()
        ));
    }
    Ok(Pattern::Network(network))
}

fn parse_network(dialect: Dialect, text: &str) -> Option<IpNet> {
    let (address, bits) = text.split_once('/')?;
    let address = address.trim_start_matches('[').trim_end_matches(']');
    let dots = address.matches('.').count();
    // macOS writes `169.254/16` itself.
    let missing = match dialect {
        Dialect::Macos if !address.contains(':') && dots < 3 => ".0".repeat(3 - dots),
        _ => String::new(),
    };
    format!("{address}{missing}/{bits}").parse().ok()
}

fn leading_dot(dialect: Dialect, domain: &str) -> Result<Pattern, String> {
    let name = ascii_name(domain)?;
    match dialect {
        Dialect::NoProxy => Ok(Pattern::NameAndSubdomains(name)),
        Dialect::Gnome => Ok(Pattern::Subdomains(name)),
        Dialect::Wininet => Err(
            "WinINET is reported to refuse a list with a leading dot in it; write `*.` before the domain"
                .to_owned(),
        ),
        Dialect::Winhttp | Dialect::Macos => Err("write `*.` before the domain".to_owned()),
    }
}

fn literal(host: Host) -> Pattern {
    match host {
        Host::Address(address) => Pattern::Address(address),
        Host::Name(name) => Pattern::Name(name),
    }
}

fn ends_with_only_star(host: &str) -> bool {
    host.strip_suffix(".*")
        .is_some_and(|rest| !rest.is_empty() && !rest.contains('*'))
}

fn ascii_name(host: &str) -> Result<String, String> {
    match Host::parse(host) {
        Ok(host) => Ok(host.to_string()),
        Err(_) if host.contains(',') => {
            Err("a comma does not separate entries here; write a semicolon".to_owned())
        }
        Err(why) => Err(why),
    }
}

/// A name with stars in it: lower case, and punycode label by label.
fn ascii_labels(host: &str) -> Result<String, String> {
    let labels: Result<Vec<String>, String> = host.split('.').map(ascii_label).collect();
    Ok(labels?.join("."))
}

fn ascii_label(label: &str) -> Result<String, String> {
    if !label.is_ascii() {
        return ascii_name(label);
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_*:[]".contains(c);
    if !label.chars().all(allowed) {
        return ascii_name(&label.replace('*', ""))
            .and(Err("no host name looks like this".to_owned()));
    }
    Ok(label.to_ascii_lowercase().replace(['[', ']'], ""))
}
