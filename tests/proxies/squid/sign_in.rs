//! A squid that lets in who signs in.

use reach365::options::ProxySignIn;

use super::Squid;
use crate::network::{Network, assert_findings, assert_rows, fact};
use crate::part::{Part, installed};

const USER: &str = "branch";
const PASSWORD: &str = "secret";
/// The line of an htpasswd file for them.
const LINE: &str = "branch:$apr1$branch12$sHMD0halA1gT7vfqbW4Qz.\n";
const HOSTS: [&str; 2] = ["login.alpha.example", "ols.beta.example"];

/// A squid that knows one user.
pub(crate) fn with_sign_in(network: &Network) -> Option<Part> {
    let squid = Squid::new()?;
    let helper = installed("basic_ncsa_auth")?;
    let passwords = squid.directory.write("passwords", LINE);
    let squid = squid
        .rules(&format!(
            "auth_param basic program {} {passwords}",
            helper.display()
        ))
        .rules("auth_param basic children 2 startup=1")
        .rules("auth_param basic realm Contoso branch")
        .rules("acl known proxy_auth REQUIRED")
        .rules("http_access deny !known");
    Some(squid.start(network))
}

fn hosts() -> Network {
    let mut network = Network::of(&HOSTS);
    network.revocation_list("crl.delta.example");
    network
}

#[test]
fn without_credentials_there_is_one_finding_with_the_schemes() {
    let network = hosts();
    let Some(squid) = with_sign_in(&network) else {
        return;
    };
    let report = network.check(&format!("http://{}", squid.address));
    let wanted = "blocked proxy-auth-required";
    assert_rows(
        &report,
        &[
            (HOSTS[0], wanted),
            (HOSTS[1], wanted),
            ("crl.delta.example", wanted),
        ],
    );
    assert_findings(&report, &[("proxy-auth-required", 3)]);
    for row in &report.endpoints {
        assert_eq!(
            fact(&report, &row.endpoint.id, "schemes"),
            "[\"Basic\"]",
            "{}",
            row.endpoint.id
        );
        assert!(
            row.verdict.consequence_of.is_some(),
            "{} stands alone",
            row.endpoint.id
        );
    }
    assert!(
        report.findings[0].summary.contains("Basic"),
        "{}",
        report.findings[0].summary
    );
}

#[test]
fn the_right_credentials_open_the_way() {
    let network = hosts();
    let Some(squid) = with_sign_in(&network) else {
        return;
    };
    let mut options = network.options(&format!("http://{}", squid.address));
    options.proxy_sign_in = Some(ProxySignIn::basic(USER, PASSWORD));
    let report = network.check_with(options);
    assert_rows(
        &report,
        &[
            (HOSTS[0], "reachable"),
            (HOSTS[1], "reachable"),
            ("crl.delta.example", "reachable"),
        ],
    );
    assert!(!serde_json::to_string(&report).unwrap().contains(PASSWORD));
}

#[test]
fn wrong_credentials_are_told_from_missing_ones() {
    let network = hosts();
    let Some(squid) = with_sign_in(&network) else {
        return;
    };
    let mut options = network.options(&format!("http://{}", squid.address));
    options.proxy_sign_in = Some(ProxySignIn::basic(USER, "a guess"));
    let report = network.check_with(options);
    let rejected = "blocked proxy-auth-rejected";
    assert_rows(
        &report,
        &[
            (HOSTS[0], rejected),
            (HOSTS[1], rejected),
            ("crl.delta.example", rejected),
        ],
    );
    assert_findings(&report, &[("proxy-auth-rejected", 3)]);
}
