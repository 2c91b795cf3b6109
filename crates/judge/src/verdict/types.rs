//! The words that the rules share, apart from the rules: what is judged, and what a stage may say.

use std::net::SocketAddr;

use reach365_model::Timestamp;

use crate::verdict::diagnosis::Diagnosis;
use crate::verdict::signature::Signatures;
use reach365_model::catalog::Catalog;
use reach365_model::cause::Cause;
use reach365_model::endpoint::{Cloud, Endpoint};
use reach365_model::evidence::{Evidence, HttpSeen, RunEvidence};
use reach365_model::facts::Text;
use reach365_model::notes::Notes;
use reach365_model::verdict::{Basis, Confidence, Verdict};

/// What holds for every endpoint of a run.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The cloud whose rules apply.
    pub cloud: Cloud,
    /// What was seen of the machine and its resolvers.
    pub run: &'a RunEvidence,
    /// When the run began; certificates whose answer has no time are judged by it.
    pub now: Timestamp,
    /// The names of products.
    pub signatures: &'a Signatures,
    /// The built-in list, which knows whose certificates have public issuers.
    pub builtin: &'a Catalog,
}

/// One result of a run, for `correlate`.
#[derive(Debug)]
pub struct Judged<'a> {
    /// What was to be reached.
    pub endpoint: &'a Endpoint,
    /// What was seen.
    pub evidence: &'a Evidence,
    /// What `judge` made of it.
    pub verdict: &'a mut Verdict,
}

impl Judged<'_> {
    /// The proxy that carried the connection, as `host:port`.
    pub(crate) fn proxy(&self) -> Option<&str> {
        self.verdict.basis.subject.proxy.as_ref().map(Text::as_str)
    }

    /// Whether a proxy carried the connection.
    pub(crate) fn is_proxied(&self) -> bool {
        self.verdict.basis.subject.proxy.is_some()
    }

    /// The address that the verdict is about.
    pub(crate) fn address(&self) -> Option<SocketAddr> {
        self.verdict.basis.subject.address
    }

    /// Who issued the certificate.
    pub(crate) fn issuer(&self) -> Option<&str> {
        self.verdict
            .basis
            .notes
            .issuer
            .as_ref()?
            .one()
            .map(Text::as_str)
    }

    /// The page that came.
    pub(crate) fn page(&self) -> Option<&str> {
        self.verdict.basis.notes.page.as_ref().map(Text::as_str)
    }

    /// The host that a redirect led to.
    pub(crate) fn location_host(&self) -> Option<&str> {
        self.verdict
            .basis
            .causes()
            .find_map(Cause::location_host)
            .map(Text::as_str)
    }

    /// Whether a device on the path rejected the connection by ICMP.
    pub(crate) fn has_icmp(&self) -> bool {
        let mut connects = self.verdict.basis.causes().filter_map(Cause::connect);
        connects.any(|connect| connect.icmp.is_some())
    }
}

/// The result of one connection, or of one address.
#[derive(Debug, Clone)]
pub(super) enum AttemptResult {
    /// A genuine answer, with what was wrong beside it.
    Genuine(Genuine),
    /// Connected, and no later stage was tried.
    Connected,
    /// No genuine answer, and why.
    Failed(Diagnosis),
    /// Nothing can be said, and why not.
    Unknown(String),
}

/// A genuine answer.
#[derive(Debug, Clone)]
pub(super) struct Genuine {
    pub(super) basis: Basis,
    pub(super) confidence: Confidence,
    pub(super) flaws: Vec<Diagnosis>,
}

/// All connections to one address, summed up.
#[derive(Debug)]
pub(super) struct AddressResult {
    pub(super) address: SocketAddr,
    pub(super) result: AttemptResult,
}

impl AttemptResult {
    pub(super) fn unknown(why: &str) -> Self {
        Self::Unknown(why.to_owned())
    }
}

/// The result of a handshake.
pub(super) enum Handshake {
    /// A public chain with the right name and valid dates.
    Genuine {
        notes: Notes,
        confidence: Confidence,
    },
    /// A chain that only this machine trusts, for a host that may have one: the company's own
    /// authority, or an inspection device that this host alone does not show.
    Private {
        notes: Notes,
        confidence: Confidence,
    },
    /// A public chain, and an alert for want of a client certificate: the service itself refuses.
    AsksForCertificate {
        notes: Notes,
        confidence: Confidence,
    },
    /// A chain that only this machine trusts; the diagnosis says how bad that is.
    Inspected(Diagnosis),
    /// No genuine handshake, and why.
    Failed(Diagnosis),
    /// Nothing can be said, and why not.
    Unknown(String),
}

/// The channel of the exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Channel {
    /// Nothing but TCP: any device on the path may have answered.
    Clear,
    /// TLS with a public chain: the host itself answered.
    Genuine,
    /// TLS with a chain that only this machine trusts, for a host that may have one.
    Private,
    /// TLS with a chain that only this machine trusts.
    Inspected,
}

impl Channel {
    /// Whether the host itself answered, as far as its certificate proves it.
    pub(super) fn is_proven(self) -> bool {
        matches!(self, Self::Genuine | Self::Private)
    }
}

/// An answer with everything that judges it.
#[derive(Clone, Copy)]
pub(super) struct Answer<'a> {
    pub(super) endpoint: &'a Endpoint,
    pub(super) seen: &'a HttpSeen,
    pub(super) channel: Channel,
    /// Whether the peer closed before the end of the body.
    pub(super) cut: bool,
    /// Whether the body did not end within the limit.
    pub(super) stalled: bool,
    /// How long the whole exchange took.
    pub(super) elapsed_ms: u64,
}
