//! What other parties and other settings say, each in the form in which it once stayed.

use reach365::Report;
use reach365_judge::device;
use reach365_render::redaction::{Redactor, redact};
use serde_json::{Value, json};

use super::SAVED;

/// A saved report with a change, judged.
pub(super) fn report(change: impl FnOnce(&mut Value)) -> Report {
    let mut value: Value = serde_json::from_str(SAVED).unwrap();
    change(&mut value);
    Report::from_json(&value.to_string()).unwrap()
}

fn lower(value: &impl serde::Serialize) -> String {
    serde_json::to_string_pretty(value).unwrap().to_lowercase()
}

/// Nothing private is left, the rest is, and the report is judged as before.
pub(super) fn hides(report: &Report, private: &[&str], stays: &[&str]) -> Report {
    let before = lower(report);
    let redacted = redact(report, reach365::builtin()).unwrap();
    let after = lower(&redacted);
    for name in private {
        assert!(before.contains(name), "the test does not contain {name}");
        let lines: Vec<&str> = after.lines().filter(|line| line.contains(name)).collect();
        assert_eq!(lines, Vec::<&str>::new(), "{name}");
    }
    for name in stays {
        assert!(
            after.contains(&name.to_lowercase()),
            "{name} is gone:\n{after}"
        );
    }
    assert_eq!(redact(&redacted, reach365::builtin()).unwrap(), redacted);
    let codes = |report: &Report| -> Vec<_> {
        let rows = report.endpoints.iter();
        rows.map(|row| (row.verdict.outcome, row.verdict.code()))
            .collect()
    };
    assert_eq!(
        codes(&reach365::judge().again(&redacted)),
        codes(&reach365::judge().again(report))
    );
    redacted
}

/// Turns an endpoint into one with a host of the built-in list.
pub(super) fn of_microsoft(row: &mut Value, host: &str) {
    let list = reach365::builtin();
    let entry = list.endpoints().iter();
    let entry = entry
        .clone()
        .find(|it| it.host.to_string() == host)
        .unwrap();
    let Value::Object(fields) = serde_json::to_value(entry).unwrap() else {
        panic!("an endpoint is an object")
    };
    row.as_object_mut().unwrap().extend(fields);
}

/// An endpoint that a proxy refused with such a reason and such headers, judged again.
fn refused(reason: &str, headers: &Value) -> Report {
    let report = report(|report| {
        let row = &mut report["endpoints"][0];
        of_microsoft(row, "login.microsoftonline.com");
        row["via"] = json!("proxy");
        row["route"]["hops"] = json!(["PROXY proxy:8080"]);
        let attempt = &mut row["evidence"]["attempts"][0];
        attempt["hop"] = json!("PROXY proxy:8080");
        attempt["proxy"] = json!({
            "at_ms": 1.0, "elapsed_ms": 1.0,
            "value": {"request": "CONNECT login.microsoftonline.com:443", "status": 403,
                      "reason": reason, "headers": headers},
            "failure": {"kind": "proxy-refused", "detail": format!("HTTP 403 {reason}")},
        });
        let fields = attempt.as_object_mut().unwrap();
        fields.remove("tls");
        fields.remove("http");
    });
    reach365::judge().again(&report)
}

#[test]
fn a_refusal_names_no_user_and_no_machine() {
    let headers = json!({
        "x-squid-error": "ERR_ACCESS_DENIED CONTOSO\\bob",
        "server": "BCOSRV-PRXEDGE1",
        "x-cache": "MISS from prxalpha, HIT from prxbeta:3128",
        "proxy-authenticate":
            "Digest realm=\"Zeta Corp\", nonce=\"bm9uY2U\", Basic realm=\"Omega Corp\", NTLM TlRMTVNTUAACAAAA",
        "via": "2 prxgamma (Contoso cache), 1.1 prxdelta:3128 (squid/5.7)",
    });
    let report = refused("Blocked for user CONTOSO\\ada by PRXSRV9", &headers);
    let private = [
        "contoso", "ada by", "prxsrv9", "bob", "bcosrv", "prxedge1", "prxalpha", "prxbeta", "zeta",
        "omega", "bm9uy2u", "tlrmtvnt", "prxgamma", "prxdelta",
    ];
    let stays = [
        "err_access_denied",
        "squid/5.7",
        "miss from",
        "Blocked for user",
        "digest",
        "basic",
    ];
    let redacted = hides(&report, &private, &stays);
    let facts = &redacted.endpoints[0].verdict.facts();
    assert_eq!(facts["proxy_software"], "…-…");
    let before = &report.endpoints[0].verdict;
    assert!(before.summary.contains("PRXSRV9"), "{}", before.summary);
    assert!(
        redacted.endpoints[0]
            .verdict
            .summary
            .contains("Blocked for user")
    );
}

