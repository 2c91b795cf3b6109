//! A document field by field: which stay, which are emptied, and which are texts.

use serde_json::{Map, Value};

use super::{header, page, scan};
use super::{placeholder::is_placeholder_name, pseudonym_map::PseudonymMap};

/// Fields with text of this program, numbers as text, or digests: nothing private is in them.
const OWN: [&str; 43] = [
    "schema",
    "tool",
    "platform",
    "started",
    "outcome",
    "stage",
    "code",
    "confidence",
    "who",
    "consequence_of",
    "remedies",
    "remedy",
    "wrong_if",
    "origin",
    "via",
    "view",
    "level",
    "category",
    "inspection",
    "scheme",
    "rcode",
    "transport",
    "cipher_suite",
    "sha256",
    "clouds",
    "cloud",
    "sets",
    "must_be",
    "agent",
    "asks",
    "cut_short",
    "answer",
    "kind",
    "why",
    "join",
    "context",
    "audience",
    "risk",
    "product",
    "public_roots",
    "os_roots",
    "not_before",
    "not_after",
];
/// Fields with the words of another party's page.
const PAGES: [&str; 4] = ["title", "body_text", "first_bytes", "reason"];
/// Where in a document a text stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Report,
    Device,
}

pub(super) fn report(value: Value, pseudonyms: &mut PseudonymMap) -> Value {
    let Value::Object(mut fields) = value else {
        return value;
    };
    if let Some(Value::Array(rows)) = fields.get_mut("endpoints") {
        for row in rows {
            *row = endpoint(row.take(), pseudonyms);
        }
    }
    let rows = fields.remove("endpoints");
    let Value::Object(mut fields) = object(fields, Place::Report, pseudonyms) else {
        return Value::Null;
    };
    fields.extend(rows.map(|rows| ("endpoints".to_owned(), rows)));
    if let Some(Value::Object(run)) = fields.get_mut("run") {
        run.insert("redacted".to_owned(), Value::Bool(true));
    }
    Value::Object(fields)
}

pub(super) fn device(value: Value, pseudonyms: &mut PseudonymMap) -> Value {
    any("", value, Place::Device, pseudonyms)
}

/// An endpoint: what the built-in list has under its id stays.
fn endpoint(value: Value, pseudonyms: &mut PseudonymMap) -> Value {
    let Value::Object(mut fields) = value else {
        return value;
    };
    let id = fields.get("id").and_then(Value::as_str).unwrap_or_default();
    let listed = pseudonyms.listed_as(id).into_iter();
    let listed: Vec<Value> = listed.flat_map(serde_json::to_value).collect();
    let mut same = Map::new();
    for (key, value) in &mut fields {
        if listed.iter().any(|entry| entry.get(key) == Some(value)) {
            same.insert(key.clone(), value.take());
        } else if ["purpose", "source"].contains(&key.as_str()) {
            *value = Value::String(String::new());
        }
    }
    fields.retain(|key, _| !same.contains_key(key));
    let Value::Object(mut row) = object(fields, Place::Report, pseudonyms) else {
        return Value::Null;
    };
    row.extend(same);
    Value::Object(row)
}

fn object(fields: Map<String, Value>, place: Place, pseudonyms: &mut PseudonymMap) -> Value {
    let fields = fields.into_iter();
    let fields = fields.map(|(key, value)| {
        let value = any(&key, value, place, pseudonyms);
        (key, value)
    });
    Value::Object(fields.collect())
}

fn any(key: &str, value: Value, place: Place, pseudonyms: &mut PseudonymMap) -> Value {
    match value {
        value if OWN.contains(&key) => value,
        Value::Object(facts) if key == "facts" => {
            let facts = facts.into_iter();
            let facts = facts.map(|(name, value)| {
                let value = fact(&name, value, pseudonyms);
                (name, value)
            });
            Value::Object(facts.collect())
        }
        Value::String(text) => Value::String(changed(key, &text, place, pseudonyms)),
        Value::Array(items) => {
            let items = items.into_iter();
            items
                .map(|item| any(key, item, place, pseudonyms))
                .collect()
        }
        Value::Object(headers) if key == "headers" => {
            let headers = headers.into_iter();
            let headers = headers.map(|(name, value)| {
                let value = header(&name, value, pseudonyms);
                (name, value)
            });
            Value::Object(headers.collect())
        }
        Value::Object(fields) => object(fields, place, pseudonyms),
        other => other,
    }
}

fn changed(key: &str, text: &str, place: Place, pseudonyms: &mut PseudonymMap) -> String {
    match (key, place) {
        // Of an expectation in one word.
        ("expect", Place::Report) => text.to_owned(),
        // Of an endpoint; that of a certificate is a name.
        ("issuer", Place::Report) if ["public", "private"].contains(&text) => text.to_owned(),
        // An instant and a name of our own making.
        ("id", Place::Report) if is_run_id(text) => text.to_owned(),
        ("name" | "state" | "key", Place::Device) if is_plain(text) => text.to_owned(),
        (key, Place::Report) if PAGES.contains(&key) => foreign(text, pseudonyms),
        ("json_keys", Place::Report) => foreign(text, pseudonyms),
        ("extended_errors", Place::Report) => page::extended_error(text),
        ("auth_schemes", Place::Report) => header::scheme(text),
        _ => scan::text(text, pseudonyms),
    }
}

/// Words of another party; what the list asks for has a placeholder as a whole.
fn foreign(text: &str, pseudonyms: &PseudonymMap) -> String {
    let shown = pseudonyms.whole(text).unwrap_or(text);
    let expected = shown.starts_with("text-") || shown.starts_with("key-");
    if expected && is_placeholder_name(shown) {
        return shown.to_owned();
    }
    page::masked(text)
}

/// Whether a name is one of Windows and of this program by its form.
fn is_plain(text: &str) -> bool {
    text.chars().all(|c| c.is_alphanumeric() || c == ' ')
}

/// A fact has any name; of a few it says whose words they are.
fn fact(name: &str, value: Value, pseudonyms: &mut PseudonymMap) -> Value {
    match value {
        Value::String(text) => Value::String(match name {
            "proxy_error" | "first_bytes" => page::masked(&text),
            "proxy_software" => software(&text, pseudonyms),
            _ => scan::text(&text, pseudonyms),
        }),
        Value::Array(items) => {
            let items = items.into_iter();
            items.map(|item| fact(name, item, pseudonyms)).collect()
        }
        Value::Object(fields) => {
            let fields = fields.into_iter();
            let fields = fields.map(|(name, value)| {
                let value = fact(&name, value, pseudonyms);
                (name, value)
            });
            Value::Object(fields.collect())
        }
        other => other,
    }
}

/// The name of a server, or a `Via`.
fn software(text: &str, pseudonyms: &mut PseudonymMap) -> String {
    if text.starts_with(|c: char| c.is_ascii_digit()) || text.starts_with("HTTP/") {
        return header::via(text, pseudonyms);
    }
    page::software(text)
}

/// `20261121T081115Z-26f7ed3acc70f909`.
fn is_run_id(text: &str) -> bool {
    let Some((time, random)) = text.split_once('-') else {
        return false;
    };
    let digits = time.bytes().filter(u8::is_ascii_digit).count();
    time.len() == 16 && digits == 14 && random.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn header(name: &str, value: Value, pseudonyms: &mut PseudonymMap) -> Value {
    match value {
        Value::String(text) => Value::String(header::value(name, &text, pseudonyms)),
        other => other,
    }
}
