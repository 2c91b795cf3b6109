//! The list of endpoints, the plan made of it, and lists that are refused.
//!
//! `catalog/reject/*.toml` and `catalog/accept/*.toml` are one list each. What is expected stands
//! in their last lines: `#! LINE:COLUMN phrase` for every mistake of a list that is refused,
//! `#! LINE phrase` for every remark on one that is accepted. Nothing else may be found.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot read its case has failed"
)]

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use reach365::catalog::{ENTRY_LIMIT, TEXT_LIMIT};
use reach365::endpoint::{
    Category, Cloud, Endpoint, Expect, Host, Inspection, Issuer, Level, MustBe, Scheme,
};
use reach365::error::CatalogError;
use reach365::plan::Selection;
use reach365::{Catalog, Error, Plan};

#[path = "catalog/service.rs"]
mod service;

mod lists {
    use super::*;

    #[test]
    fn refused_lists_name_every_mistake_with_its_place() {
        for (name, text) in cases("reject") {
            let found: Vec<String> = mistakes(&name, &text).iter().map(placed).collect();
            compare(&name, &text, &found);
        }
    }

    #[test]
    fn accepted_lists_have_the_remarks_that_are_written_in_them() {
        for (name, text) in cases("accept") {
            let catalog = Catalog::parse(&name, &text).unwrap_or_else(|error| panic!("{error}"));
            let lints = catalog.lint();
            assert!(lints.iter().all(|lint| lint.file == name));
            let found: Vec<String> = lints
                .iter()
                .map(|lint| format!("{} {}", lint.line, lint.message))
                .collect();
            compare(&name, &text, &found);
        }
    }

    #[test]
    fn unknown_key_names_the_allowed_ones() {
        let text = "[[endpoints]]\nid = \"a\"\nhost = \"a.example\"\nprot = 1\n";
        let error = &mistakes("own.toml", text)[0];
        assert_eq!(
            error.to_string(),
            "own.toml:4:1: unknown key `prot`; allowed here: id, host, scheme, port, path, groups, \
             level, purpose, sets, category, inspection, issuer, published-ips, expect, cname-suffixes, \
             dns-answer, ipv6-only, clouds, must-be, source\n  4 | prot = 1\n    | ^"
        );
    }

    #[test]
    fn at_most_twenty_mistakes_are_shown_and_the_rest_is_counted() {
        let text = "[[endpoints]]\n".repeat(30);
        let found = mistakes("own.toml", &text);
        assert_eq!(found.len(), 21);
        assert_eq!(found[20].to_string(), "own.toml: and 40 more mistakes");
    }

