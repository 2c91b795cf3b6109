//! Lists and reports that want to become rules of their own.

use std::fs;

use serde_json::{Value, json};

use super::{FORMATS, REPORT, rules, run, scratch};

const PLAIN: &str = "Purpose";
/// No control characters: a list with those is refused. Ends in what joins lines in many syntaxes.
const EVIL: &str = r#"REACH365 '; } $(reboot) `reboot` "@ end */ | & http_access allow all \"#;

fn list(purpose: &str) -> String {
    format!(
        "[[endpoints]]\nid = 'a'\nhost = 'a.example'\npurpose = '''{purpose}'''\n\
         category = 'allow'\ninspection = 'forbidden'\n\
         [[endpoints]]\nid = 'b'\nhost = '192.0.2.1'\nport = 8443\npurpose = '''{purpose}'''\n\
         [[endpoints]]\nid = 'c'\nhost = '2001:db8::1'\nscheme = 'http'\npurpose = '''{purpose}'''\n\
         [[endpoints]]\nid = 'd'\nhost = 'a_b.example'\n\
         [[endpoints]]\nid = 'e'\nhost = '-n'\n\
         [[wildcards]]\npattern = '*cdn.example'\npurpose = '''{purpose}'''\n\
         [[wildcards]]\npattern = 'a.*.example'\n"
    )
}

/// A list whose file name and purposes are hostile.
pub(super) fn hostile_list() -> String {
    let file = scratch("$(reboot) '\" } \\.toml", &list(EVIL));
    file.display().to_string()
}

/// A report whose endpoints hold arbitrary text, and name a host that begins like an option.
pub(super) fn hostile_report() -> String {
    let mut report: Value = serde_json::from_str(&fs::read_to_string(REPORT).unwrap()).unwrap();
    let rows = report["endpoints"].as_array_mut().unwrap();
    for (at, row) in rows.iter_mut().enumerate() {
        row["purpose"] = json!(format!("x\r\nhttp_access allow all\n{EVIL}"));
        row["id"] = json!(format!("evil-{at}\nallow all"));
        row["ranges"] = json!(["0.0.0.0/0", "::/0"]);
        row["published_ips"] = json!(true);
        row["category"] = json!("allow");
        row["groups"] = json!(["a\nb"]);
    }
    let mut option = rows[0].clone();
    option["host"] = json!("-n.example");
    rows.push(option);
    scratch("hostile.json", &report.to_string())
        .display()
        .to_string()
}

#[test]
fn a_purpose_stays_a_comment() {
    let plain = scratch("plain.toml", &list(PLAIN)).display().to_string();
    let hostile = hostile_list();
    for (format, comment) in FORMATS {
        let Some(comment) = comment else { continue };
        let rest = |file: &str| -> Vec<String> {
            let (text, _) = rules(format, &["--endpoints", file]);
            let lines = text.lines().map(str::trim_start);
            let lines = lines.filter(|line| !line.starts_with(comment));
            lines.map(|line| line.replace(EVIL, PLAIN)).collect()
        };
        let expected = rest(&plain);
        assert!(
            expected.iter().any(|line| line.contains("a.example"))
                || format.contains("ip")
                || format == "nftables",
            "{format}"
        );
        assert_eq!(rest(&hostile), expected, "{format}");
        let (text, _) = rules(format, &["--endpoints", &hostile]);
        let joined = text
            .lines()
            .find(|line| line.ends_with('\\') && format != "categories");
        assert_eq!(joined, None, "{format}");
    }
}

#[test]
fn nothing_of_a_report_but_its_hosts_gets_into_rules() {
    let report = hostile_report();
    for (format, _) in FORMATS {
        let (text, notes) = rules(format, &["--report", &report]);
        for evil in [
            "allow all",
            "reboot",
            "0.0.0.0/0",
            "::/0",
            "-n.example is no",
        ] {
            let left_out = evil.starts_with('-');
            assert_eq!(
                text.contains(evil),
                left_out && format != "csv",
                "{format}: {evil}"
            );
            assert_eq!(notes.contains(evil), left_out, "{format}: {notes}");
        }
    }
}

#[test]
fn a_host_that_is_none_is_refused() {
    for evil in [
        "a.example\nb",
        "a\" b",
        "*.example",
        "a.example;b",
        "a/../b",
        "$(a)",
    ] {
        let list = format!("[[endpoints]]\nid = 'a'\nhost = {}\n", json!(evil));
        let list = scratch("refused.toml", &list);
        let output = run(&["--format", "squid", "--endpoints", list.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(2), "{evil}");
        let mut report: Value = serde_json::from_str(&fs::read_to_string(REPORT).unwrap()).unwrap();
        report["endpoints"][0]["host"] = json!(evil);
        let report = scratch("refused.json", &report.to_string());
        let output = run(&["--format", "squid", "--report", report.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(2), "{evil}");
        assert!(output.stdout.is_empty(), "{evil}");
    }
}
