//! A body, described by what an expectation requires of it.

use std::borrow::Cow;

use url::Url;

use crate::certificate;
use reach365_model::endpoint::{Expect, printable};
use reach365_model::evidence::{CrlSeen, HttpSeen, PageAsks};
use reach365_model::options::BODY_LIMIT;

/// Characters of a text body that are kept.
const TEXT_LIMIT: usize = 2_048;
/// Bytes of a page that are looked through for forms and refreshes.
const MARKUP_LIMIT: usize = 64 * 1024;
/// Characters between the keyword of a redirect and its address.
const MARKUP_GAP: usize = 8;
/// Longest title that is kept.
const TITLE_LIMIT: usize = 200;
/// Keys of a JSON object that are kept.
const KEY_LIMIT: usize = 50;

/// Fills in what the body shows.
pub(crate) fn describe(expect: &Expect, bytes: &[u8], seen: &mut HttpSeen) {
    if *expect == Expect::DerCrl && !bytes.is_empty() {
        seen.crl = Some(crl(bytes, seen));
    }
    if matches!(expect, Expect::JsonKey(_)) {
        seen.json_keys = json_keys(bytes);
    }
    (seen.title, seen.body_text) = page(bytes, TEXT_LIMIT);
    if is_text(bytes) {
        let text = decoded(&bytes[..bytes.len().min(MARKUP_LIMIT)]).to_ascii_lowercase();
        seen.asks = asks(&text);
        seen.leads_to = leads_to(&text);
    }
}

/// What an HTML page in lower case asks of its reader.
fn asks(page: &str) -> Vec<PageAsks> {
    let password = ["type=\"password\"", "type='password'", "type=password"];
    let has_password = password.iter().any(|field| page.contains(field));
    let form = page.contains("<form").then_some(PageAsks::Form);
    let password = has_password.then_some(PageAsks::Password);
    form.into_iter().chain(password).collect()
}

/// The host that an HTML page in lower case leads to, by a refresh or a script.
fn leads_to(page: &str) -> Option<String> {
    let refresh = page.find("http-equiv").map(|at| &page[at..]);
    let refresh = refresh.filter(|tag| tag.contains("refresh"));
    let refresh = refresh
        .and_then(|tag| tag.split_once("url="))
        .map(|it| it.1);
    let scripts = [
        "location.href",
        "location.replace",
        "window.location",
        "location=",
    ];
    let script = || {
        let mut found = scripts.iter().filter_map(|word| page.split_once(word));
        found.next().map(|(_, rest)| rest)
    };
    let rest = refresh.or_else(script)?;
    let start = rest.find("http").filter(|at| *at <= MARKUP_GAP)?;
    let url = rest[start..]
        .split(['"', '\'', '>', '<', ' ', ')'])
        .next()?;
    let host = Url::parse(url).ok()?.host_str()?.to_owned();
    Some(bounded(&host, TITLE_LIMIT))
}

/// Title and beginning of a text, at most so many characters; empty if it is not text.
pub(crate) fn page(bytes: &[u8], limit: usize) -> (Option<String>, String) {
    if !is_text(bytes) {
        return (None, String::new());
    }
    let text = decoded(bytes);
    (title(&text), bounded(&text, limit))
}

/// UTF-8, of which the end may be cut off; else Latin-1, which every byte is.
fn decoded(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Err(error) if error.error_len().is_some() => {
            bytes.iter().map(|byte| char::from(*byte)).collect()
        }
        _ => String::from_utf8_lossy(bytes),
    }
}

/// A list that is longer than what is read counts as one when it begins like one.
fn crl(bytes: &[u8], seen: &HttpSeen) -> CrlSeen {
    let mut crl = certificate::read_crl(bytes);
    let cut_by_us = !seen.body_complete && bytes.len() == BODY_LIMIT;
    if !crl.valid && cut_by_us {
        crl.valid = certificate::begins_like_der(bytes, seen.announced_length);
    }
    crl
}

fn json_keys(bytes: &[u8]) -> Vec<String> {
    let Ok(serde_json::Value::Object(object)) = serde_json::from_slice(bytes) else {
        return Vec::new();
    };
    let keys = object.keys().take(KEY_LIMIT);
    keys.map(|key| bounded(key, TITLE_LIMIT)).collect()
}

