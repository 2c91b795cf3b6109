//! Dante: SOCKS in both versions.

use std::net::SocketAddr;

use crate::network::{Network, assert_findings, assert_rows, fact};
use crate::part::{Directory, Part, Program, free_address, installed, names_can_be_given};
use reach365_testlab::server::Tcp;

const PASS: &str = "socks pass { from: 0.0.0.0/0 to: 0.0.0.0/0 }";

/// Starts it with these rules; `None` where it cannot be started here.
fn dante(network: &Network, method: &str, rules: &str) -> Option<Part> {
    let file = installed("danted")?;
    if !names_can_be_given() {
        return None;
    }
    let address: SocketAddr = free_address();
    let directory = Directory::new();
    let hosts = directory.write("hosts", &network.names);
    let text = format!(
        "logoutput: stderr\ninternal: {ip} port = {port}\nexternal: lo\n\
         clientmethod: none\nsocksmethod: {method}\nuser.unprivileged: nobody\n\
         client pass {{ from: 127.0.0.0/8 to: 0.0.0.0/0 }}\n{rules}\n",
        ip = address.ip(),
        port = address.port(),
    );
    let configuration = directory.write("danted.conf", &text);
    let program = Program::new(&file, address)
        .arguments(&["-f", &configuration])
        .names(&hosts);
    Some(program.start(directory))
}

/// One that lets everybody go everywhere.
pub(crate) fn open_to_all(network: &Network) -> Option<Part> {
    dante(network, "none", PASS)
}

#[test]
fn all_hosts_are_reachable_in_both_versions() {
    let mut network = Network::with_names(&["login.alpha.example", "ols.beta.example"]);
    network.connectivity_test("ncsi.gamma.example");
    network.revocation_list("crl.delta.example");
    let Some(proxy) = open_to_all(&network) else {
        return;
    };
    for version in ["socks4", "socks5", "socks5h"] {
        let report = network.check(&format!("{version}://{}", proxy.address));
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
        assert!(report.endpoints.iter().all(|row| row.via == "proxy"));
    }
}

#[test]
fn a_rule_against_one_host_is_a_denial_where_the_protocol_can_say_so() {
    let network = Network::with_names(&["login.alpha.example", "ols.beta.example"]);
    let denied = network.names.lines().nth(1).unwrap();
    let (denied, _) = denied.split_once(' ').unwrap();
    let rules = format!("socks block {{ from: 0/0 to: {denied}/32 }}\n{PASS}");
    let Some(proxy) = dante(&network, "none", &rules) else {
        return;
    };
    let report = network.check(&format!("socks5://{}", proxy.address));
    assert_rows(
        &report,
        &[
            ("login.alpha.example", "reachable"),
            ("ols.beta.example", "blocked proxy-denied"),
        ],
    );
    let report = network.check(&format!("socks4://{}", proxy.address));
    assert_rows(
        &report,
        &[
            ("login.alpha.example", "reachable"),
            ("ols.beta.example", "inconclusive proxy-denied"),
        ],
    );
}

#[test]
fn what_lies_behind_it_is_told_apart() {
    let mut network = Network::new();
    let port = network.https("login.alpha.example").port();
    network.closed("ols.beta.example", Tcp::Closed);
    network.unknown("nobody.delta.example", port);
    let Some(proxy) = open_to_all(&network) else {
        return;
    };
    let report = network.check(&format!("socks5://{}", proxy.address));
    assert_rows(
        &report,
        &[
            ("login.alpha.example", "reachable"),
            ("ols.beta.example", "blocked proxy-upstream-unreachable"),
            ("nobody.delta.example", "blocked proxy-upstream-dns"),
        ],
    );
    assert_findings(&report, &[]);
}

#[test]
fn a_demand_for_a_user_is_one_finding() {
    let network = Network::with_names(&["login.alpha.example", "ols.beta.example"]);
    let Some(proxy) = dante(&network, "username", PASS) else {
        return;
    };
    let report = network.check(&format!("socks5://{}", proxy.address));
    let wanted = "blocked proxy-auth-required";
    assert_rows(
        &report,
        &[
            ("login.alpha.example", wanted),
            ("ols.beta.example", wanted),
        ],
    );
    assert_findings(&report, &[("proxy-auth-required", 2)]);
    let schemes = fact(&report, "login.alpha.example", "schemes");
    assert!(schemes.contains("SOCKS 5 does not name them"), "{schemes}");
}
