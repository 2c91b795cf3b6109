//! What each format writes, for the built-in list and for the failures of a report.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use super::{FORMATS, REPORT, rules, run};

fn compare(name: &str, text: &str) {
    let text = text.replace(env!("CARGO_PKG_VERSION"), "VERSION");
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/allowlist");
    let case = folder.join(name);
    if std::env::var_os("UPDATE_CASES").is_some() {
        fs::write(&case, &text).unwrap();
    }
    let stored = fs::read_to_string(&case).unwrap_or_default();
    assert_eq!(text, stored, "{name}");
}

#[test]
fn the_builtin_list_is_written_as_stored() {
    for (format, _) in FORMATS {
        compare(&format!("builtin.{format}"), &rules(format, &[]).0);
    }
}

#[test]
fn the_failures_of_a_report_are_written_as_stored() {
    for (format, _) in FORMATS {
        let arguments = ["--report", REPORT];
        compare(&format!("failures.{format}"), &rules(format, &arguments).0);
    }
}

#[test]
fn every_format_begins_with_what_it_is() {
    for (format, comment) in FORMATS {
        let Some(comment) = comment else { continue };
        let (text, _) = rules(format, &["--cloud", "gcc-high"]);
        let head: Vec<&str> = text.lines().take_while(|line| !line.is_empty()).collect();
        assert!(
            head.iter().all(|line| line.starts_with(comment)),
            "{head:?}"
        );
        let head = head.join("\n");
        for fact in ["hosts, cloud gcc-high", "built-in list", "made by reach365"] {
            assert!(head.contains(fact), "{format}: {head}");
        }
    }
}

#[test]
fn what_is_left_out_is_in_the_comments_and_on_stderr() {
    for (format, comment) in FORMATS {
        let (text, notes) = rules(format, &[]);
        let dns = "dns.msftncsi.com is looked up only";
        assert!(
            notes.contains(&format!("left out: {dns}")),
            "{format}: {notes}"
        );
        assert_eq!(text.contains(dns), comment.is_some(), "{format}");
    }
    for format in ["nftables", "iptables", "palo-alto-ip"] {
        let (text, notes) = rules(format, &[]);
        let none = "officecdn.microsoft.com (TCP 443) is not opened: no IPs are published";
        assert!(text.contains(none) && notes.contains(none), "{format}");
    }
    for format in ["cisco-asa", "pac"] {
        let (text, notes) = rules(format, &[]);
        let wildcard = "*.office.com is a wildcard";
        assert!(
            text.contains(wildcard) && notes.contains(wildcard),
            "{format}"
        );
    }
}

#[test]
fn clear_text_is_kept_apart_from_tls() {
    let (squid, _) = rules("squid", &["--group", "revocation,sign-in"]);
    assert!(squid.contains("acl reach365_http_80 dstdomain crl3.digicert.com\n"));
    assert!(squid.contains("acl reach365_https_443 dstdomain login.microsoftonline.com\n"));
    assert!(
        !squid.contains("reach365_https_443 dstdomain crl3"),
        "{squid}"
    );
    assert!(
        !squid.contains("reach365_http_80 dstdomain login"),
        "{squid}"
    );
    assert!(!squid.contains("ssl::server_name crl3"), "{squid}");
}

#[test]
fn a_group_brings_no_wildcards() {
    let (hosts, _) = rules("hosts", &["--group", "ncsi"]);
    let hosts: Vec<&str> = hosts
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect();
    assert_eq!(
        hosts,
        ["www.msftconnecttest.com", "ipv6.msftconnecttest.com"]
    );
}

#[test]
fn a_report_opens_its_failures_alone() {
    let (hosts, notes) = rules("hosts", &["--report", REPORT]);
    let rows = hosts
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty());
    let rows: BTreeSet<&str> = rows.collect();
    assert!(rows.contains("login.microsoftonline.com"), "{rows:?}");
    assert!(
        rows.contains("nexus.officeapps.live.com"),
        "degraded: {rows:?}"
    );
    for fine in ["activation.sls.microsoft.com", "odc.officeapps.live.com"] {
        assert!(!rows.contains(fine), "{rows:?}");
    }
    assert!(
        notes.contains("sharepoint.example is not in the list"),
        "{notes}"
    );
    let (grouped, _) = rules("hosts", &["--report", REPORT, "--group", "sign-in"]);
    assert!(!grouped.contains("sharepoint.example"), "{grouped}");
}

#[test]
fn a_table_is_what_rfc_4180_says() {
    let (text, _) = rules("csv", &[]);
    let lines: Vec<&str> = text.split_terminator("\r\n").collect();
    assert_eq!(text.matches('\n').count(), lines.len());
    for line in lines {
        let outside: String = line.split('"').step_by(2).collect();
        assert_eq!(outside.matches(',').count(), 8, "{line}");
    }
}

#[test]
fn wrong_words_are_usage_errors() {
    let cases: [(&[&str], &str); 5] = [
        (&[], "--format"),
        (&["--format", "pac"], "--proxy"),
        (&["--format", "hosts", "--group", "no-such"], "no group"),
        (
            &["--format", "hosts", "--report", REPORT, "--cloud", "dod"],
            "--report",
        ),
        (&["--format", "hosts", "--report", "Cargo.toml"], "not JSON"),
    ];
    for (arguments, words) in cases {
        let output = run(arguments);
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {told}");
        assert!(told.contains(words), "{arguments:?}: {told}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}
