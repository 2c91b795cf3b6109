//! A squid that lets in who signs in.

use std::fs;
use std::path::{Path, PathBuf};

use reach365_model::options::{ProxySignIn, ProxyUser};

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
    let (squid, _) = with_log(network)?;
    Some(squid)
}

/// The same with its log: status and credentials of each request.
fn with_log(network: &Network) -> Option<(Part, PathBuf)> {
    let squid = Squid::new()?;
    let log = squid.directory.file("requests.log");
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
        .rules("http_access deny !known")
        .rules("logformat sent %>Hs %{Proxy-Authorization}>h")
        .rules(&format!("access_log stdio:{} sent", log.display()));
    Some((squid.start(network), log))
}

/// Authenticated requests that were answered with 407.
fn failed_sign_ins(log: &Path) -> usize {
    let text = fs::read_to_string(log).unwrap();
    let failed = |line: &&str| line.starts_with("407 Basic");
    text.lines().filter(failed).count()
}

/// A directory locks accounts after a few wrong passwords.
#[test]
fn a_wrong_password_is_sent_once_in_a_run() {
    let names = [
        "login.alpha.example",
        "ols.beta.example",
        "a.gamma.example",
        "b.delta.example",
        "c.epsilon.example",
        "d.zeta.example",
    ];
    let mut network = Network::with_names(&names);
    network.revocation_list("crl.eta.example");
    let Some((squid, log)) = with_log(&network) else {
        return;
    };
    let mut options = network.options(&format!("http://{}", squid.address));
    options.proxy_sign_in = Some(ProxySignIn::basic(USER, "a guess"));
    options.compare_paths = true;
    options.confirm = 2;
    options.control_host = Some("control.theta.example".parse().unwrap());
    let report = network.check_with(options.clone());
    assert_findings(&report, &[("proxy-auth-rejected", 7)]);
    assert_eq!(failed_sign_ins(&log), 1);

    options.proxy_sign_in = Some(ProxySignIn::basic(USER, PASSWORD));
    let report = network.check_with(options);
    assert_findings(&report, &[]);
    assert_eq!(
        failed_sign_ins(&log),
        1,
        "the right password is never rejected"
    );
}

#[test]
fn credentials_bound_to_another_proxy_are_not_sent() {
    let network = hosts();
    let Some((squid, log)) = with_log(&network) else {
        return;
    };
    let mut options = network.options(&format!("http://{}", squid.address));
    let user: ProxyUser = "branch@proxy.example:3128".parse().unwrap();
    options.proxy_sign_in = Some(user.sign_in(PASSWORD));
    let report = network.check_with(options.clone());
    assert_findings(&report, &[("proxy-auth-required", 3)]);
    let summary = &report.findings[0].summary;
    assert!(summary.contains("names another proxy"), "{summary}");
    assert!(!fs::read_to_string(&log).unwrap().contains("Basic"));

    let user: ProxyUser = format!("branch@{}", squid.address).parse().unwrap();
    options.proxy_sign_in = Some(user.sign_in(PASSWORD));
    assert_findings(&network.check_with(options), &[]);
}

fn hosts() -> Network {
    let mut network = Network::with_names(&HOSTS);
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
