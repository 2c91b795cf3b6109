//! Who may issue the certificate of a host.

use std::collections::HashSet;

use super::Catalog;
use super::published::Pattern;
use crate::endpoint::{Cloud, Host, Issuer, Scheme};

/// Names of Microsoft's endpoint service, for machines that never asked it.
const PUBLISHED: &str = include_str!("../../data/published_names.txt");

impl Catalog {
    /// Who may issue the certificate of a host whose entry does not say so: public for every name
    /// that the built-in list, its wildcards or Microsoft's endpoint service has, whatever list
    /// names the host; private for every other host.
    pub fn issuer_of(&self, host: &Host) -> Issuer {
        let Some(name) = host.name() else {
            return Issuer::Private;
        };
        let saved = self.published.iter().any(|pattern| pattern.covers(name));
        if saved || self.known.has(name) {
            Issuer::Public
        } else {
            Issuer::Private
        }
    }
}

/// The names that the program knows by itself, and the hosts that are controls of a run.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct KnownNames {
    exact: HashSet<String>,
    wildcards: Vec<Pattern>,
    controls: Vec<ControlName>,
}

/// A host of the built-in list that has nothing to do with the hosts of another owner.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ControlName {
    /// The host.
    pub(crate) host: String,
    /// Its owner, by the Public Suffix List.
    pub(crate) owner: String,
    /// Whether a certificate authority runs it: a filter for one vendor's names leaves it alone.
    pub(crate) is_authority: bool,
}

impl KnownNames {
    /// What the built-in list, its wildcards and Microsoft's endpoint service have.
    pub(super) fn from_list(list: &Catalog) -> Self {
        let hosts = list.endpoints.iter().filter_map(|entry| entry.host.name());
        let wildcards = list.wildcards.iter().map(|wildcard| &*wildcard.pattern);
        let lines = PUBLISHED.lines().filter(|line| !line.starts_with('#'));
        let parsed = hosts.chain(wildcards).chain(lines).map(Pattern::parse);
        // A test proves that none of them is refused.
        let (exact, wildcards): (Vec<_>, Vec<_>) = parsed.flatten().partition(Pattern::is_exact);
        Self {
            exact: exact.iter().map(ToString::to_string).collect(),
            wildcards,
            controls: ControlName::one_per_owner(list),
        }
    }

    fn has(&self, name: &str) -> bool {
        self.exact.contains(name) || self.wildcards.iter().any(|pattern| pattern.covers(name))
    }
}

impl ControlName {
    /// One name of every owner that the worldwide cloud has, in the order of the list.
    fn one_per_owner(list: &Catalog) -> Vec<Self> {
        let mut owners = HashSet::new();
        let worldwide = list.endpoints.iter().filter(|entry| {
            entry.clouds.contains(&Cloud::Worldwide)
                && entry.scheme != Scheme::Dns
                && entry.host.name().is_some()
        });
        let first = worldwide.filter(|entry| owners.insert(entry.host.owner()));
        first
            .map(|entry| Self {
                host: entry.host.to_string(),
                owner: entry.host.owner(),
                is_authority: entry.groups.iter().any(|group| group == "revocation"),
            })
            .collect()
    }
}

impl Catalog {
    /// The hosts that are controls of a run, whatever it checks.
    pub(crate) fn controls(&self) -> &[ControlName] {
        &self.known.controls
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
        let builtin = crate::catalog::builtin();
        let issuer = |host| builtin.issuer_of(&Host::parse(host).unwrap());
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
