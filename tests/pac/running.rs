//! Scripts in their engine.

use std::sync::Arc;

use reach365_proxy::pac::{Entry, PacAnswer, PacFailure, PacScript, ScriptRequest};

use crate::Given;

fn ask(script: &str, url: &str) -> Result<PacAnswer, PacFailure> {
    let mut world = Given::default();
    for number in 0..40 {
        world.dns.insert(
            format!("h{number}.example"),
            vec!["10.0.0.1".parse().unwrap()],
        );
    }
    let script = PacScript::load(script, Box::new(world), Arc::default())?;
    script.answer(&ScriptRequest::new(&url.parse().unwrap()), &Arc::default())
}

fn failure(script: &str) -> (String, Option<u32>, String) {
    let failure = ask(script, "http://a.example/").unwrap_err();
    (failure.code().to_owned(), failure.line, failure.message)
}

#[test]
fn the_script_gets_url_and_host() {
    let script = "function FindProxyForURL(url, host) { return url + ' ' + host; }";
    let answer = ask(script, "https://u:p@Login.Live.COM/a?b#c").unwrap();
    assert_eq!(answer.answer, "https://login.live.com/ login.live.com");
    assert_eq!(answer.hops.len(), 1);
    assert_eq!(answer.ignored.len(), 1);
}

#[test]
fn what_windows_prefers_is_called_and_said() {
    let both = "function FindProxyForURL() { return 'PROXY a.example'; }\n\
                function FindProxyForURLEx() { return 'PROXY b.example'; }";
    let answer = ask(both, "http://a.example/").unwrap();
    assert_eq!(
        (answer.answer.as_str(), answer.entry),
        ("PROXY b.example", Entry::FindProxyForUrlEx)
    );
    let one = "FindProxyForURL = function () { return 'DIRECT'; }; var FindProxyForURLEx = 3;";
    assert_eq!(
        ask(one, "http://a.example/").unwrap().entry,
        Entry::FindProxyForUrl
    );
}

#[test]
fn names_and_messages_are_on_record() {
    let script = "function FindProxyForURL(u, h) { isResolvable('h1.example'); isInNet('h2.example', '1.1.1.1', '1.1.1.1');\n\
                  isResolvable('H1.example'); isResolvable('10.0.0.1'); alert('a\\x1b[31mb'); return 'DIRECT'; }";
    let answer = ask(script, "http://a.example/").unwrap();
    assert_eq!(answer.names, ["h1.example", "h2.example"]);
    assert_eq!(answer.log, ["a\\u{1b}[31mb"]);
}

#[test]
fn sixteen_names_are_enough() {
    let script = |count| {
        format!(
            "function FindProxyForURL() {{ for (var i = 0; i < {count}; i++) try {{ isResolvable('h' + i + '.example'); }} catch (e) {{}} return 'DIRECT'; }}"
        )
    };
    assert_eq!(
        ask(&script(16), "http://a.example/").unwrap().names.len(),
        16
    );
    assert_eq!(failure(&script(17)).0, "route-pac-limit");
}

#[test]
fn limits_count_for_one_answer() {
    let script = "function FindProxyForURL(u, h) { for (var i = 0; i < 10; i++) isResolvable('h' + i + h); return 'DIRECT'; }";
    let loaded = PacScript::load(script, Box::new(Given::default()), Arc::default()).unwrap();
    for host in ["a", "b", "c"] {
        let url = format!("http://{host}.example/").parse().unwrap();
        let answer = loaded
            .answer(&ScriptRequest::new(&url), &Arc::default())
            .unwrap();
        assert_eq!(answer.names.len(), 10);
    }
}

/// Script, code, line.
const FAILURES: [(&str, &str, Option<u32>); 13] = [
    ("\n\nvar x = ;", "route-pac-error", Some(3)),
    (
        "function FindProxyForURL() {\n  return nobody();\n}",
        "route-pac-error",
        Some(2),
    ),
    (
        "function FindProxyForURL() {\n\n  return isPlainHostName(3);\n}",
        "route-pac-error",
        Some(3),
    ),
    (
        "function FindProxyForURL() { throw 'x'; }",
        "route-pac-error",
        None,
    ),
    (
        "function FindProxyForURL() { throw { get message() { for (;;) {} } }; }",
        "route-pac-error",
        None,
    ),
    ("function FindProxyForURL() {}", "route-pac-error", None),
    (
        "function FindProxyForURL() { return null; }",
        "route-pac-error",
        None,
    ),
    (
        "function FindProxyForURL() { return 3; }",
        "route-pac-error",
        None,
    ),
    (
        "async function FindProxyForURL() { return 'DIRECT'; }",
        "route-pac-error",
        None,
    ),
    ("var a = 1;", "route-pac-not-script", None),
    (
        "var FindProxyForURL = 'text';",
        "route-pac-not-script",
        None,
    ),
    (
        "const FindProxyForURL = function () { return 'DIRECT'; };",
        "route-pac-not-script",
        None,
    ),
    ("throw new Error('top');", "route-pac-error", Some(1)),
];

#[test]
fn failures_name_the_line() {
    for (script, code, line) in FAILURES {
        let (found, place, message) = failure(script);
        assert_eq!((found.as_str(), place), (code, line), "{script}: {message}");
        assert!(!message.is_empty(), "{script}");
    }
    assert!(
        failure("function FindProxyForURL() { throw '\\x1b[31m'; }")
            .2
            .contains("\\u{1b}")
    );
}

#[test]
fn a_script_keeps_its_memory_between_answers() {
    let script = "var n = 0; function FindProxyForURL() { n++; return 'PROXY p.example:' + n; }";
    let loaded = PacScript::load(script, Box::new(Given::default()), Arc::default()).unwrap();
    let request = ScriptRequest::new(&"http://a.example/".parse().unwrap());
    for expected in 1..4 {
        let answer = loaded.answer(&request, &Arc::default()).unwrap();
        assert_eq!(answer.answer, format!("PROXY p.example:{expected}"));
    }
    assert!(loaded.memory() > 0);
}

#[test]
fn halves_of_characters_do_no_harm() {
    let script =
        "function FindProxyForURL(u, h) { dnsDomainIs(h, '\\ud800'); return 'PROXY \\ud800'; }";
    let answer = ask(script, "http://a.example/").unwrap();
    assert_eq!(answer.answer, "PROXY \u{FFFD}");
}

#[test]
fn a_script_may_bring_its_own_functions() {
    let script = "function isPlainHostName(h) { return h === 'a.example'; }\n\
                  function FindProxyForURL(u, h) { return isPlainHostName(h) ? 'PROXY own.example' : 'DIRECT'; }";
    assert_eq!(
        ask(script, "http://a.example/").unwrap().answer,
        "PROXY own.example"
    );
}
