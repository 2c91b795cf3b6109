//! The answers of Microsoft's endpoint service. `service/*.json` are excerpts of real ones:
//! `worldwide-older` of December 2020, the others of December 2025.

use std::fs;

use reach365::{Catalog, Error};
use reach365_model::catalog::published::{
    Change, ChangeKind, DifferenceKind, EffectiveDates, PUBLISHED_LIMIT, Pattern, PublishedList,
    compare, diff, latest_version,
};
use reach365_model::endpoint::{Category, Cloud, printable};

fn saved(name: &str) -> PublishedList {
    let file = format!(
        "{}/tests/catalog/service/{name}.json",
        env!("CARGO_MANIFEST_DIR")
    );
    PublishedList::parse(name, &fs::read(file).unwrap()).unwrap()
}

fn read(text: &str) -> PublishedList {
    PublishedList::parse("service.json", text.as_bytes()).unwrap_or_else(|error| panic!("{error}"))
}

fn refusal(bytes: &[u8]) -> String {
    let refused = PublishedList::parse("service.json", bytes);
    refused.unwrap_err().to_string()
}

/// A set of names with ports, category and further fields.
fn set(id: u32, urls: &str, more: &str) -> String {
    format!(r#"{{"id":{id},"urls":[{urls}],"category":"Default"{more}}}"#)
}

mod reading {
    use super::*;

    #[test]
    fn every_instance_is_read_without_a_remark() {
        for (name, sets) in [
            ("worldwide", 23),
            ("worldwide-older", 11),
            ("china", 8),
            ("dod", 5),
        ] {
            let list = saved(name);
            assert_eq!(list.notes(), [""; 0], "{name}");
            assert_eq!(list.sets().len(), sets, "{name}");
        }
    }

    #[test]
    fn ports_are_the_same_however_they_are_written() {
        let worldwide = saved("worldwide");
        let tcp = |id| worldwide.set(id).unwrap().tcp.to_string();
        assert_eq!(
            (tcp(2), tcp(47)),
            ("143,587,993,995".to_owned(), "80,443".to_owned())
        );
        let teams = worldwide.set(11).unwrap();
        assert!(teams.urls.is_empty() && teams.tcp.is_empty() && !teams.ips.is_empty());
        assert_eq!(teams.udp.to_string(), "3478-3481");
        let ranges = read(&format!(
            "[{}]",
            set(1, "", r#","tcpPorts":" 50000 - 50059,443,443""#)
        ));
        let ports = &ranges.sets()[0].tcp;
        assert_eq!(ports.to_string(), "443,50000-50059");
        assert!(ports.contains(50_059) && !ports.contains(50_060) && !ports.contains(442));
    }

    #[test]
    fn what_is_unknown_or_absent_does_no_harm() {
        let list = read(
            r#"[{"id":7,"category":"Optimize","urls":null,"ips":null,"tcpPorts":"","future":{"a":[1]}},
                {"id":8,"category":"Allow","required":true,"expressRoute":true,"notes":null}]"#,
        );
        assert_eq!(list.sets().len(), 2);
        assert!(list.sets()[0].urls.is_empty() && list.sets()[0].tcp.is_empty());
        assert!(list.sets()[1].required && list.sets()[1].express_route);
        assert_eq!(read("\u{feff}[]").sets(), []);
    }

    #[test]
    fn wrong_types_are_named_with_their_place() {
        let cases = [
            (
                "[\n {\"id\":1,\"category\":\"Allow\",\"tcpPorts\":443}]",
                "service.json:2:",
                "integer `443`",
            ),
            (
                "[{\"id\":\"1\",\"category\":\"Allow\"}]",
                "service.json:1:",
                "expected u32",
            ),
            (
                "[{\"id\":1,\"category\":\"Blocked\"}]",
                "service.json:1:",
                "`Blocked`",
            ),
            (
                "[{\"id\":1}]",
                "service.json:1:",
                "missing field `category`",
            ),
            (
                "{\"message\":\"too many\"}",
                "service.json:1:",
                "expected a sequence",
            ),
            (
                "[{\"id\":1,\"category\":\"Allow\",\"urls\":[\"a.exa",
                "service.json:1:",
                "EOF",
            ),
            ("<html>blocked</html>", "service.json:1:1", "expected value"),
            ("", "service.json:1:1", "EOF"),
        ];
        for (text, place, words) in cases {
            let said = refusal(text.as_bytes());
            assert!(
                said.contains(place) && said.contains(words),
                "{text}: {said}"
            );
        }
    }

    #[test]
    fn what_is_too_large_or_no_text_is_refused() {
        assert!(refusal(&vec![b' '; 50 << 20]).contains("larger than 4 MiB"));
        assert!(refusal(&[b'[', 0xff, b']']).contains("UTF-8"));
        let many = vec!["\"a.example\""; 10_001].join(",");
        assert!(refusal(format!("[{}]", set(1, &many, "")).as_bytes()).contains("at most 10000"));
        let deep = "[".repeat(PUBLISHED_LIMIT);
        assert!(refusal(deep.as_bytes()).contains("service.json:1:"));
        let escape = refusal(b"[{\"id\":1,\"category\":\"\\u001b[31m\"}]");
        assert_eq!(
            printable(&escape.replace('\n', "")),
            escape.replace('\n', "")
        );
    }

    #[test]
    fn hostile_names_and_addresses_are_left_out_one_by_one() {
        let hostile = [
            "",
            " ",
            "*",
            "**.example.com",
            "*.com",
            "*.",
            "a..example",
            "https://a.example/x",
            "a.example:443",
            "1.2.3.4",
            "a b.example",
            "*.*.*.*.*.example.com",
            "\\u001b[2J.example",
            "*.\\u202eexample.com",
            "a.*",
            "<",
            "<tenant",
            "<a b>.example.com",
        ];
        let urls: Vec<String> = hostile.iter().map(|name| format!("\"{name}\"")).collect();
        let more = r#","ips":["10.0.0.0/33","all","0.0.0.0/0","20.190.128.1/18"],"tcpPorts":"0,70000,9-1,x,443""#;
        let text = format!(
            "[{}]",
            set(5, &(urls.join(",") + ",\"Good.Example.\""), more)
        );
        let list = read(&text);
        let set = &list.sets()[0];
        let names: Vec<&str> = set.urls.iter().map(Pattern::as_str).collect();
        assert_eq!(names, ["good.example"]);
        assert_eq!(set.ips, ["20.190.128.0/18".parse().unwrap()]);
        assert_eq!(set.tcp.to_string(), "443");
        assert_eq!(
            list.notes().len(),
            hostile.len() + 3 + 4,
            "{:#?}",
            list.notes()
        );
        for note in list.notes() {
            assert!(
                note.starts_with("set 5: ") && printable(note) == *note,
                "{note:?}"
            );
        }
    }

    #[test]
    fn notes_are_bounded_and_duplicates_count_once() {
        let bad = vec!["\"*\""; 1_000].join(",");
        let notes = read(&format!("[{}]", set(1, &bad, ""))).notes().to_vec();
        assert_eq!((notes.len(), notes[50].as_str()), (51, "and 950 more"));
        let twice = set(3, r#""a.example","A.example.","a.example""#, "");
        let list = read(&format!("[{twice},{twice}]"));
        assert_eq!(list.sets()[0].urls.len(), 1);
        assert_eq!(list.notes(), ["set 3 is there twice; both count"]);
        assert_eq!(list.find("a.example").unwrap().sets, [3]);
    }

    #[test]
    fn versions_are_of_the_cloud_and_have_ten_digits() {
        let one = br#"{"instance":"Worldwide","latest":"2025112900","versions":["x"]}"#;
        let all = br#"[{"instance":"China","latest":"2025010100"},{"instance":"USGovDoD","latest":"2025112901"}]"#;
        assert_eq!(
            latest_version("", one, Cloud::Worldwide).unwrap(),
            "2025112900"
        );
        assert_eq!(latest_version("", all, Cloud::Dod).unwrap(), "2025112901");
        let refused: [&[u8]; 5] = [
            br#"{"instance":"China","latest":"2025112900"}"#,
            br#"{"instance":"Worldwide","latest":2025112900}"#,
            br#"{"instance":"Worldwide","latest":"../../../x"}"#,
            b"7",
            b"{\"instance\":",
        ];
        for bytes in refused {
            let refused = latest_version("version", bytes, Cloud::Worldwide);
            assert!(matches!(refused, Err(Error::Catalog(_))), "{refused:?}");
        }
    }
}

mod matching {
    use super::*;

    fn covers(pattern: &str, host: &str) -> bool {
        Pattern::parse(pattern).unwrap().covers(host)
    }

    #[test]
    fn every_form_of_wildcard_covers_what_it_says() {
        assert!(covers("*.office.com", "config.office.com"));
        assert!(covers("*.office.com", "a.b.office.com"));
        assert!(!covers("*.office.com", "office.com"));
        assert!(!covers("*.office.com", "config.office.com.evil.example"));
        assert!(!covers("*.office.com", "notoffice.com"));
        assert!(covers("*cdn.onenote.net", "site-cdn.onenote.net"));
        assert!(covers("*cdn.onenote.net", "cdn.onenote.net"));
        assert!(covers(
            "autodiscover.*.onmicrosoft.com",
            "autodiscover.contoso.onmicrosoft.com"
        ));
        assert!(!covers(
            "autodiscover.*.onmicrosoft.com",
            "autodiscover.onmicrosoft.com"
        ));
        assert!(covers(
            "<tenant>-my.sharepoint.com",
            "contoso-my.sharepoint.com"
        ));
        assert!(covers("a*b*c.example.com", "a-b-b-c.example.com"));
        assert!(!covers("a*b*c.example.com", "a-c-b.example.com"));
        assert!(covers("Login.Example.COM", "login.example.com"));
    }

    #[test]
    fn the_exact_entry_goes_before_the_wildcard() {
        let list = saved("worldwide");
        let content = list.find("cdn.odc.officeapps.live.com").unwrap();
        assert_eq!(
            (content.sets, content.category),
            (vec![91, 160], Category::Default)
        );
        assert_eq!(content.ranges, []);
        let licensing = list.find("OLS.officeapps.live.com.").unwrap();
        assert_eq!(
            (licensing.sets, licensing.category),
            (vec![46], Category::Allow)
        );
        assert_eq!(licensing.ranges.len(), 20);
        let sign_in = list.find("login.microsoftonline.com").unwrap();
        assert_eq!((sign_in.sets, sign_in.ranges.len()), (vec![56], 16));
        assert_eq!(list.find("www.msftconnecttest.com"), None);
    }

    #[test]
    fn the_longest_wildcard_and_the_strictest_category_win() {
        let list = read(
            r#"[{"id":1,"urls":["*.example.com"],"ips":["192.0.2.0/24"],"tcpPorts":"80","category":"Optimize"},
                {"id":2,"urls":["*.b.example.com"],"ips":["198.51.100.0/24"],"tcpPorts":"443","category":"Default"},
                {"id":3,"urls":["*.b.example.com"],"ips":["203.0.113.0/24"],"tcpPorts":"80","category":"Allow","required":true}]"#,
        );
        let found = list.find("a.b.example.com").unwrap();
        assert_eq!(found.pattern.as_str(), "*.b.example.com");
        assert_eq!(
            (found.sets, found.category, found.required),
            (vec![2, 3], Category::Allow, true)
        );
        assert_eq!(found.tcp.to_string(), "80,443");
        assert_eq!(found.ranges, ["203.0.113.0/24".parse().unwrap()]);
    }

    #[test]
    fn the_narrowest_range_is_found() {
        let list = read(
            r#"[{"id":1,"ips":["52.108.0.0/14","2603:1006::/40"],"category":"Allow"},
                {"id":2,"ips":["52.109.1.0/24","52.108.0.0/14"],"category":"Default"}]"#,
        );
        let ranges = list.ranges();
        let find = |address: &str| {
            let found = ranges.find(address.parse().unwrap());
            found.map(|(net, sets)| (net.to_string(), sets.to_vec()))
        };
        assert_eq!(
            find("52.109.1.7"),
            Some(("52.109.1.0/24".to_owned(), vec![2]))
        );
        assert_eq!(
            find("52.111.255.255"),
            Some(("52.108.0.0/14".to_owned(), vec![1, 2]))
        );
        assert_eq!(
            find("2603:1006::1"),
            Some(("2603:1006::/40".to_owned(), vec![1]))
        );
        assert_eq!(find("52.112.0.0"), None);
        assert_eq!(find("2603:1007::1"), None);
    }
}

