//! Codes are a contract: a unique name, a page in the documentation, a remedy or a written "none".

use std::collections::BTreeSet;
use std::fmt::Write as _;

use reach365_judge::remedy::{Remedies, Remedy, none_reason};
use reach365_judge::verdict::{RULES, RunRule};
use reach365_model::verdict::Code;

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/codes.md");

#[test]
fn names_are_unique_and_begin_with_their_stage() {
    let mut names = BTreeSet::new();
    for code in Code::ALL {
        let id = code.id();
        assert!(names.insert(id), "{id} twice");
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        assert!(id.chars().all(plain), "{id}");
        let stage = format!("{}-", code.stage());
        assert!(
            id.starts_with(&stage)
                || ["ncsi-", "path-", "policy-"]
                    .iter()
                    .any(|it| id.starts_with(it)),
            "{id} at stage {stage}"
        );
        assert_eq!(Code::parse(id), Some(*code));
        assert_eq!(serde_json::to_value(code).unwrap(), id);
        assert_eq!(code.docs(), format!("docs/codes.md#{id}"));
    }
}

/// The clause goes on from "this would be wrong if".
#[test]
fn every_code_says_what_would_prove_it_wrong() {
    for code in Code::ALL {
        let clause = code.wrong_if();
        assert!(!clause.is_empty(), "{code}");
        assert!(clause.chars().count() <= 120, "{code}: {clause}");
        assert!(!clause.ends_with(['.', ' ']), "{code}: {clause}");
        assert!(!clause.starts_with(' '), "{code}: {clause}");
        assert!(!clause.starts_with("if "), "{code}: {clause}");
        assert!(!clause.contains(". "), "{code}: one clause: {clause}");
    }
}

#[test]
fn every_code_has_a_remedy_or_a_reason_why_not() {
    for code in Code::ALL {
        let remedies = Remedy::for_code(*code).len();
        let reason = none_reason(*code);
        assert!(
            (remedies > 0) != reason.is_some(),
            "{code}: {remedies} remedies, {reason:?}"
        );
    }
}

#[test]
fn remedies_are_complete() {
    let mut names = BTreeSet::new();
    for remedy in Remedies::builtin().all() {
        assert!(names.insert(&remedy.id), "{} twice", remedy.id);
        assert!(!remedy.actions.is_empty(), "{}", remedy.id);
        assert!(!remedy.sources.is_empty(), "{}", remedy.id);
        for text in [&remedy.title, &remedy.why, &remedy.order_why] {
            assert!(!text.is_empty(), "{}", remedy.id);
        }
        // Advice is what a report says of a code.
        assert_eq!(
            remedy.advice.is_empty(),
            remedy.codes.is_empty(),
            "{}",
            remedy.id
        );
        assert_eq!(Remedy::get(&remedy.id), Some(remedy));
    }
}

#[test]
fn the_documentation_is_that_of_the_table() {
    let wanted = documentation();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(PATH, &wanted).unwrap();
    }
    let there = std::fs::read_to_string(PATH)
        .unwrap_or_default()
        .replace("\r\n", "\n");
    assert!(
        there == wanted,
        "docs/codes.md is out of date: run `UPDATE_DOCS=1 cargo test --test judge`"
    );
}

fn documentation() -> String {
    let mut out = String::from(
        "# Codes\n\n\
         Every cause that a verdict can name. This page is made from the table of codes and from\n\
         `crates/judge/data/remedies.toml`; `UPDATE_DOCS=1 cargo test --test judge` writes it anew.\n\n\
         Silence, a refusal, a reset and an end name no party: the host may be down. Such a cause is\n\
         `blocked` beside a control that passed: another endpoint that got as far on the same path, the\n\
         same host on another route, or a host that `--control-host` names. It is `blocked` too where at\n\
         least three hosts of unrelated owners fail alike, or three hosts at one proxy. Otherwise it is\n\
         `inconclusive`, with the same code, and the text says that no control passed.\n",
    );
    for code in Code::ALL {
        write!(
            out,
            "\n## {code}\n\n**Meaning.** {}\n\n**Evidence.** {}\n\n\
             **This would be wrong if** {}.\n\n\
             Stage {}, outcome {}, culprit {}, unless the evidence says otherwise.\n\n",
            code.means(),
            code.evidence(),
            code.wrong_if(),
            code.stage(),
            code.outcome(),
            code.who(),
        )
        .unwrap();
        out.push_str(&remedy_of(*code));
    }
    out + &rules_of_a_run()
}

/// The rules for a whole run, in their order.
fn rules_of_a_run() -> String {
    let mut out = String::from(
        "\n# Rules for the whole run\n\n\
         After every endpoint was judged by its own evidence, these rules look at all results together,\n\
         in this order. An endpoint that one of them explains is left alone by those that follow.\n\n\
         | | rule | why it stands here |\n|---|---|---|\n",
    );
    for (number, rule) in RULES.iter().enumerate() {
        let RunRule { name, why_here, .. } = rule;
        writeln!(out, "| {} | {name} | {why_here} |", number + 1).unwrap();
    }
    out
}

#[test]
fn rules_of_a_run_have_names_and_reasons_of_their_own() {
    let names: BTreeSet<&str> = RULES.iter().map(|rule| rule.name).collect();
    assert_eq!(names.len(), RULES.len());
    assert!(RULES.iter().all(|rule| !rule.why_here.is_empty()));
}

fn remedy_of(code: Code) -> String {
    if let Some(reason) = none_reason(code) {
        return format!("**Remedy.** None. {reason}\n");
    }
    let mut out = String::new();
    for remedy in Remedy::for_code(code) {
        write!(
            out,
            "**Remedy.** {} (`{}`; {}, risk {}, {} min). {}\n\n",
            remedy.title, remedy.id, remedy.audience, remedy.risk, remedy.minutes, remedy.why
        )
        .unwrap();
        for (number, action) in remedy.actions.iter().enumerate() {
            writeln!(out, "{}. {action}", number + 1).unwrap();
        }
        writeln!(out, "\nSource: {}.\n", remedy.sources.join("; ")).unwrap();
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}
