//! Lists of proxies.

use reach365_proxy::{Dialect, ProxyList, ProxySettings, View, ViewKind};

use crate::{mentions, rows, way};

#[test]
fn lists_are_read() {
    for row in rows("cases/lists.txt") {
        let [list, http, https, warning] = row.as_slice() else {
            panic!("{row:?}")
        };
        let settings = ProxySettings::manual(list, Dialect::Wininet, "");
        let view = View::new(ViewKind::User, "case", settings);
        assert_eq!(way(&view, "http://a.test/"), *http, "{list}");
        assert_eq!(way(&view, "https://a.test/"), *https, "{list}");
        let warnings = &view.settings.servers.warnings;
        assert_eq!(
            warnings.is_empty(),
            warning.is_empty(),
            "{list}: {warnings:?}"
        );
        assert!(
            warning.is_empty() || mentions(warnings, warning),
            "{list}: {warnings:?}"
        );
        assert!(!format!("{view:?}").contains("secret"), "{list}");
    }
}

#[test]
fn endless_lists_end() {
    let list = ProxyList::parse(&"x=y;".repeat(100_000));
    assert!(list.is_empty());
    assert_eq!(list.warnings.len(), 1_001);
}
