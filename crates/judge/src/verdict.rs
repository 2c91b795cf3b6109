//! From evidence to judgment: pure, no I/O.
//!
//! [`judge`] looks at one endpoint, [`correlate`] at the whole run.

mod attempt;
mod block_page;
mod burst;
mod certificate;
mod closed;
mod content;
mod control_probe;
mod correlate;
mod diagnosis;
mod dns;
mod follow_up;
mod hops;
mod host;
mod http;
mod known_names;
mod limit;
mod msoid;
mod nat64;
mod network;
mod page;
mod proxy;
mod refusal;
mod route;
mod signature;
mod skipped;
mod tcp;
mod tls;
mod trace;
mod user_agent;
mod vocabulary;

use std::net::SocketAddr;

use reach365_model::Timestamp;

pub(crate) use attempt::basis;
pub use correlate::{RULES, RunRule, correlate, resolvers_without_control};
pub use follow_up::{FollowUps, follow_ups};
pub use msoid::is_unseen;
pub use nat64::{NAME as NAT64_NAME, prefixes as nat64_prefixes};
pub use route::{KNOWN_PROXY, PAC_ROUTE};
pub use signature::Signatures;
pub use trace::{Ending, TraceReading, read_trace};
pub use vocabulary::known_words;

use network::GenuineAddresses;
use reach365_model::catalog::Catalog;
use reach365_model::cause::Cause;
use reach365_model::endpoint::{Cloud, Endpoint, MustBe, Scheme};
use reach365_model::evidence::{Evidence, RunEvidence, StopReason};
use reach365_model::facts::Text;
use reach365_model::verdict::{Outcome, Verdict};

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

/// One result of a run, for [`correlate`].
#[derive(Debug)]
pub struct Judged<'a> {
    /// What was to be reached.
    pub endpoint: &'a Endpoint,
    /// What was seen.
    pub evidence: &'a Evidence,
    /// What [`judge`] made of it.
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

/// Judges one endpoint by its own evidence; [`correlate`] then looks at the whole run.
///
/// An entry with `must-be = "blocked"` gives `blocked` by [`Code::PolicyOpen`](reach365_model::verdict::Code::PolicyOpen) where the host
/// answers. That it is closed takes a control that works, which [`correlate`] knows: until then such
/// an entry is `inconclusive`, unless a device on the path said itself that it denies the host.
pub fn judge(endpoint: &Endpoint, evidence: &Evidence, context: &Context<'_>) -> Verdict {
    judge_with(endpoint, evidence, context, &GenuineAddresses::default())
}

/// Judges one endpoint, knowing where in the run genuine answers came from.
fn judge_with(
    endpoint: &Endpoint,
    evidence: &Evidence,
    context: &Context<'_>,
    genuine_addresses: &GenuineAddresses,
) -> Verdict {
    let verdict = judge_as_open(endpoint, evidence, context, genuine_addresses);
    match endpoint.must_be {
        MustBe::Reachable => verdict,
        MustBe::Blocked => closed::judge(endpoint, evidence, context, verdict),
    }
}

/// Judges an endpoint as one that must be reachable, whatever the list says.
fn judge_as_open(
    endpoint: &Endpoint,
    evidence: &Evidence,
    context: &Context<'_>,
    genuine_addresses: &GenuineAddresses,
) -> Verdict {
    if let Some(reason) = &evidence.skipped {
        return skipped::verdict(endpoint, reason);
    }
    if let Some(why) = settings_unread(evidence, context) {
        return diagnosis::inconclusive(endpoint, &why);
    }
    let verdict = match (&evidence.msoid, endpoint.scheme) {
        (Some(msoid), _) => msoid::judge(endpoint, msoid, context),
        (None, Scheme::Dns) => dns::judge(endpoint, evidence, context.run),
        _ => on_the_way(endpoint, evidence, context, genuine_addresses),
    };
    let verdict = unless_cut_short(endpoint, evidence, verdict);
    let mut verdict = trace::locate(evidence, verdict);
    skipped::tell_redirect(evidence, &mut verdict);
    verdict
}

/// Why the proxy settings do not tell the route to an endpoint. Taking another one would show what
/// clients do not do.
fn settings_unread(evidence: &Evidence, context: &Context<'_>) -> Option<String> {
    if let Some(why) = &context.run.proxy_settings_unread {
        return Some(format!(
            "the proxy settings of this machine could not be read ({why})"
        ));
    }
    let why = evidence.ways.first()?.unreadable.as_ref()?;
    Some(format!("what names the proxy cannot be read ({why})"))
}

/// Judges the route that was taken, then the settings that chose it.
fn on_the_way(
    endpoint: &Endpoint,
    evidence: &Evidence,
    context: &Context<'_>,
    genuine_addresses: &GenuineAddresses,
) -> Verdict {
    let verdict = hops::judge(endpoint, evidence, context, genuine_addresses);
    let verdict = user_agent::consider(endpoint, evidence, verdict);
    route::consider(endpoint, evidence, context, verdict)
}

/// A probe that was cut short accuses no party; a genuine answer counts.
fn unless_cut_short(endpoint: &Endpoint, evidence: &Evidence, verdict: Verdict) -> Verdict {
    let Some(reason) = evidence.cut_short else {
        return verdict;
    };
    if matches!(verdict.outcome, Outcome::Reachable | Outcome::Degraded) {
        return verdict;
    }
    let why = match reason {
        StopReason::Deadline => "the time limit of the run passed before the probe was done",
        StopReason::NoSocket => "this machine refused another socket",
    };
    diagnosis::inconclusive(endpoint, why)
}