    #[test]
    fn control_characters_never_reach_the_message() {
        let text = "[[endpoints]]\nid = \"a\"\nhost = \"a\u{202e}b.example\" # \u{1b}[2J\n";
        let shown = Error::Catalog(mistakes("own\u{7}.toml", text)).to_string();
        let bad = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!shown.contains(bad), "{shown:?}");
        let text = "[[endpoints]]\nid = \"a\"\n\thost = \"a\\u001b b\"\n";
        let error = &mistakes("own.toml", text)[0];
        assert_eq!((error.line, error.column), (3, 9));
        assert!(error.message.contains("`a\\u{1b} b` has a space"));
    }

    #[test]
    fn long_line_is_shortened_around_the_caret() {
        let host = format!("{} b", "a".repeat(50_000));
        let text = format!("endpoints = [{{ id = \"a\", host = \"{host}\" }}]");
        let shown = Error::Catalog(mistakes("own.toml", &text)).to_string();
        let lines: Vec<&str> = shown.lines().collect();
        assert!(shown.len() < 600, "{shown}");
        let caret = lines[2].chars().position(|c| c == '^').unwrap();
        assert_eq!(lines[1].chars().nth(caret), Some('"'), "{shown}");
    }

    #[test]
    fn line_ends_and_byte_order_mark_of_windows_are_no_mistake() {
        let text = "\u{feff}[[endpoints]]\r\nid = \"a\"\r\nhost = \"a b\"\r\n";
        let error = &mistakes("own.toml", text)[0];
        assert_eq!((error.line, error.column), (3, 8));
        assert_eq!(error.snippet, "host = \"a b\"");
        let text = text.replace("a b", "a.example");
        assert_eq!(parsed(&text).endpoints().len(), 1);
    }

    #[test]
    fn text_of_ten_megabytes_is_refused_with_its_size() {
        let found = mistakes("own.toml", &"#".repeat(10_000_000));
        assert_eq!(found.len(), 1);
        assert_eq!(
            found[0].to_string(),
            "own.toml: the list has 10000000 bytes; 1048576 are the limit"
        );
    }

    #[test]
    fn text_at_the_limit_is_read() {
        let mut text = "[[endpoints]]\nid = \"a\"\nhost = \"a.example\"\n#".to_owned();
        text.push_str(&"x".repeat(TEXT_LIMIT - text.len()));
        assert_eq!(parsed(&text).endpoints().len(), 1);
        text.push('x');
        assert_eq!(mistakes("own.toml", &text)[0].line, 0);
    }

    #[test]
    fn number_of_entries_is_limited() {
        let list = |count: usize| {
            let row = |number| format!("{{id=\"e{number}\",host=\"h{number}.example\"}},\n");
            let rows: String = (0..count).map(row).collect();
            format!("endpoints=[\n{rows}]")
        };
        assert_eq!(parsed(&list(ENTRY_LIMIT)).endpoints().len(), ENTRY_LIMIT);
        let found = mistakes("own.toml", &list(ENTRY_LIMIT + 1));
        assert_eq!(
            (found[0].line, found[0].column),
            (ENTRY_LIMIT + 2, 1),
            "{}",
            found[0]
        );
        assert!(found[0].message.contains("more than 10000 entries"));
    }

    #[test]
    fn deep_nesting_is_refused() {
        for open in ["[", "{a="] {
            let text = format!("endpoints = {}", open.repeat(100_000));
            assert_eq!(mistakes("own.toml", &text)[0].line, 1);
        }
    }

    #[test]
    fn no_mutation_of_a_list_makes_it_panic() {
        let seeds: Vec<String> = ["reject", "accept", "accept", "accept", "accept"]
            .iter()
            .flat_map(|folder| cases(folder))
            .map(|(_, text)| text)
            .collect();
        let mut random = Random(0x5EED_1234_ABCD_0001);
        let (mut accepted, mut refused) = (0, 0);
        for round in 0..4_000 {
            let text = mutate(&seeds[round % seeds.len()], &mut random);
            match Catalog::parse("mutant.toml", &text) {
                Ok(catalog) => {
                    accepted += 1;
                    catalog.lint();
                    Plan::group(&catalog, "custom");
                }
                Err(error) => {
                    refused += 1;
                    check_places(&error, &text);
                }
            }
        }
        assert!(accepted > 100 && refused > 1_000, "{accepted} {refused}");
    }

    fn check_places(error: &Error, text: &str) {
        let Error::Catalog(found) = error else {
            panic!("{error}");
        };
        assert!(!found.is_empty() && found.len() <= 21);
        for mistake in found.iter().filter(|mistake| mistake.line > 0) {
            let line = text.split('\n').nth(mistake.line - 1).unwrap();
            assert!(mistake.column <= line.chars().count() + 1, "{mistake}");
        }
    }

    /// Changes, doubles, drops or moves a few characters.
    fn mutate(text: &str, random: &mut Random) -> String {
        const ODD: [char; 16] = [
            '"',
            '\'',
            '[',
            ']',
            '{',
            '}',
            '=',
            '\n',
            '\\',
            '\u{0}',
            'ü',
            '\u{202e}',
            '*',
            '9',
            '#',
            '\u{10ffff}',
        ];
        let mut characters: Vec<char> = text.chars().collect();
        for _ in 0..=random.below(3) {
            let at = random.below(characters.len());
            let other = random.below(characters.len());
            match random.below(5) {
                0 => characters[at] = ODD[random.below(ODD.len())],
                1 => characters.insert(at, ODD[random.below(ODD.len())]),
                2 => characters.truncate(at.max(1)),
                3 => characters.swap(at, other),
                _ => drop(characters.remove(at)),
            }
            if characters.is_empty() {
                characters.push('x');
            }
        }
        characters.into_iter().collect()
    }

    /// xorshift64: the same mutations in every run.
    struct Random(u64);

    impl Random {
        fn below(&mut self, limit: usize) -> usize {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 % limit as u64) as usize
        }
    }
}

mod entries {
    use super::*;

