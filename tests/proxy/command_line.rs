//! The built program: `proxy`, `proxy decode`, `proxy match`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use crate::path;

const BLOB: &str = "46000000060000000f0000000b000000702e6578616d706c653a310b0000003c6c6f63616c3e\
                    3b2a2e780e000000687474703a2f2f682f702e706163";

/// Runs the program without what the environment of the tests says about proxies.
fn reach365(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_reach365"))
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env_clear()
        .envs(variables.iter().copied())
        .output()
        .unwrap()
}

fn succeed(arguments: &[&str], variables: &[(&str, &str)]) -> String {
    let output = reach365(arguments, variables);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{arguments:?}: {}",
        stderr(&output)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// What the program says where it cannot do what is asked.
fn refuse(arguments: &[&str]) -> String {
    let output = reach365(arguments, &[]);
    assert_eq!(
        output.status.code(),
        Some(2),
        "{arguments:?}: {}",
        stderr(&output)
    );
    assert!(output.stdout.is_empty(), "{arguments:?}");
    stderr(&output)
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn export(name: &str) -> String {
    path(&format!("registry/{name}")).display().to_string()
}

#[test]
fn decode_prints_one_object() {
    let text = succeed(
        &["proxy", "decode", "connection", BLOB, "--format", "json"],
        &[],
    );
    let json: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json["kind"], "connection");
    assert_eq!(json["pac_url"], "http://h/p.pac");
    assert_eq!(json["bypass"], "<local>;*.x");
    assert_eq!(json["auto_detect"], true);
    assert_eq!(json.as_object().unwrap().len(), 12);
}

#[test]
fn decode_reads_what_regedit_prints() {
    for value in [
        "hex:28,00,00,00,00,00,00,00,03,00,00,00,03,00,00,00,\\\r\n  61,3a,31,00,00,00,00",
        "\"WinHttpSettings\"=hex:28,00,00,00,00,00,00,00,03,00,00,00,03,00,00,00,61,3a,31,00,00,00,00",
        "2800000000000000030000000300000061 3a3100000000",
    ] {
        let text = succeed(&["proxy", "decode", "winhttp", value], &[]);
        assert!(text.contains("proxy        a:1"), "{value}: {text}");
        assert!(text.contains("0x03: direct, manual proxy"), "{text}");
    }
    let text = succeed(&["proxy", "decode", "winhttp", "28", "00", "0000"], &[]);
    assert!(text.contains("ends before its last field"), "{text}");
}

#[test]
fn decode_refuses_with_a_position() {
    assert!(refuse(&["proxy", "decode", "winhttp", "28000"]).contains("position 5"));
    assert!(refuse(&["proxy", "decode", "winhttp", "28,0x"]).contains("position 4"));
    assert!(refuse(&["proxy", "decode", "winhttp", "zz"]).contains("`z` at position 1"));
    assert!(refuse(&["proxy", "decode", "winhttp", ""]).contains("no hexadecimal"));
    assert!(refuse(&["proxy", "decode", "other", "28"]).contains("connection"));
}

#[test]
fn match_prints_an_object_a_line() {
    let text = succeed(
        &[
            "proxy",
            "match",
            "--servers",
            "http=a:80;https=b:443;socks=c",
            "--bypass",
            "*.contoso.com;10.0.0.0/8",
            "--dialect",
            "wininet",
            "--format",
            "json",
            "https://www.contoso.com/",
            "http://10.1.2.3/",
            "https://login.live.com/x",
        ],
        &[],
    );
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[0]["url"], "https://www.contoso.com/");
    assert_eq!(lines[0]["bypassed"], true);
    assert_eq!(lines[0]["hops"], serde_json::json!(["DIRECT"]));
    assert_eq!(
        lines[0]["reason"],
        "ProxyOverride rule `*.contoso.com` matches"
    );
    assert_eq!(lines[1]["bypassed"], false);
    assert_eq!(lines[1]["hops"], serde_json::json!(["PROXY a:80"]));
    assert_eq!(lines[2]["hops"], serde_json::json!(["PROXY b:443"]));
    for line in &lines {
        let keys: Vec<&str> = line
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        let mut wanted = ["url", "bypassed", "hops", "reason", "warnings"];
        wanted.sort_unstable();
        assert_eq!(keys, wanted);
        assert!(
            line["warnings"].to_string().contains("10.0.0.0/8"),
            "{line}"
        );
    }
}

