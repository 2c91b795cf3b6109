//! What the machine itself says: names of its proxies, its resolvers, its prefixes.

use serde_json::json;

use super::leaks::{hides, of_microsoft, report};

#[test]
fn proxies_that_are_named_in_short_lose_every_form_of_their_names() {
    let report = report(|report| {
        let names = json!([{"name": "prx7", "asked": ["prx7.emea.contoso.test.", "prx7"],
            "os_resolver": {"at_ms": 1.0, "elapsed_ms": 2.0, "value": ["10.77.3.4"]}}]);
        let beside = json!([{"name": "zentral", "asked": ["zentral.tailspin.test"]}]);
        let way = json!({"view": "direct", "route": report["endpoints"][0]["route"]});
        let rows = report["endpoints"].as_array_mut().unwrap();
        rows[0]["evidence"]["proxy_names"] = names;
        rows[1]["evidence"]["controls"] =
            json!([{"way": way, "evidence": {"proxy_names": beside}}]);
        rows[0]["verdict"]["summary"] = json!("prx7 and zentral were asked");
        rows[0]["verdict"]["facts"]["asked"] = json!(["prx7.emea.contoso.test."]);
    });
    let private = [
        "prx7",
        "contoso",
        "emea",
        "10.77.3.4",
        "zentral",
        "tailspin",
    ];
    hides(&report, &private, &["were asked"]);
}

#[test]
fn resolvers_with_a_zone_and_prefixes_of_ones_own_go() {
    let report = report(|report| {
        let run = &mut report["run"]["evidence"];
        run["nat64"] = json!(["fd12:3456:789a:64::/96", "64:ff9b::/96"]);
        run["resolvers"] = json!(["[fe80::9a1b:77ff:fe00:1%3]:53", "[fd12:3456:789a::53]:53"]);
        run["unusable_resolvers"] = json!([
            "fe80::9a1b:77ff:fe00:2%eth7 in /etc/resolv.conf: no such interface",
            "fe80::9a1b:77ff:fe00:3%wlan-contoso: no such interface",
        ]);
        let row = &mut report["endpoints"][0];
        row["verdict"]["summary"] =
            json!("asked [fe80::9a1b:77ff:fe00:4%vmbr9]:53 and fd12:3456:789a:64::a4d:304");
    });
    let private = [
        "fd12:3456",
        "9a1b:77ff",
        "%eth7",
        "wlan-contoso",
        "%vmbr9",
        "a4d:304",
    ];
    let kept = ["64:ff9b::/96", "/etc/resolv.conf", "no such interface"];
    hides(&report, &private, &kept);
}

/// The addresses behind a prefix still mean the addresses of the service.
#[test]
fn a_network_with_a_nat64_prefix_of_its_own_is_judged_as_before() {
    let report = report(|report| {
        report["run"]["evidence"]["nat64"] = json!(["fd12:3456:789a:64::/96"]);
        let row = &mut report["endpoints"][0];
        of_microsoft(row, "login.microsoftonline.com");
        let record = json!({"name": "login.microsoftonline.com", "kind": "AAAA", "ttl": 60,
            "data": "fd12:3456:789a:64::14be:9746"});
        let answer = json!({"rcode": "NOERROR", "records": [record]});
        row["evidence"]["lookups"] = json!([{"name": "login.microsoftonline.com", "kind": "AAAA",
            "tries": [], "at_ms": 1.0, "elapsed_ms": 2.0, "value": answer}]);
    });
    let redacted = hides(&report, &["fd12:3456"], &["14be:9746"]);
    assert_eq!(redacted.run.evidence.nat64.len(), 1);
}

#[test]
fn where_a_page_leads_goes_too() {
    let report = report(|report| {
        let rows = report["endpoints"].as_array_mut().unwrap();
        let seen = json!({"status": 200, "asks": ["form", "password"],
            "leads_to": "portal.tailspin.test"});
        let attempt = json!({"address": "192.0.2.1:80", "round": 1,
            "tcp": {"at_ms": 1.0, "elapsed_ms": 1.0}, "http":
            {"at_ms": 1.0, "elapsed_ms": 1.0, "value": seen}});
        rows[0]["evidence"]["attempts"] = json!([attempt]);
        rows[0]["verdict"]["summary"] = json!("it leads to portal.tailspin.test");
    });
    hides(&report, &["tailspin"], &["it leads to", "password"]);
}