    #[test]
    fn defaults_are_those_of_the_documentation() {
        let catalog = parsed(&case("accept/smallest"));
        let expected = Endpoint {
            id: "a".to_owned(),
            host: Host::Name("a.example".to_owned()),
            port: 443,
            scheme: Scheme::Https,
            path: "/".to_owned(),
            groups: vec!["custom".to_owned()],
            level: Level::Required,
            purpose: "one entry with nothing but what it must have".to_owned(),
            sets: [].into(),
            category: Category::Default,
            inspection: Inspection::Discouraged,
            issuer: None,
            issuer_stated: false,
            published_ips: false,
            ranges: Vec::new(),
            ranges_from: String::new(),
            expect: Expect::AnyGenuine,
            cname_suffixes: Vec::new(),
            dns_answer: Vec::new(),
            ipv6_only: false,
            clouds: Cloud::ALL.to_vec(),
            must_be: MustBe::Reachable,
            source: String::new(),
        };
        assert_eq!(catalog.endpoints(), [expected]);
    }

    #[test]
    fn every_key_is_read() {
        let catalog = parsed(&case("accept/every-key"));
        let expected = Endpoint {
            id: "a".to_owned(),
            host: Host::Name("xn--bcher-kva.example".to_owned()),
            port: 8080,
            scheme: Scheme::Http,
            path: "/a?b=c%20d".to_owned(),
            groups: vec!["activation".to_owned(), "own".to_owned()],
            level: Level::Recommended,
            purpose: "every key".to_owned(),
            sets: [
                (Cloud::Worldwide, 46),
                (Cloud::China, 1),
                (Cloud::GccHigh, 2),
                (Cloud::Dod, 3),
            ]
            .into(),
            category: Category::Optimize,
            inspection: Inspection::Forbidden,
            issuer: Some(Issuer::Public),
            issuer_stated: true,
            published_ips: true,
            ranges: Vec::new(),
            ranges_from: String::new(),
            expect: Expect::Status(vec![200, 204]),
            cname_suffixes: vec!["b.example".to_owned()],
            dns_answer: vec!["192.0.2.1".parse().unwrap(), "2001:db8::1".parse().unwrap()],
            ipv6_only: true,
            clouds: vec![Cloud::Worldwide, Cloud::Dod],
            must_be: MustBe::Blocked,
            source: "a test".to_owned(),
        };
        assert_eq!(catalog.endpoints(), [expected]);
        assert_eq!(catalog.ranges(46, Cloud::Worldwide).len(), 2);
        assert!(catalog.ranges(46, Cloud::China).is_empty());
    }

    #[test]
    fn expectations_are_read() {
        let catalog = parsed(&case("accept/expectations"));
        let found: Vec<&Expect> = catalog.endpoints().iter().map(|e| &e.expect).collect();
        assert_eq!(
            found,
            [
                &Expect::AnyGenuine,
                &Expect::DerCrl,
                &Expect::JsonKey("issuer".to_owned()),
                &Expect::Body("Microsoft Connect Test".to_owned()),
                &Expect::RedirectHost(vec!["b.example".to_owned()]),
            ]
        );
    }

    #[test]
    fn port_follows_the_scheme() {
        for (scheme, port) in [("https", 443), ("http", 80), ("dns", 53)] {
            let text =
                format!("[[endpoints]]\nid = \"a\"\nhost = \"a.example\"\nscheme = \"{scheme}\"");
            assert_eq!(parsed(&text).endpoints()[0].port, port, "{scheme}");
        }
    }

    #[test]
    fn every_builtin_entry_survives_json() {
        let plan = select(&Selection {
            groups: vec!["all".to_owned()],
            ..Selection::default()
        });
        let own = parsed(&case("accept/every-key"));
        let planned = plan.checks.iter().map(|check| &check.endpoint);
        for endpoint in planned.chain(own.endpoints()) {
            let json = serde_json::to_string(endpoint).unwrap();
            let back: Endpoint = serde_json::from_str(&json).unwrap();
            assert_eq!(back, *endpoint);
        }
    }

