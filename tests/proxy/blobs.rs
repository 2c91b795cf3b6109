//! Registry values, byte by byte.

use reach365_proxy::blob::{Blob, BlobKind};
use reach365_proxy::hex;
use serde::Deserialize;

use crate::text;

#[derive(Deserialize)]
struct Cases {
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    kind: String,
    hex: String,
    #[serde(default)]
    zeros: usize,
    version: u32,
    counter: u32,
    flags: u32,
    #[serde(default)]
    proxy: String,
    #[serde(default)]
    bypass: String,
    #[serde(default)]
    pac_url: String,
    #[serde(default)]
    truncated: bool,
}

impl Case {
    fn kind(&self) -> BlobKind {
        match self.kind.as_str() {
            "winhttp" => BlobKind::Winhttp,
            "connection" => BlobKind::Connection,
            other => panic!("{other}"),
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = hex::decode(&self.hex).unwrap();
        bytes.resize(bytes.len() + self.zeros, 0);
        bytes
    }
}

fn cases() -> Vec<Case> {
    let cases: Cases = toml::from_str(&text("cases/blobs.toml")).unwrap();
    cases.case
}

#[test]
fn values_are_decoded() {
    let cases = cases();
    assert!(cases.len() >= 40, "{}", cases.len());
    for case in cases {
        let name = &case.name;
        let blob = Blob::decode(case.kind(), &case.bytes());
        assert_eq!(blob.version, case.version, "{name}");
        assert_eq!(blob.counter, case.counter, "{name}");
        assert_eq!(blob.flags, case.flags, "{name}");
        assert_eq!(blob.proxy.to_string(), case.proxy, "{name}");
        assert_eq!(blob.bypass, case.bypass, "{name}");
        assert_eq!(blob.pac_url.to_string(), case.pac_url, "{name}");
        assert_eq!(blob.truncated, case.truncated, "{name}");
    }
}

/// A value with all its strings and the given flags.
fn full(kind: BlobKind, flags: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    for number in [0x46, 1, flags] {
        bytes.extend(u32::to_le_bytes(number));
    }
    let texts: &[&str] = match kind {
        BlobKind::Winhttp => &["p.example:8080", "<local>"],
        BlobKind::Connection => &["p.example:8080", "<local>", "http://h.example/p.pac"],
    };
    for text in texts {
        bytes.extend(u32::try_from(text.len()).unwrap().to_le_bytes());
        bytes.extend(text.as_bytes());
    }
    bytes
}

#[test]
fn every_combination_of_flags_is_obeyed() {
    for kind in [BlobKind::Winhttp, BlobKind::Connection] {
        let automatic = kind == BlobKind::Connection;
        for flags in 0..16 {
            let blob = Blob::decode(kind, &full(kind, flags));
            assert_eq!(blob.direct, flags & 1 != 0, "{kind:?} {flags}");
            assert_eq!(blob.manual, flags & 2 != 0, "{kind:?} {flags}");
            assert_eq!(blob.pac, automatic && flags & 4 != 0, "{kind:?} {flags}");
            assert_eq!(
                blob.auto_detect,
                automatic && flags & 8 != 0,
                "{kind:?} {flags}"
            );
            assert_eq!(blob.proxy.to_string(), "p.example:8080", "strings stay");
            let settings = blob.settings();
            assert_eq!(
                settings.servers.is_empty(),
                !blob.manual,
                "{kind:?} {flags}"
            );
            assert_eq!(settings.pac_url.is_some(), blob.pac, "{kind:?} {flags}");
            assert_eq!(settings.auto_detect, blob.auto_detect, "{kind:?} {flags}");
            let entries = settings.bypass.entries().count();
            assert_eq!(entries, usize::from(blob.manual), "{kind:?} {flags}");
        }
    }
}

#[test]
fn a_value_may_end_anywhere() {
    for kind in [BlobKind::Winhttp, BlobKind::Connection] {
        let bytes = full(kind, 15);
        for length in 0..bytes.len() {
            let blob = Blob::decode(kind, &bytes[..length]);
            assert!(blob.truncated, "{kind:?} cut to {length}");
            let proxy = blob.proxy.to_string();
            assert!(["", "p.example:8080"].contains(&proxy.as_str()), "{proxy}");
            assert!(blob.pac_url.is_empty(), "{kind:?} cut to {length}");
        }
        assert!(!Blob::decode(kind, &bytes).truncated, "{kind:?}");
    }
}

#[test]
fn the_json_has_the_fields_of_the_documentation() {
    let blob = Blob::decode(BlobKind::Connection, &full(BlobKind::Connection, 7));
    let json = serde_json::to_value(&blob).unwrap();
    let wanted = serde_json::json!({
        "kind": "connection", "version": 0x46, "counter": 1, "flags": 7, "direct": true,
        "manual": true, "pac": true, "auto_detect": false, "proxy": "p.example:8080",
        "bypass": "<local>", "pac_url": "http://h.example/p.pac", "truncated": false,
    });
    assert_eq!(json, wanted);
}
