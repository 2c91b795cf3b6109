//! Reports as they come: in the encodings of Windows PowerShell, and from untrusted sources.

use std::fs;

use serde_json::Value;

use super::{REPORT, code, reach365, scratch, stderr, variant};

#[test]
fn a_report_may_be_in_any_encoding_of_powershell() {
    let text = fs::read_to_string(REPORT).unwrap().replace('\n', "\r\n");
    let marked = format!("\u{feff}{text}");
    let wide =
        |bytes: fn(u16) -> [u8; 2]| marked.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
    let forms = [
        ("crlf.json", text.clone().into_bytes()),
        ("utf8-mark.json", marked.clone().into_bytes()),
        ("utf16-little.json", wide(u16::to_le_bytes)),
        ("utf16-big.json", wide(u16::to_be_bytes)),
    ];
    for (name, bytes) in forms {
        let file = scratch(name, "");
        fs::write(&file, bytes).unwrap();
        let file = file.to_str().unwrap();
        let replayed = reach365(&["replay", file]);
        assert_eq!(code(&replayed), 1, "{name}: {}", stderr(&replayed));
        let compared = reach365(&["compare", file, REPORT]);
        assert_eq!(code(&compared), 0, "{name}: {}", stderr(&compared));
    }
}

/// What is checked again of a report whose first endpoint failed and was changed.
fn again(name: &str, change: impl Fn(&mut Value)) -> (i32, Value, String) {
    let file = variant(name, |report| {
        let row = &mut report["endpoints"][0];
        row["verdict"]["outcome"] = "blocked".into();
        change(row);
        report["endpoints"].as_array_mut().unwrap().truncate(1);
    });
    let output = reach365(&[
        "check",
        "--only-failed",
        &file,
        "--dns",
        "127.0.0.1:9",
        "--format",
        "json",
    ]);
    let report = serde_json::from_slice(&output.stdout).unwrap_or_default();
    (code(&output), report, stderr(&output))
}

#[test]
fn what_failed_is_checked_again_as_the_report_defines_it() {
    let (_, report, said) = again("own.json", |row| {
        row["host"] = "own.example".into();
        row["path"] = "/health?full=1".into();
        row["expect"] = serde_json::json!({"status": [204]});
        row["must_be"] = "blocked".into();
    });
    let row = &report["endpoints"][0];
    assert_eq!(row["path"], "/health?full=1", "{said}");
    assert_eq!(row["expect"], serde_json::json!({"status": [204]}));
    assert_eq!(row["must_be"], "blocked");
    assert_eq!(row["verdict"]["outcome"], "inconclusive");
    assert_eq!(row["verdict"]["requirement"], "unknown");
}

#[test]
fn a_definition_that_no_list_could_have_is_refused() {
    for (name, key, value) in [
        ("crlf-path", "path", Value::from("/a\r\nX-Evil: 1")),
        ("relative", "path", "http://evil.example/".into()),
        ("fragment", "path", "/a#b".into()),
        ("long", "path", format!("/{}", "a".repeat(5_000)).into()),
        ("port", "port", 0.into()),
        ("id", "id", "a\u{1b}[2Jb".into()),
        ("purpose", "purpose", "a\u{202e}b".into()),
        ("groups", "groups", serde_json::json!(["all"])),
        ("expect", "expect", serde_json::json!({"status": [7]})),
    ] {
        let (code, report, said) = again(&format!("evil-{name}.json"), |row| {
            row[key] = value.clone();
        });
        assert_eq!((code, report), (2, Value::Null), "{name}: {said}");
        assert!(said.contains("--only-failed"), "{name}: {said}");
    }
}