    #[test]
    fn entry_of_an_extending_list_takes_the_place_of_the_builtin_one() {
        let text = "extends = \"builtin\"\n\
                    [[endpoints]]\nid = \"ols\"\nhost = \"ols.contoso.example\"\n\
                    [[endpoints]]\nid = \"own\"\nhost = \"own.contoso.example\"\n\
                    [[sets]]\nid = 56\nips = [\"192.0.2.0/24\"]\n";
        let catalog = parsed(text);
        let builtin = Catalog::builtin();
        assert_eq!(catalog.endpoints().len(), builtin.endpoints().len() + 1);
        let at = |catalog: &Catalog| catalog.endpoints().iter().position(|e| e.id == "ols");
        assert_eq!(at(&catalog), at(builtin));
        let ols = catalog.endpoint("ols").unwrap();
        assert_eq!(ols.host.name(), Some("ols.contoso.example"));
        assert_eq!(ols.groups, ["custom"]);
        assert_eq!(catalog.endpoints().last().unwrap().id, "own");
        assert_eq!(catalog.ranges(56, Cloud::Worldwide).len(), 1);
        assert_eq!(catalog.ranges(46, Cloud::Worldwide).len(), 20);
        assert_eq!(catalog.wildcards(), builtin.wildcards());
    }

    #[test]
    fn list_that_does_not_extend_stands_alone() {
        let catalog = parsed(&case("accept/smallest"));
        assert_eq!(catalog.groups(), [("custom", 1)]);
        assert!(catalog.wildcards().is_empty());
    }
}

mod builtin {
    use super::*;

    /// Host, path and port of the article's list, in its order.
    const ARTICLE: [(&str, &str, u16); 20] = [
        ("officecdn.microsoft.com", "/", 443),
        ("ols.officeapps.live.com", "/olsc", 443),
        ("activation.sls.microsoft.com", "/", 443),
        ("odc.officeapps.live.com", "/odc/emailhrd", 443),
        (
            "crl.microsoft.com",
            "/pki/crl/products/MicrosoftProductSecureServer.crl",
            80,
        ),
        (
            "crl.microsoft.com",
            "/pki/crl/products/MicrosoftRootAuthority.crl",
            80,
        ),
        (
            "crl.microsoft.com",
            "/pki/crl/products/MicrosoftProductSecureCommunicationsPCA.crl",
            80,
        ),
        (
            "www.microsoft.com",
            "/pki/crl/products/MicrosoftProductSecureCommunicationsPCA.crl",
            80,
        ),
        ("go.microsoft.com", "/", 443),
        ("office15client.microsoft.com", "/", 443),
        ("login.windows.net", SIGN_IN, 443),
        ("login.microsoft.com", SIGN_IN, 443),
        ("login.microsoftonline.com", SIGN_IN, 443),
        ("crl.microsoft.com", "/", 80),
        ("cdn.odc.officeapps.live.com", "/", 443),
        ("ajax.aspnetcdn.com", "/", 443),
        ("officeclient.microsoft.com", "/config16", 443),
        ("aadcdn.msauth.net", "/", 443),
        ("aadcdn.msauthimages.net", "/", 443),
        ("enterpriseregistration.windows.net", "/", 443),
    ];
    const SIGN_IN: &str = "/common/.well-known/openid-configuration";

    #[test]
    fn activation_is_the_article_s_list() {
        let plan = Plan::group(Catalog::builtin(), "activation");
        let found: Vec<(&str, &str, u16)> = plan
            .checks
            .iter()
            .map(|check| &check.endpoint)
            .map(|e| (e.host.name().unwrap(), e.path.as_str(), e.port))
            .collect();
        assert_eq!(found, ARTICLE);
        let counted = Catalog::builtin().groups();
        assert!(counted.contains(&("activation", 20)), "{counted:?}");
    }

    #[test]
    fn groups_are_those_of_the_documentation() {
        let mut names: Vec<&str> = Catalog::builtin().groups().iter().map(|g| g.0).collect();
        names.sort_unstable();
        let expected = [
            "activation",
            "config",
            "content",
            "device",
            "ncsi",
            "revocation",
            "sign-in",
        ];
        assert_eq!(names, expected);
    }

    #[test]
    fn activation_expects_no_more_than_the_facts_support() {
        for check in Plan::group(Catalog::builtin(), "activation").checks {
            let endpoint = check.endpoint;
            let crl = endpoint.path.starts_with("/pki/crl/");
            let expected = if crl {
                Expect::DerCrl
            } else {
                Expect::AnyGenuine
            };
            assert_eq!(endpoint.expect, expected, "{}", endpoint.id);
            assert_eq!(endpoint.level, Level::Required, "{}", endpoint.id);
        }
    }

    #[test]
    fn only_hosts_of_sets_46_and_56_have_published_addresses() {
        let plan = select(&all(Cloud::Worldwide));
        for endpoint in plan.checks.iter().map(|check| &check.endpoint) {
            let set = endpoint.sets.get(&Cloud::Worldwide);
            let published = matches!(set, Some(46 | 56));
            assert_eq!(endpoint.published_ips, published, "{}", endpoint.id);
            assert_eq!(!endpoint.ranges.is_empty(), published, "{}", endpoint.id);
        }
    }

