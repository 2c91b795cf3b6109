//! `reach365 endpoints`, and lists of what must be open and what must be closed.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::thread;

use serde_json::Value;

use super::{code, reach365, scratch, stderr, stdout};

const OLDER: &str = "tests/catalog/service/worldwide-older.json";
const NEWER: &str = "tests/catalog/service/worldwide.json";

fn list(arguments: &[&str]) -> String {
    let output = reach365(&[&["endpoints", "list"], arguments].concat());
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    stdout(&output)
}

#[test]
fn a_list_written_as_toml_is_the_same_list() {
    for cloud in ["worldwide", "china", "gcc-high", "dod"] {
        let toml = list(&["--cloud", cloud, "--format", "toml"]);
        let file = scratch(&format!("list-{cloud}.toml"), &toml);
        let own = [
            "--cloud",
            cloud,
            "--endpoints",
            file.to_str().unwrap(),
            "--format",
        ];
        for format in ["json", "text", "csv"] {
            let built_in = list(&["--cloud", cloud, "--format", format]);
            assert_eq!(
                list(&[&own[..], &[format]].concat()),
                built_in,
                "{cloud}, {format}"
            );
        }
        assert_eq!(list(&[&own[..], &["toml"]].concat()), toml, "{cloud}");
    }
}

#[test]
fn every_key_survives_being_written() {
    let own = r#"
        [[endpoints]]
        id = "all"
        host = "a.example"
        port = 8443
        path = "/a?b=%22"
        purpose = "=cmd \"quoted\" \\ with, a comma"
        expect = { status = [200, 204] }
        cname-suffixes = ["example.net"]
        [[endpoints]]
        id = "name"
        host = "b.example"
        scheme = "dns"
        dns-answer = ["192.0.2.1", "2001:db8::1"]
        [[endpoints]]
        id = "json"
        host = "2001:db8::2"
        expect = { json-key = "a\"b" }
        must-be = "blocked"
        [[endpoints]]
        id = "far"
        host = "c.example"
        expect = { redirect-host = ["example.com", "example.net"] }
        ipv6-only = true
    "#;
    let file = scratch("keys.toml", own);
    let of =
        |file: &Path, format| list(&["--endpoints", file.to_str().unwrap(), "--format", format]);
    let again = scratch("keys-again.toml", &of(&file, "toml"));
    assert_eq!(of(&again, "json"), of(&file, "json"));
    let csv = of(&file, "csv");
    assert_eq!(csv.matches("\r\n").count(), 5);
    assert!(
        csv.contains(r#","'=cmd ""quoted"" \ with, a comma","#),
        "{csv}"
    );
}

#[test]
fn two_answers_of_the_service_are_compared() {
    let output = reach365(&["endpoints", "diff", OLDER, NEWER]);
    assert_eq!(code(&output), 1, "{}", stderr(&output));
    let text = stdout(&output);
    for words in [
        "NAMES ADDED",
        "NAMES REMOVED",
        "ADDRESSES ADDED",
        "*.officeapps.live.com covers it",
        "sets 46, 77 -> set 46",
    ] {
        assert!(text.contains(words), "`{words}` is not in: {text}");
    }
    let same = reach365(&["endpoints", "diff", NEWER, NEWER]);
    assert_eq!((code(&same), stdout(&same).trim()), (0, "no differences"));
    let json = reach365(&["endpoints", "diff", OLDER, NEWER, "--format", "json"]);
    let json: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(json["schema"], "reach365/endpoints-changes/1");
    let changes = json["changes"].as_array().unwrap();
    let licensing = changes
        .iter()
        .find(|it| it["name"] == "ols.officeapps.live.com");
    let licensing = licensing.unwrap();
    assert_eq!(
        (&licensing["kind"], &licensing["after"]),
        (&"removed".into(), &Value::Null)
    );
    assert_eq!(licensing["before"]["tcp"], "443");
}

#[test]
fn the_list_is_compared_with_an_answer_of_the_service() {
    let output = reach365(&["endpoints", "diff", "--from", NEWER]);
    assert_eq!(code(&output), 1, "{}", stderr(&output));
    let text = stdout(&output);
    assert!(
        text.contains("not published any more; the list has it in set 69"),
        "{text}"
    );
    let elsewhere = text.split("PUBLISHED NOWHERE").nth(1).unwrap();
    assert!(elsewhere.contains("www.msftconnecttest.com"), "{text}");
    assert!(text.contains("as *.officeapps.live.com, set 46"), "{text}");
    let own = scratch(
        "published.toml",
        "[[endpoints]]\nid = \"a\"\nhost = \"config.office.com\"\nsets = { worldwide = 147 }\n",
    );
    let arguments = [
        "endpoints",
        "diff",
        "--from",
        NEWER,
        "--format",
        "json",
        "--endpoints",
    ];
    let output = reach365(&[&arguments[..], &[own.to_str().unwrap()]].concat());
    assert_eq!(code(&output), 0, "{}", stdout(&output));
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["schema"], "reach365/endpoints-comparison/1");
    assert_eq!(json["covered"][0]["pattern"], "*.office.com");
    let one = r#"[{"id": 1, "urls": ["login.partner.microsoftonline.cn"], "category": "Allow"}]"#;
    let one = scratch("another-cloud.json", one);
    let other = reach365(&["endpoints", "diff", "--from", one.to_str().unwrap()]);
    let said = stderr(&other);
    assert!(said.contains("name that with --cloud"), "{said}");
}

