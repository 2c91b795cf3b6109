//! Plans made of a list.

use super::*;

#[test]
fn unknown_group_is_an_error_that_names_the_groups() {
    let error = Plan::group(reach365::builtin(), "activaton").unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("activaton") && text.contains("activation"),
        "{text}"
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
        let mut selection = Selection::default();
        selection.cloud = cloud;
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
    let mut selection = Selection::default();
    selection.groups = words(&["revocation", "activation", "activation"]);
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
    let expected = reach365::builtin()
        .endpoints()
        .iter()
        .filter(needed)
        .count();
    assert_eq!(plan.checks.len(), expected);
    assert!(!ids(&plan).contains(&"login-microsoftonline-us".to_owned()));
}

#[test]
fn unknown_group_is_refused_with_the_known_ones() {
    let mut selection = Selection::default();
    selection.groups = words(&["activaton"]);
    assert_eq!(
        refused(&selection),
        "--group: the list has no group `activaton`; it has: activation, content, config, \
             revocation, sign-in, device, ncsi, all"
    );
}

#[test]
fn nothing_left_to_check_is_refused() {
    let mut selection = Selection::default();
    selection.groups = words(&["device"]);
    selection.cloud = Cloud::China;
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
    let mut selection = Selection::default();
    selection.domains = words(&["Contoso.com", "MSOID.contoso.com.", "bücher.example"]);
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
        let mut selection = Selection::default();
        selection.domains = words(&[text]);
        let message = refused(&selection);
        assert!(message.starts_with("--domain: "), "{text:?}: {message}");
        assert!(message.contains(phrase), "{text:?}: {message}");
    }
}

#[test]
fn thousands_of_hosts_are_planned() {
    let names: Vec<String> = (0..5_000).map(|n| format!("h{n}.example")).collect();
    let mut selection = Selection::default();
    selection.hosts = names.clone();
    assert_eq!(ids(&select(&selection)), names);
}