    #[test]
    fn exact_entry_wins_over_the_wildcard_with_addresses() {
        let plan = Plan::group(Catalog::builtin(), "activation");
        let cdn = endpoint(&plan, "cdn-odc");
        assert_eq!(cdn.sets[&Cloud::Worldwide], 91);
        assert!(!cdn.published_ips && cdn.ranges.is_empty());
        assert_eq!(cdn.inspection, Inspection::Discouraged);
        let ols = endpoint(&plan, "ols");
        assert_eq!(ols.sets[&Cloud::Worldwide], 46);
        assert_eq!(ols.ranges.len(), 20);
        assert!(ols.ranges.contains(&"52.108.0.0/14".parse().unwrap()));
        assert_eq!(endpoint(&plan, "login-windows-net").ranges.len(), 16);
    }

    #[test]
    fn inspection_is_forbidden_for_sets_46_and_56_and_for_the_device() {
        let plan = select(&all(Cloud::Worldwide));
        for endpoint in plan.checks.iter().map(|check| &check.endpoint) {
            let set = endpoint.sets.get(&Cloud::Worldwide);
            let device = endpoint.groups.iter().any(|group| group == "device");
            let expected = if device || matches!(set, Some(46 | 56)) {
                Inspection::Forbidden
            } else {
                Inspection::Discouraged
            };
            assert_eq!(endpoint.inspection, expected, "{}", endpoint.id);
        }
    }

    #[test]
    fn sets_of_a_national_cloud_speak_for_it() {
        let plan = select(&all(Cloud::GccHigh));
        let ols = endpoint(&plan, "ols");
        assert_eq!(ols.category, Category::Default);
        assert_eq!(ols.inspection, Inspection::Discouraged);
        assert!(!ols.published_ips && ols.ranges.is_empty());
        let sign_in = endpoint(&plan, "login-microsoftonline-us");
        assert_eq!(sign_in.category, Category::Allow);
        assert_eq!(sign_in.ranges.len(), 3);
        let china = select(&all(Cloud::China));
        assert_eq!(
            endpoint(&china, "login-partner-microsoftonline-cn")
                .ranges
                .len(),
            6
        );
    }

    #[test]
    fn clouds_are_those_whose_set_is_known() {
        for endpoint in Catalog::builtin().endpoints() {
            for cloud in endpoint.sets.keys() {
                assert!(endpoint.clouds.contains(cloud), "{}", endpoint.id);
            }
        }
    }

    #[test]
    fn ncsi_expects_what_windows_expects() {
        let plan = Plan::group(Catalog::builtin(), "ncsi");
        let web = endpoint(&plan, "ncsi-web");
        assert_eq!(web.scheme, Scheme::Http);
        assert_eq!(web.path, "/connecttest.txt");
        assert_eq!(
            web.expect,
            Expect::Body("Microsoft Connect Test".to_owned())
        );
        let over_ipv6 = endpoint(&plan, "ncsi-web-ipv6");
        assert_eq!(over_ipv6.expect, web.expect);
        assert!(over_ipv6.ipv6_only && !web.ipv6_only);
        let dns = endpoint(&plan, "ncsi-dns");
        assert_eq!(dns.scheme, Scheme::Dns);
        assert_eq!(dns.dns_answer[0].to_string(), "131.107.255.255");
        assert_eq!(dns.dns_answer[1].to_string(), "fd3e:4f5a:5b81::1");
    }

    #[test]
    fn revocation_is_asked_in_clear() {
        for check in Plan::group(Catalog::builtin(), "revocation").checks {
            let endpoint = check.endpoint;
            assert_eq!((endpoint.scheme, endpoint.port), (Scheme::Http, 80));
        }
    }

    #[test]
    fn every_entry_says_what_it_is_for_and_where_that_is_written() {
        for endpoint in Catalog::builtin().endpoints() {
            let length = endpoint.purpose.chars().count();
            assert!((10..=90).contains(&length), "{}", endpoint.id);
            assert!(!endpoint.source.is_empty(), "{}", endpoint.id);
        }
    }

