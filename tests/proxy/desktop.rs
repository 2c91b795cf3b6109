//! Settings of macOS, GNOME and KDE.

use reach365_proxy::{Decision, ScriptSource, View, decide, gnome, kde, macos};

use crate::{text, url, way};

fn scripts(view: &View) -> Vec<ScriptSource> {
    match decide(view, &url("https://a.example/")) {
        Decision::Script { scripts, .. } => scripts,
        Decision::Route(route) => panic!("{route:?}"),
    }
}

#[test]
fn scutil_manual() {
    let view = macos::parse(&text("desktop/scutil-manual.txt")).unwrap();
    let cases = [
        ("http://a.example/", "PROXY proxy.corp.example:8080"),
        ("https://a.example/", "SOCKS5 socks.corp.example:1081"),
        ("http://printer.local/", "DIRECT"),
        ("http://169.254.1.2/", "DIRECT"),
        ("http://contoso.com/", "DIRECT"),
        ("http://www.contoso.com/", "PROXY proxy.corp.example:8080"),
        ("http://intranet/", "DIRECT"),
        ("http://scoped.example/", "PROXY proxy.corp.example:8080"),
    ];
    for (address, wanted) in cases {
        assert_eq!(way(&view, address), wanted, "{address}");
    }
}

#[test]
fn scutil_automatic() {
    let view = macos::parse(&text("desktop/scutil-automatic.txt")).unwrap();
    let url = ScriptSource::Url("http://pac.corp.example/proxy.pac".to_owned());
    assert_eq!(scripts(&view), [ScriptSource::Detect, url]);
}

#[test]
fn gsettings_manual() {
    let view = gnome::parse(&text("desktop/gsettings-manual.txt")).unwrap();
    assert_eq!(
        way(&view, "http://a.example/"),
        "PROXY proxy.corp.example:8080"
    );
    assert_eq!(
        way(&view, "https://a.example/"),
        "SOCKS5 socks.corp.example:1080"
    );
    assert_eq!(way(&view, "http://127.3.2.1/"), "DIRECT");
    assert_eq!(way(&view, "http://www.contoso.com/"), "DIRECT");
    assert!(
        view.settings
            .bypass
            .entries()
            .any(|entry| entry == "o'neil.example")
    );
    assert_eq!(view.settings.pac_url, None);
    assert!(!format!("{view:?}").contains("secret"));
}

#[test]
fn gsettings_automatic_and_none() {
    let automatic = text("desktop/gsettings-automatic.txt");
    assert_eq!(
        scripts(&gnome::parse(&automatic).unwrap()),
        [ScriptSource::Detect]
    );
    let script = automatic.replace("''", "'http://h.example/p.pac'");
    let url = ScriptSource::Url("http://h.example/p.pac".to_owned());
    assert_eq!(scripts(&gnome::parse(&script).unwrap()), [url]);
    let none = automatic.replace("'auto'", "'none'");
    assert!(gnome::parse(&none).unwrap().settings.is_direct());
}

#[test]
fn kioslaverc_of_every_type() {
    let manual = text("desktop/kioslaverc-manual.txt");
    let view = kde::parse(&manual).unwrap();
    assert_eq!(
        way(&view, "http://a.example/"),
        "PROXY proxy.corp.example:8080"
    );
    assert_eq!(
        way(&view, "https://a.example/"),
        "PROXY tls.corp.example:8443"
    );
    assert_eq!(way(&view, "https://www.contoso.com/"), "DIRECT");
    let of_type =
        |number: &str| kde::parse(&manual.replace("ProxyType=1", &format!("ProxyType={number}")));
    assert!(of_type("0").unwrap().settings.is_direct());
    assert_eq!(scripts(&of_type("3").unwrap()), [ScriptSource::Detect]);
    assert!(of_type("4").is_none(), "the environment decides");
    let script = manual
        .replace("ProxyType=1", "ProxyType=2")
        .replace("Script=", "Script=http://h.example/p.pac");
    let url = ScriptSource::Url("http://h.example/p.pac".to_owned());
    assert_eq!(scripts(&kde::parse(&script).unwrap()), [url]);
}

#[test]
fn kioslaverc_reversed() {
    let view = kde::parse(&text("desktop/kioslaverc-reversed.txt")).unwrap();
    assert_eq!(
        way(&view, "https://www.contoso.com/"),
        "PROXY tls.corp.example:8443"
    );
    assert_eq!(way(&view, "https://a.example/"), "DIRECT");
}

#[test]
fn other_text_is_no_view() {
    for text in [
        "",
        "No such schema",
        "{",
        "[Proxy Settings]",
        "\u{1b}[2J\n<dictionary>\n",
    ] {
        assert!(macos::parse(text).is_none(), "{text:?}");
        assert!(gnome::parse(text).is_none(), "{text:?}");
        assert!(kde::parse(text).is_none(), "{text:?}");
    }
}
