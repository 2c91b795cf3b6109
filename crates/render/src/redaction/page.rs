//! Pages and titles of other parties: the words that rules and readers know stay, others go.

use std::collections::HashSet;
use std::net::Ipv4Addr;
use std::sync::OnceLock;

use reach365_judge::verdict::known_words;
use reach365_model::verdict::Code;
use reach365_model::wording;

/// The replacement for words that are not known.
const GAP: &str = "…";
/// Words of HTTP that do not identify a proxy: reason phrases and states of caches.
const OF_HTTP: [&str; 41] = [
    "ok",
    "established",
    "connection",
    "internal",
    "method",
    "not",
    "implemented",
    "too",
    "many",
    "requests",
    "payment",
    "gone",
    "conflict",
    "length",
    "precondition",
    "payload",
    "content",
    "entity",
    "large",
    "media",
    "type",
    "unsupported",
    "range",
    "expectation",
    "upgrade",
    "version",
    "supported",
    "insufficient",
    "storage",
    "loop",
    "detected",
    "tcp",
    "udp",
    "hit",
    "miss",
    "mem",
    "none",
    "refresh",
    "expired",
    "from",
    "cloudfront",
];
/// What servers and proxies call themselves; rules know some of these names.
const SOFTWARE: [&str; 47] = [
    "apache",
    "tomcat",
    "coyote",
    "nginx",
    "openresty",
    "iis",
    "httpapi",
    "kestrel",
    "azure",
    "blob",
    "arr",
    "squid",
    "tinyproxy",
    "akamaighost",
    "akamainetstorage",
    "ecacc",
    "ecs",
    "cloudflare",
    "cloudfront",
    "varnish",
    "envoy",
    "istio",
    "haproxy",
    "traefik",
    "caddy",
    "lighttpd",
    "litespeed",
    "jetty",
    "gunicorn",
    "python",
    "simplehttp",
    "basehttp",
    "privoxy",
    "3proxy",
    "ccproxy",
    "wingate",
    "mikrotik",
    "httpproxy",
    "bigip",
    "ubuntu",
    "debian",
    "centos",
    "red",
    "hat",
    "unix",
    "win64",
    "openssl",
];
/// Names of extended DNS errors (RFC 8914 and its registry).
const DNS_ERRORS: [&str; 25] = [
    "Other",
    "Other Error",
    "Unsupported DNSKEY Algorithm",
    "Unsupported DS Digest Type",
    "Stale Answer",
    "Forged Answer",
    "DNSSEC Indeterminate",
    "DNSSEC Bogus",
    "Signature Expired",
    "Signature Not Yet Valid",
    "DNSKEY Missing",
    "RRSIGs Missing",
    "No Zone Key Bit Set",
    "NSEC Missing",
    "Cached Error",
    "Not Ready",
    "Blocked",
    "Censored",
    "Filtered",
    "Prohibited",
    "Stale NXDOMAIN Answer",
    "Not Authoritative",
    "Not Supported",
    "No Reachable Authority",
    "Network Error",
];

/// The text with only the words in it that this program knows, and the marks between them.
pub(super) fn masked(text: &str) -> String {
    only(text, is_known)
}

/// The name of a server: products and their versions stay.
pub(super) fn software(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(slash) = rest.find('/') {
        out.push_str(&only(&rest[..slash], is_software));
        out.push('/');
        rest = &rest[slash + 1..];
        let version = version(rest);
        out.push_str(version);
        rest = &rest[version.len()..];
    }
    out.push_str(&only(rest, is_software));
    out
}

/// `15 (Blocked): words of the server`: the number and its registered name stay.
pub(super) fn extended_error(text: &str) -> String {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, rest) = text.split_at(digits);
    let named = rest
        .strip_prefix(" (")
        .and_then(|rest| rest.split_once(')'));
    let named = named.filter(|(name, _)| DNS_ERRORS.contains(name));
    match (number, named) {
        ("", _) => masked(text),
        (_, Some((name, rest))) => format!("{number} ({name}){}", masked(rest)),
        _ => format!("{number}{}", masked(rest)),
    }
}

/// Whether a word also stands in sentences of this program, so that a text of this word alone
/// must not be looked for elsewhere.
pub(super) fn is_of_ours(word: &str) -> bool {
    static WORDS: OnceLock<HashSet<String>> = OnceLock::new();
    let words = WORDS.get_or_init(|| {
        let codes = Code::ALL.iter();
        let texts = codes.flat_map(|code| {
            let [one, several] = wording::without_facts(*code);
            [
                one,
                several,
                code.means().to_owned(),
                code.wrong_if().to_owned(),
            ]
        });
        texts.flat_map(|text| words_of(&text)).collect()
    });
    words.contains(&word.to_lowercase())
}

fn words_of(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_alphanumeric());
    words.map(str::to_lowercase).collect()
}

/// Whether a word does not identify an organization.
pub(super) fn is_known(word: &str) -> bool {
    let word = word.to_lowercase();
    known_words().contains(&word) || OF_HTTP.contains(&word.as_str())
}

fn is_software(word: &str) -> bool {
    is_known(word) || SOFTWARE.contains(&word.to_lowercase().as_str())
}

/// The version at the beginning of a text: `5.7`, `v2`, `2.4.41`; an address is none.
fn version(text: &str) -> &str {
    let bare = text.strip_prefix('v').unwrap_or(text);
    let end = bare.find(|c: char| !c.is_ascii_digit() && c != '.');
    let digits = bare[..end.unwrap_or(bare.len())].trim_end_matches('.');
    let number = !digits.is_empty() && digits.len() < 16 && digits.parse::<Ipv4Addr>().is_err();
    let ends = !bare[digits.len()..].starts_with(char::is_alphanumeric);
    let length = text.len() - bare.len() + digits.len();
    if number && ends { &text[..length] } else { "" }
}

fn only(text: &str, stays: fn(&str) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    // Whether nothing but blanks follows the last gap.
    let mut gap = false;
    while let Some(c) = rest.chars().next() {
        let end = rest.find(|c: char| !c.is_alphanumeric());
        let length = end.unwrap_or(rest.len()).max(c.len_utf8());
        let (word, behind) = rest.split_at(length);
        rest = behind;
        if !c.is_alphanumeric() {
            gap = word == GAP || (gap && c.is_whitespace());
            out.push(c);
        } else if stays(word) {
            gap = false;
            out.push_str(word);
        } else if !gap {
            gap = true;
            out.push_str(GAP);
        }
    }
    out
}
