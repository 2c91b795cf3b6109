//! The marks of a page that says "blocked".

use reach365_model::evidence::HttpSeen;
use reach365_model::facts::short;

/// Words that only a page of a web filter has, lower case: sentences first, then products.
const WORDS: [&str; 52] = [
    "access blocked",
    "access to this site",
    "access to the requested",
    "acceptable use",
    "access denied",
    "access forbidden",
    "against company policy",
    "been blocked",
    "blocked by",
    "blocked category",
    "blocked page",
    "blocked site",
    "category:",
    "company policy",
    "connection blocked",
    "contact your administrator",
    "content filter",
    "firewall policy",
    "forbidden by policy",
    "internet usage policy",
    "is blocked",
    "network administrator",
    "page blocked",
    "request blocked",
    "security policy",
    "site blocked",
    "system administrator",
    "url category",
    "url filter",
    "web filter",
    "web page blocked",
    "website blocked",
    "web security gateway",
    "barracuda",
    "blue coat",
    "bluecoat",
    "check point",
    "cisco umbrella",
    "forcepoint",
    "fortigate",
    "fortiguard",
    "fortinet",
    "ironport",
    "mcafee web gateway",
    "netskope",
    "palo alto networks",
    "skyhigh",
    "sonicwall",
    "sophos",
    "squid",
    "websense",
    "zscaler",
];
/// Words that suffice alone in a title.
const TITLE_WORDS: [&str; 4] = ["blocked", "access denied", "forbidden by", "web filter"];
/// Headers, with the beginning of a value, by which a filter names itself.
const HEADERS: [(&str, &str); 3] = [
    ("x-squid-error", "err_access_denied"),
    ("x-block-reason", ""),
    ("x-blocked-by", ""),
];
/// Signs of a content delivery network that refuses by itself, with the same words.
const CDN_SIGNS: [&str; 4] = ["edgesuite.net", "errors.edgesuite", "<?xml", "azureedge"];

/// Every phrase that a page is known by.
pub(super) fn phrases() -> impl Iterator<Item = &'static str> {
    WORDS.into_iter().chain(TITLE_WORDS).chain(CDN_SIGNS)
}

/// Whether an answer has the marks of a block page.
pub(super) fn is_one(seen: &HttpSeen) -> bool {
    if names_itself(seen) {
        return true;
    }
    if !is_html(seen) || is_of_a_cdn(seen) {
        return false;
    }
    let title = seen.title.as_deref().unwrap_or_default().to_lowercase();
    let text = seen.body_text.to_lowercase();
    let says = |words: &[&str], text: &str| words.iter().any(|word| text.contains(word));
    says(&TITLE_WORDS, &title) || says(&WORDS, &title) || says(&WORDS, &text)
}

/// Whether an answer is an HTML page.
pub(super) fn is_html(seen: &HttpSeen) -> bool {
    let kind = seen.headers.get("content-type").map(String::as_str);
    let start = seen.body_text.trim_start().to_ascii_lowercase();
    seen.title.is_some()
        || kind.is_some_and(|kind| kind.to_ascii_lowercase().starts_with("text/html"))
        || start.starts_with("<html")
        || start.starts_with("<!doctype html")
        || start.starts_with("<head")
}

/// Whether a page comes from a content delivery network that refuses with a 403 of its own.
pub(super) fn is_of_a_cdn(seen: &HttpSeen) -> bool {
    let text = seen.body_text.to_ascii_lowercase();
    let server = seen.headers.get("server").map(String::as_str);
    CDN_SIGNS.iter().any(|sign| text.contains(sign))
        || server.is_some_and(|name| name.eq_ignore_ascii_case("AkamaiGHost"))
}

/// What a reader recognizes the page by: its title, else the beginning of its text.
pub(super) fn described(seen: &HttpSeen) -> String {
    if let Some(title) = seen
        .title
        .as_deref()
        .filter(|title| !title.trim().is_empty())
    {
        return short(title.trim());
    }
    let text = seen
        .body_text
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    match (text.is_empty(), seen.body_bytes) {
        (false, _) => text.chars().take(80).collect(),
        (true, 0) => "an empty body".to_owned(),
        (true, bytes) => format!("{bytes} bytes that are not text"),
    }
}

/// Whether the page has a header of a filter.
pub(super) fn names_itself(seen: &HttpSeen) -> bool {
    let tells = |(name, start): &(&str, &str)| {
        let value = seen.headers.get(*name);
        value.is_some_and(|value| value.to_ascii_lowercase().starts_with(start))
    };
    HEADERS.iter().any(tells)
}
