//! What sentences are made of: facts, and words where a fact was not seen.

use std::fmt::{self, Display};

use crate::cause::FailedLookup;
use crate::endpoint::Endpoint;
use crate::evidence::Stage;
use crate::facts::{List, OneOrMany, Text, Underlying};
use crate::notes::Notes;
use crate::verdict::Basis;

/// Everything that a sentence may name beside the facts of its cause.
pub(super) struct About<'a> {
    pub(super) basis: &'a Basis,
    pub(super) stage: Stage,
    pub(super) endpoint: Option<&'a Endpoint>,
}

/// A fact, or the words that stand for one that was not seen.
pub(super) struct Or<'a, T>(&'a Option<T>, &'static str);

impl<T: Display> Display for Or<'_, T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(value) => value.fmt(out),
            None => out.write_str(self.1),
        }
    }
}

/// A fact in a sentence; where it is absent, a general word in its place.
#[expect(
    clippy::ref_option,
    reason = "fields are given as they stand in a cause"
)]
pub(super) fn or<'a, T>(value: &'a Option<T>, word: &'static str) -> Or<'a, T> {
    Or(value, word)
}

impl About<'_> {
    pub(super) fn notes(&self) -> &Notes {
        &self.basis.notes
    }

    pub(super) fn host(&self) -> String {
        let own = self.notes().host.as_ref().map(ToString::to_string);
        let endpoint = || self.endpoint.map(|endpoint| endpoint.host.to_string());
        own.or_else(endpoint)
            .unwrap_or_else(|| "the host".to_owned())
    }

    pub(super) fn target(&self) -> String {
        let own = self.notes().target.as_ref().map(ToString::to_string);
        let endpoint = || self.endpoint.map(ToString::to_string);
        own.or_else(endpoint)
            .unwrap_or_else(|| "the host".to_owned())
    }

    /// What was connected to. Behind a proxy the address is the proxy's, and what happened there
    /// happened on the path through it.
    pub(super) fn address(&self) -> String {
        let subject = &self.basis.subject;
        let target = || {
            self.endpoint
                .map_or("the host".to_owned(), ToString::to_string)
        };
        match (&subject.proxy, subject.address) {
            (Some(proxy), _) if self.stage > Stage::Proxy => {
                format!("{} through the proxy {proxy}", target())
            }
            (_, Some(address)) => address.to_string(),
            (_, None) => target(),
        }
    }

    pub(super) fn proxy(&self) -> Or<'_, Text> {
        or(&self.basis.subject.proxy, "of the settings")
    }

    /// What lies behind the cause.
    pub(super) fn cause(&self) -> Or<'_, Underlying> {
        or(&self.notes().cause, "cause unknown")
    }

    pub(super) fn status(&self) -> Or<'_, u16> {
        or(&self.notes().status, "without a status")
    }

    pub(super) fn page(&self) -> Or<'_, Text> {
        or(&self.notes().page, "another page")
    }

    pub(super) fn issuer(&self) -> Or<'_, OneOrMany> {
        or(&self.notes().issuer, "an unnamed issuer")
    }

    pub(super) fn answers(&self) -> Or<'_, List> {
        or(&self.notes().answers, "another address")
    }

    pub(super) fn hosts(&self) -> Or<'_, u64> {
        or(&self.notes().hosts, "several")
    }
}

pub(super) fn resolver(lookup: &FailedLookup) -> Or<'_, Text> {
    or(&lookup.resolver, "of this machine")
}
