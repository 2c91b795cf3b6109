//! Who may go where.

use super::{SOFTWARE, Squid};
use crate::network::{Network, assert_findings, assert_rows, fact, row};
use reach365_testlab::http::Http;
use reach365_testlab::server::Server;

#[test]
fn all_hosts_are_reachable_through_it() {
    let Some(squid) = Squid::new() else { return };
    let mut network = Network::with_names(&["login.alpha.example", "ols.beta.example"]);
    network.connectivity_test("ncsi.gamma.example");
    network.revocation_list("crl.delta.example");
    let squid = squid.start(&network);
    let report = network.check(&format!("http://{}", squid.address));
    assert_rows(
        &report,
        &[
            ("login.alpha.example", "reachable"),
            ("ols.beta.example", "reachable"),
            ("ncsi.gamma.example", "reachable"),
            ("crl.delta.example", "reachable"),
        ],
    );
    assert_findings(&report, &[]);
    for row in &report.endpoints {
        assert_eq!(row.via, "proxy", "{}", row.endpoint.id);
        let attempts = &row.evidence.attempts;
        assert!(
            attempts
                .iter()
                .all(|attempt| attempt.address == squid.address)
        );
    }
}

#[test]
fn one_host_is_denied_with_a_page_of_its_own() {
    let Some(squid) = Squid::new() else { return };
    let network = Network::with_names(&["login.alpha.example", "ols.beta.example"]);
    let squid = squid
        .page(
            "ERR_BRANCH",
            "<html><head><title>Contoso: not for work</title></head></html>",
        )
        .rules("error_directory pages")
        .rules("acl games dstdomain ols.beta.example")
        .rules("deny_info ERR_BRANCH games")
        .rules("http_access deny games")
        .start(&network);
    let report = network.check(&format!("http://{}", squid.address));
    assert_rows(
        &report,
        &[
            ("login.alpha.example", "reachable"),
            ("ols.beta.example", "blocked proxy-denied"),
        ],
    );
    assert_findings(&report, &[]);
    let denied = |name: &str| fact(&report, "ols.beta.example", name);
    assert_eq!(denied("page"), "Contoso: not for work");
    assert_eq!(denied("proxy_error"), "ERR_BRANCH 0");
    assert_eq!(denied("proxy"), squid.address.to_string());
    assert!(denied("proxy_software").starts_with(SOFTWARE));
    let culprit = row(&report, "ols.beta.example").verdict.culprit.as_ref();
    assert_eq!(culprit.unwrap().address, Some(squid.address.ip()));
}

#[test]
fn a_denial_of_a_host_in_clear_text_is_its_own_too() {
    let Some(squid) = Squid::new() else { return };
    let mut network = Network::with_names(&["login.alpha.example"]);
    network.connectivity_test("ncsi.gamma.example");
    network.revocation_list("crl.delta.example");
    let squid = squid
        .rules("acl lists dstdomain .delta.example")
        .rules("http_access deny lists")
        .start(&network);
    let report = network.check(&format!("http://{}", squid.address));
    assert_rows(
        &report,
        &[
            ("login.alpha.example", "reachable"),
            ("ncsi.gamma.example", "reachable"),
            ("crl.delta.example", "blocked proxy-denied"),
        ],
    );
    assert_eq!(
        fact(&report, "crl.delta.example", "proxy_error"),
        "ERR_ACCESS_DENIED 0"
    );
}

#[test]
fn a_denial_of_everything_is_one_finding() {
    let Some(squid) = Squid::new() else { return };
    let mut network = Network::with_names(&["login.alpha.example", "ols.beta.example"]);
    network.revocation_list("crl.delta.example");
    let squid = squid.rules("http_access deny all").start(&network);
    let report = network.check(&format!("http://{}", squid.address));
    let denied = "blocked proxy-denied";
    assert_rows(
        &report,
        &[
            ("login.alpha.example", denied),
            ("ols.beta.example", denied),
            ("crl.delta.example", denied),
        ],
    );
    assert_findings(&report, &[("proxy-denied", 3)]);
    assert!(
        report
            .endpoints
            .iter()
            .all(|row| row.verdict.consequence_of.is_some())
    );
}

#[test]
fn tunnels_to_a_port_that_is_not_safe_are_told_from_denied_hosts() {
    let Some(squid) = Squid::new() else { return };
    let mut network = Network::new();
    let safe = network.https("login.alpha.example").port();
    let server = Server::http(Http::default());
    network.add("push.beta.example", "odd", &server, "");
    network.add("push.gamma.example", "odd", &server, "");
    let squid = squid
        .rules(&format!("acl SSL_ports port {safe}"))
        .rules("acl CONNECT method CONNECT")
        .rules("http_access deny CONNECT !SSL_ports")
        .start(&network);
    let report = network.check(&format!("http://{}", squid.address));
    assert_rows(
        &report,
        &[
            ("login.alpha.example", "reachable"),
            ("push.beta.example", "blocked proxy-denied"),
            ("push.gamma.example", "blocked proxy-denied"),
        ],
    );
    assert_findings(&report, &[("proxy-port-denied", 2)]);
}
