//! The built-in list.

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
    let plan = Plan::group(reach365::builtin(), "activation").unwrap();
    let found: Vec<(&str, &str, u16)> = plan
        .checks
        .iter()
        .map(|check| &check.endpoint)
        .map(|e| (e.host.name().unwrap(), e.path.as_str(), e.port))
        .collect();
    assert_eq!(found, ARTICLE);
    let counted = reach365::builtin().groups();
    assert!(counted.contains(&("activation", 20)), "{counted:?}");
}

#[test]
fn groups_are_those_of_the_documentation() {
    let mut names: Vec<&str> = reach365::builtin().groups().iter().map(|g| g.0).collect();
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
    for check in Plan::group(reach365::builtin(), "activation")
        .unwrap()
        .checks
    {
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
    let plan = Plan::group(reach365::builtin(), "activation").unwrap();
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
    for endpoint in reach365::builtin().endpoints() {
        for cloud in endpoint.sets.keys() {
            assert!(endpoint.clouds.contains(cloud), "{}", endpoint.id);
        }
    }
}

#[test]
fn ncsi_expects_what_windows_expects() {
    let plan = Plan::group(reach365::builtin(), "ncsi").unwrap();
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
    for check in Plan::group(reach365::builtin(), "revocation")
        .unwrap()
        .checks
    {
        let endpoint = check.endpoint;
        assert_eq!((endpoint.scheme, endpoint.port), (Scheme::Http, 80));
    }
}

#[test]
fn every_entry_says_what_it_is_for_and_where_that_is_written() {
    for endpoint in reach365::builtin().endpoints() {
        let length = endpoint.purpose.chars().count();
        assert!((10..=90).contains(&length), "{}", endpoint.id);
        assert!(!endpoint.source.is_empty(), "{}", endpoint.id);
    }
}

#[test]
fn wildcards_say_why_they_cannot_be_tested() {
    let wildcards = reach365::builtin().wildcards();
    assert!(wildcards.iter().any(|w| w.pattern == "*.cloud.microsoft"));
    for wildcard in wildcards {
        assert!(!wildcard.not_testable.is_empty(), "{}", wildcard.pattern);
        assert!(!wildcard.purpose.is_empty(), "{}", wildcard.pattern);
    }
}
