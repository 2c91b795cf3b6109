//! `reach365 endpoints update` against a service of the lab: what it asks, keeps and never loses.

use reach365_model::Timestamp;
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::SystemTime;

use serde_json::Value;

use reach365_testlab::Lab;
use reach365_testlab::certificates::Kind;
use reach365_testlab::dns::Transports;
use reach365_testlab::http::{Http, Manner, Page};
use reach365_testlab::proxy::{Act, Protocol, Proxy, Refusal, SignIn};
use reach365_testlab::server::Server;

const NAME: &str = "endpoints.lab.example";
/// What the service published.
const PUBLISHED: &str = "tests/catalog/service/worldwide.json";
const LIST: &str = r#"[{"id":46,"urls":["*.alpha.example"],"tcpPorts":"443","category":"Allow"}]"#;
const NEWER: &str =
    r#"[{"id":46,"urls":["*.alpha.example","beta.example"],"tcpPorts":"443","category":"Allow"}]"#;
const CHANGES: &str = r#"[{"id":1,"version":"2026010100","add":{"effectiveDate":"20260201","urls":["beta.example"]}}]"#;

/// An installation with a state directory and a service in the lab.
struct Site {
    lab: Lab,
    resolver: SocketAddr,
    state: PathBuf,
}

impl Site {
    fn new(name: &str) -> Self {
        let state = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
            .join("update")
            .join(name);
        let _ = fs::remove_dir_all(&state);
        let mut lab = Lab::start();
        let resolver = lab.resolver(Transports::default());
        Self {
            lab,
            resolver,
            state,
        }
    }

    /// Starts a service; its address goes after `--service`.
    fn service(&mut self, label: &str, server: &Server) -> String {
        let host = format!("{label}.{NAME}");
        let address = self.lab.host(&host, label, server);
        format!("https://{host}:{}/", address.port())
    }

    fn update(&self, service: &str, more: &[&str]) -> Output {
        let dns = self.resolver.to_string();
        let roots = self.lab.authorities.os_roots();
        let fixed = [
            "--service",
            service,
            "--dns",
            &dns,
            "--os-roots",
            roots.to_str().unwrap(),
        ];
        self.run(&[&["endpoints", "update"], &fixed[..], more].concat())
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_reach365"));
        for variable in ["http_proxy", "https_proxy", "all_proxy", "no_proxy"] {
            command
                .env_remove(variable)
                .env_remove(variable.to_uppercase());
        }
        command
            .args(arguments)
            .env("XDG_STATE_HOME", &self.state)
            .env("LOCALAPPDATA", &self.state)
            .env("REACH365_PROXY_PASSWORD", "secret")
            .env("NO_COLOR", "1")
            .output()
            .unwrap()
    }

    fn saved(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.state.join("reach365").join(name)).ok()
    }

    fn state(&self) -> Value {
        serde_json::from_str(&self.saved("endpoints.json").unwrap()).unwrap()
    }

    /// Names of all files that are kept.
    fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(self.state.join("reach365")).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