#[test]
fn known_software_keeps_its_name_and_version() {
    for server in [
        "squid/5.7",
        "tinyproxy/1.11.1",
        "AkamaiGHost",
        "Microsoft-IIS/10.0",
        "Zscaler/6.2",
    ] {
        let report = refused("Forbidden", &json!({"server": server}));
        hides(&report, &[], &[&format!("\"server\": \"{server}\"")]);
    }
    let report = refused("Forbidden", &json!({"server": "squid/10.20.30.40"}));
    hides(&report, &["10.20.30.40"], &["squid/"]);
}

#[test]
fn reasons_of_a_way_name_no_account_and_no_server() {
    let report = report(|report| {
        report["endpoints"][0]["route"]["reasons"] = json!([
            "user DOMX\\jdoe",
            "\\\\FILESRV1\\netlogon\\proxy.pac",
            "file://FILESRV2/netlogon/contosoteam.pac",
            "user:DOMY\\\\rroe",
            "C:\\Windows\\System32\\drivers\\etc\\hosts",
            "HKCU\\Software\\Microsoft\\Windows",
            "HKLM\\Software\\Policies",
            "%LOCALAPPDATA%\\reach365\\fixes",
            "C:\\Users\\mmoe\\AppData\\Local\\Temp",
            "at \\u{1b}[2J",
            "the machine says otherwise: PROXY prxdelta:80 for http",
            "card 001a.2b3c.4d5e has lost portal.tailspin.example.pac",
        ]);
    });
    let private = [
        "domx",
        "jdoe",
        "filesrv1",
        "netlogon",
        "filesrv2",
        "contosoteam",
        "domy",
        "rroe",
        "mmoe",
        "prxdelta",
        "001a.2b3c",
        "tailspin",
    ];
    let redacted = hides(&report, &private, &["PROXY proxy-1:80"]);
    let reasons = &redacted.endpoints[0].route.reasons;
    assert_eq!(reasons[4], "C:\\Windows\\System32\\drivers\\etc\\hosts");
    assert_eq!(reasons[5], "HKCU\\Software\\Microsoft\\Windows");
    assert_eq!(reasons[6], "HKLM\\Software\\Policies");
    assert_eq!(reasons[7], "%LOCALAPPDATA%\\reach365\\fixes");
    assert!(
        reasons[8].ends_with("\\AppData\\Local\\Temp"),
        "{}",
        reasons[8]
    );
    assert_eq!(reasons[9], "at \\u{1b}[2J");
}

/// An endpoint with such a redirect in clear text, and a script at such an address.
fn leading(location: &str, script: &str) -> Report {
    report(|report| {
        report["run"]["evidence"]["scripts"] =
            json!([{"url": script, "discovered": false, "fetch_ms": 1.0}]);
        let row = &mut report["endpoints"][0];
        row["route"]["reasons"] = json!([format!("the PAC script {script} answered \"DIRECT\"")]);
        row["evidence"]["attempts"][0]["http"]["value"]["headers"]["location"] = json!(location);
    })
}

#[test]
fn redirects_and_scripts_lose_hosts_paths_and_queries() {
    let cases = [
        (
            "https://Portal.Contoso.com/block?user=adalove",
            &["contoso", "adalove"][..],
        ),
        (
            "https://portal.contoso.com?user=adaquery",
            &["contoso", "adaquery"],
        ),
        (
            "https://portal.contoso.com#adafragment",
            &["contoso", "adafragment"],
        ),
        ("//portal.contoso.com/adapath", &["contoso", "adapath"]),
        (
            "/blocked?user=adarel&dom=CONTOSODOM",
            &["adarel", "contosodom"],
        ),
        ("blocked.html?user=adarel", &["adarel"]),
        (
            "https://adauser:adasecret@gate7/x",
            &["adauser", "adasecret", "gate7"],
        ),
        (
            "https://login.microsoftonline.com/common?login_hint=adapublic",
            &["adapublic"],
        ),
    ];
    for (location, private) in cases {
        hides(&leading(location, "http://wpad/wpad.dat"), private, &[]);
    }
    let scripts = [
        (
            "https://contosoapp.search.windows.net/x/contosofile.pac?user=adapac",
            &["contoso", "adapac"][..],
        ),
        (
            "https://login.microsoftonline.com/x/contosofile.pac?user=adapac",
            &["contosofile", "adapac"],
        ),
        ("HTTP://PAC7/Contoso.pac", &["pac7", "contoso"]),
        ("https://contoso.blob.core.windows.net/p.pac", &["contoso"]),
        (
            "https://contoso.region7.cloudapp.azure.com/proxy.pac",
            &["contoso", "region7"],
        ),
    ];
    for (script, private) in scripts {
        hides(&leading("/", script), private, &[]);
    }
    let public = leading(
        "https://login.microsoftonline.com/common/login?x=1",
        "http://wpad/wpad.dat",
    );
    hides(
        &public,
        &["x=1"],
        &["https://login.microsoftonline.com/common/login?…"],
    );
}

