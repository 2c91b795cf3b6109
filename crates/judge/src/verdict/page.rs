//! What a reader sees of a page.

use crate::verdict::block_page;
use crate::verdict::refusal;
use reach365_model::evidence::{HttpSeen, PageAsks};

/// Words of pages that give access to a network, lower case.
const ACCESS: [&str; 26] = [
    "accept",
    "access code",
    "agree",
    "anmelden",
    "anmeldung",
    "captive",
    "connect to",
    "connexion",
    "guest",
    "hotspot",
    "iniciar sesión",
    "internet access",
    "log in",
    "log on",
    "login",
    "logon",
    "password",
    "portal",
    "room number",
    "sign in",
    "sign-in",
    "terms of use",
    "voucher",
    "welcome",
    "wi-fi",
    "wifi",
];

/// Every phrase that such a page is known by.
pub(super) fn phrases() -> impl Iterator<Item = &'static str> {
    ACCESS.into_iter()
}

/// Whether a page wants its reader to sign in, to accept something, or says that it forbids, in
/// whatever language.
pub(super) fn asks_for_access(seen: &HttpSeen) -> bool {
    if !block_page::is_html(seen) {
        return false;
    }
    let title = seen.title.as_deref().unwrap_or_default().to_lowercase();
    let text = format!("{title} {}", text_of(&seen.body_text));
    let speaks = || ACCESS.iter().any(|word| text.contains(word));
    seen.asks.contains(&PageAsks::Password)
        || (seen.asks.contains(&PageAsks::Form) && speaks())
        || refusal::forbids(&title, &text)
}

/// Elements whose content is not shown.
const UNSEEN: [&str; 3] = ["style", "script", "head"];

/// The words of a page in lower case, white space folded; all of a text that is not a page.
/// Scripts and styles have words of their own, `setTimeout` and `dns-prefetch` among them, that
/// must not be taken for what the page says.
pub(super) fn text_of(page: &str) -> String {
    let page = page.to_lowercase();
    let (mut text, mut rest) = (String::new(), page.as_str());
    while let Some((before, tag)) = rest.split_once('<') {
        text.push_str(before);
        text.push(' ');
        rest = behind(tag);
    }
    text.push_str(rest);
    let text = without_entities(&text);
    let folded: Vec<&str> = text.split_whitespace().collect();
    folded.join(" ")
}

/// Letters that pages of European languages spell as entities; lower case, as the page is.
const ENTITIES: [(&str, &str); 22] = [
    ("&nbsp;", " "),
    ("&amp;", "&"),
    ("&quot;", "\""),
    ("&#39;", "'"),
    ("&rsquo;", "'"),
    ("&auml;", "ä"),
    ("&ouml;", "ö"),
    ("&uuml;", "ü"),
    ("&szlig;", "ß"),
    ("&agrave;", "à"),
    ("&acirc;", "â"),
    ("&eacute;", "é"),
    ("&egrave;", "è"),
    ("&ecirc;", "ê"),
    ("&ccedil;", "ç"),
    ("&ocirc;", "ô"),
    ("&iacute;", "í"),
    ("&oacute;", "ó"),
    ("&aacute;", "á"),
    ("&atilde;", "ã"),
    ("&ntilde;", "ñ"),
    ("&#233;", "é"),
];

fn without_entities(text: &str) -> String {
    if !text.contains('&') {
        return text.to_owned();
    }
    let start = text.to_owned();
    ENTITIES
        .iter()
        .fold(start, |text, (entity, letter)| text.replace(entity, letter))
}

/// What follows a tag, without its first `<`; behind the whole element if its content is not shown.
fn behind(tag: &str) -> &str {
    if let Some(comment) = tag.strip_prefix("!--") {
        return comment.split_once("-->").map_or("", |(_, rest)| rest);
    }
    let unseen = UNSEEN.iter().find(|name| is_of(tag, name));
    let inside = tag.split_once('>').map_or("", |(_, rest)| rest);
    let Some(name) = unseen else { return inside };
    // The content of a head that was cut off is unseen to its end.
    let end = inside.find(&format!("</{name}"));
    end.map_or("", |end| {
        inside[end..].split_once('>').map_or("", |(_, rest)| rest)
    })
}

fn is_of(tag: &str, name: &str) -> bool {
    let after = tag.strip_prefix(name);
    after.is_some_and(|after| after.starts_with(|c: char| c == '>' || c.is_ascii_whitespace()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_seen_counts() {
        let cases = [
            ("Plain text\n with  lines", "plain text with lines"),
            (
                "<html><head><link rel=dns-prefetch href=x></head><body>Gone<br>away</body>",
                "gone away",
            ),
            ("<script>setTimeout(x, 5)</script>down", "down"),
            (
                "<STYLE type='text/css'>p {}</STYLE ><p>No <b>way</b>",
                "no way",
            ),
            ("<!-- timeout --><header>Top</header>", "top"),
            ("<style>cut off", ""),
            ("a <", "a"),
            ("a < b", "a"),
        ];
        for (page, expected) in cases {
            assert_eq!(text_of(page), expected, "{page}");
        }
    }
}
