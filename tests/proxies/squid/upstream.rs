//! What lies behind the proxy does not work.

use std::time::Duration;

use reach365_model::options::Timeouts;

use super::Squid;
use crate::network::{Network, assert_findings, assert_rows, fact};
use reach365_testlab::server::{Server, Tcp};

/// A network with a healthy host and one of each fault, for connections that are tunneled.
#[test]
fn each_fault_behind_it_has_its_own_code() {
    let Some(squid) = Squid::new() else { return };
    let mut network = Network::new();
    let port = network.https("login.alpha.example").port();
    network.closed("ols.beta.example", Tcp::Closed);
    network.closed("odc.gamma.example", Tcp::Dropped);
    network.unknown("nobody.delta.example", port);
    network.add(
        "crl.alpha.example",
        "http",
        &Server::tcp(Tcp::Closed),
        "scheme = \"http\"\n",
    );
    network.add(
        "crl.beta.example",
        "http",
        &Server::tcp(Tcp::Dropped),
        "scheme = \"http\"\n",
    );
    let squid = squid
        .rules("dns_timeout 1 second")
        .rules("dns_retransmit_interval 1 second")
        .start(&network);
    let mut options = network.options(&format!("http://{}", squid.address));
    // Squid needs up to two seconds to find out.
    options.timeouts = Timeouts::all(Duration::from_secs(4));
    let report = network.check_with(options);
    assert_rows(
        &report,
        &[
            ("login.alpha.example", "reachable"),
            ("ols.beta.example", "blocked proxy-upstream-unreachable"),
            ("odc.gamma.example", "blocked proxy-upstream-timeout"),
            ("nobody.delta.example", "blocked proxy-upstream-dns"),
            ("crl.alpha.example", "blocked proxy-upstream-unreachable"),
            ("crl.beta.example", "blocked proxy-upstream-timeout"),
        ],
    );
    assert_findings(&report, &[]);
    assert_eq!(
        fact(&report, "ols.beta.example", "proxy_error"),
        "ERR_CONNECT_FAIL 111"
    );
    assert_eq!(
        fact(&report, "odc.gamma.example", "proxy_error"),
        "ERR_CONNECT_FAIL 110"
    );
}

/// A proxy that waits longer than this client is not a dead proxy while it serves others.
#[test]
fn a_proxy_that_waits_for_one_host_is_not_silent() {
    let Some(squid) = Squid::new() else { return };
    let mut network = Network::with_names(&["login.alpha.example"]);
    network.closed("odc.gamma.example", Tcp::Dropped);
    network.add(
        "crl.delta.example",
        "http",
        &Server::tcp(Tcp::Dropped),
        "scheme = \"http\"\n",
    );
    let squid = squid.waits_long().start(&network);
    let mut options = network.options(&format!("http://{}", squid.address));
    options.timeouts = Timeouts::all(Duration::from_secs(2));
    let report = network.check_with(options);
    assert_rows(
        &report,
        &[
            ("login.alpha.example", "reachable"),
            ("odc.gamma.example", "blocked proxy-upstream-timeout"),
            ("crl.delta.example", "blocked proxy-upstream-timeout"),
        ],
    );
}
