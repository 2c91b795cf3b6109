//! Scripts whose answer for one URL changes, and what lint says of them.

use std::collections::HashMap;

use reach365_probe::pac::{
    PacAnswers, PacEnvironment, PacLimits, PacNames, Script, answers, lint, of_text,
};
use reach365_proxy::pac::{Remark, RemarkLevel};
use url::Url;

use crate::at;

const RANDOM: &str = include_str!("cases/random-balance.pac");
const NOT_FOR_WINHTTP: &str = include_str!("cases/winhttp-cannot-use.pac");

fn surroundings() -> PacEnvironment {
    let two = vec!["10.0.0.1".parse().unwrap(), "192.0.2.1".parse().unwrap()];
    PacEnvironment {
        names: PacNames::Fixed(HashMap::from([("two.example".to_owned(), two.clone())])),
        own_addresses: Some(two),
        now: Some(at("2026-01-15T12:00:00Z")),
        ..PacEnvironment::default()
    }
}

fn script(text: &str) -> Script {
    of_text(text.to_owned(), &PacLimits::default(), surroundings())
}

fn url(text: &str) -> Url {
    text.parse().unwrap()
}

async fn all(body: &str) -> PacAnswers {
    let text = format!("var calls = 0;\nfunction FindProxyForURL(url, host) {{ {body} }}");
    answers(&script(&text), &url("https://two.example/"))
        .await
        .unwrap()
}

fn texts(answers: &PacAnswers) -> Vec<&str> {
    let all = std::iter::once(&answers.taken).chain(&answers.others);
    all.map(|answer| answer.answer.as_str()).collect()
}

#[tokio::test]
async fn every_route_of_a_changing_script_is_found_in_every_run() {
    let cases = [
        (
            "return isInNet(dnsResolve(host), '10.0.0.0', '255.0.0.0') ? 'DIRECT' : 'PROXY p:80';",
            "the order of DNS answers",
        ),
        (
            "return isInNet(myIpAddress(), '10.0.0.0', '255.0.0.0') ? 'DIRECT' : 'PROXY p:80';",
            "the order of DNS answers",
        ),
        (
            "return Math.random() < 0.5 ? 'DIRECT' : 'PROXY p:80';",
            "chance (Math.random)",
        ),
        (
            "return timeRange(8, 18) ? 'DIRECT' : 'PROXY p:80';",
            "the time",
        ),
        (
            "return weekdayRange('MON', 'FRI') ? 'DIRECT' : 'PROXY p:80';",
            "the time",
        ),
        (
            "return new Date().getSeconds() % 2 ? 'DIRECT' : 'PROXY p:80';",
            "the time",
        ),
        (
            "return ++calls % 2 ? 'DIRECT' : 'PROXY p:80';",
            "how often it was asked",
        ),
    ];
    for (body, with) in cases {
        for _ in 0..2 {
            let found = all(body).await;
            assert_eq!(texts(&found), ["DIRECT", "PROXY p:80"], "{body}");
            assert_eq!(found.changes_with, [with], "{body}");
        }
    }
}

#[tokio::test]
async fn a_script_that_looks_and_answers_alike_does_not_change() {
    for body in [
        "dnsResolve(host); myIpAddress(); new Date(); Math.random(); return 'PROXY p:80';",
        "return isResolvable(host) ? 'PROXY p:80' : 'DIRECT';",
        "calls++; return 'PROXY p:80';",
    ] {
        let found = all(body).await;
        assert_eq!(texts(&found), ["PROXY p:80"], "{body}");
        assert!(found.changes_with.is_empty(), "{body}");
    }
}

#[tokio::test]
async fn every_proxy_that_shares_the_load_is_found() {
    let found = answers(&script(RANDOM), &url("https://login.microsoftonline.com/")).await;
    let found = found.unwrap();
    assert_eq!(texts(&found).len(), 3);
    assert_eq!(found.changes_with, ["chance (Math.random)"]);
}

async fn remarks(text: &str, of: &str) -> Vec<Remark> {
    let surroundings = PacEnvironment {
        names: PacNames::Fixed(HashMap::new()),
        ..surroundings()
    };
    lint(&script(text), &[url(of)], &surroundings).await
}

#[tokio::test]
async fn chance_is_not_blamed_on_the_path() {
    for of in [
        "https://login.microsoftonline.com/",
        "http://crl.microsoft.com/",
    ] {
        let remarks = remarks(RANDOM, of).await;
        let rules: Vec<&str> = remarks.iter().map(|remark| remark.rule).collect();
        assert!(!rules.contains(&"depends-on-path"), "{rules:?}");
        assert!(rules.contains(&"unstable-answer"), "{rules:?}");
    }
    let by_path =
        "function FindProxyForURL(url) { return url.length > 40 ? 'DIRECT' : 'PROXY p:80'; }";
    let https = remarks(by_path, "https://login.microsoftonline.com/").await;
    assert!(https.iter().any(|remark| remark.rule == "depends-on-path"));
    let http = remarks(by_path, "http://crl.microsoft.com/").await;
    assert!(http.iter().all(|remark| remark.rule != "depends-on-path"));
}

#[tokio::test]
async fn what_winhttp_cannot_use_is_an_error() {
    let urls = [
        "https://login.microsoftonline.com/",
        "https://odc.officeapps.live.com/",
    ];
    for (of, element) in urls.into_iter().zip(["HTTPS", "SOCKS5"]) {
        let remarks = remarks(NOT_FOR_WINHTTP, of).await;
        let remark = remarks.iter().find(|it| it.rule == "winhttp-cannot-use");
        let remark = remark.unwrap();
        assert_eq!(remark.level, RemarkLevel::Error);
        assert!(remark.message.contains(element), "{}", remark.message);
    }
    let beside = "function FindProxyForURL() { return 'SOCKS5 s:1080; PROXY p:80'; }";
    let remarks = remarks(beside, "https://login.microsoftonline.com/").await;
    let remark = remarks.iter().find(|it| it.rule == "winhttp-cannot-use");
    assert_eq!(remark.unwrap().level, RemarkLevel::Warning);
}