/// A service with a version and a list; a client that sends no identifier gets nothing.
fn serving(version: &str, list: Http) -> Http {
    let version = format!(r#"{{"instance":"Worldwide","latest":"{version}"}}"#);
    Http::answer(404, Page::Empty)
        .at("/version/Worldwide?ClientRequestId=", json(&version))
        .at("/endpoints/Worldwide?ClientRequestId=", list)
        .at(
            "/changes/Worldwide/2025120100?ClientRequestId=",
            json(CHANGES),
        )
}

fn json(text: &str) -> Http {
    Http::answer(200, Page::Json(text.to_owned()))
}

fn check(output: &Output, code: i32, words: &str) {
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(output.status.code(), Some(code), "{said}");
    assert!(said.contains(words), "`{words}` is not in: {said}");
}

#[test]
fn a_new_version_replaces_the_copy_and_the_same_one_is_not_fetched_again() {
    let mut site = Site::new("versions");
    let first = site.service("first", &Server::http(serving("2025120100", json(LIST))));
    check(
        &site.update(&first, &[]),
        0,
        "version 2025120100, 1 set, 1 name;",
    );
    let id = site.state()["client_request_id"].clone();
    assert_eq!(id.as_str().unwrap().len(), 36);

    // The list is gone from this service: who asks for it is told so.
    let same = serving("2025120100", Http::answer(500, Page::Empty));
    let same = site.service("same", &Server::http(same));
    check(&site.update(&same, &[]), 0, "2025120100 is the newest one");
    let behind = serving("2025010100", Http::answer(500, Page::Empty));
    let behind = site.service("behind", &Server::http(behind));
    check(&site.update(&behind, &[]), 0, "older than the saved copy");

    let second = site.service("second", &Server::http(serving("2026010100", json(NEWER))));
    check(&site.update(&second, &[]), 0, "1 changed");
    assert_eq!(site.saved("service-worldwide.json").unwrap(), NEWER);
    assert_eq!(site.saved("service-worldwide.previous.json").unwrap(), LIST);
    assert_eq!(
        site.state()["client_request_id"],
        id,
        "one identifier per installation"
    );
    check(
        &site.run(&["endpoints", "diff", "--previous"]),
        1,
        "in use from 2026-02-01",
    );
    check(
        &site.run(&["endpoints", "diff"]),
        1,
        "not published any more",
    );
    assert_eq!(site.files().len(), 4, "{:?}", site.files());
}

#[test]
fn what_is_no_list_leaves_the_copy_as_it_is() {
    let mut site = Site::new("bad");
    let good = site.service("good", &Server::http(serving("2025120100", json(LIST))));
    check(&site.update(&good, &[]), 0, "2025120100");
    let before = (
        site.saved("service-worldwide.json"),
        site.saved("endpoints.json"),
    );
    let cut = &LIST[..40];
    let bad = [
        ("cut-json", json(cut), "EOF"),
        (
            "cut-answer",
            json(LIST).manner(Manner::Truncated),
            "was cut off",
        ),
        (
            "wrong-type",
            json(r#"[{"id":"46","category":"Allow"}]"#),
            "expected u32",
        ),
        ("object", json(r#"{"message":"no"}"#), "expected a sequence"),
        ("empty", json("[]"), "no names"),
        ("page", Http::answer(200, Page::Block), "not an answer"),
        ("denied", Http::answer(403, Page::Block), "status 403"),
        (
            "endless",
            json(LIST).manner(Manner::Endless),
            "more than 4 MiB",
        ),
        (
            "moved",
            Http::answer(302, Page::Empty).header("Location", "/"),
            "status 302",
        ),
    ];
    for (label, list, words) in bad {
        let service = site.service(label, &Server::http(serving("2026010100", list)));
        check(&site.update(&service, &[]), 3, words);
        let after = (
            site.saved("service-worldwide.json"),
            site.saved("endpoints.json"),
        );
        assert_eq!(after, before, "{label}");
    }
    let version = Http::answer(200, Page::Json(r#"{"instance":"Worldwide"}"#.to_owned()));
    let service = site.service("version", &Server::http(version));
    check(&site.update(&service, &[]), 3, "no version");
    assert_eq!(site.files(), ["endpoints.json", "service-worldwide.json"]);
}

#[test]
fn too_many_requests_are_remembered() {
    let mut site = Site::new("busy");
    let busy = Http::answer(429, Page::Empty).header("Retry-After", "120");
    let busy = site.service("busy", &Server::http(serving("2025120100", busy)));
    check(&site.update(&busy, &[]), 3, "status 429");
    let until: Timestamp = site.state()["wait_until"][&busy]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let left = until.seconds_since(Timestamp::from(SystemTime::now()));
    assert!((60..=120).contains(&left), "{left} s");
    let again = site.update(&busy, &[]);
    check(&again, 3, "asked again after");
    let words = String::from_utf8_lossy(&again.stderr).into_owned();
    assert!(!words.contains("429"), "it was asked: {words}");

    let silent = Http::answer(429, Page::Empty);
    let silent = site.service("hour", &Server::http(serving("2025120100", silent)));
    check(&site.update(&silent, &[]), 3, "status 429");
    let until: Timestamp = site.state()["wait_until"][&silent]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let left = until.seconds_since(Timestamp::from(SystemTime::now()));
    assert!((3_500..=3_600).contains(&left), "{left} s");
}

#[test]
fn the_service_is_asked_through_a_proxy() {
    let mut site = Site::new("proxy");
    let server = Server::http(serving("2025120100", json(LIST)));
    let service = site.service("hidden", &server);
    let open = site.lab.proxy("proxy.lab.example", &Proxy::default());
    let open = format!("http://{open}");
    check(&site.update(&service, &["--proxy", &open]), 0, "2025120100");
    for (protocol, scheme) in [
        (Protocol::Https, "https"),
        (Protocol::Socks4, "socks4"),
        (Protocol::Socks4a, "socks4a"),
        (Protocol::Socks5, "socks5h"),
    ] {
        let name = format!("{scheme}.lab.example");
        let proxy = Proxy {
            protocol,
            ..Proxy::default()
        };
        let address = site.lab.proxy(&name, &proxy);
        let proxy = format!("{scheme}://{name}:{}", address.port());
        check(&site.update(&service, &["--proxy", &proxy]), 0, "newest");
    }
    let asking = Proxy {
        sign_in: Some(SignIn {
            schemes: vec!["Basic realm=\"lab\"".to_owned()],
            accepts: Some("Basic dXNlcjpzZWNyZXQ=".to_owned()),
        }),
        ..Proxy::default()
    };
    let asking = site.lab.proxy("asking.lab.example", &asking);
    let asking = format!("http://{asking}");
    check(&site.update(&service, &["--proxy", &asking]), 3, "407");
    let signed = ["--proxy", &asking, "--proxy-user", "user"];
    check(&site.update(&service, &signed), 0, "newest");
    let denying = Proxy {
        does: Act::Refuse(Refusal {
            status: 403,
            ..Refusal::default()
        }),
        ..Proxy::default()
    };
    let denying = site.lab.proxy("denying.lab.example", &denying);
    let denying = format!("http://{denying}");
    let output = site.update(&service, &["--proxy", &denying]);
    check(&output, 3, "through the proxy");
    check(&output, 3, "403");
}

#[test]
fn nobody_hands_in_a_list_without_a_trusted_certificate() {
    let mut site = Site::new("untrusted");
    let server = Server {
        certificate: Kind::Unknown,
        ..Server::http(serving("2025120100", json(LIST)))
    };
    let service = site.service("unknown", &server);
    check(&site.update(&service, &[]), 3, "TLS");
    check(
        &site.update("http://endpoints.lab.example/", &[]),
        2,
        "https://",
    );
    assert_eq!(site.files(), ["endpoints.json"]);
}

#[test]
fn a_file_is_kept_without_any_network() {
    let site = Site::new("file");
    fs::create_dir_all(&site.state).unwrap();
    let file = site.state.join("list.json");
    let list = fs::read_to_string(PUBLISHED).unwrap();
    fs::write(&file, &list).unwrap();
    let update =
        |file: &PathBuf| site.run(&["endpoints", "update", "--from", file.to_str().unwrap()]);
    check(&site.run(&["endpoints", "diff"]), 2, "endpoints update");
    check(&update(&file), 0, "worldwide: 23 sets, 101 names");
    assert_eq!(site.saved("service-worldwide.json").unwrap(), list);
    fs::write(&file, LIST).unwrap();
    check(&update(&file), 2, "name that with --cloud");
    fs::write(&file, &LIST[..30]).unwrap();
    check(&update(&file), 2, "EOF");
    fs::write(&file, "[]").unwrap();
    check(&update(&file), 2, "no names");
    fs::write(&file, vec![b' '; 50 << 20]).unwrap();
    check(&update(&file), 2, "larger than 4 MiB");
    assert_eq!(site.saved("service-worldwide.json").unwrap(), list);
    fs::remove_file(&file).unwrap();
}

#[test]
fn a_check_knows_the_addresses_of_the_saved_copy_too() {
    let site = Site::new("ranges");
    let dead = [
        "--dns",
        "127.0.0.1:9",
        "--timeout",
        "0.2",
        "--format",
        "json",
    ];
    let ranges = || {
        let output = site.run(&[&["check", "login.microsoftonline.com"], &dead[..]].concat());
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let ranges = report["endpoints"][0]["ranges"].as_array().unwrap();
        ranges.clone()
    };
    let own = ranges();
    let mut list: Value = serde_json::from_str(&fs::read_to_string(PUBLISHED).unwrap()).unwrap();
    for set in list.as_array_mut().unwrap() {
        set["ips"] = serde_json::json!(["192.0.2.0/24"]);
    }
    fs::create_dir_all(site.state.join("reach365")).unwrap();
    let copy = site.state.join("reach365").join("service-worldwide.json");
    fs::write(&copy, list.to_string()).unwrap();
    let both = ranges();
    assert!(both.contains(&"192.0.2.0/24".into()), "{both:?}");
    assert!(own.iter().all(|range| both.contains(range)), "{both:?}");
    assert_eq!(both.len(), own.len() + 1);
    fs::write(&copy, "{").unwrap();
    let output = site.run(&[&["check", "login.microsoftonline.com"], &dead[..]].concat());
    check(&output, 3, "the saved copy is left out");
}
