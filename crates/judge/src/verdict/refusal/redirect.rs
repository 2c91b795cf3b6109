//! Where the redirect of a proxy leads: to a sign-in, or to a page that forbids. No client of
//! Windows follows it when it has asked for a tunnel.

use url::Url;

/// Where a redirect leads, by the form of its address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leads {
    /// To a sign-in or to a page that wants consent.
    ToSignIn,
    /// To a page that forbids.
    ToBlockPage,
    /// The address does not tell.
    Somewhere,
}

/// Forms of sign-in pages that a product alone has, in lower case, as found in path and names of
/// the query.
const PRODUCT_FORMS: [&str; 14] = [
    "?cfru=",
    "&cfru=",
    "/fgtauth?",
    "/cpauth?",
    "/nsauth/",
    "/php/uid.php",
    "/saml_realm",
    "/bcsamlpost",
    "/wgcgi.cgi",
    "/auth1.html",
    "/connect/portalmain",
    "/mwg-internal/",
    "/aud?origurl",
    "/aut?origurl",
];
/// Words of sign-in and consent pages in host, path and names of the query.
const SIGN_IN: [&str; 42] = [
    "auth",
    "authn",
    "authenticate",
    "authentication",
    "authorize",
    "authportal",
    "authproxy",
    "login",
    "logon",
    "signin",
    "signon",
    "sso",
    "saml",
    "saml2",
    "samlrequest",
    "oauth",
    "oauth2",
    "oidc",
    "openid",
    "idp",
    "adfs",
    "kerberos",
    "ntlm",
    "captive",
    "captiveportal",
    "cpauth",
    "fgtauth",
    "nsauth",
    "cfru",
    "consent",
    "aup",
    "terms",
    "disclaimer",
    "accept",
    "acceptance",
    "agree",
    "coach",
    "coaching",
    "splash",
    "anmeldung",
    "anmelden",
    "connexion",
];
/// Beginnings of words of pages that forbid.
const BLOCK: [&str; 13] = [
    "block",
    "deny",
    "denied",
    "denial",
    "restrict",
    "forbid",
    "prohibit",
    "urlblock",
    "violation",
    "filtered",
    "usercheck",
    "notallowed",
    "gesperrt",
];

/// Every word of these lists.
pub(super) fn phrases() -> impl Iterator<Item = &'static str> {
    PRODUCT_FORMS.into_iter().chain(SIGN_IN).chain(BLOCK)
}

/// Where an address leads.
pub(super) fn leads(location: &str) -> Leads {
    if is_of_a_product(location) {
        return Leads::ToSignIn;
    }
    let form = form(location);
    let words = || form.split(|c: char| !c.is_alphanumeric());
    if words().any(|word| BLOCK.iter().any(|block| word.starts_with(block))) {
        return Leads::ToBlockPage;
    }
    if words().any(|word| SIGN_IN.contains(&word)) {
        return Leads::ToSignIn;
    }
    Leads::Somewhere
}

/// Whether the address is that of a product's own sign-in page, which no host redirects to.
pub(super) fn is_of_a_product(location: &str) -> bool {
    let form = form(location);
    let zscaler = form.contains("gateway.zsc") && form.contains("/au");
    zscaler || is_of_cisco(&form) || PRODUCT_FORMS.iter().any(|known| form.contains(known))
}

/// Cisco Secure Web Appliance: `/B0001D0000N0001F0000S0000R0004/` before the address asked for.
fn is_of_cisco(form: &str) -> bool {
    let digits = |part: &str| part.len() == 4 && part.bytes().all(|byte| byte.is_ascii_digit());
    form.split('/').any(|segment| {
        let rest = segment.strip_prefix('b');
        rest.and_then(|rest| Some((rest.get(..4)?, rest.get(4..5)?)))
            .is_some_and(|(number, next)| digits(number) && next == "d")
    })
}

/// Host, path and the names of the query in lower case, without the address that was asked for,
/// which many put behind: it has words of its own.
fn form(location: &str) -> String {
    let base = Url::parse("http://proxy.invalid/").ok();
    let url = base.and_then(|base| base.join(location).ok());
    let Some(url) = url else {
        return String::new();
    };
    let path = url.path().to_lowercase();
    let end = ["http:", "https:", "http%3a", "https%3a"];
    let end = end.iter().filter_map(|mark| path.find(mark)).min();
    let path = &path[..end.unwrap_or(path.len())];
    let mut form = format!(
        "{}{path}",
        url.host_str().unwrap_or_default().to_lowercase()
    );
    if let Some(port) = url.port() {
        form = form.replacen('/', &format!(":{port}/"), 1);
    }
    let Some(query) = url.query() else {
        return form;
    };
    form.push('?');
    let names = query.split('&').filter_map(|pair| pair.split_once('='));
    for (position, (name, _)) in names.enumerate() {
        if position > 0 {
            form.push('&');
        }
        form.push_str(&name.to_lowercase());
        form.push('=');
    }
    form
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sign_in_pages_are_told_from_block_pages_by_their_addresses() {
        let sign_in = [
            "https://gateway.zscalertwo.net:443/auD?origurl=https%3A%2F%2Flogin%2elab%2eexample",
            "http://proxy.contoso.com/?cfru=aHR0cHM6Ly9sb2dpbi5saXZlLmNvbS8=",
            "http://wsa.contoso.com/B0001D0000N0001N0000F0000S0000R0004/http://denied.example/",
            "http://10.0.0.1:7831/XX/YY/ZZ/cpauth?4Tmthd=1&4Turl=x",
            "https://fw.contoso.com:1003/fgtauth?0a1b2c3d",
            "https://nsauth-contoso.goskope.com/nsauth/client/auth?x=1",
            "https://login.microsoftonline.com/x/saml2?SAMLRequest=abc&RelayState=x",
            "https://saml.threatpulse.net:8443/saml/saml_realm/bcsamlpost",
            "https://fw.contoso.com:6082/php/uid.php?vsys=1&url=https://blocked.example/",
            "https://portal.contoso.com/consent?url=https%3a%2f%2fx.example%2fblocked",
            "/login",
            "https://sso.contoso.com/",
        ];
        for location in sign_in {
            assert_eq!(leads(location), Leads::ToSignIn, "{location}");
        }
        let block = [
            "https://block.opendns.com/main?url=1",
            "http://10.0.0.1:15871/cgi-bin/blockpage.cgi?ws-session=1",
            "http://fw.example/php/urlblock.php?args=1",
            "https://fw.example/UserCheck/PortalMain?IID=1",
            "http://proxy.example/denied.html?url=https://login.microsoftonline.com/",
        ];
        for location in block {
            assert_eq!(leads(location), Leads::ToBlockPage, "{location}");
        }
        for location in [
            "https://www.contoso.com/",
            "",
            "http://[",
            "https://x.example/?url=https://login.microsoftonline.com/",
        ] {
            assert_eq!(leads(location), Leads::Somewhere, "{location}");
        }
    }
}