fn is_text(bytes: &[u8]) -> bool {
    let start = &bytes[..bytes.len().min(512)];
    let odd = start
        .iter()
        .filter(|byte| **byte < 0x20 && !b"\t\r\n\x1b".contains(byte));
    !start.is_empty() && !start.contains(&0) && odd.count() * 10 < start.len()
}

/// The title of an HTML page, its white space folded.
fn title(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let start = lower.find("<title")?;
    let open = start + lower[start..].find('>')? + 1;
    let close = open + lower[open..].find("</title").unwrap_or(lower.len() - open);
    let folded: Vec<&str> = text[open..close].split_whitespace().collect();
    let title = bounded(&folded.join(" "), TITLE_LIMIT);
    (!title.is_empty()).then_some(title)
}

fn bounded(text: &str, limit: usize) -> String {
    let cut: String = text.trim().chars().take(limit).collect();
    cut.lines().map(printable).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_found_and_folded() {
        let page = "<HTML><Title lang=en>\n Web Page\n  Blocked </TITLE><body>";
        assert_eq!(title(page).as_deref(), Some("Web Page Blocked"));
        assert_eq!(title("<title>cut off").as_deref(), Some("cut off"));
        assert_eq!(title("no page"), None);
        assert_eq!(title("<title"), None);
    }

    #[test]
    fn a_page_that_asks_for_something_or_leads_elsewhere_is_seen() {
        let seen = |page: &str| {
            let mut seen = HttpSeen::default();
            describe(&Expect::AnyGenuine, page.as_bytes(), &mut seen);
            (seen.asks, seen.leads_to)
        };
        let form = seen("<FORM action='/x'><input name=p TYPE=\"password\"></form>");
        assert_eq!(form, (vec![PageAsks::Form, PageAsks::Password], None));
        for page in [
            "<meta http-equiv='refresh' content='0; URL=http://portal.test/a?b'>",
            "<META HTTP-EQUIV=refresh CONTENT=\"0;url='https://portal.test'\">",
            "<script>window.location = \"http://Portal.test:8080/x\";</script>",
            "<script>location.replace('http://portal.test/')</script>",
        ] {
            assert_eq!(seen(page).1.as_deref(), Some("portal.test"), "{page}");
        }
        for page in [
            "<meta http-equiv=refresh content=900>",
            "<meta http-equiv=refresh content='0;url=/en-us/'>",
            "<meta http-equiv='content-type'>",
            "plain text",
            "",
        ] {
            assert_eq!(seen(page), (vec![], None), "{page}");
        }
    }

    #[test]
    fn foreign_text_loses_its_control_characters() {
        let mut seen = HttpSeen::default();
        describe(
            &Expect::AnyGenuine,
            b"<title>\x1b]0;x\x07</title>a\nb",
            &mut seen,
        );
        assert!(!seen.body_text.contains('\u{1b}'));
        assert!(seen.body_text.ends_with("a\nb"));
        assert!(!seen.title.unwrap().contains('\u{1b}'));
    }

    #[test]
    fn only_a_list_is_a_list() {
        let mut seen = HttpSeen {
            body_complete: true,
            ..HttpSeen::default()
        };
        describe(&Expect::DerCrl, b"<html>blocked</html>", &mut seen);
        assert_eq!(seen.crl.map(|crl| crl.valid), Some(false));
    }

    #[test]
    fn of_a_long_list_the_beginning_counts() {
        let valid = |start: &[u8], announced: Option<u64>| {
            let mut bytes = start.to_vec();
            bytes.resize(BODY_LIMIT, b'x');
            let mut seen = HttpSeen {
                announced_length: announced,
                ..HttpSeen::default()
            };
            describe(&Expect::DerCrl, &bytes, &mut seen);
            seen.crl.is_some_and(|crl| crl.valid)
        };
        let nine_megabytes = b"\x30\x83\x90\x00\x00";
        assert!(valid(nine_megabytes, Some(0x90_0005)));
        assert!(valid(nine_megabytes, None));
        assert!(!valid(nine_megabytes, Some(0x90_0000)));
        assert!(!valid(b"\x30\x82\x01\x00", None), "the list has ended");
        assert!(!valid(b"xxxx", None), "an endless body of anything");
    }
}
