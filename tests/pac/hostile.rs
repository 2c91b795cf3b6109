//! Scripts that mean harm: each ends, with a code, and the process lives on.

use std::collections::HashMap;
use std::time::Duration;

use reach365_probe::pac::{PacEnvironment, PacLimits, PacNames, Script, answer, of_text};
use reach365_proxy::pac::{PacAnswer, PacFailure, decode};

const EVALUATE: Duration = Duration::from_millis(400);
/// How long a busy machine may take for what takes no time.
const PATIENCE: Duration = Duration::from_secs(20);

fn script(text: String) -> Script {
    with_limit(text, EVALUATE)
}

fn with_limit(text: String, evaluate: Duration) -> Script {
    let limits = PacLimits {
        evaluate,
        ..PacLimits::default()
    };
    let surroundings = PacEnvironment {
        names: PacNames::Fixed(HashMap::new()),
        ..PacEnvironment::default()
    };
    of_text(text, &limits, surroundings)
}

async fn ask(script: &Script) -> Result<PacAnswer, PacFailure> {
    answer(script, &"http://a.example/".parse().unwrap(), None).await
}

/// The code with which the body of a function ends, in time.
async fn end_of(text: String) -> &'static str {
    let shown: String = text.chars().take(100).collect();
    let failure = ask(&script(text)).await.expect_err(&shown);
    assert!(!failure.message.is_empty() && !failure.message.contains('\0'));
    failure.code()
}

fn in_function(body: &str) -> String {
    format!("function FindProxyForURL(url, host) {{ {body}; return 'DIRECT'; }}")
}

#[tokio::test]
async fn endless_scripts_are_stopped() {
    let bodies = [
        "while (true) {}",
        "for (;;) try { for (;;) {} } catch (e) {}",
        "try { throw 1 } finally { for (;;) {} }",
        "try { for (;;) {} } catch (e) { return 'DIRECT' }",
        "({ get x() { for (;;) {} } }).x",
        "shExpMatch({ toString: function () { for (;;) {} } }, '*')",
        "function* g() { for (;;) yield 1; } for (var x of g()) {}",
        "/(a+)+$/.test('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab')",
        "shExpMatch('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab', '(a+)+')",
        "for (;;) alert('x')",
        "for (var i = 0; ; i++) dnsResolve('h' + i + '.example')",
        "for (var i = 0; ; i++) try { dnsResolve('h' + i + '.example') } catch (e) {}",
        "new Promise(function () { for (;;) {} })",
        "var a = new Proxy({}, { get: function () { for (;;) {} } }); a.x",
        "[3, 2, 1].sort(function () { for (;;) {} })",
        "JSON.stringify({ toJSON: function () { for (;;) {} } })",
        "eval('for (;;) {}')",
        "new Function('for (;;) {}')()",
    ];
    for body in bodies {
        assert_eq!(end_of(in_function(body)).await, "route-pac-limit", "{body}");
    }
    assert_eq!(
        end_of("while (true) {}".to_owned()).await,
        "route-pac-limit"
    );
}

#[tokio::test]
async fn greedy_scripts_are_refused() {
    let bodies = [
        "function f() { f() } f()",
        "var f = function () { return [1].map(f) }; f()",
        "var a = []; for (;;) a.push(new Array(1000).join('x') + a.length)",
        "var s = 'x'; for (;;) s += s",
        "'x'.repeat(5e8)",
        "new Uint8Array(1e9)",
        "var a = []; for (;;) a = [a]",
        "return new Array(100000).join('PROXY a.example;')",
        "eval(new Array(200001).join('('))",
        "new RegExp(new Array(200001).join('('))",
        "JSON.parse(new Array(200001).join('['))",
    ];
    for body in bodies {
        let code = end_of(in_function(body)).await;
        assert!(
            ["route-pac-limit", "route-pac-error"].contains(&code),
            "{body}: {code}"
        );
    }
    let deep = format!("var x = {}1;", "(".repeat(200_000));
    let code = end_of(deep).await;
    assert!(
        ["route-pac-limit", "route-pac-error"].contains(&code),
        "{code}"
    );
    assert_eq!(end_of("var a = 1;\0".to_owned()).await, "route-pac-error");
}

#[tokio::test]
async fn a_script_of_a_megabyte_runs_and_a_larger_one_does_not() {
    let mut text = in_function("");
    text.push_str(&"x=1;".repeat((1 << 20) / 4 - text.len() / 4 - 1));
    let text = decode(text.as_bytes(), None).unwrap();
    assert_eq!(
        ask(&with_limit(text.clone(), Duration::from_secs(20)))
            .await
            .unwrap()
            .answer,
        "DIRECT"
    );
    let larger = text + &" ".repeat(100);
    assert_eq!(
        decode(larger.as_bytes(), None).unwrap_err().code(),
        "route-pac-limit"
    );
}

/// Loops inside the engine never check the flag: the thread is abandoned, and the script with it.
#[tokio::test]
async fn a_script_that_cannot_be_stopped_is_given_up() {
    let stuck = script(in_function("new Array(4e9).join('')"));
    assert_eq!(ask(&stuck).await.unwrap_err().code(), "route-pac-limit");
    let failure = ask(&stuck).await.unwrap_err();
    assert_eq!(failure.code(), "route-pac-limit");
    let healthy = script(in_function(""));
    assert_eq!(ask(&healthy).await.unwrap().answer, "DIRECT");
}

#[tokio::test]
async fn one_bad_url_does_not_spoil_the_others() {
    let loops_once = script(in_function("if (host === 'bad.example') for (;;) {}"));
    let bad = "http://bad.example/".parse().unwrap();
    let failure = answer(&loops_once, &bad, None).await.unwrap_err();
    assert_eq!(failure.code(), "route-pac-limit");
    assert_eq!(ask(&loops_once).await.unwrap().answer, "DIRECT");
    answer(&loops_once, &bad, None).await.unwrap_err();
    assert_eq!(ask(&loops_once).await.unwrap().answer, "DIRECT");
    for _ in 0..2 {
        answer(&loops_once, &bad, None).await.unwrap_err();
    }
    let failure = ask(&loops_once).await.map_err(|failure| failure.code());
    assert_eq!(
        failure.unwrap_err(),
        "route-pac-limit",
        "a script that loops twice in a row is not run"
    );
}

#[tokio::test]
async fn whoever_goes_away_stops_the_script() {
    let text = in_function("if (host === 'bad.example') for (;;) {}");
    let loops_once = with_limit(text, Duration::from_secs(3_600));
    let bad = "http://bad.example/".parse().unwrap();
    let asked = answer(&loops_once, &bad, None);
    let cut = tokio::time::timeout(Duration::from_millis(100), asked).await;
    assert!(cut.is_err());
    let next = tokio::time::timeout(PATIENCE, ask(&loops_once)).await;
    assert_eq!(next.expect("the loop went on").unwrap().answer, "DIRECT");
}

#[tokio::test]
async fn the_runtime_goes_on_while_a_script_loops() {
    let endless = script("for (;;) {}".to_owned());
    let mut ticks = 0;
    let asked = ask(&endless);
    tokio::pin!(asked);
    let failure = loop {
        tokio::select! {
            answer = &mut asked => break answer.unwrap_err(),
            () = tokio::time::sleep(Duration::from_millis(10)) => ticks += 1,
        }
    };
    assert_eq!(failure.code(), "route-pac-limit");
    assert!(ticks > 10, "{ticks}");
}
