//! Text that may have credentials in it: the one place that hides them.

use std::fmt;

use serde::{Serialize, Serializer};

/// What stands in the place of credentials.
const HIDDEN: &str = "***";
/// Parts of the names of headers that are secret as a whole.
const SECRET_NAMES: [&str; 9] = [
    "authorization",
    "authentication-info",
    "cookie",
    "token",
    "secret",
    "session",
    "password",
    "api-key",
    "csrf",
];
/// Parameters of challenges that reveal nothing of a session.
const PLAIN_PARAMETERS: [&str; 6] = ["realm", "qop", "algorithm", "charset", "stale", "error"];
/// What may stand before a word.
const QUOTES: [char; 5] = ['`', '\'', '"', '(', '['];

/// A setting that people wrote, unchanged. Printed and serialized, it shows `***` where
/// credentials stand.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Concealed(String);

impl Concealed {
    /// Takes the text as it was found.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Whether the text is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text with its credentials, for the parsers.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Concealed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&without_credentials(&self.0))
    }
}

impl fmt::Debug for Concealed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&without_credentials(&self.0), out)
    }
}

impl Serialize for Concealed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The text with `***` before every `@`. Where a password begins is not certain in text that
/// people wrote, so rather too much is hidden than too little.
pub(crate) fn without_credentials(text: &str) -> String {
    let text = text.replace("%40", "@");
    let mut parts: Vec<&str> = text.split('@').collect();
    let last = parts.pop().unwrap_or_default();
    let mut shown = String::with_capacity(text.len());
    for part in parts {
        let kept = part.find("://").map_or(0, |at| at + 3);
        shown.push_str(&part[..kept]);
        shown.push_str(HIDDEN);
        shown.push('@');
    }
    shown + last
}

/// One argument as it may be shown: nothing of what stands before an `@`.
pub fn conceal_argument(text: &str) -> String {
    if !text.contains('@') && !text.contains("%40") {
        return text.to_owned();
    }
    without_credentials(text)
}

/// A message as it may be shown: what may be credentials is hidden, in URLs and as
/// `user:password@host`. Addresses of people stay.
pub fn conceal(message: &str) -> String {
    let lines: Vec<String> = message.split('\n').map(line).collect();
    lines.join("\n")
}

fn line(line: &str) -> String {
    if !line.contains('@') && !line.contains("%40") {
        return line.to_owned();
    }
    let line = line.replace("%40", "@");
    let mut parts = line.split("://");
    let mut shown = conceal_words(parts.next().unwrap_or_default());
    for part in parts {
        shown.push_str("://");
        // A password may have blanks and slashes in it.
        match part.rsplit_once('@') {
            Some((_, rest)) => {
                shown.push_str(HIDDEN);
                shown.push('@');
                shown.push_str(rest);
            }
            None => shown.push_str(part),
        }
    }
    shown
}

/// Hides `user:password@` in a text that names no scheme.
fn conceal_words(text: &str) -> String {
    let word = |word: &str| match word.rsplit_once('@') {
        Some((before, rest)) if before.contains(':') => {
            let start = before.find(|c: char| !QUOTES.contains(&c)).unwrap_or(0);
            format!("{}{HIDDEN}@{rest}", &before[..start])
        }
        _ => word.to_owned(),
    };
    let words: Vec<String> = text.split(' ').map(word).collect();
    words.join(" ")
}

/// A URL as it may be kept: without user and fragment, the names of its query without the values.
/// Sessions, tokens and SAML requests stand there.
pub fn url(text: &str) -> String {
    let text = text.split('#').next().unwrap_or_default();
    let (address, query) = match text.split_once('?') {
        Some((address, query)) => (address, Some(query)),
        None => (text, None),
    };
    let address = session_less(&without_credentials(address));
    let Some(query) = query else { return address };
    let pairs = query
        .split(['&', ';'])
        .map(|pair| match pair.split_once('=') {
            Some((name, "")) => format!("{name}="),
            Some((name, _)) => format!("{name}={HIDDEN}"),
            None if pair.is_empty() => String::new(),
            None => HIDDEN.to_owned(),
        });
    let pairs: Vec<String> = pairs.collect();
    format!("{address}?{}", pairs.join("&"))
}

/// Serializes the address of a PAC script.
#[allow(clippy::ref_option, reason = "serde hands over the field")]
pub(crate) fn serialize_url<S: Serializer>(
    address: &Option<String>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    address.as_deref().map(url).serialize(serializer)
}

/// Parameters of a path are sessions: `/x;jsessionid=1`.
fn session_less(address: &str) -> String {
    match address.split_once(';') {
        Some((before, _)) => format!("{before};{HIDDEN}"),
        None => address.to_owned(),
    }
}