#[test]
fn a_redirect_to_a_page_of_a_product_still_names_the_product() {
    let report = leading(
        "http://gate7/php/urlblock.php?args=AQIDBA&user=adalove",
        "http://wpad/wpad.dat",
    );
    hides(
        &report,
        &["gate7", "adalove", "aqidba"],
        &["/php/urlblock.php?args="],
    );
}

#[test]
fn extended_dns_errors_keep_their_number_alone() {
    let text = "15 (Blocked): policy of DNSGW7 for user CONTOSOX\\jdoe";
    let report = report(|report| {
        let row = &mut report["endpoints"][0];
        let lookup = &mut row["evidence"]["lookups"][0];
        lookup["value"]["extended_errors"] = json!([text, "17 gw9.fabrikam", "4 (Rroe7)"]);
        lookup["failure"] = json!({"kind": "dns-code", "detail": format!("REFUSED; {text}")});
        row["verdict"]["summary"] = json!(format!("the resolver said {text}"));
    });
    let private = ["dnsgw7", "contosox", "jdoe", "gw9", "fabrikam", "rroe7"];
    hides(
        &report,
        &private,
        &["15 (blocked): policy", "refused; 15 (blocked)", "\"17 …"],
    );
}

#[test]
fn a_device_and_its_bundle_name_no_sid_card_share_or_profile() {
    const PARAMETERS: &str = r"HKLM\SYSTEM\CurrentControlSet\Services\NlaSvc\Parameters\Internet";
    const SCHANNEL: &str = r"HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols\TLS 1.2\Client";
    let text = include_str!("../device/samples/hybrid.txt").replace(
        "AADSTS50126: The name or the password is wrong.",
        "S-1-5-21-1004336348-1177238915-682003330-512 of FABRIKAM\\jdoe at \\\\FILESRV9\\share, \
         D:\\profiles\\jdoe2, 00:1A:2B:3C:4D:5E, 00-1a-2b-3c-4d-5f, S-1-5-18, S-1-5-32-544, \
         S-1-12-1-111-222-333-444",
    );
    let mut state = device::read(text.as_bytes()).unwrap();
    state.pc = serde_json::from_value(json!({
        "dsregcmd": "read", "services": [], "registry": [
            {"key": PARAMETERS, "name": "ActiveWebProbeHost", "value": "probe7"},
            {"key": PARAMETERS, "name": "ActiveWebProbePath", "value": "tailspin.txt"},
            {"key": PARAMETERS, "name": "ActiveWebProbeContent", "value": "Litware probe"},
            {"key": SCHANNEL, "name": "Enabled", "value": 1},
        ],
        "proxies": [{"kind": "user", "auto_detect": false, "pac_url": null, "bypass": "",
            "source": "HKU\\S-1-5-21-7-8-9-1001 DefaultConnectionSettings", "proxies": [], "notes": []}],
    }))
    .unwrap();
    let before = lower(&state);
    let after = lower(&Redactor::new(reach365::builtin()).device(&state).unwrap());
    let mut redactor = Redactor::new(reach365::builtin());
    redactor.device(&state).unwrap();
    let sent = lower(&redactor.document(&json!({"said": state})).unwrap());
    for name in [
        "s-1-5-21", "fabrikam", "jdoe", "filesrv9", "share,", "profiles", "00:1a:2b", "00-1a-2b",
        "s-1-12-1", "probe7", "tailspin", "litware",
    ] {
        assert!(before.contains(name), "the test does not contain {name}");
        for text in [&after, &sent] {
            let line = text.lines().find(|line| line.contains(name));
            assert_eq!(line, None, "{name}");
        }
    }
    let redacted = Redactor::new(reach365::builtin()).device(&state).unwrap();
    let registry = redacted.pc.unwrap().registry;
    assert_eq!(
        (&*registry[0].key, &*registry[3].key),
        (PARAMETERS, SCHANNEL)
    );
    assert_eq!(registry[0].name, "ActiveWebProbeHost");
    for name in [
        "s-1-5-18",
        "s-1-5-32-544",
        "hku\\\\sid-",
        "d:\\\\path-",
        "\\\\\\\\host-",
    ] {
        assert!(after.contains(name), "{name} is gone");
    }
}

