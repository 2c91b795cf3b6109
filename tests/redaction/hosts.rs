//! Hosts, lists and addresses: which stay, and which become placeholders.

use reach365_render::redaction::{Redactor, redact};
use serde_json::{Value, json};

use super::leaks::{hides, of_microsoft, report};

/// A lookup with such a chain of aliases.
fn pointing(row: &mut Value, chain: &[&str]) {
    let host = row["host"].clone();
    let lookup = &mut row["evidence"]["lookups"][0];
    lookup["name"] = host.clone();
    let mut owner = host;
    let mut records = Vec::new();
    for alias in chain {
        records.push(json!({"name": owner, "kind": "CNAME", "ttl": 60, "data": alias}));
        owner = json!(alias);
    }
    records.push(json!({"name": owner, "kind": "A", "ttl": 60, "data": "20.190.128.9"}));
    lookup["value"]["records"] = json!(records);
}

#[test]
fn aliases_stay_where_a_public_host_has_them() {
    let report = report(|report| {
        let rows = report["endpoints"].as_array_mut().unwrap();
        rows[0]["id"] = json!("www.contoso.com");
        rows[0]["host"] = json!("www.contoso.com");
        pointing(
            &mut rows[0],
            &["www.contoso.com.edgekey.net", "fabrikam-prod.azureedge.net"],
        );
        rows[0]["verdict"]["facts"]["cname"] = json!("fabrikam-prod.azureedge.net");
        of_microsoft(&mut rows[1], "login.microsoftonline.com");
        let chain = [
            "login.mso.msidentity.com",
            "ak.privatelink.msidentity.com",
            "www.tm.a.prd.aadg.trafficmanager.net",
            "stamp2.login.cloudapp.azure.com",
        ];
        pointing(&mut rows[1], &chain);
    });
    let stays = [
        "www.tm.a.prd.aadg.trafficmanager.net",
        "stamp2.login.cloudapp.azure.com",
        "ak.privatelink.msidentity.com",
        ".edgekey.net",
        ".azureedge.net",
    ];
    hides(&report, &["contoso", "fabrikam"], &stays);
}

#[test]
fn a_list_of_ones_own_with_ids_of_the_built_in_one_is_redacted() {
    let report = report(|report| {
        let row = &mut report["endpoints"][0];
        of_microsoft(
            row,
            "graph.microsoft.com".replace("graph", "login").as_str(),
        );
        row["groups"] = json!(["sign-in", "contoso-branch"]);
        row["source"] = json!("Fabrikam wiki");
        row["path"] = json!("/contoso/health");
        row["ranges"] = json!(["20.190.128.0/18", "10.20.0.0/16"]);
    });
    let private = ["contoso-branch", "fabrikam", "/contoso/health", "10.20.0.0"];
    let redacted = hides(
        &report,
        &private,
        &["login.microsoft.com", "sign-in", "20.190.128.0/18"],
    );
    let entry = &redacted.endpoints[0].endpoint;
    let listed = reach365::builtin().endpoint(&entry.id).unwrap();
    assert_eq!(
        (&entry.host, &entry.purpose),
        (&listed.host, &listed.purpose)
    );
}

#[test]
fn an_entry_stays_as_every_cloud_has_it() {
    let list = reach365::builtin();
    for cloud in reach365_model::endpoint::Cloud::ALL {
        let report = report(|report| {
            let row = &mut report["endpoints"][0];
            let entry = list.endpoints().iter();
            let entry = entry
                .clone()
                .find(|it| it.host.to_string() == "login.microsoftonline.com");
            let fields = serde_json::to_value(list.in_cloud(entry.unwrap(), cloud)).unwrap();
            row.as_object_mut()
                .unwrap()
                .extend(fields.as_object().unwrap().clone());
        });
        let redacted = redact(&report, reach365::builtin()).unwrap();
        assert_eq!(
            redacted.endpoints[0].endpoint, report.endpoints[0].endpoint,
            "{cloud}"
        );
    }
}

