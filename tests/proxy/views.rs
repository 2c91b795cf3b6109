//! What a view decides, and where views differ.

use reach365_proxy::route::{Origin, Route};
use reach365_proxy::{Decision, Dialect, ProxySettings, ScriptSource, View, ViewKind, decide};

use crate::{mentions, route, url, way};

const URL: &str = "https://login.microsoftonline.com/";

fn automatic(bypass: &str) -> View {
    let mut settings = ProxySettings::manual("p.example:8080", Dialect::Wininet, bypass);
    settings.auto_detect = true;
    settings.set_pac_url("http://h.example/p.pac");
    View::new(ViewKind::User, "case", settings)
}

#[test]
fn scripts_come_before_proxies_and_detection_before_the_url() {
    let Decision::Script { scripts, fallback } = decide(&automatic(""), &url(URL)) else {
        panic!("scripts are set")
    };
    let script = ScriptSource::Url("http://h.example/p.pac".to_owned());
    assert_eq!(scripts, [ScriptSource::Detect, script]);
    assert_eq!(fallback.hop_words(), ["PROXY p.example:8080"]);
    assert_eq!(fallback.origin, Origin::User);
    assert!(mentions(
        &fallback.reasons,
        "automatic detection, then the PAC URL before manual"
    ));
}

#[test]
fn loopback_never_reaches_a_script() {
    for host in [
        "localhost",
        "a.localhost",
        "127.0.0.1",
        "127.9.9.9",
        "[::1]",
        "169.254.1.1",
        "[fe80::1]",
    ] {
        let address = format!("http://{host}/");
        let found = route(&automatic(""), &address);
        assert!(
            found.hops.is_empty() && mentions(&found.reasons, "never reach a PAC"),
            "{host}"
        );
        let removed = decide(&automatic("<-loopback>"), &url(&address));
        assert!(matches!(removed, Decision::Script { .. }), "{host}");
    }
    for host in ["intranet", "10.0.0.1", "128.0.0.1", "[fd00::1]"] {
        let found = decide(&automatic("<local>"), &url(&format!("http://{host}/")));
        assert!(matches!(found, Decision::Script { .. }), "{host}");
    }
}

#[test]
fn every_kind_of_view_signs_its_routes() {
    let kinds = [
        (ViewKind::User, Origin::User, "user"),
        (ViewKind::Machine, Origin::Machine, "machine"),
        (ViewKind::Environment, Origin::Environment, "environment"),
        (ViewKind::Explicit, Origin::Explicit, "explicit"),
        (ViewKind::Direct, Origin::Direct, "direct"),
    ];
    for (kind, origin, name) in kinds {
        let settings = ProxySettings::manual("p.example", Dialect::Wininet, "");
        let found = route(&View::new(kind, "case", settings), URL);
        assert_eq!(found.origin, origin);
        let json = serde_json::to_value(&found).unwrap();
        assert_eq!(json["origin"], name);
        assert_eq!(serde_json::from_value::<Route>(json).unwrap(), found);
    }
    assert_eq!(route(&View::direct(), URL), Route::direct());
}

#[test]
fn what_a_person_asks_for_is_taken() {
    let cases = [
        ("p.example:8080", "PROXY p.example:8080"),
        ("https://p.example", "HTTPS p.example:443"),
        ("socks5h://p.example", "SOCKS5H p.example:1080"),
        ("none", "DIRECT"),
    ];
    for (text, wanted) in cases {
        assert_eq!(way(&View::explicit(text).unwrap(), URL), wanted, "{text}");
    }
    let loopback = View::explicit("127.0.0.1:8080").unwrap();
    assert_eq!(way(&loopback, "http://127.0.0.1/"), "PROXY 127.0.0.1:8080");
    let script = View::explicit("pac:http://h.example/p.pac").unwrap();
    assert!(matches!(
        decide(&script, &url(URL)),
        Decision::Script { .. }
    ));
    for wrong in [
        "",
        "pac:",
        "http://",
        "a:0",
        "ftp://a",
        "http://user:secret@p.example",
    ] {
        let error = View::explicit(wrong).unwrap_err();
        assert!(
            !error.contains("secret") && !error.is_empty(),
            "{wrong}: {error}"
        );
    }
}

#[test]
fn odd_pac_urls_are_noted() {
    let cases = [
        ("http://h.example/p.pac", "http://h.example/p.pac", ""),
        (
            "file://server/share/p.pac",
            "file://server/share/p.pac",
            "`file:`",
        ),
        (
            "http://user:secret@h.example/p.pac",
            "http://h.example/p.pac",
            "credentials",
        ),
        ("proxy.pac", "proxy.pac", "is no URL"),
        ("C:\\proxy.pac", "C:\\proxy.pac", "`c:`"),
    ];
    for (text, kept, note) in cases {
        let mut settings = ProxySettings::none(Dialect::Wininet);
        settings.set_pac_url(text);
        assert_eq!(settings.pac_url.as_deref(), Some(kept), "{text}");
        let view = View::new(ViewKind::User, "case", settings);
        assert_eq!(
            view.notes.is_empty(),
            note.is_empty(),
            "{text}: {:?}",
            view.notes
        );
        assert!(
            note.is_empty() || mentions(&view.notes, note),
            "{text}: {:?}",
            view.notes
        );
        assert!(!format!("{view:?}").contains("secret"));
    }
}