#[test]
fn steps_of_remedies_stay_as_they_are_written() {
    let mut redactor = Redactor::new(reach365::builtin());
    redactor.report(&report(|_| {})).unwrap();
    let remedies = json!(reach365_judge::remedy::Remedies::builtin().all());
    let before = serde_json::to_string_pretty(&remedies).unwrap();
    let after = serde_json::to_string_pretty(&redactor.document(&remedies).unwrap()).unwrap();
    let lines = before.lines().zip(after.lines());
    let changed: Vec<_> = lines.filter(|(one, other)| one != other).collect();
    assert_eq!(changed, Vec::new());
}

#[test]
fn paths_and_names_of_odd_forms_go_too() {
    let reasons = [
        r"\\o'brien\hrshare",
        r"D'ARC\adala\secretplan",
        r"\\'a and \\xn--'9",
        "file://C:/CorpIT/secretscript.pac",
        r"file://C:\CorpIT\secretscript.pac",
        "C:/CorpIT/otherscript.pac",
        r"\\?\UNC\fs01\payroll\x",
        r"C:\Windows-Contoso\hiddenplan",
        r"FABRIKAM\adalo mailto:adalo.love@fabrikam.example",
    ];
    let report = report(|report| {
        report["endpoints"][0]["route"]["reasons"] = json!(reasons);
    });
    let private = [
        "brien",
        "hrshare",
        "d'arc",
        "adala",
        "secretplan",
        "corpit",
        "secretscript",
        "otherscript",
        "fs01",
        "payroll",
        "windows-contoso",
        "hiddenplan",
        "adalo",
        "love@",
    ];
    hides(&report, &private, &[]);
}

/// Sentences, products and fields of this program have these words too.
#[test]
fn common_words_are_names_in_their_place_alone() {
    let reasons = [
        r"CORP\any",
        r"\\any\x",
        "http://trusted/x",
        "PROXY zscaler:9400",
        r"CORP\zscaler",
        "2026@contoso.example",
        r"C:\Users\2026\x",
        "unknown@contoso.example",
    ];
    let report = report(|report| {
        report["run"]["site"] = json!("any");
        let row = &mut report["endpoints"][0];
        row["route"]["reasons"] = json!(reasons);
        let tls = &mut row["evidence"]["attempts"][0]["tls"]["value"];
        tls["chain"][0]["issuer"] = json!("CN=Zscaler Intermediate Root CA, O=Zscaler Inc.");
        report["endpoints"][1]["host"] = json!("vpn.trusted.example");
    });
    let stays = [
        "CN=Zscaler Intermediate Root CA",
        "\"any-genuine\"",
        "\"trusted\"",
    ];
    hides(&report, &["vpn.trusted", "contoso", r"corp\\"], &stays);
}

#[test]
fn a_name_behind_a_long_run_of_anything_is_redacted() {
    let long = ["-", "a.", "a@", "1.", "a%"].map(|unit| (unit, 1 << 18));
    let others = [
        ".", "_", "a-", "%", ":", "1:", "\\", "a\\", "/", "…", "a…", "x ", "= ", "ab.cd ",
        "http://", "c:\\", "s-1-", "00:", "a&", "a'", "$a",
    ];
    let others = others.map(|unit| (unit, 1 << 15));
    for (unit, length) in long.into_iter().chain(others) {
        let text = unit.repeat(length / unit.len()) + " pc7.contosobank.example";
        let report = report(|report| {
            report["endpoints"][0]["route"]["reasons"] = json!([text]);
            report["endpoints"][0]["evidence"]["attempts"][0]["http"]["value"]["title"] =
                json!(text);
        });
        assert!(lower(&report).contains("contosobank"), "{unit:?}");
        let redacted = redact(&report, reach365::builtin()).unwrap();
        assert!(!lower(&redacted).contains("contosobank"), "{unit:?}");
        assert_eq!(redacted.endpoints.len(), report.endpoints.len());
    }
}

#[test]
fn words_of_a_text_that_was_cut_off_go_too() {
    let name = format!("{} contosolyonbranch", "Access denied ".repeat(13));
    let report = refused(&name, &json!({}));
    let summary = &report.endpoints[0].verdict.summary;
    assert!(
        summary.contains("conto") && !summary.contains("lyonbranch"),
        "{summary}"
    );
    hides(&report, &["conto"], &[]);
}