#[test]
fn what_ones_own_list_expects_is_told_from_other_answers() {
    for (expected, came, same) in [
        ("Contoso probe", "Contoso probe", true),
        ("Contoso probe", "Fabrikam probe", false),
    ] {
        let report = report(|report| {
            let row = &mut report["endpoints"][0];
            row["expect"] = json!({"body": expected});
            let seen = &mut row["evidence"]["attempts"][0]["http"]["value"];
            seen["body_text"] = json!(came);
            seen["body_bytes"] = json!(came.len());
            seen["body_complete"] = json!(true);
        });
        let report = reach365::judge().again(&report);
        assert_eq!(report.endpoints[0].verdict.code().is_none(), same);
        hides(&report, &["contoso"], &[]);
    }
}

#[test]
fn hosts_of_one_owner_stay_hosts_of_one_owner() {
    let report = report(|report| {
        let rows = report["endpoints"].as_array_mut().unwrap();
        for (row, host) in rows
            .iter_mut()
            .zip(["a.contoso.com", "b.contoso.com", "c.fabrikam.com"])
        {
            row["id"] = json!(host);
            row["host"] = json!(host);
        }
        rows[0]["scheme"] = json!("http");
        let attempt = &mut rows[0]["evidence"]["attempts"][0];
        attempt.as_object_mut().unwrap().remove("tls");
        let seen = &mut attempt["http"]["value"];
        seen["status"] = json!(302);
        seen["headers"] = json!({"location": "http://Sign-In.Contoso.com/", "age": "4000"});
    });
    let report = reach365::judge().again(&report);
    assert_eq!(report.endpoints[0].verdict.code(), None);
    let redacted = hides(&report, &["contoso", "fabrikam"], &["\"age\": \"4000\""]);
    let hosts: Vec<String> = redacted
        .endpoints
        .iter()
        .map(|row| row.endpoint.host.to_string())
        .collect();
    assert_eq!(
        hosts,
        [
            "host-1.domain-1.example",
            "host-2.domain-1.example",
            "host-3"
        ]
    );
}

#[test]
fn owners_below_a_public_suffix_of_two_labels_stay_apart() {
    let report = report(|report| {
        let hosts = ["a.contoso.co.uk", "b.fabrikam.co.uk", "c.contoso.co.uk"];
        for (row, host) in report["endpoints"]
            .as_array_mut()
            .unwrap()
            .iter_mut()
            .zip(hosts)
        {
            row["id"] = json!(host);
            row["host"] = json!(host);
        }
    });
    let redacted = hides(&report, &["contoso", "fabrikam"], &[]);
    let rows = redacted.endpoints.iter();
    let owners: Vec<String> = rows.map(|row| row.endpoint.host.owner()).collect();
    assert_eq!(owners[0], owners[2]);
    assert_ne!(owners[0], owners[1]);
}

#[test]
fn addresses_that_nobody_has_stay() {
    for address in [
        "255.255.255.255",
        "240.0.0.1",
        "224.0.0.1",
        "ff02::1",
        "0.0.0.0",
        "131.107.255.255",
    ] {
        assert_eq!(Redactor::new(reach365::builtin()).text(address), address);
    }
}

#[test]
fn control_hosts_and_probes_of_the_registry_may_have_one_label() {
    let report = report(|report| {
        let control = json!({"host": "intra7", "port": 443, "scheme": "https",
            "route": report["endpoints"][0]["route"], "evidence": {}});
        report["run"]["evidence"]["control_hosts"] = json!([control]);
        let rows = report["endpoints"].as_array_mut().unwrap();
        rows[0]["verdict"]["facts"]["control_host"] = json!("intra7 gets past the stage");
        rows[0]["evidence"]["redirected"] = json!({"key": "HKLM\\SYSTEM", "from": "dns.msftncsi.com",
            "to": "http://probe7/contoso.txt = \"Contoso probe\""});
        rows[1]["evidence"]["redirected"] =
            json!({"key": "HKLM\\SYSTEM", "from": "dns.msftncsi.com", "to": "probe8 = 10.1.1.1"});
        rows[2]["evidence"]["skipped"] = json!({"why": "unreadable-setting", "key": "HKLM\\SYSTEM",
            "value": "tailspinprobe is not set"});
        rows[1]["verdict"]["summary"] = json!("probe8 and probe7 were asked");
    });
    let private = [
        "intra7",
        "probe7",
        "contoso",
        "probe8",
        "10.1.1.1",
        "tailspinprobe",
    ];
    hides(
        &report,
        &private,
        &["gets past the stage", "dns.msftncsi.com"],
    );
}
