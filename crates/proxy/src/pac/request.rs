//! What a script is told of a request.

use std::net::{IpAddr, Ipv6Addr};

use url::{Host, Url};

/// URL and host as a script gets them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptRequest {
    /// The URL.
    pub url: String,
    /// The host: lower case, punycode, an IPv6 address without brackets.
    pub host: String,
}

impl ScriptRequest {
    /// By Chromium's rule: never user info and fragment; for encrypted schemes neither path nor
    /// query, since a script may be foreign.
    pub fn new(url: &Url) -> Self {
        let mut told = without_secrets(url);
        if matches!(told.scheme(), "https" | "wss") {
            told.set_path("");
            told.set_query(None);
        }
        Self {
            host: host(&told),
            url: told.into(),
        }
    }

    /// With path and query, whatever the scheme: older clients do so.
    pub fn with_path(url: &Url) -> Self {
        let told = without_secrets(url);
        Self {
            host: host(&told),
            url: told.into(),
        }
    }

    /// With another host than that of the URL.
    #[must_use]
    pub fn with_host(mut self, host: &str) -> Self {
        host.clone_into(&mut self.host);
        self
    }
}

/// Whether clients go directly to this host without asking any script: loopback and link-local.
pub fn never_asked(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            name == "localhost" || name.ends_with(".localhost")
        }
        Some(Host::Ipv4(address)) => stays_here(address.into()),
        Some(Host::Ipv6(address)) => stays_here(address.into()),
        None => false,
    }
}

fn stays_here(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_link_local(),
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => stays_here(v4.into()),
            None => v6 == Ipv6Addr::LOCALHOST || v6.is_unicast_link_local(),
        },
    }
}

fn without_secrets(url: &Url) -> Url {
    let mut told = url.clone();
    // Only URLs without a host refuse this, and those have no user info.
    let _ = told.set_username("");
    let _ = told.set_password(None);
    told.set_fragment(None);
    told
}

fn host(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    let bare = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    bare.unwrap_or(host).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_learns_no_more_than_it_needs() {
        let cases = [
            (
                "https://User:pw@Login.Live.com/a/b?c#d",
                "https://login.live.com/",
                "login.live.com",
            ),
            (
                "http://user:pw@crl.example/a?b=c#d",
                "http://crl.example/a?b=c",
                "crl.example",
            ),
            (
                "https://x.example:8443/p",
                "https://x.example:8443/",
                "x.example",
            ),
            ("https://x.example:443/p", "https://x.example/", "x.example"),
            (
                "https://[2001:DB8::1]/p",
                "https://[2001:db8::1]/",
                "2001:db8::1",
            ),
            (
                "https://bücher.example/p",
                "https://xn--bcher-kva.example/",
                "xn--bcher-kva.example",
            ),
            ("wss://x.example/p?q", "wss://x.example/", "x.example"),
            ("http://x.example", "http://x.example/", "x.example"),
        ];
        for (url, told, host) in cases {
            let request = ScriptRequest::new(&url.parse().unwrap());
            assert_eq!((request.url.as_str(), request.host.as_str()), (told, host));
        }
    }

    #[test]
    fn the_path_can_be_kept() {
        let url: Url = "https://u:p@x.example/a?b#c".parse().unwrap();
        assert_eq!(ScriptRequest::with_path(&url).url, "https://x.example/a?b");
        assert_eq!(ScriptRequest::new(&url).with_host("Other").host, "Other");
    }

    #[test]
    fn loopback_and_link_local_go_directly() {
        for direct in [
            "localhost",
            "a.localhost",
            "127.9.9.9",
            "[::1]",
            "169.254.1.1",
            "[fe80::1]",
            "[::ffff:127.0.0.1]",
        ] {
            assert!(
                never_asked(&format!("http://{direct}/").parse().unwrap()),
                "{direct}"
            );
        }
        for asked in ["localhost.example", "128.0.0.1", "[::2]", "10.0.0.1"] {
            assert!(
                !never_asked(&format!("http://{asked}/").parse().unwrap()),
                "{asked}"
            );
        }
    }
}
