//! What is private never leaves, what is Microsoft's stays, and the report stays a report.

#![allow(clippy::unwrap_used, reason = "a test may stop at a surprise")]

mod hosts;
mod leaks;
mod machine;

use reach365::Report;
use reach365_judge::device;
use reach365_render::redaction::{Redactor, redact};
use serde_json::{Value, json};

const SAVED: &str = include_str!("../../examples/saved_report.json");

/// Everything that names the organization, in lower case.
const PRIVATE: [&str; 24] = [
    "contoso",
    "fabrikam",
    "lyon",
    "pc-0815",
    "prx07",
    "gw-north",
    "ada.lovelace",
    "jdoe",
    "10.20.30.40",
    "10.20.30.53",
    "172.16.5.4",
    "192.168.7.7",
    "100.64.3.2",
    "169.254.10.20",
    "fd12:3456::7",
    "fe80::dead",
    "198.41.0.4",
    "2a00:1234::5",
    "intranet-portal",
    "3f2504e0-4f89-41d3-9a0c-0305e82c3301",
    "/secret/health",
    "finance.pac",
    "helpdesk hotline",
    "our-own-group",
];

fn report() -> Value {
    let mut report: Value = serde_json::from_str(SAVED).unwrap();
    report["run"]["site"] = json!("Lyon");
    report["run"]["host"] = json!("PC-0815");
    report["run"]["evidence"]["resolvers"] = json!(["10.20.30.53:53", "[fd12:3456::7]:53"]);
    report["run"]["evidence"]["scripts"] = json!([{
        "url": "http://prx07.corp.contoso.com/finance.pac",
        "discovered": false,
        "redirects": ["http://10.20.30.40/finance.pac"],
        "fetch_ms": 1.0
    }]);
    let rows = report["endpoints"].as_array_mut().unwrap();
    *rows = vec![rows[0].clone(); 4];
    microsoft(&mut rows[0]);
    own(&mut rows[1]);
    told(&mut rows[2]);
    rows[3]["id"] = json!("msoid.contoso.com");
    rows[3]["groups"] = json!(["msoid"]);
    rows[3]["host"] = json!("msoid.contoso.com");
    report["findings"] = json!([]);
    report["advice"] = json!([]);
    report
}

/// A host of Microsoft, through a proxy.
fn microsoft(row: &mut Value) {
    let list = reach365::builtin();
    let entry = list.endpoint("login-microsoftonline-com").unwrap_or(
        list.endpoints()
            .iter()
            .find(|it| it.host.to_string() == "login.microsoftonline.com")
            .unwrap(),
    );
    let Value::Object(fields) = serde_json::to_value(entry).unwrap() else {
        panic!("an endpoint is an object")
    };
    row.as_object_mut().unwrap().extend(fields);
    row["via"] = json!("proxy");
    row["route"]["hops"] = json!(["PROXY prx07:8080", "SOCKS5 172.16.5.4:1080", "DIRECT"]);
    row["route"]["reasons"] = json!([
        "the user CONTOSO has prx07:8080 set; PRX07 answers at 172.16.5.4",
        "script http://prx07.corp.contoso.com/finance.pac of C:\\Users\\jdoe\\x"
    ]);
    let lookup = &mut row["evidence"]["lookups"][0];
    lookup["value"]["records"][0]["data"] = json!("20.190.128.1");
    lookup["tries"][0]["server"] = json!("10.20.30.53:53");
    row["verdict"]["summary"] = json!(
        "login.microsoftonline.com at 20.190.128.1 through prx07 (172.16.5.4, [fe80::dead]:80): \
         mail ada.lovelace@contoso.com, request 3F2504E0-4F89-41D3-9A0C-0305E82C3301, gw-north"
    );
    let attempt = &mut row["evidence"]["attempts"][0];
    attempt["address"] = json!("172.16.5.4:8080");
    attempt["tcp"]["value"]["local"] = json!("192.168.7.7:5000");
    attempt["icmp"] = json!({"from": "100.64.3.2", "version": 4, "type": 3, "code": 13});
    attempt["http"]["value"]["headers"] = json!({
        "via": "1.1 gw-north (squid/5.7)",
        "proxy-authenticate": "Basic realm=\"Fabrikam Users\"",
        "x-user": "CONTOSO\\jdoe",
    });
    attempt["http"]["value"]["title"] = json!("Web Page Blocked - Contoso helpdesk hotline");
    attempt["http"]["value"]["body_text"] = json!(
        "<html><b>Access denied</b> to jdoe at 10.20.30.40, call the helpdesk hotline</html>"
    );
    row["verdict"]["facts"]["title"] = json!("Web Page Blocked - Contoso helpdesk hotline");
    row["verdict"]["facts"]["answer"] = json!(["198.41.0.4", "2a00:1234::5", "169.254.10.20"]);
}

/// A host of the organization, from a list of its own.
fn own(row: &mut Value) {
    row["id"] = json!("intranet-portal");
    row["host"] = json!("portal.contoso.com");
    row["path"] = json!("/secret/health");
    row["purpose"] = json!("Portal of Fabrikam in Lyon");
    row["groups"] = json!(["our-own-group"]);
    row["verdict"]["summary"] =
        json!("portal.contoso.com/secret/health answers; Portal.Contoso.COM is intranet-portal");
}

