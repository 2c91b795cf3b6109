//! The built program, as a user runs it behind a proxy.

use std::process::{Command, Output};

use serde_json::Value;

use crate::network::Network;
use crate::part::Directory;
use crate::squid::Squid;

/// Every variable that names a proxy.
const VARIABLES: [&str; 8] = [
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
];
const HOSTS: [&str; 2] = ["login.alpha.example", "ols.beta.example"];
const DENY_ONE: &str = "acl games dstdomain ols.beta.example\nhttp_access deny games";

/// Runs `reach365 check` on a network with these arguments and variables.
fn check(network: &Network, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let directory = Directory::new();
    let list = directory.write("endpoints.toml", &network.list);
    let [public_roots, os_roots] = network.roots();
    let mut command = Command::new(env!("CARGO_BIN_EXE_reach365"));
    command
        .args(["check", "--group", "all", "--endpoints", &list])
        .args(["--dns", &network.resolver.to_string(), "--timeout", "5"])
        .arg("--public-roots")
        .arg(public_roots)
        .arg("--os-roots")
        .arg(os_roots)
        .args(arguments)
        .env("NO_COLOR", "1")
        .env("COLUMNS", "200");
    for name in VARIABLES {
        command.env_remove(name);
    }
    command.envs(variables.iter().copied()).output().unwrap()
}

/// The text, the exit code being the expected one.
#[track_caller]
fn text_of(output: &Output, code: i32) -> String {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let notes = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{text}\n{notes}");
    text
}

#[test]
fn a_named_proxy_carries_everything() {
    let Some(squid) = Squid::new() else { return };
    let network = Network::with_names(&HOSTS);
    let squid = squid.start(&network);
    let proxy = format!("http://{}", squid.address);
    let output = check(&network, &["--proxy", &proxy], &[]);
    let text = text_of(&output, 0);
    assert!(text.contains("via proxy"), "{text}");
    let way = format!("via proxy (PROXY {})", squid.address);
    assert!(text.contains(&way), "{text}");
    assert!(text.contains("all 2 endpoints answer"), "{text}");
}

#[test]
fn a_host_that_the_proxy_denies_is_named_with_the_proxy() {
    let Some(squid) = Squid::new() else { return };
    let network = Network::with_names(&HOSTS);
    let squid = squid.rules(DENY_ONE).start(&network);
    let proxy = format!("http://{}", squid.address);
    let output = check(&network, &["--proxy", &proxy], &[]);
    let text = text_of(&output, 1);
    let saying = format!("The proxy {} denies ols.beta.example", squid.address);
    assert!(text.contains(&saying), "{text}");
    assert!(text.contains("proxy-denied"), "{text}");
}

#[test]
fn a_sign_in_is_asked_for_in_one_line() {
    let network = Network::with_names(&HOSTS);
    let Some(squid) = crate::squid::with_sign_in(&network) else {
        return;
    };
    let proxy = format!("http://{}", squid.address);
    let arguments = ["--proxy", &*proxy];
    let text = text_of(&check(&network, &arguments, &[]), 1);
    let saying = format!("The proxy {} wants a sign-in for every host", squid.address);
    assert_eq!(text.matches(&saying).count(), 1, "{text}");

    let arguments = ["--proxy", &proxy, "--proxy-user", "branch"];
    let password = [("REACH365_PROXY_PASSWORD", "secret")];
    text_of(&check(&network, &arguments, &password), 0);
    let password = [("REACH365_PROXY_PASSWORD", "a guess")];
    let text = text_of(&check(&network, &arguments, &password), 1);
    assert!(text.contains("rejects the credentials"), "{text}");
    assert!(!text.contains("a guess"), "{text}");
}

#[test]
fn the_environment_decides_host_by_host() {
    let Some(squid) = Squid::new() else { return };
    let mut network = Network::with_names(&HOSTS);
    network.connectivity_test("ncsi.gamma.example");
    let squid = squid.rules(DENY_ONE).start(&network);
    let proxy = format!("http://{}", squid.address);
    let arguments = ["--proxy", "auto", "--format", "json"];
    let ways = |variables: &[(&str, &str)], code: i32| {
        let text = text_of(&check(&network, &arguments, variables), code);
        let report: Value = serde_json::from_str(&text).unwrap();
        let rows = report["endpoints"].as_array().unwrap().iter();
        let way = |row: &Value| {
            let outcome = row["verdict"]["outcome"].as_str().unwrap();
            format!("{outcome} via {}", row["via"].as_str().unwrap())
        };
        rows.map(way).collect::<Vec<_>>()
    };
    let both = [("https_proxy", &*proxy), ("http_proxy", &proxy)];
    assert_eq!(
        ways(&both, 1),
        [
            "reachable via proxy",
            "blocked via proxy",
            "reachable via proxy"
        ]
    );
    let one = [("https_proxy", &*proxy), ("no_proxy", "beta.example")];
    assert_eq!(
        ways(&one, 0),
        [
            "reachable via proxy",
            "reachable via direct",
            "reachable via direct"
        ]
    );
}

#[test]
fn a_socks_proxy_can_be_named() {
    let network = Network::with_names(&HOSTS);
    let Some(dante) = crate::dante::open_to_all(&network) else {
        return;
    };
    let proxy = format!("socks5://{}", dante.address);
    let output = check(&network, &["--proxy", &proxy], &[]);
    let text = text_of(&output, 0);
    assert!(text.contains("via proxy"), "{text}");
}
