//! Bypass lists in their dialects.

use reach365_proxy::{BypassList, Dialect};

use crate::{mentions, rows, url};

fn dialect(name: &str) -> Dialect {
    let found = Dialect::ALL.iter().find(|(known, _)| *known == name);
    found.unwrap_or_else(|| panic!("{name}")).1
}

#[test]
fn lists_are_obeyed() {
    for row in rows("cases/bypass.txt") {
        let [name, text, address, rule, rest @ ..] = row.as_slice() else {
            panic!("{row:?}")
        };
        let list = BypassList::parse(dialect(name), text);
        let reason = list.reason(&url(address));
        match rule.as_str() {
            "no" => assert_eq!(reason, None, "{row:?}"),
            "implicit" => assert!(reason.unwrap().contains("implicit rule"), "{row:?}"),
            rule => {
                let words = format!("rule `{rule}` matches");
                assert!(
                    reason.as_ref().is_some_and(|it| it.contains(&words)),
                    "{row:?} {reason:?}"
                );
            }
        }
        let warning = rest.first().map_or("", String::as_str);
        assert!(
            warning.is_empty() || mentions(list.warnings(), warning),
            "{row:?} {:?}",
            list.warnings()
        );
        let harmless = warning.is_empty() && rule != "no";
        assert!(
            !harmless || list.warnings().is_empty(),
            "{row:?} {:?}",
            list.warnings()
        );
    }
}

#[test]
fn a_reversed_list_names_those_who_use_the_proxy() {
    let mut list = BypassList::parse(Dialect::NoProxy, "contoso.com");
    list.reverse();
    assert_eq!(list.reason(&url("https://www.contoso.com/")), None);
    assert!(
        list.reason(&url("https://a.example/"))
            .unwrap()
            .contains("reversed")
    );
}

#[test]
fn hostile_lists_end() {
    let stars = "*a".repeat(50_000);
    let list = BypassList::parse(Dialect::Wininet, &stars);
    assert_eq!(
        list.reason(&url("https://login.microsoftonline.com/")),
        None
    );
    let long = BypassList::parse(Dialect::Wininet, &"a.example;".repeat(50_000));
    assert_eq!(long.entries().count(), 5_000);
    assert!(mentions(long.warnings(), "only the first"));
    let escape = BypassList::parse(Dialect::Wininet, "<\u{1b}[2J>");
    assert!(mentions(escape.warnings(), "\\u{1b}"));
}