/// A chain of an inspection device with the organization's name in it.
fn told(row: &mut Value) {
    let issuer = "CN=Fabrikam Inspection CA, O=Contoso Lyon";
    row["host"] = json!("graph.microsoft.com");
    row["id"] = json!("graph.microsoft.com");
    let attempt = &mut row["evidence"]["attempts"][0];
    attempt["tls"]["value"]["chain"] = json!([
        {"subject": "CN=graph.microsoft.com", "issuer": issuer, "sha256": "00", "self_issued": false, "authority": false},
        {"subject": issuer, "issuer": "CN=Zscaler Root CA, O=Zscaler Inc.", "sha256": "00", "self_issued": false, "authority": true}
    ]);
    row["verdict"]["facts"]["issuer"] = json!(issuer);
    row["verdict"]["summary"] = json!(format!("the certificate was issued by \"{issuer}\""));
}

fn redacted() -> (Report, String) {
    let report = Report::from_json(&report().to_string()).unwrap();
    let redacted = redact(&report, reach365::builtin()).unwrap();
    let text = serde_json::to_string_pretty(&redacted).unwrap();
    (redacted, text)
}

#[test]
fn no_private_name_occurs_anywhere() {
    let before = serde_json::to_string(&Report::from_json(&report().to_string()).unwrap())
        .unwrap()
        .to_lowercase();
    let after = redacted().1.to_lowercase();
    for name in PRIVATE {
        assert!(before.contains(name), "the test does not contain {name}");
        let line = after.lines().find(|line| line.contains(name));
        assert_eq!(line, None, "{name}");
    }
}

#[test]
fn what_is_microsofts_stays() {
    let (report, text) = redacted();
    for name in [
        "login.microsoftonline.com",
        "graph.microsoft.com",
        "20.190.128.1",
        "CN=Zscaler Root CA, O=Zscaler Inc.",
        "Web Page Blocked",
        "Access denied",
    ] {
        assert!(text.contains(name), "{name} is gone");
    }
    let entry = &report.endpoints[0].endpoint;
    let list = reach365::builtin();
    // Who may have issued its certificate is decided when a plan is made.
    let listed = reach365_model::endpoint::Endpoint {
        issuer: entry.issuer,
        ..list.endpoint(&entry.id).unwrap().clone()
    };
    assert_eq!(&listed, entry);
}

#[test]
fn one_name_has_one_placeholder() {
    let (report, _) = redacted();
    let row = &report.endpoints[1];
    let host = row.endpoint.host.to_string();
    assert!(host.starts_with("host-"), "{host}");
    assert_eq!(
        row.verdict.summary.matches(&host).count(),
        2,
        "{}",
        row.verdict.summary
    );
    let hops = report.endpoints[0].route.hop_words();
    let proxy = hops[0].strip_prefix("PROXY ").unwrap();
    assert!(proxy.starts_with("proxy-"), "{proxy}");
    assert!(report.endpoints[0].route.reasons[0].contains(proxy));
    assert!(
        report.endpoints[3]
            .endpoint
            .host
            .to_string()
            .starts_with("msoid.domain-")
    );
}

#[test]
fn a_redacted_report_reads_back_and_redacting_it_again_changes_nothing() {
    let (report, text) = redacted();
    let back = Report::from_json(&text).unwrap();
    assert_eq!(back, report);
    assert_eq!(redact(&back, reach365::builtin()).unwrap(), report);
}

#[test]
fn every_verdict_stays_when_a_redacted_report_is_judged_again() {
    let sinkhole = SAVED.replace("0.0.0.0", "10.9.8.7");
    assert_ne!(sinkhole, SAVED);
    for text in [SAVED, &sinkhole] {
        judged_as_before(&reach365::judge().again(&Report::from_json(text).unwrap()));
    }
}

fn judged_as_before(saved: &Report) {
    let redacted = redact(saved, reach365::builtin()).unwrap();
    let codes = |report: &Report| -> Vec<_> {
        let rows = report.endpoints.iter();
        rows.map(|row| (row.verdict.outcome, row.verdict.code()))
            .collect()
    };
    assert_eq!(codes(&redacted), codes(saved));
    assert_eq!(codes(&reach365::judge().again(&redacted)), codes(saved));
}

#[test]
fn a_device_is_redacted_with_the_same_placeholders() {
    let text = include_bytes!("../device/samples/hybrid.txt");
    let state = device::read(text).unwrap();
    let mut redactor = Redactor::new(reach365::builtin());
    let after = redactor.device(&state).unwrap();
    let text = serde_json::to_string_pretty(&after).unwrap().to_lowercase();
    for name in ["contoso", "ada"] {
        let line = text.lines().find(|line| {
            line.split(|c: char| !c.is_alphanumeric())
                .any(|word| word == name)
        });
        assert_eq!(line, None, "{name}");
    }
    let tenant = state.tenant_id.unwrap();
    assert!(!text.contains(&tenant.to_lowercase()), "{tenant}");
    assert!(
        after
            .tenant_id
            .unwrap()
            .starts_with("00000000-0000-0000-0000-")
    );
    assert_eq!(after.join, state.join);
    assert_eq!(after.token.present, state.token.present);
}
