//! Who may issue the certificate of a host.

use std::collections::HashSet;
use std::sync::OnceLock;

use super::Catalog;
use super::service::Pattern;
use crate::endpoint::{Host, Issuer};

/// Names of Microsoft's endpoint service, for machines that never asked it.
const PUBLISHED: &str = include_str!("../../published_names.txt");

impl Catalog {
    /// Who may issue the certificate of a host whose entry does not say so: public for every name
    /// that the built-in list, its wildcards or Microsoft's endpoint service has, whatever list
    /// names the host; private for every other host.
    pub fn issuer_of(&self, host: &Host) -> Issuer {
        let Some(name) = host.name() else {
            return Issuer::Private;
        };
        let saved = self.published.iter().any(|pattern| pattern.covers(name));
        if saved || KnownNames::builtin().has(name) {
            Issuer::Public
        } else {
            Issuer::Private
        }
    }
}

/// The names that this program knows by itself.
struct KnownNames {
    exact: HashSet<String>,
    wildcards: Vec<Pattern>,
}

impl KnownNames {
    fn builtin() -> &'static Self {
        static NAMES: OnceLock<KnownNames> = OnceLock::new();
        NAMES.get_or_init(|| {
            let list = Catalog::builtin();
            let hosts = list.endpoints.iter().filter_map(|entry| entry.host.name());
            let wildcards = list.wildcards.iter().map(|wildcard| &*wildcard.pattern);
            let lines = PUBLISHED.lines().filter(|line| !line.starts_with('#'));
            let parsed = hosts.chain(wildcards).chain(lines).map(Pattern::parse);
            // A test proves that none of them is refused.
            let (exact, wildcards): (Vec<_>, Vec<_>) =
                parsed.flatten().partition(Pattern::is_exact);
            Self {
                exact: exact.iter().map(ToString::to_string).collect(),
                wildcards,
            }
        })
    }

    fn has(&self, name: &str) -> bool {
        self.exact.contains(name) || self.wildcards.iter().any(|pattern| pattern.covers(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_published_name_can_be_read() {
        for line in PUBLISHED.lines().filter(|line| !line.starts_with('#')) {
            assert!(Pattern::parse(line).is_ok(), "{line}");
        }
    }

    #[test]
    fn known_names_have_public_issuers_and_others_private_ones() {
        let issuer = |host| Catalog::default().issuer_of(&Host::parse(host).unwrap());
        for host in [
            "login.microsoftonline.com",
            "LOGIN.microsoftonline.com.",
            "some.new.host.office.com",
            "outlook.office365.com",
            "contoso.sharepoint.com",
            "login.windows.net",
            "ocsp.digicert.com",
        ] {
            assert_eq!(issuer(host), Issuer::Public, "{host}");
        }
        for host in [
            "adfs.contoso.example",
            "intranet",
            "192.0.2.1",
            "contoso.azurewebsites.net",
            "login.microsoftonline.com.contoso.example",
            "evilmicrosoft.com",
        ] {
            assert_eq!(issuer(host), Issuer::Private, "{host}");
        }
    }
}
