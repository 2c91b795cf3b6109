//! Tables of cases.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use reach365_proxy::pac::{FUNCTIONS, PacScript, ScriptRequest, hops, lint};
use serde::Deserialize;

use crate::{Given, at};

#[derive(Deserialize)]
struct Functions {
    group: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    name: String,
    #[serde(default)]
    clock: Option<String>,
    #[serde(default)]
    dns: HashMap<String, Vec<IpAddr>>,
    #[serde(default)]
    own: Vec<IpAddr>,
    cases: Vec<(String, String)>,
}

#[test]
fn functions_give_what_chromium_gives() {
    let table: Functions = toml::from_str(include_str!("functions.toml")).unwrap();
    let count: usize = table.group.iter().map(|group| group.cases.len()).sum();
    assert!(count >= 120, "only {count} cases");
    let failures: Vec<String> = table.group.iter().flat_map(failures).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Every case of a group that comes out otherwise.
fn failures(group: &Group) -> Vec<String> {
    let world = Given {
        dns: group.dns.clone(),
        own: group.own.clone(),
        now: group
            .clock
            .as_deref()
            .map_or_else(|| Given::default().now, at),
    };
    let wrong = group.cases.iter().filter_map(|(expression, expected)| {
        let value = value_of(expression, &world);
        let message = format!("{}: {expression} is {value}, not {expected}", group.name);
        (value != *expected).then_some(message)
    });
    wrong.collect()
}

fn value_of(expression: &str, world: &Given) -> String {
    let script = format!(
        "function FindProxyForURL(url, host) {{\n\
           try {{ return String(eval({expression:?})); }}\n\
           catch (error) {{ return 'throws ' + (error.name || error); }}\n\
         }}"
    );
    let script = PacScript::load(&script, Box::new(world.clone()), Arc::default());
    let script = script.unwrap_or_else(|failure| panic!("{expression}: {failure}"));
    let request = ScriptRequest::new(&"http://a.example/".parse().unwrap());
    match script.answer(&request, &Arc::default()) {
        Ok(answer) => answer.answer,
        Err(failure) => failure.code().to_owned(),
    }
}

#[test]
fn every_function_is_in_the_table() {
    let table = include_str!("functions.toml");
    for name in FUNCTIONS {
        assert!(table.contains(&format!("{name}(")), "{name} has no case");
    }
}

#[derive(Deserialize)]
struct Answers {
    cases: Vec<(String, String, usize)>,
}

#[test]
fn answers_mean_what_they_mean_to_browsers() {
    let table: Answers = toml::from_str(include_str!("answers.toml")).unwrap();
    assert!(table.cases.len() >= 30);
    for (answer, expected, passed_over) in table.cases {
        let (hops, ignored) = hops(&answer);
        let shown: Vec<String> = hops.iter().map(ToString::to_string).collect();
        assert_eq!(shown.join(", "), expected, "{answer}");
        assert_eq!(ignored.len(), passed_over, "{answer}: {ignored:?}");
        for element in ignored {
            assert!(!element.element.contains("secret"), "{answer}");
        }
    }
}

#[test]
fn an_endless_answer_is_cut() {
    let (hops, ignored) = hops(&"PROXY a.example:1;".repeat(1_000));
    assert_eq!((hops.len(), ignored.len()), (64, 1));
    let (_, ignored) = reach365_proxy::pac::hops(&"\u{1b}[31m".repeat(1_000));
    assert!(ignored[0].element.len() < 1_000 && !ignored[0].element.contains('\u{1b}'));
}

#[derive(Deserialize)]
struct Lints {
    cases: Vec<(String, Vec<String>)>,
}

#[test]
fn remarks_speak_of_code_and_not_of_strings() {
    let table: Lints = toml::from_str(include_str!("lint.toml")).unwrap();
    for (script, rules) in table.cases {
        let whole = format!("function FindProxyForURL(url, host) {{ return 'DIRECT'; }}\n{script}");
        let found: Vec<&str> = lint(&whole).iter().map(|remark| remark.rule).collect();
        assert_eq!(found, rules, "{script}");
    }
    let found = lint("var a = 1;\n\nlet b = 1;");
    assert_eq!(found[0].rule, "no-entry");
    assert_eq!((found[1].rule, found[1].line), ("newer-syntax", Some(3)));
}
