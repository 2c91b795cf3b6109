//! A document field by field: which stay, which are emptied, and which are texts.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::ledger::Ledger;
use super::{keep, page, scan};
use crate::endpoint::Endpoint;

/// Fields with words of this program, numbers in words, or digests: nothing private is in them.
const OWN: [&str; 38] = [
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
    "cut_short",
    "answer",
    "kind",
    "why",
    "join",
    "context",
    "audience",
    "risk",
    "product",
];
/// Fields with the words of another party's page.
const PAGES: [&str; 3] = ["title", "body_text", "first_bytes"];
/// Headers whose values are of a known form; of the others only known words stay.
const HEADERS: [&str; 14] = [
    "date",
    "server",
    "content-type",
    "content-length",
    "content-encoding",
    "transfer-encoding",
    "connection",
    "proxy-connection",
    "cache-control",
    "via",
    "location",
    "x-cache",
    "proxy-authenticate",
    "www-authenticate",
];

/// Where in a document a text stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Report,
    Device,
}

pub(super) fn report(value: Value, ledger: &mut Ledger) -> Value {
    let Value::Object(mut fields) = value else {
        return value;
    };
    if let Some(Value::Array(rows)) = fields.get_mut("endpoints") {
        for row in rows {
            *row = endpoint(row.take(), ledger);
        }
    }
    let rows = fields.remove("endpoints");
    let Value::Object(mut fields) = object(fields, Place::Report, ledger) else {
        return Value::Null;
    };
    fields.extend(rows.map(|rows| ("endpoints".to_owned(), rows)));
    Value::Object(fields)
}

pub(super) fn device(value: Value, ledger: &mut Ledger) -> Value {
    any("", value, Place::Device, ledger)
}

/// A row: what the built-in list says of an endpoint stays.
fn endpoint(value: Value, ledger: &mut Ledger) -> Value {
    let known = serde_json::from_value::<Endpoint>(value.clone());
    let known = known.ok().filter(keep::is_builtin);
    let Value::Object(mut fields) = value else {
        return value;
    };
    let Some(known) = known else {
        for key in ["purpose", "source"] {
            if let Some(text) = fields.get_mut(key) {
                *text = Value::String(String::new());
            }
        }
        return object(fields, Place::Report, ledger);
    };
    let Ok(Value::Object(own)) = serde_json::to_value(&known) else {
        return object(fields, Place::Report, ledger);
    };
    let names: BTreeSet<&String> = own.keys().collect();
    fields.retain(|key, _| !names.contains(key));
    let Value::Object(mut row) = object(fields, Place::Report, ledger) else {
        return Value::Null;
    };
    row.extend(own);
    Value::Object(row)
}

fn object(fields: Map<String, Value>, place: Place, ledger: &mut Ledger) -> Value {
    let fields = fields.into_iter();
    let fields = fields.map(|(key, value)| {
        let value = any(&key, value, place, ledger);
        (key, value)
    });
    Value::Object(fields.collect())
}

fn any(key: &str, value: Value, place: Place, ledger: &mut Ledger) -> Value {
    match value {
        value if OWN.contains(&key) => value,
        Value::Object(facts) if key == "facts" => {
            let facts = facts.into_iter();
            let facts = facts.map(|(name, value)| {
                let value = fact(value, ledger);
                (name, value)
            });
            Value::Object(facts.collect())
        }
        Value::String(text) => Value::String(changed(key, &text, place, ledger)),
        Value::Array(items) => {
            let items = items.into_iter();
            items.map(|item| any(key, item, place, ledger)).collect()
        }
        Value::Object(headers) if key == "headers" => {
            let headers = headers.into_iter();
            let headers = headers.map(|(name, value)| {
                let value = header(&name, value, ledger);
                (name, value)
            });
            Value::Object(headers.collect())
        }
        Value::Object(fields) => object(fields, place, ledger),
        other => other,
    }
}

fn changed(key: &str, text: &str, place: Place, ledger: &mut Ledger) -> String {
    match (key, place) {
        // An instant and a name of our own making.
        ("id", Place::Report) if is_run_id(text) => text.to_owned(),
        ("name" | "state" | "key", Place::Device) if !text.contains(['.', '@']) => text.to_owned(),
        (key, Place::Report) if PAGES.contains(&key) => page::masked(text),
        _ => scan::text(text, ledger),
    }
}

/// A fact has any name, so that its name says nothing of it.
fn fact(value: Value, ledger: &mut Ledger) -> Value {
    match value {
        Value::String(text) => Value::String(scan::text(&text, ledger)),
        Value::Array(items) => items.into_iter().map(|item| fact(item, ledger)).collect(),
        Value::Object(fields) => {
            let fields = fields.into_iter();
            let fields = fields.map(|(name, value)| {
                let value = fact(value, ledger);
                (name, value)
            });
            Value::Object(fields.collect())
        }
        other => other,
    }
}

/// `20261121T081115Z-26f7ed3acc70f909`.
fn is_run_id(text: &str) -> bool {
    let Some((time, random)) = text.split_once('-') else {
        return false;
    };
    let digits = time.bytes().filter(u8::is_ascii_digit).count();
    time.len() == 16 && digits == 14 && random.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn header(name: &str, value: Value, ledger: &mut Ledger) -> Value {
    match value {
        Value::String(text) if HEADERS.contains(&name) => Value::String(scan::text(&text, ledger)),
        Value::String(text) => Value::String(page::masked(&text)),
        other => other,
    }
}
