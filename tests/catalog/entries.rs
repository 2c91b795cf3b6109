//! Keys of one entry.

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
    let plan = select(&{
        let mut selection = Selection::default();
        selection.groups = vec!["all".to_owned()];
        selection
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
    let builtin = reach365::builtin();
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