    #[test]
    fn wildcards_say_why_they_cannot_be_tested() {
        let wildcards = Catalog::builtin().wildcards();
        assert!(wildcards.iter().any(|w| w.pattern == "*.cloud.microsoft"));
        for wildcard in wildcards {
            assert!(!wildcard.not_testable.is_empty(), "{}", wildcard.pattern);
            assert!(!wildcard.purpose.is_empty(), "{}", wildcard.pattern);
        }
    }
}

mod plans {
    use super::*;

    #[test]
    fn unknown_group_gives_an_empty_plan() {
        assert!(
            Plan::group(Catalog::builtin(), "activaton")
                .checks
                .is_empty()
        );
    }

    #[test]
    fn default_is_activation_and_ncsi() {
        let ids = ids(&select(&Selection::default()));
        assert_eq!(ids.len(), 23);
        assert_eq!(ids[20..], ["ncsi-web", "ncsi-web-ipv6", "ncsi-dns"]);
    }

    #[test]
    fn default_of_a_national_cloud_has_its_sign_in() {
        for (cloud, id) in [
            (Cloud::China, "login-partner-microsoftonline-cn"),
            (Cloud::GccHigh, "login-microsoftonline-us"),
            (Cloud::Dod, "login-microsoftonline-us"),
        ] {
            let selection = Selection {
                cloud,
                ..Selection::default()
            };
            assert!(ids(&select(&selection)).contains(&id.to_owned()), "{cloud}");
        }
    }

    #[test]
    fn default_of_an_own_list_is_the_whole_list() {
        let text = "[[endpoints]]\nid = \"a\"\nhost = \"a.example\"\ngroups = [\"mine\"]";
        let plan = Plan::select(&parsed(text), &Selection::default()).unwrap();
        assert_eq!(ids(&plan), ["a"]);
    }

    #[test]
    fn default_of_an_extending_list_has_its_own_entries() {
        let text = "extends = \"builtin\"\n[[endpoints]]\nid = \"a\"\nhost = \"a.example\"\n";
        let plan = Plan::select(&parsed(text), &Selection::default()).unwrap();
        assert_eq!(plan.checks.len(), 24);
        assert_eq!(ids(&plan)[23], "a");
    }

    #[test]
    fn groups_are_joined_in_the_order_of_the_list_without_duplicates() {
        let selection = Selection {
            groups: words(&["revocation", "activation", "activation"]),
            ..Selection::default()
        };
        let ids = ids(&select(&selection));
        let unique: HashSet<&String> = ids.iter().collect();
        assert_eq!(unique.len(), ids.len());
        assert_eq!(ids[0], "officecdn");
        assert_eq!(ids.len(), 26);
    }

    #[test]
    fn all_is_the_whole_list_of_the_cloud() {
        let plan = select(&all(Cloud::Worldwide));
        let needed = |endpoint: &&Endpoint| endpoint.clouds.contains(&Cloud::Worldwide);
        let expected = Catalog::builtin().endpoints().iter().filter(needed).count();
        assert_eq!(plan.checks.len(), expected);
        assert!(!ids(&plan).contains(&"login-microsoftonline-us".to_owned()));
    }

    #[test]
    fn unknown_group_is_refused_with_the_known_ones() {
        let selection = Selection {
            groups: words(&["activaton"]),
            ..Selection::default()
        };
        assert_eq!(
            refused(&selection),
            "--group: the list has no group `activaton`; it has: activation, content, config, \
             revocation, sign-in, device, ncsi, all"
        );
    }

    #[test]
    fn nothing_left_to_check_is_refused() {
        let selection = Selection {
            groups: words(&["device"]),
            cloud: Cloud::China,
            ..Selection::default()
        };
        let message = refused(&selection);
        assert!(message.contains("nothing to check"), "{message}");
        assert!(message.contains("device"), "{message}");
        assert!(message.contains("china"), "{message}");
    }

    #[test]
    fn named_hosts_take_the_entries_of_the_list() {
        for (text, expected) in [
            (
                "LOGIN.microsoftonline.com.",
                &["login-microsoftonline-com"][..],
            ),
            (
                "crl.microsoft.com",
                &[
                    "crl-product-secure-server",
                    "crl-root-authority",
                    "crl-product-secure-communications",
                    "crl-microsoft-com",
                ],
            ),
            ("http://crl.microsoft.com", &["crl-microsoft-com"]),
            ("https://ols.officeapps.live.com/olsc", &["ols"]),
            ("login.microsoftonline.us", &["login-microsoftonline-us"]),
            ("crl3.digicert.com:80", &["crl3-digicert"]),
        ] {
            assert_eq!(ids(&select(&hosts(&[text]))), expected, "{text}");
        }
    }