/// The value of a header as it may be kept; the name is in lower case.
pub fn header(name: &str, value: &str) -> String {
    match name {
        "www-authenticate" | "proxy-authenticate" => challenges(value),
        "location" | "content-location" | "referer" => url(value),
        "refresh" => refresh(value),
        _ if SECRET_NAMES.iter().any(|part| name.contains(part)) => HIDDEN.to_owned(),
        _ => conceal(value),
    }
}

/// `0; url=https://host/path?sid=1`
fn refresh(value: &str) -> String {
    let lower = value.to_ascii_lowercase();
    match lower.find("url=") {
        Some(at) => format!("{}{}", &value[..at + 4], url(&value[at + 4..])),
        None => value.to_owned(),
    }
}

/// Challenges (RFC 9110, section 11.3) with their schemes and what is of use in them; tokens and
/// nonces are hidden.
fn challenges(value: &str) -> String {
    let parts: Vec<String> = unquoted_parts(value)
        .iter()
        .map(|it| challenge(it))
        .collect();
    parts.join(", ")
}

fn challenge(part: &str) -> String {
    let part = part.trim();
    let (scheme, parameter) = match part.split_once([' ', '\t']) {
        Some((scheme, rest)) if !scheme.contains('=') => (Some(scheme), rest.trim()),
        None if !part.contains('=') => return part.to_owned(),
        _ => (None, part),
    };
    // The padding of a token is not a parameter.
    let shown = match parameter.trim_end_matches('=').split_once('=') {
        Some((name, _)) if PLAIN_PARAMETERS.contains(&&*name.trim().to_ascii_lowercase()) => {
            parameter.to_owned()
        }
        Some((name, _)) => format!("{}={HIDDEN}", name.trim()),
        None => HIDDEN.to_owned(),
    };
    match scheme {
        Some(scheme) => format!("{scheme} {shown}"),
        None => shown,
    }
}

/// Parts between commas that do not stand in quotes.
fn unquoted_parts(value: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut quoted = false;
    for c in value.chars() {
        if c == '"' {
            quoted = !quoted;
        }
        match parts.last_mut() {
            Some(part) if c != ',' || quoted => part.push(c),
            _ => parts.push(String::new()),
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_never_shown() {
        let cases = [
            ("proxy.example:8080", "proxy.example:8080"),
            ("http://user:secret@a:80", "http://***@a:80"),
            ("user:secret@a:80", "***@a:80"),
            (
                "http=http://u:secret@a:80;https=http://u:se;cret@b:81",
                "http=http://***@a:80;https=http://***@b:81",
            ),
            ("http://u:se@cr/et@a", "http://***@***@a"),
            ("http://u:secret%40a:80", "http://***@a:80"),
        ];
        for (text, shown) in cases {
            let concealed = Concealed::new(text);
            assert_eq!(concealed.to_string(), shown);
            assert!(!format!("{concealed:?}").contains("secret"));
            assert!(
                !serde_json::to_string(&concealed)
                    .unwrap()
                    .contains("secret")
            );
            assert_eq!(concealed.reveal(), text);
        }
    }

    #[test]
    fn messages_keep_everything_but_credentials() {
        let cases = [
            ("no `http://u:secret@a:80`: x", "no `http://***@a:80`: x"),
            ("no 'htp://u:my secret@a': x", "no 'htp://***@a': x"),
            ("no `u:secret@a:80`", "no `***@a:80`"),
            ("'pac:http://u:secret@a/x'", "'pac:http://***@a/x'"),
            ("mail a@b.example: ok", "mail a@b.example: ok"),
            ("one\nhttp:u:secret@a", "one\n***@a"),
            ("http://u:secret%40a", "http://***@a"),
        ];
        for (message, shown) in cases {
            assert_eq!(conceal(message), shown);
        }
    }

    #[test]
    fn headers_keep_no_secret() {
        let cases = [
            ("proxy-authenticate", "NTLM TlRMTVNTUAAC==", "NTLM ***"),
            ("proxy-authenticate", "Negotiate", "Negotiate"),
            (
                "www-authenticate",
                "Digest realm=\"a, b\", nonce=\"secret\", qop=\"auth\"",
                "Digest realm=\"a, b\", nonce=***, qop=\"auth\"",
            ),
            (
                "www-authenticate",
                "Basic realm=\"x\", Negotiate YII=",
                "Basic realm=\"x\", Negotiate ***",
            ),
            ("x-auth-token", "secret", "***"),
            ("set-cookie", "a=secret", "***"),
            (
                "location",
                "https://u:p@a/b;jsessionid=1?sid=secret&x=&y=secret#token",
                "https://***@a/b;***?sid=***&x=&y=***",
            ),
            (
                "location",
                "https://a/fgtauth?0a1b",
                "https://a/fgtauth?***",
            ),
            ("refresh", "0; URL=/a?sid=secret", "0; URL=/a?sid=***"),
            ("server", "Zscaler/6.2", "Zscaler/6.2"),
        ];
        for (name, value, shown) in cases {
            assert_eq!(header(name, value), shown, "{name}: {value}");
        }
    }
}
