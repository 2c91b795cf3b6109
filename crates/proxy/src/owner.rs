//! Who owns a name: its registrable domain by the Public Suffix List.

use std::net::IpAddr;

use url::Host;

/// The registrable domain of a name in lower case and without a final dot: `contoso.co.uk` for
/// `login.contoso.co.uk`. An address, a name of one label and a public suffix are their own owners.
///
/// Customers of a hosting platform whose suffix is in the private section of the list
/// (`azurewebsites.net`) count as owners of their own: they did not agree on an issuer or an
/// address. Below a suffix that is not listed (`corp`, `local`, `example`) the last two labels
/// count, which is the default rule of the list.
pub fn registrable_domain(name: &str) -> String {
    let name = name.trim().trim_end_matches('.').to_lowercase();
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    if bare.parse::<IpAddr>().is_ok() {
        return bare.to_owned();
    }
    // The list has its suffixes in both forms, and a name may come in either.
    let ascii = match Host::parse(&name) {
        Ok(Host::Domain(ascii)) => ascii,
        _ => name,
    };
    psl::domain_str(&ascii).unwrap_or(&ascii).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_owner_of_a_name_is_its_registrable_domain() {
        for (name, owner) in [
            ("login.contoso.co.uk", "contoso.co.uk"),
            ("contoso.co.uk", "contoso.co.uk"),
            ("fabrikam.co.uk.", "fabrikam.co.uk"),
            ("WWW.Contoso.COM.AU", "contoso.com.au"),
            ("a.b.contoso.co.jp", "contoso.co.jp"),
            ("www.city.kawasaki.jp", "city.kawasaki.jp"),
            ("login.microsoftonline.com", "microsoftonline.com"),
            ("crl3.digicert.com", "digicert.com"),
            ("a.contoso.azurewebsites.net", "contoso.azurewebsites.net"),
            ("d111.cloudfront.net", "d111.cloudfront.net"),
            (
                "contoso.blob.core.windows.net",
                "contoso.blob.core.windows.net",
            ),
            ("login.windows.net", "windows.net"),
            ("www.食狮.公司.cn", "xn--85x722f.xn--55qx5d.cn"),
            ("www.xn--85x722f.xn--55qx5d.cn", "xn--85x722f.xn--55qx5d.cn"),
            ("münchen.bücher.example", "xn--bcher-kva.example"),
        ] {
            assert_eq!(registrable_domain(name), owner, "{name}");
        }
    }

    #[test]
    fn names_without_a_listed_suffix_belong_to_their_last_two_labels() {
        for (name, owner) in [
            ("login.alpha.example", "alpha.example"),
            ("pki.corp.local", "corp.local"),
            ("a.b.contoso.internal", "contoso.internal"),
            ("intranet.contoso.corp", "contoso.corp"),
            ("_dns.proxy_a.lan", "proxy_a.lan"),
        ] {
            assert_eq!(registrable_domain(name), owner, "{name}");
        }
    }

    #[test]
    fn what_has_no_registrable_domain_is_its_own_owner() {
        for name in [
            "intranet",
            "co.uk",
            "azurewebsites.net",
            "192.0.2.1",
            "2001:db8::1",
            "",
        ] {
            assert_eq!(registrable_domain(name), name);
        }
        assert_eq!(registrable_domain("[2001:db8::1]"), "2001:db8::1");
        assert_eq!(registrable_domain("Intranet."), "intranet");
        for name in ["..", ".", "a..b", ".example", "x y", "%", "a..co.uk"] {
            registrable_domain(name);
        }
    }
}