    #[test]
    fn other_hosts_become_endpoints_of_their_own() {
        for (text, id, request) in [
            ("a.example", "a.example", "https a.example:443 /"),
            ("a.example:8443", "a.example:8443", "https a.example:8443 /"),
            ("a.example:80", "a.example:80", "http a.example:80 /"),
            ("http://a.example", "a.example:80", "http a.example:80 /"),
            (
                "https://a.example/b?c",
                "a.example/b?c",
                "https a.example:443 /b?c",
            ),
            (
                "https://a.example:8443/#x",
                "a.example:8443",
                "https a.example:8443 /",
            ),
            ("192.0.2.1", "192.0.2.1", "https 192.0.2.1:443 /"),
            ("2001:db8::1", "2001:db8::1", "https [2001:db8::1]:443 /"),
            ("[2001:db8::1]", "2001:db8::1", "https [2001:db8::1]:443 /"),
            (
                "[2001:db8::1]:81",
                "[2001:db8::1]:81",
                "https [2001:db8::1]:81 /",
            ),
            (
                "http://[2001:db8::1]/",
                "[2001:db8::1]:80",
                "http [2001:db8::1]:80 /",
            ),
            (
                "ü.example",
                "xn--tda.example",
                "https xn--tda.example:443 /",
            ),
            // A port that the list does not have is not the entry of the list.
            (
                "go.microsoft.com:81",
                "go.microsoft.com:81",
                "https go.microsoft.com:81 /",
            ),
        ] {
            let plan = select(&hosts(&[text]));
            assert_eq!(plan.checks.len(), 1, "{text}");
            let found = &plan.checks[0].endpoint;
            let shown = format!("{} {found} {}", found.scheme, found.path);
            assert_eq!((found.id.as_str(), shown.as_str()), (id, request), "{text}");
            assert_eq!(found.expect, Expect::AnyGenuine, "{text}");
        }
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for (text, phrase) in [
            ("", "the host is empty"),
            ("a b", "has a space"),
            ("*.example", "is a wildcard"),
            ("a.example:0", "not a port from 1 to 65535"),
            ("a.example:65536", "not a port from 1 to 65535"),
            ("a.example:", "not a port from 1 to 65535"),
            ("[2001:db8::1]:x", "not a port from 1 to 65535"),
            ("[2001:db8::zz]", "has a port in it"),
            ("a.example/path", "is a URL"),
            ("ftp://a.example/", "`ftp` is not http or https"),
            ("https://", "is not a URL"),
            ("https://user:secret@a.example/", "leave it out"),
            ("a.example\u{1b}[2J", "\\u{1b}"),
        ] {
            let message = refused(&hosts(&[text]));
            assert!(message.starts_with("HOST: "), "{text:?}: {message}");
            assert!(message.contains(phrase), "{text:?}: {message}");
            assert!(!message.contains("secret"), "{message}");
        }
    }

    #[test]
    fn named_hosts_leave_the_groups_out_unless_they_are_named_too() {
        let mut selection = hosts(&["b.example", "a.example", "b.example", "go.microsoft.com"]);
        assert_eq!(ids(&select(&selection)), ["go", "b.example", "a.example"]);
        selection.groups = words(&["ncsi"]);
        assert_eq!(
            ids(&select(&selection)),
            [
                "go",
                "ncsi-web",
                "ncsi-web-ipv6",
                "ncsi-dns",
                "b.example",
                "a.example"
            ]
        );
    }

    #[test]
    fn two_checks_never_share_an_id_and_none_gets_lost() {
        let mut selection = hosts(&["msoid.contoso.example", "https://a.example", "a.example"]);
        selection.domains = words(&["contoso.example"]);
        let plan = select(&selection);
        assert_eq!(
            ids(&plan),
            [
                "msoid.contoso.example",
                "a.example",
                "dns://msoid.contoso.example/"
            ]
        );
        assert_eq!(plan.checks[2].endpoint.scheme, Scheme::Dns);
    }

