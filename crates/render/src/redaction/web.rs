//! Addresses of the web in a text: the host by its owner, the path and the query by the host.

use super::pseudonym_map::PseudonymMap;
use super::{public_names, scan};

/// Schemes that lead to a host; schemes that programs use for their own pages do not.
const SCHEMES: [&str; 16] = [
    "http", "https", "file", "ftp", "ftps", "ws", "wss", "socks", "socks4", "socks4a", "socks5",
    "socks5h", "quic", "ldap", "ldaps", "smb",
];
/// Characters of a scheme at most.
const SCHEME: usize = 16;
/// Numbers that documents of Microsoft go by.
const LINK: &str = "?linkid=";

/// An address in its parts.
#[derive(Clone, Copy)]
pub(super) struct Address<'a> {
    /// With the marks behind it: `https://`.
    pub(super) scheme: &'a str,
    authority: &'a str,
    /// Path, query and fragment.
    pub(super) tail: &'a str,
}

impl<'a> Address<'a> {
    /// The address that a text begins with.
    pub(super) fn at(text: &'a str) -> Option<Self> {
        let letters = text.bytes().take(SCHEME);
        let (name, rest) = text.split_at(letters.take_while(u8::is_ascii_alphanumeric).count());
        let known = SCHEMES
            .iter()
            .any(|scheme| name.eq_ignore_ascii_case(scheme));
        let behind = rest.strip_prefix("://").filter(|_| known)?;
        let scheme = &text[..text.len() - behind.len()];
        let end = behind.find(|c: char| "/?#\\".contains(c) || is_end(c));
        let (authority, tail) = behind.split_at(end.unwrap_or(behind.len()));
        let drive = name.eq_ignore_ascii_case("file") && authority.len() == 2;
        if drive && authority.ends_with(':') {
            return None;
        }
        let authority = authority.trim_end_matches(['.', ',', ';', ':', ')', '\'']);
        let tail = if scheme.len() + authority.len() + tail.len() == text.len() {
            &tail[..tail.find(is_end).unwrap_or(tail.len())]
        } else {
            ""
        };
        let tail = tail.trim_end_matches(['.', ',', ';', ':', ')', '\'']);
        let whole = !authority.is_empty() || name.eq_ignore_ascii_case("file");
        whole.then_some(Self {
            scheme,
            authority,
            tail,
        })
    }

    /// The host without name of a user, port and brackets.
    pub(super) fn host(&self) -> &'a str {
        let (_, host, _) = self.authority();
        host.trim_matches(['[', ']'])
    }

    /// The replacement for the part before the path.
    pub(super) fn origin(&self, pseudonyms: &mut PseudonymMap) -> String {
        let (user, host, port) = self.authority();
        let user = if user.is_empty() { "" } else { "…@" };
        let host = shown(host, pseudonyms);
        format!("{}{user}{host}{port}", self.scheme)
    }

    /// Name of a user with its mark, host, port with its mark.
    fn authority(&self) -> (&'a str, &'a str, &'a str) {
        let at = self.authority.rfind('@').map_or(0, |at| at + 1);
        let (user, rest) = self.authority.split_at(at);
        let port = rest.rfind(':').filter(|at| {
            let digits = &rest[at + 1..];
            !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
        });
        let (host, port) = rest.split_at(port.unwrap_or(rest.len()));
        (user, host, port)
    }

    fn length(&self) -> usize {
        self.scheme.len() + self.authority.len() + self.tail.len()
    }
}

/// What begins here: its length, and its replacement.
pub(super) fn piece(rest: &str, pseudonyms: &mut PseudonymMap) -> Option<(usize, String)> {
    let address = Address::at(rest)?;
    let origin = address.origin(pseudonyms);
    let tail = tail(&address, pseudonyms);
    Some((address.length(), format!("{origin}{tail}")))
}

/// The replacement for path and query: of a public host the path stays, unless known as private.
pub(super) fn tail(address: &Address<'_>, pseudonyms: &mut PseudonymMap) -> String {
    let tail = address.tail;
    if let Some((length, by)) = pseudonyms.at(&tail.to_ascii_lowercase())
        && ["", "…"].contains(&&tail[length..])
    {
        return format!("{by}{}", &tail[length..]);
    }
    let host = address.host();
    if !pseudonyms.is_public(host) {
        return if tail.is_empty() {
            String::new()
        } else {
            pseudonyms.path(tail)
        };
    }
    let end = tail.find(['?', '#']).unwrap_or(tail.len());
    let (path, query) = tail.split_at(end);
    format!("{}{}", scan::text(path, pseudonyms), of_query(query))
}

fn of_query(query: &str) -> String {
    let number = query
        .get(..LINK.len())
        .filter(|name| name.eq_ignore_ascii_case(LINK));
    let number = number.map(|name| &query[name.len()..]);
    if number.is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit())) {
        return query.to_owned();
    }
    query.chars().take(1).flat_map(|mark| [mark, '…']).collect()
}

/// The replacement for a host as a URL has it.
pub(super) fn shown(host: &str, pseudonyms: &mut PseudonymMap) -> String {
    let bare = host.trim_matches(['[', ']']);
    if let Ok(address) = bare.parse() {
        let shown = pseudonyms.address(address).to_string();
        return host.replace(bare, &shown);
    }
    let simple = |c: char| c.is_alphanumeric() || "-_.".contains(c);
    if host.is_empty() || pseudonyms.is_public(host) || !host.chars().all(simple) {
        return scan::text(host, pseudonyms);
    }
    if public_names::is_host(host) {
        return scan::private(host, pseudonyms);
    }
    if public_names::is_generic(host) {
        return host.to_owned();
    }
    pseudonyms.found("host", host)
}

fn is_end(c: char) -> bool {
    c.is_whitespace() || c.is_control() || "\"`<>|".contains(c)
}