mod differences {
    use DifferenceKind as Kind;

    use super::*;

    const OWN: &str = r#"
        [[endpoints]]
        id = "gone"
        host = "gone.test"
        sets = { worldwide = 1 }
        [[endpoints]]
        id = "moved"
        host = "moved.example.com"
        sets = { worldwide = 1 }
        [[endpoints]]
        id = "moved-too"
        host = "moved.example.com"
        path = "/other"
        sets = { worldwide = 1 }
        [[endpoints]]
        id = "clear"
        host = "clear.example.com"
        scheme = "http"
        sets = { worldwide = 3 }
        [[endpoints]]
        id = "fixed"
        host = "fixed.example.com"
        sets = { worldwide = 4 }
        [[endpoints]]
        id = "elsewhere"
        host = "elsewhere.example.com"
        clouds = ["china"]
        [[endpoints]]
        id = "closed"
        host = "closed.example.com"
        must-be = "blocked"
        [[sets]]
        id = 3
        ips = ["192.0.2.0/24", "198.51.100.0/24"]
        [[wildcards]]
        pattern = "*.gone.test"
        sets = { worldwide = 3 }
        "#;
    const SERVICE: &str = r#"[{"id":2,"urls":["*.example.com"],"tcpPorts":"443","category":"Allow"},
                {"id":3,"urls":["clear.example.com"],"ips":["192.0.2.0/24"],"tcpPorts":"443","category":"Default"},
                {"id":4,"urls":["fixed.example.com"],"ips":["203.0.113.0/24"],"tcpPorts":"443","category":"Default"}]"#;

    fn change<'a>(changes: &'a [Change], name: &str) -> &'a Change {
        let found = changes.iter().find(|change| change.name == name);
        found.unwrap_or_else(|| panic!("nothing is said of {name}"))
    }

    #[test]
    fn a_list_does_not_differ_from_itself() {
        let list = saved("worldwide");
        assert_eq!(diff(&list, &list, &EffectiveDates::default()), []);
    }

    #[test]
    fn names_that_moved_between_sets_are_not_removed() {
        let (old, new) = (saved("worldwide-older"), saved("worldwide"));
        let changes = diff(&old, &new, &EffectiveDates::default());
        let licensing = change(&changes, "ols.officeapps.live.com");
        assert_eq!(licensing.kind, ChangeKind::Removed);
        assert_eq!(
            licensing.covered_by.as_deref(),
            Some("*.officeapps.live.com")
        );
        let unified = change(&changes, "*.cloud.microsoft");
        assert_eq!(
            (unified.kind, unified.covered_by.as_ref()),
            (ChangeKind::Added, None)
        );
        let range = change(&changes, "20.20.32.0/19");
        assert!(range.is_range && range.kind == ChangeKind::Added);
    }

    #[test]
    fn categories_ports_and_sets_are_told_apart() {
        let of = |category: &str, ports: &str, id: u32| {
            let text = format!(
                r#"[{{"id":{id},"urls":["a.example.com"],"ips":["192.0.2.0/24"],"tcpPorts":"{ports}","category":"{category}"}}]"#
            );
            read(&text)
        };
        let none = EffectiveDates::default();
        let old = of("Default", "443", 1);
        for (new, kind) in [
            (of("Allow", "443", 1), ChangeKind::Moved),
            (of("Default", "80,443", 1), ChangeKind::Changed),
            (of("Default", "443", 2), ChangeKind::Changed),
        ] {
            let changes = diff(&old, &new, &none);
            let kinds: Vec<(bool, ChangeKind)> =
                changes.iter().map(|it| (it.is_range, it.kind)).collect();
            assert_eq!(kinds, [(false, kind), (true, kind)]);
        }
        assert_eq!(diff(&old, &of("Default", " 443 ", 1), &none), []);
    }

    #[test]
    fn additions_carry_the_newest_date_that_the_service_gives() {
        let dates = br#"[
            {"id":1,"endpointSetId":1,"disposition":"change","version":"2025090100","add":{"effectiveDate":"20251001","urls":["New.example.com"]}},
            {"id":2,"version":"2025112900","impact":"AddedIp","add":{"effectiveDate":"20260101","urls":["new.example.com"],"ips":["192.0.2.0/24"]}},
            {"id":3,"version":"2025112900","remove":{"urls":["gone.example.com"]}},
            {"id":4,"version":"2025112900","add":{"effectiveDate":"soon","urls":["other.example.com"]}}]"#;
        let dates = EffectiveDates::parse("changes.json", dates).unwrap();
        assert_eq!(dates.date_of("new.example.com"), Some("2026-01-01"));
        assert_eq!(dates.date_of("192.0.2.0/24"), Some("2026-01-01"));
        assert_eq!(dates.date_of("other.example.com"), None);
        let new = read(&format!(
            "[{}]",
            set(1, r#""new.example.com","gone.example.com""#, "")
        ));
        let old = read(&format!("[{}]", set(1, r#""gone.example.com""#, "")));
        let changes = diff(&old, &new, &dates);
        assert_eq!(
            change(&changes, "new.example.com").effective.as_deref(),
            Some("2026-01-01")
        );
        assert!(EffectiveDates::parse("changes.json", b"{}").is_err());
    }

    #[test]
    fn the_built_in_list_differs_in_what_nobody_publishes_alone() {
        let comparison = compare(reach365::builtin(), &saved("worldwide"), Cloud::Worldwide);
        let found: Vec<(DifferenceKind, &str)> = comparison
            .differences
            .iter()
            .map(|it| (it.kind, it.name.as_str()))
            .collect();
        // The excerpt leaves out what the list needs of no other set.
        let missing = |kind, name| found.contains(&(kind, name));
        assert!(
            missing(DifferenceKind::NotPublished, "*.events.data.microsoft.com"),
            "{found:?}"
        );
        let windows = ["www.msftconnecttest.com", "ipv6.msftconnecttest.com"];
        assert_eq!(comparison.elsewhere, windows);
        let others = found
            .iter()
            .filter(|(kind, _)| *kind != DifferenceKind::NotPublished);
        assert_eq!(others.count(), 0, "{found:?}");
        let cover = |host| {
            comparison
                .covered
                .iter()
                .find(|it| it.host == host)
                .unwrap()
        };
        assert!(!cover("ols.officeapps.live.com").exact);
        assert!(cover("cdn.odc.officeapps.live.com").exact);
    }

    #[test]
    fn the_list_of_another_cloud_is_noticed() {
        let lists = [
            ("worldwide", Cloud::Worldwide),
            ("china", Cloud::China),
            ("dod", Cloud::Dod),
        ];
        for (name, of) in lists {
            for cloud in Cloud::ALL {
                let comparison = compare(reach365::builtin(), &saved(name), cloud);
                let strange = comparison.is_of_something_else();
                assert_eq!(strange, of != cloud, "{name} as {cloud}");
            }
        }
    }

    #[test]
    fn every_kind_of_difference_is_found() {
        let catalog = Catalog::parse("own.toml", OWN, reach365::builtin()).unwrap();
        let comparison = compare(&catalog, &read(SERVICE), Cloud::Worldwide);
        let found: Vec<(DifferenceKind, &str, &str, &str)> = comparison
            .differences
            .iter()
            .map(|it| {
                (
                    it.kind,
                    it.name.as_str(),
                    it.ours.as_str(),
                    it.service.as_str(),
                )
            })
            .collect();
        let expected = [
            (Kind::NotPublished, "gone.test", "set 1", ""),
            (
                Kind::Set,
                "moved.example.com",
                "set 1",
                "set 2, as *.example.com",
            ),
            (Kind::Category, "moved.example.com", "Default", "Allow"),
            (Kind::Port, "clear.example.com", "80", "443"),
            (
                Kind::Published,
                "clear.example.com",
                "no addresses",
                "1 range",
            ),
            (
                Kind::Published,
                "fixed.example.com",
                "no addresses",
                "1 range",
            ),
            (Kind::NotPublished, "*.gone.test", "set 3", ""),
            (Kind::Ranges, "set 3", "198.51.100.0/24", ""),
        ];
        assert_eq!(found, expected);
        assert_eq!(comparison.differences[1].endpoints, ["moved", "moved-too"]);
        assert_eq!(comparison.others, 0);
    }
}
