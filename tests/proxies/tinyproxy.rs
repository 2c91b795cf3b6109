//! Tinyproxy: names, filters, a port that it does not let through, sign-in.

use reach365_model::options::ProxySignIn;

use crate::network::{Network, assert_findings, assert_rows, fact};
use crate::part::{Directory, Part, Program, free_address, installed, names_can_be_given};
use reach365_testlab::http::Http;
use reach365_testlab::server::{Server, Tcp};

/// Starts it with further lines of configuration; `None` where it cannot be started here.
fn tinyproxy(network: &Network, rules: &str, filter: &str) -> Option<Part> {
    let file = installed("tinyproxy")?;
    if !names_can_be_given() {
        return None;
    }
    let address = free_address();
    let directory = Directory::new();
    let hosts = directory.write("hosts", &network.names);
    let filter = directory.write("filter", filter);
    let text = format!(
        "Port {port}\nListen {ip}\nTimeout 10\nMaxClients 50\nLogLevel Info\n\
         FilterType ere\nFilter \"{filter}\"\n{rules}\n",
        ip = address.ip(),
        port = address.port(),
    );
    let configuration = directory.write("tinyproxy.conf", &text);
    let program = Program::new(&file, address)
        .arguments(&["-d", "-c", &configuration])
        .names(&hosts);
    Some(program.start(directory))
}

#[test]
fn all_hosts_are_reachable_through_it() {
    let mut network = Network::with_names(&["login.alpha.example", "ols.beta.example"]);
    network.connectivity_test("ncsi.gamma.example");
    network.revocation_list("crl.delta.example");
    let Some(proxy) = tinyproxy(&network, "", "") else {
        return;
    };
    let report = network.check(&format!("http://{}", proxy.address));
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
}

#[test]
fn what_its_filter_denies_is_denied() {
    let mut network = Network::with_names(&["login.alpha.example", "ols.beta.example"]);
    network.connectivity_test("ncsi.gamma.example");
    network.revocation_list("crl.beta.example");
    let Some(proxy) = tinyproxy(&network, "", "beta\\.example$\n") else {
        return;
    };
    let report = network.check(&format!("http://{}", proxy.address));
    assert_rows(
        &report,
        &[
            ("login.alpha.example", "reachable"),
            ("ols.beta.example", "blocked proxy-denied"),
            ("ncsi.gamma.example", "reachable"),
            ("crl.beta.example", "blocked proxy-denied"),
        ],
    );
    for id in ["ols.beta.example", "crl.beta.example"] {
        assert_eq!(fact(&report, id, "page"), "403 Filtered");
        assert!(fact(&report, id, "proxy_software").starts_with("tinyproxy/"));
    }
}

#[test]
fn a_port_that_it_does_not_tunnel_to_is_told_from_denied_hosts() {
    let mut network = Network::new();
    let safe = network.https("login.alpha.example").port();
    let server = Server::http(Http::default());
    network.add("push.beta.example", "odd", &server, "");
    network.add("push.gamma.example", "odd", &server, "");
    let Some(proxy) = tinyproxy(&network, &format!("ConnectPort {safe}"), "") else {
        return;
    };
    let report = network.check(&format!("http://{}", proxy.address));
    assert_findings(&report, &[("proxy-port-denied", 2)]);
}

#[test]
fn a_host_that_it_cannot_connect_to_is_not_its_denial() {
    let mut network = Network::new();
    let port = network.https("login.alpha.example").port();
    network.closed("ols.beta.example", Tcp::Closed);
    network.unknown("nobody.delta.example", port);
    let closed = Server::tcp(Tcp::Closed);
    network.add("crl.delta.example", "http", &closed, "scheme = \"http\"\n");
    let Some(proxy) = tinyproxy(&network, "", "") else {
        return;
    };
    let report = network.check(&format!("http://{}", proxy.address));
    assert_rows(
        &report,
        &[
            ("login.alpha.example", "reachable"),
            ("ols.beta.example", "blocked proxy-upstream-unreachable"),
            ("nobody.delta.example", "blocked proxy-upstream-dns"),
            ("crl.delta.example", "blocked proxy-upstream-unreachable"),
        ],
    );
    let answer = fact(&report, "ols.beta.example", "answer");
    assert!(answer.starts_with("HTTP 500 Unable to connect"), "{answer}");
}

#[test]
fn it_lets_in_who_signs_in() {
    let mut network = Network::with_names(&["login.alpha.example", "ols.beta.example"]);
    network.revocation_list("crl.delta.example");
    let Some(proxy) = tinyproxy(&network, "BasicAuth branch secret", "") else {
        return;
    };
    let proxy = format!("http://{}", proxy.address);
    assert_findings(&network.check(&proxy), &[("proxy-auth-required", 3)]);
    let signed_in = |password: &str| {
        let mut options = network.options(&proxy);
        options.proxy_sign_in = Some(ProxySignIn::basic("branch", password));
        network.check_with(options)
    };
    assert_rows(
        &signed_in("secret"),
        &[
            ("login.alpha.example", "reachable"),
            ("ols.beta.example", "reachable"),
            ("crl.delta.example", "reachable"),
        ],
    );
    assert_findings(&signed_in("a guess"), &[("proxy-auth-rejected", 3)]);
}
