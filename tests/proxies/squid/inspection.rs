//! A squid that inspects TLS, and one that clients reach over TLS.

use std::process::Command;

use super::Squid;
use crate::certificate::{Authority, NAME};
use crate::network::{Network, assert_findings, assert_rows, fact, row};
use crate::part::{Part, installed};
use reach365_testlab::zone::Name;

const HOSTS: [&str; 2] = ["login.alpha.example", "ols.beta.example"];
const PROXY: &str = "proxy.branch.example";

fn inspecting(network: &Network, authority: &Authority) -> Option<Part> {
    let mut squid = Squid::new()?;
    let helper = installed("security_file_certgen")?;
    let authority = squid
        .directory
        .write("authority.pem", &authority.root_with_key());
    let database = squid.directory.file("certificates").display().to_string();
    let made = Command::new(&helper)
        .args(["-c", "-s", &database, "-M", "4MB"])
        .output();
    assert!(
        made.unwrap().status.success(),
        "no database of certificates"
    );
    squid.port = format!(
        "{} ssl-bump generate-host-certificates=on tls-cert={authority}",
        squid.port
    );
    let [public_roots, _] = network.roots();
    let squid = squid
        .rules("ssl_bump bump all")
        .rules(&format!(
            "sslcrtd_program {} -s {database} -M 4MB",
            helper.display()
        ))
        .rules("sslcrtd_children 2 startup=1")
        .rules(&format!(
            "tls_outgoing_options cafile={}",
            public_roots.display()
        ));
    Some(squid.start(network))
}

#[test]
fn a_proxy_that_opens_tls_with_a_known_authority_is_noticed() {
    let network = Network::with_names(&HOSTS);
    let authority = Authority::new();
    let Some(squid) = inspecting(&network, &authority) else {
        return;
    };
    let report = network.check_trusting(&format!("http://{}", squid.address), &authority);
    let inspected = "degraded tls-intercepted";
    assert_rows(&report, &[(HOSTS[0], inspected), (HOSTS[1], inspected)]);
    assert_findings(&report, &[("tls-intercepted", 2)]);
    assert!(fact(&report, HOSTS[0], "issuer").contains(NAME));
    assert_eq!(fact(&report, HOSTS[0], "proxy"), squid.address.to_string());
}

#[test]
fn a_proxy_that_opens_tls_with_an_unknown_authority_blocks() {
    let network = Network::with_names(&HOSTS);
    let Some(squid) = inspecting(&network, &Authority::new()) else {
        return;
    };
    let report = network.check(&format!("http://{}", squid.address));
    let inspected = "blocked tls-intercepted-untrusted";
    assert_rows(&report, &[(HOSTS[0], inspected), (HOSTS[1], inspected)]);
    assert_findings(&report, &[("tls-intercepted-untrusted", 2)]);
    assert!(fact(&report, HOSTS[0], "issuer").contains(NAME));
}

fn within_tls(network: &Network, authority: &Authority) -> Option<Part> {
    let mut squid = Squid::new()?;
    let certificate = authority.certificate_with_key(PROXY);
    let certificate = squid.directory.write("certificate.pem", &certificate);
    squid.port = format!("https_port {} tls-cert={certificate}", squid.address);
    network.lab.name(PROXY, Name::at(&[squid.address.ip()]));
    Some(squid.start(network))
}

#[test]
fn a_proxy_within_tls_may_have_a_private_authority_that_this_machine_trusts() {
    let mut network = Network::with_names(&HOSTS);
    network.revocation_list("crl.delta.example");
    let authority = Authority::new();
    let Some(squid) = within_tls(&network, &authority) else {
        return;
    };
    let proxy = format!("https://{PROXY}:{}", squid.address.port());
    let report = network.check_trusting(&proxy, &authority);
    assert_rows(
        &report,
        &[
            (HOSTS[0], "reachable"),
            (HOSTS[1], "reachable"),
            ("crl.delta.example", "reachable"),
        ],
    );
    assert_findings(&report, &[]);
}

#[test]
fn the_certificate_of_a_proxy_is_judged_apart_from_those_of_the_hosts() {
    let network = Network::with_names(&HOSTS);
    let Some(squid) = within_tls(&network, &Authority::new()) else {
        return;
    };
    let report = network.check(&format!("https://{PROXY}:{}", squid.address.port()));
    let untrusted = "blocked tls-untrusted-issuer";
    assert_rows(&report, &[(HOSTS[0], untrusted), (HOSTS[1], untrusted)]);
    assert_findings(&report, &[("tls-untrusted-issuer", 2)]);
    let verdict = &row(&report, HOSTS[0]).verdict;
    assert_eq!(
        verdict.stage.map(|stage| stage.to_string()).as_deref(),
        Some("proxy")
    );
    assert!(verdict.summary.contains(PROXY), "{}", verdict.summary);
}