#[test]
fn match_knows_every_dialect() {
    for (dialect, bypassed) in [
        ("wininet", false),
        ("winhttp", false),
        ("no-proxy", true),
        ("macos", false),
        ("gnome", true),
    ] {
        let text = succeed(
            &[
                "proxy",
                "match",
                "--servers",
                "p",
                "--bypass",
                "contoso.com",
                "--dialect",
                dialect,
                "--format",
                "json",
                "www.contoso.com",
            ],
            &[],
        );
        let json: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(json["bypassed"], bypassed, "{dialect}");
        assert_eq!(
            json["url"], "https://www.contoso.com/",
            "a host alone means HTTPS"
        );
    }
    assert!(refuse(&["proxy", "match", "--dialect", "opera", "a.example"]).contains("wininet"));
    assert!(refuse(&["proxy", "match", "ftp://a.example/"]).contains("only http and https"));
}

#[test]
fn an_export_is_shown_with_its_decisions() {
    let text = succeed(
        &[
            "proxy",
            "--from",
            &export("machine.reg"),
            "https://login.live.com/",
            "http://a.example/",
        ],
        &[],
    );
    for words in [
        "user           HKCU DefaultConnectionSettings",
        "machine        HKLM WinHttpSettings",
        "a PAC script decides: file://C:/proxy.pac; otherwise DIRECT",
        "PROXY web.corp.example:3128",
        "- PAC before manual",
        "the views do not agree",
    ] {
        assert!(text.contains(words), "{words}\n{text}");
    }
    assert!(
        text.lines().all(|line| line.chars().count() <= 100),
        "{text}"
    );
}

#[test]
fn an_export_is_shown_as_json() {
    let file = export("user.reg");
    let text = succeed(
        &[
            "proxy",
            "--from",
            &file,
            "--format",
            "json",
            "http://localhost/",
        ],
        &[],
    );
    let json: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json["views"][0]["kind"], "user");
    assert_eq!(
        json["views"][0]["settings"]["pac_url"],
        "http://pac.corp.example/proxy.pac"
    );
    assert_eq!(json["views"][0]["settings"]["bypass"]["dialect"], "wininet");
    let decision = &json["urls"][0]["decisions"][0];
    assert_eq!(decision["hops"], serde_json::json!(["DIRECT"]));
    assert_eq!(decision["scripts"], serde_json::json!([]));
    assert_eq!(json["urls"][0]["agree"], true);
}

#[test]
fn files_that_are_no_exports_are_refused() {
    assert!(refuse(&["proxy", "--from", "Cargo.toml"]).contains("line 1: not a registry file"));
    assert!(refuse(&["proxy", "--from", "no-such-file.reg"]).contains("no-such-file.reg"));
    let empty = scratch("empty.reg", "REGEDIT4\n\n[HKEY_CURRENT_USER\\Software]\n");
    assert!(refuse(&["proxy", "--from", empty.to_str().unwrap()]).contains("no proxy settings"));
    let broken = scratch(
        "broken.reg",
        "REGEDIT4\n\n[HKEY_CURRENT_USER\\Software]\n\"a\"=x\n",
    );
    assert!(refuse(&["proxy", "--from", broken.to_str().unwrap()]).contains("line 4"));
}

#[test]
fn the_environment_is_shown_without_credentials() {
    let variables = [
        ("https_proxy", "http://user:secret@p.example:3128"),
        ("NO_PROXY", ".contoso.com"),
    ];
    let text = succeed(
        &["proxy", "https://www.contoso.com/", "a.example"],
        &variables,
    );
    assert!(
        text.contains("https_proxy names PROXY p.example:3128 for https URLs"),
        "{text}"
    );
    assert!(
        text.contains("no_proxy rule `.contoso.com` matches"),
        "{text}"
    );
    assert!(
        !text.contains("secret") && !text.contains("user:"),
        "{text}"
    );
    let json = succeed(&["proxy", "--format", "json", "a.example"], &variables);
    assert!(!json.contains("secret"), "{json}");
}

#[test]
fn without_urls_and_settings_both_are_said() {
    let output = reach365(&["proxy"], &[]);
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    assert!(
        text.contains("https://login.microsoftonline.com/"),
        "{text}"
    );
    let said = stderr(&output);
    assert!(said.contains("no URL is named"), "{said}");
    assert!(
        said.contains("no proxy settings found") || !text.contains("direct "),
        "{said}"
    );
}

fn scratch(name: &str, content: &str) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("proxy");
    fs::create_dir_all(&directory).unwrap();
    let file = directory.join(name);
    fs::write(&file, content).unwrap();
    file
}
