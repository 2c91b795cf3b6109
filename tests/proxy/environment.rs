//! Variables of the environment.

use reach365_proxy::environment::{self, Environment};

use crate::{mentions, route, rows};

fn environment(text: &str) -> Environment {
    environment::parse(text.split(' ').filter_map(|pair| pair.split_once('=')))
}

#[test]
fn variables_are_obeyed() {
    for row in rows("cases/environment.txt") {
        let [variables, address, wanted, words] = row.as_slice() else {
            panic!("{row:?}")
        };
        let Some(view) = environment(variables).view else {
            assert_eq!(wanted, "none", "{row:?}");
            continue;
        };
        let route = route(&view, address);
        assert_eq!(route.hop_words().join("; "), *wanted, "{row:?}");
        let said = [&route.reasons[..], &view.notes].concat();
        assert!(
            words.is_empty() || mentions(&said, words),
            "{row:?} {said:?}"
        );
        let json = serde_json::to_string(&view).unwrap();
        assert!(
            !json.contains("secret") && !format!("{view:?}").contains("secret"),
            "{row:?}"
        );
    }
}

#[test]
fn credentials_are_kept_apart_and_decoded() {
    let found = environment("https_proxy=http://us%65r:p%40ss%3aword@p.example:3128");
    let [credentials] = found.credentials.as_slice() else {
        panic!("one proxy has credentials")
    };
    assert_eq!(credentials.user(), "user");
    assert_eq!(credentials.password(), "p@ss:word");
    assert_eq!(credentials.server().to_string(), "p.example:3128");
    let both = environment("all_proxy=http://user:secret@p.example:3128");
    assert_eq!(both.credentials.len(), 1);
    assert_eq!(environment("https_proxy=p:1").credentials.len(), 0);
}

#[test]
fn the_source_names_the_variables() {
    let view = environment("no_proxy=a HTTPS_PROXY=p:1 PATH=/bin")
        .view
        .unwrap();
    assert_eq!(view.source, "environment: HTTPS_PROXY, no_proxy");
}