    #[test]
    fn domains_add_the_lookup_of_their_record() {
        let selection = Selection {
            domains: words(&["Contoso.com", "MSOID.contoso.com.", "bücher.example"]),
            ..Selection::default()
        };
        let plan = select(&selection);
        assert_eq!(plan.checks.len(), 25);
        let check = &plan.checks[23].endpoint;
        assert_eq!(check.id, "msoid.contoso.com");
        assert_eq!(check.host.name(), Some("msoid.contoso.com"));
        assert_eq!((check.scheme, check.port), (Scheme::Dns, 53));
        assert_eq!(check.groups, ["msoid"]);
        assert!(!check.purpose.is_empty());
        assert_eq!(plan.checks[24].endpoint.id, "msoid.xn--bcher-kva.example");
    }

    #[test]
    fn what_is_no_domain_is_refused() {
        let long = format!("{}.example", "a.".repeat(123));
        for (text, phrase) in [
            ("", "the host is empty"),
            ("contoso", "is not a whole domain"),
            ("msoid.contoso", "is not a whole domain"),
            ("user@contoso.com", "is a mail address; give `contoso.com`"),
            ("https://contoso.com", "is a URL"),
            ("192.0.2.1", "is an address"),
            ("contoso com", "has a space"),
            ("*.contoso.com", "is a wildcard"),
            (&long, "longer than 253 characters"),
        ] {
            let selection = Selection {
                domains: words(&[text]),
                ..Selection::default()
            };
            let message = refused(&selection);
            assert!(message.starts_with("--domain: "), "{text:?}: {message}");
            assert!(message.contains(phrase), "{text:?}: {message}");
        }
    }

    #[test]
    fn thousands_of_hosts_are_planned() {
        let names: Vec<String> = (0..5_000).map(|n| format!("h{n}.example")).collect();
        let selection = Selection {
            hosts: names.clone(),
            ..Selection::default()
        };
        assert_eq!(ids(&select(&selection)), names);
    }
}

fn cases(folder: &str) -> Vec<(String, String)> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder_of(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    assert!(paths.len() > 3, "{folder}");
    let read = |path: PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        (name, fs::read_to_string(path).unwrap())
    };
    paths.into_iter().map(read).collect()
}

fn case(name: &str) -> String {
    fs::read_to_string(folder_of(&format!("{name}.toml"))).unwrap()
}

fn folder_of(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/catalog")
        .join(name)
}

/// Compares what was found with the `#!` lines of a case: the same number, in the same order, each
/// beginning with the same place and containing the same phrase.
fn compare(name: &str, text: &str, found: &[String]) {
    let expected: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("#! "))
        .collect();
    let fits = |(expected, found): (&&str, &String)| {
        let (place, phrase) = expected.split_once(' ').unwrap();
        let (found_place, message) = found.split_once(' ').unwrap();
        place == found_place && message.contains(phrase)
    };
    let same = expected.len() == found.len() && expected.iter().zip(found).all(fits);
    assert!(same, "{name}: found\n#! {}", found.join("\n#! "));
}

fn placed(error: &CatalogError) -> String {
    format!("{}:{} {}", error.line, error.column, error.message)
}

fn mistakes(name: &str, text: &str) -> Vec<CatalogError> {
    match Catalog::parse(name, text) {
        Err(Error::Catalog(found)) => found,
        Err(error) => panic!("{name}: {error}"),
        Ok(_) => panic!("{name}: accepted"),
    }
}

fn parsed(text: &str) -> Catalog {
    Catalog::parse("own.toml", text).unwrap_or_else(|error| panic!("{error}"))
}

fn select(selection: &Selection) -> Plan {
    Plan::select(Catalog::builtin(), selection).unwrap_or_else(|error| panic!("{error}"))
}

fn refused(selection: &Selection) -> String {
    match Plan::select(Catalog::builtin(), selection) {
        Err(error) => error.to_string(),
        Ok(plan) => panic!("{:?}", ids(&plan)),
    }
}

fn all(cloud: Cloud) -> Selection {
    Selection {
        groups: words(&["all"]),
        cloud,
        ..Selection::default()
    }
}

fn hosts(texts: &[&str]) -> Selection {
    Selection {
        hosts: words(texts),
        ..Selection::default()
    }
}

fn words(texts: &[&str]) -> Vec<String> {
    texts.iter().map(ToString::to_string).collect()
}

fn ids(plan: &Plan) -> Vec<String> {
    let ids = plan.checks.iter().map(|check| check.endpoint.id.clone());
    ids.collect()
}

fn endpoint<'a>(plan: &'a Plan, id: &str) -> &'a Endpoint {
    let check = plan.checks.iter().find(|check| check.endpoint.id == id);
    &check.unwrap_or_else(|| panic!("no {id}")).endpoint
}