#[test]
fn what_cannot_be_compared_is_a_usage_error() {
    let broken = scratch("broken.json", "[\n  {\"id\": 1, \"category\": 5}\n]\n");
    let broken = broken.to_str().unwrap();
    let cases: [(&[&str], &str); 5] = [
        (&[broken, NEWER], "broken.json:2:"),
        (&["--from", broken], "integer `5`"),
        (&[NEWER], "2 values required"),
        (&[OLDER, NEWER, "--from", NEWER], "cannot be used with"),
        (&["--from", "no-such-file.json"], "no-such-file.json"),
    ];
    for (arguments, words) in cases {
        let output = reach365(&[&["endpoints", "diff"], arguments].concat());
        assert_eq!(code(&output), 2, "{arguments:?}");
        assert!(
            stderr(&output).contains(words),
            "{arguments:?}: {}",
            stderr(&output)
        );
    }
}

/// A web server on loopback that answers everything; it ends with the test program.
fn open_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
        }
    });
    port
}

fn closed_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

fn check_in(format: &str, file: &Path, more: &[&str]) -> std::process::Output {
    let file = file.to_str().unwrap();
    let fixed = "check --group acceptance --proxy none --format";
    let fixed: Vec<&str> = fixed.split(' ').collect();
    reach365(&[&fixed[..], &[format, "--endpoints", file], more].concat())
}

#[test]
fn these_are_open_and_those_are_closed() {
    let entry = |id: &str, port: u16, must_be: &str| {
        format!(
            "[[endpoints]]\nid = \"{id}\"\nhost = \"127.0.0.1\"\nscheme = \"http\"\nport = {port}\n\
             groups = [\"acceptance\"]\nmust-be = \"{must_be}\"\n"
        )
    };
    let (open, closed) = (open_port(), closed_port());
    let right = [
        "extends = \"builtin\"\n".to_owned(),
        entry("open", open, "reachable"),
        entry("closed", closed, "blocked"),
    ];
    let right = scratch("right.toml", &right.concat());
    let wrong = right.with_file_name("wrong.toml");
    fs::copy(&right, &wrong).unwrap();
    let more = fs::read_to_string(&wrong).unwrap() + &entry("leak", open, "blocked");
    fs::write(&wrong, more).unwrap();
    let check = |file: &Path, more: &[&str]| check_in("json", file, more);
    let outcomes = |output: &std::process::Output| -> Vec<(String, String)> {
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let rows = report["endpoints"].as_array().unwrap().iter();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        rows.map(|row| (text(&row["id"]), text(&row["verdict"]["outcome"])))
            .collect()
    };
    let fine = check(&right, &["--fail-on", "degraded"]);
    assert_eq!(code(&fine), 0, "{}", stderr(&fine));
    let expected = [("open", "reachable"), ("closed", "reachable")];
    assert_eq!(
        outcomes(&fine),
        expected.map(|(id, it)| (id.to_owned(), it.to_owned()))
    );
    let leak = check(&wrong, &["--fail-on", "degraded"]);
    assert_eq!(code(&leak), 1, "{}", stderr(&leak));
    assert!(outcomes(&leak).contains(&("leak".to_owned(), "blocked".to_owned())));
    assert!(stdout(&leak).contains("\"policy-open\""));
    assert_eq!(code(&check(&wrong, &[])), 1, "an open host is a failure");
    let words = stdout(&check_in("text", &right, &[]));
    assert!(
        words.starts_with("✓ AS REQUIRED") || words.starts_with("+ AS REQUIRED"),
        "{words}"
    );
    assert!(words.contains("1 closed as required"), "{words}");
    let metrics = stdout(&check_in("prometheus", &wrong, &[]));
    for (id, value) in [("closed", 1), ("leak", 0)] {
        let line = format!("reach365_endpoint_as_required{{endpoint=\"{id}\"");
        let line = metrics.lines().find(|it| it.starts_with(&line)).unwrap();
        assert!(line.ends_with(&format!("}} {value}")), "{line}");
        assert!(
            !metrics.contains(&format!("endpoint_up{{endpoint=\"{id}\"")),
            "{metrics}"
        );
    }
}

#[test]
fn the_example_list_is_a_list() {
    let output = reach365(&["endpoints", "lint", "examples/open_and_closed.toml"]);
    assert_eq!((code(&output), stdout(&output).as_str()), (0, ""));
    let listed = list(&[
        "--endpoints",
        "examples/open_and_closed.toml",
        "--group",
        "acceptance",
    ]);
    assert!(listed.contains("5 endpoints"), "{listed}");
}
