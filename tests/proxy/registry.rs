//! Exported registry files, and the views that they make.

use std::fs;

use reach365_proxy::registry_file::parse;
use reach365_proxy::windows::{WinHttpAnswer, WinHttpAnswers, views};
use reach365_proxy::{Concealed, Decision, ScriptSource, View, ViewKind, decide};

use crate::{mentions, path, url, way};

fn views_of(name: &str) -> Vec<View> {
    let bytes = fs::read(path(&format!("registry/{name}"))).unwrap();
    let registry = parse(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
    views(&registry, &WinHttpAnswers::default())
}

fn only(name: &str) -> View {
    let mut views = views_of(name);
    assert_eq!(views.len(), 1, "{name}");
    views.remove(0)
}

#[test]
fn an_export_of_a_user_is_read() {
    let view = only("user.reg");
    assert_eq!(view.kind, ViewKind::User);
    assert_eq!(view.source, "HKCU DefaultConnectionSettings");
    assert!(!view.settings.auto_detect);
    let Decision::Script { scripts, fallback } = decide(&view, &url("https://login.live.com/"))
    else {
        panic!("a PAC URL is set")
    };
    let script = ScriptSource::Url("http://pac.corp.example/proxy.pac".to_owned());
    assert_eq!(scripts, [script]);
    assert_eq!(fallback.hop_words(), ["PROXY proxy.corp.example:8080"]);
    assert!(mentions(&fallback.reasons, "PAC before manual"));
    assert!(mentions(&view.notes, "`Corp VPN`"), "{:?}", view.notes);
    assert!(!mentions(&view.notes, "says otherwise"), "{:?}", view.notes);
}

#[test]
fn an_export_of_a_machine_is_read() {
    let views = views_of("machine.reg");
    let [user, machine] = views.as_slice() else {
        panic!("{views:?}")
    };
    assert_eq!(
        (user.kind, machine.kind),
        (ViewKind::User, ViewKind::Machine)
    );
    assert!(!user.settings.auto_detect, "DisableWpad");
    for words in [
        "DisableWpad is 1",
        "WinHttpAutoProxySvc is disabled",
        "below Policies",
        "`file:`",
        "asks for Basic, NTLM",
    ] {
        assert!(mentions(&user.notes, words), "{words}: {:?}", user.notes);
    }
    for words in [
        "ignore SOCKS",
        "32-bit programs says otherwise: no proxy",
        "asks for Basic, NTLM",
    ] {
        assert!(
            mentions(&machine.notes, words),
            "{words}: {:?}",
            machine.notes
        );
    }
    assert_eq!(
        way(machine, "http://a.example/"),
        "PROXY web.corp.example:3128"
    );
    assert_eq!(way(machine, "https://a.example/"), "DIRECT");
    assert_eq!(way(machine, "http://www.corp.example/"), "DIRECT");
}

#[test]
fn settings_of_the_machine_may_hold_for_every_user() {
    let views = views_of("per-machine.reg");
    assert_eq!(
        way(&views[0], "https://a.example/"),
        "PROXY machine.corp.example:8080"
    );
    assert!(mentions(&views[0].notes, "ProxySettingsPerUser is 0"));
    assert_eq!(views[1].kind, ViewKind::Machine);
    assert_eq!(way(&views[1], "https://a.example/"), "DIRECT");
}

#[test]
fn a_key_without_the_value_means_the_direct_way() {
    let narrow = "HKEY_LOCAL_MACHINE\\SOFTWARE\\WOW6432Node";
    let rest = "Microsoft\\Windows\\CurrentVersion\\Internet Settings\\Connections";
    let blob = "28,00,00,00,00,00,00,00,03,00,00,00,03,00,00,00,61,3a,31,00,00,00,00";
    let text = format!(
        "REGEDIT4\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\{rest}]\n\n[{narrow}\\{rest}]\n\
         \"WinHttpSettings\"=hex:{blob}\n"
    );
    let views = views(&parse(text.as_bytes()).unwrap(), &WinHttpAnswers::default());
    assert_eq!(views[0].source, "HKLM WinHttpSettings (absent)");
    assert_eq!(way(&views[0], "https://a.example/"), "DIRECT");
    let words = "32-bit programs says otherwise: PROXY a:1";
    assert!(mentions(&views[0].notes, words), "{:?}", views[0].notes);
}

#[test]
fn old_files_of_single_bytes_are_read() {
    let view = only("ansi.reg");
    assert_eq!(way(&view, "http://a.example/"), "PROXY old.corp.example:80");
    assert_eq!(
        way(&view, "https://a.example/"),
        "PROXY old.corp.example:81"
    );
    assert_eq!(way(&view, "https://büro.corp.example/"), "DIRECT");
}

#[test]
fn flat_values_that_say_otherwise_are_reported() {
    let view = only("disagree.reg");
    assert_eq!(way(&view, "https://a.example/"), "DIRECT");
    let words = "says otherwise: PROXY new.corp.example:8080 for http";
    assert!(mentions(&view.notes, words), "{:?}", view.notes);
    assert!(
        view.source.contains("S-1-5-21-1004336348"),
        "{}",
        view.source
    );
}

#[test]
fn what_winhttp_answers_comes_first() {
    let bytes = fs::read(path("registry/user.reg")).unwrap();
    let answers = WinHttpAnswers {
        user: Some(WinHttpAnswer {
            auto_detect: true,
            proxy: Concealed::new("answer.corp.example:1"),
            ..WinHttpAnswer::default()
        }),
        machine: Some(WinHttpAnswer::default()),
    };
    let views = views(&parse(&bytes).unwrap(), &answers);
    assert_eq!(views[0].source, "WinHttpGetIEProxyConfigForCurrentUser");
    assert!(views[0].settings.auto_detect);
    assert!(mentions(
        &views[0].notes,
        "HKCU DefaultConnectionSettings says otherwise"
    ));
    assert_eq!(way(&views[1], "https://a.example/"), "DIRECT");
}

#[test]
fn every_export_may_end_anywhere() {
    for name in ["user.reg", "ansi.reg", "disagree.reg"] {
        let bytes = fs::read(path(&format!("registry/{name}"))).unwrap();
        let mut errors = 0;
        for length in 0..bytes.len() {
            match parse(&bytes[..length]) {
                Ok(registry) => drop(views(&registry, &WinHttpAnswers::default())),
                Err(error) => errors += usize::from(error.line > 0),
            }
        }
        assert!(errors > 30, "{name}: {errors}");
    }
}

#[test]
fn mistakes_have_their_line() {
    let head = "Windows Registry Editor Version 5.00\n\n[HKEY_CURRENT_USER\\Software]\n";
    let cases = [
        (String::new(), 1, "not a registry file"),
        ("<html>".to_owned(), 1, "not a registry file"),
        ("\n\nREGEDIT5\n".to_owned(), 3, "not a registry file"),
        ("REGEDIT4\n\n\"a\"=\"b\"\n".to_owned(), 3, "below no key"),
        ("REGEDIT4\n[Software]\n".to_owned(), 2, "the name of no key"),
        (
            "REGEDIT4\n[HKCU\\Software\n".to_owned(),
            2,
            "no closing bracket",
        ),
        (format!("{head}garbage\n"), 4, "`garbage` is no value"),
        (
            format!("{head}\"a\"=dword:xyz\n"),
            4,
            "eight hexadecimal digits",
        ),
        (
            format!("{head}\"a\"=dword:+1\n"),
            4,
            "eight hexadecimal digits",
        ),
        (format!("{head}\"a\"=hex:0g\n"), 4, "hexadecimal"),
        (
            format!("{head}\"a\"=hex:01,\\\n  02,\\\n  0\n"),
            4,
            "stands alone",
        ),
        (format!("{head}\"a\"=word\n"), 4, "no known type"),
        (format!("{head}\"a=1\n"), 4, "is no value"),
        (
            format!("{head}\n; remark\n\"a\"=\"b\n"),
            6,
            "no closing quote",
        ),
        (format!("{head}\"a\"=\"b\"c\n"), 4, "follows the text"),
        (format!("{head}\u{1b}[2J\n"), 4, "\\u{1b}"),
    ];
    for (text, line, words) in cases {
        let error = parse(text.as_bytes()).unwrap_err();
        assert_eq!(error.line, line, "{text:?}: {error}");
        assert!(error.message.contains(words), "{text:?}: {error}");
    }
    let error = parse(&vec![b' '; (16 << 20) + 1]).unwrap_err();
    assert!(error.message.contains("larger than 16 MiB"), "{error}");
}

#[test]
fn every_form_of_data_is_read() {
    let text = concat!(
        "Windows Registry Editor Version 5.00\r\n",
        "[HKEY_CURRENT_USER\\Key]\r\n",
        "@=\"default\"\r\n",
        "\"quoted \\\"name\\\"\"=\"C:\\\\path\"\r\n",
        "\"lines\"=\"one\r\ntwo\"\r\n",
        "\"wide\"=hex(2):61,00,62,00,\\\r\n  00,00\r\n",
        "\"number\"=dword:0000002A\r\n",
        "\"bytes\"=hex:\r\n",
        "\"four\"=hex(4):2a,00,00,00\r\n",
        "\"gone\"=\"x\"\r\n",
        "\"gone\"=-\r\n",
    );
    let registry = parse(text.as_bytes()).unwrap();
    assert_eq!(registry.text("HKCU\\key", ""), Some("default"));
    assert_eq!(
        registry.text("HKCU\\Key", "QUOTED \"name\""),
        Some("C:\\path")
    );
    assert_eq!(registry.text("HKCU\\Key", "lines"), Some("one\ntwo"));
    assert_eq!(registry.text("HKCU\\Key", "wide"), Some("ab"));
    assert_eq!(registry.number("HKCU\\Key", "number"), Some(42));
    assert_eq!(registry.bytes("HKCU\\Key", "bytes"), Some(&[][..]));
    assert_eq!(registry.number("HKCU\\Key", "four"), Some(42));
    assert_eq!(registry.value("HKCU\\Key", "gone"), None);
}
