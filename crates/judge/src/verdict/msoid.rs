//! The `msoid` record of a domain: right for tenants of the Microsoft 365 of China alone.
//!
//! What counts is what the internet sees: the domain's own name servers, or the second resolver.
//! This machine's resolver alone may have a zone of its own, or know no name at all.

use std::net::IpAddr;

use crate::verdict::diagnosis::{self, Diagnosis};
use crate::verdict::effects::Effects;
use crate::verdict::known_names::KnownNames;
use crate::verdict::types::{Context, Judged};
use crate::verdict::{dns, network};
use reach365_model::cause::{Cause, MsoidRecord};
use reach365_model::endpoint::{Cloud, Endpoint};
use reach365_model::evidence::{
    DnsRecord, FailureKind, Lookup, MsoidEvidence, MsoidResolver, MsoidView, RecordKind,
};
use reach365_model::facts::{List, short};
use reach365_model::verdict::{Basis, Confidence, Outcome, Verdict, Who};

/// Where the record leads in China.
const VIANET: &str = "clientconfig.partner.microsoftonline-p.net.cn";
/// Where old instructions let it lead elsewhere.
const WORLDWIDE: &str = "clientconfig.microsoftonline-p.net";

/// Whether a verdict is open for want of a view alone: external DNS, which most companies close,
/// or the own resolver's word on this one name.
pub fn is_unseen(verdict: &Verdict) -> bool {
    let notes = &verdict.basis.notes;
    verdict.outcome == Outcome::Inconclusive
        && verdict.code().is_none()
        && (notes.external_dns.is_some() || notes.own_resolver.is_some())
}

/// Judges the record as all sides see it.
pub(super) fn judge(endpoint: &Endpoint, msoid: &MsoidEvidence, context: &Context<'_>) -> Verdict {
    let sides = Sides::new(msoid, context);
    if context.cloud == Cloud::China {
        return sides.in_china(endpoint);
    }
    let there = sides.with_vianet();
    if there.is_empty() {
        return sides.without_vianet(endpoint);
    }
    let absent = sides.without(&there);
    sides.wrong(&there, &absent).verdict(endpoint)
}

/// A resolver that knows no name of the internet denies every domain: then external DNS was not seen,
/// and nothing is known of this one.
pub(super) fn doubt_denials(
    context: &Context<'_>,
    known: &KnownNames,
    rows: &[Judged<'_>],
) -> Effects {
    let mut effects = Effects::default();
    for (place, row) in rows.iter().enumerate() {
        let open = row.verdict.outcome == Outcome::Inconclusive && row.verdict.code().is_none();
        let Some(msoid) = row.evidence.msoid.as_ref().filter(|_| open) else {
            continue;
        };
        let sides = Sides::new(msoid, context);
        let mut denied = sides.denied().into_iter();
        let inside = |view: &MsoidView| {
            view.resolver == MsoidResolver::System && !known.resolve_something(&view.servers, &[])
        };
        let is_known = is_unseen(row.verdict) || sides.exists_somewhere();
        if !is_known && denied.all(inside) {
            let notes = &mut effects.verdict(rows, place).basis.notes;
            notes.external_dns = Some(sides.unseen().into());
        }
    }
    effects
}

/// The views of one record, and which of them show what the internet sees.
struct Sides<'a> {
    msoid: &'a MsoidEvidence,
    external: Vec<&'a MsoidView>,
    bench: bool,
}

impl<'a> Sides<'a> {
    fn new(msoid: &'a MsoidEvidence, context: &Context<'_>) -> Self {
        let mut sides = Self {
            msoid,
            external: Vec::new(),
            bench: network::is_test_bench(context.run),
        };
        let external = msoid.views.iter().filter(|view| sides.is_external(view));
        sides.external = external.collect();
        sides
    }

    fn is_external(&self, view: &MsoidView) -> bool {
        view.resolver != MsoidResolver::System
            && self.not_external(view).is_none()
            && view.outcome.value.is_some()
    }

    /// Why a view is none of the internet, or shows no domain.
    fn not_external(&self, view: &MsoidView) -> Option<String> {
        if let (None, Some(failure)) = (&view.outcome.value, &view.outcome.failure) {
            return Some(dns::seen(failure));
        }
        if view.resolver == MsoidResolver::Authoritative {
            if let Some(address) = self.private_server(view) {
                return Some(format!(
                    "{address} is a private address, so it is the internal zone"
                ));
            }
            if !is_authoritative(view) {
                return Some(
                    "an answer without authority: the delegation is lame, or a device on the path \
                     answers for them"
                        .to_owned(),
                );
            }
        }
        match self.domain(view) {
            Domain::Exists => None,
            Domain::Denied => Some("the domain does not exist".to_owned()),
            Domain::Unknown => Some("no SOA or NS record of the domain".to_owned()),
        }
    }

    /// The private address of the name server that answered.
    fn private_server(&self, view: &MsoidView) -> Option<IpAddr> {
        let answered = view.domain.iter().flat_map(|lookup| &lookup.tries);
        let answered = answered.filter(|one| one.failure.is_none());
        let mut answered = answered.map(|one| one.server);
        let server = answered.next_back().or(view.servers.first().copied())?;
        let address = server.ip();
        let usable = !network::is_bogus(address) || (self.bench && address.is_loopback());
        (!usable).then_some(address)
    }

    /// Whether the domain is there, as one side sees it.
    fn domain(&self, view: &MsoidView) -> Domain {
        let Some(lookup) = &view.domain else {
            return Domain::Unknown;
        };
        let failure = lookup.outcome.failure.as_ref().map(|failure| failure.kind);
        match failure {
            None => Domain::Exists,
            _ if !view.chain.is_empty() || !view.addresses.is_empty() => Domain::Exists,
            Some(FailureKind::Nxdomain) => Domain::Denied,
            // A name within a zone has no SOA record of its own.
            Some(FailureKind::Nodata) if is_in_a_zone(lookup) => Domain::Exists,
            Some(FailureKind::Nodata)
                if view.resolver == MsoidResolver::Authoritative && self.has_name_servers() =>
            {
                Domain::Exists
            }
            Some(_) => Domain::Unknown,
        }
    }

    fn has_name_servers(&self) -> bool {
        let mut own = self.msoid.name_servers.iter();
        own.any(|lookup| {
            lookup.kind == RecordKind::Ns
                && lookup.name.eq_ignore_ascii_case(&self.msoid.domain)
                && lookup.outcome.passed()
        })
    }

    /// Views, external and inside, that lead to China.
    fn with_vianet(&self) -> Vec<&'a MsoidView> {
        let counts = |view: &&MsoidView| {
            let inside = view.resolver == MsoidResolver::System;
            (inside || self.external.contains(view)) && leads_to_vianet(view)
        };
        self.msoid.views.iter().filter(counts).collect()
    }

    /// Views that show the domain, and not the record that others show.
    fn without(&self, there: &[&MsoidView]) -> Vec<&'a MsoidView> {
        let shows = |view: &&MsoidView| {
            let external = self.external.contains(view);
            let inside = view.resolver == MsoidResolver::System
                && view.outcome.value.is_some()
                && matches!(self.domain(view), Domain::Exists);
            (external || inside) && !there.contains(view)
        };
        self.msoid.views.iter().filter(shows).collect()
    }

    fn external_of(&self, views: &[&MsoidView]) -> bool {
        views.iter().any(|view| self.external.contains(view))
    }

    /// The record leads to China, and the tenant is elsewhere.
    fn wrong(&self, there: &[&MsoidView], absent: &[&MsoidView]) -> Diagnosis {
        let record = MsoidRecord {
            domain: Some(self.msoid.domain.as_str().into()),
            vianet: Some(VIANET.into()),
            chain: Some(chain(there[0])),
            seen_by: Some(who(there).into()),
            not_seen_by: Some(who(absent).into()),
            difference: Some(self.difference(there, absent).into()),
            ..MsoidRecord::default()
        };
        let diagnosis = Diagnosis::new(Cause::DnsMsoid21vianet { record });
        if self.external.is_empty() {
            return diagnosis.with_outcome(Outcome::Inconclusive);
        }
        if !self.external_of(there) {
            let inside = there.iter().flat_map(|view| &view.servers).next();
            return diagnosis
                .sure(Confidence::High)
                .by(Who::Resolver)
                .at_address(inside.map(std::net::SocketAddr::ip));
        }
        if only_second(there) && !absent.is_empty() {
            return diagnosis
                .with_outcome(Outcome::Degraded)
                .sure(Confidence::Medium);
        }
        diagnosis.sure(self.confidence(there))
    }

    /// Certain is what the domain's own name servers say.
    fn confidence(&self, views: &[&MsoidView]) -> Confidence {
        let own = |view: &&&MsoidView| {
            view.resolver == MsoidResolver::Authoritative && self.external.contains(view)
        };
        match views.iter().find(own) {
            Some(_) => Confidence::Certain,
            None => Confidence::Medium,
        }
    }

    /// Where inside and outside differ; what the domain's own servers say is what the world sees.
    fn difference(&self, there: &[&MsoidView], absent: &[&MsoidView]) -> String {
        let outside = |views: &[&MsoidView]| {
            let own = |view: &&MsoidView| {
                view.resolver == MsoidResolver::Authoritative && self.external.contains(view)
            };
            views.iter().any(own)
        };
        if self.external.is_empty() {
            return format!("external DNS was not seen ({})", self.unseen().join("; "));
        }
        if absent.is_empty() {
            return "every resolver that answered agrees".to_owned();
        }
        if only_second(there) {
            return format!(
                "{} do not have it, so the second resolver may hold an old answer",
                who(absent).join(" and ")
            );
        }
        if outside(absent) {
            return "the domain's own name servers do not have it, so the internal resolver is wrong"
                .to_owned();
        }
        if outside(there) {
            return "inside and outside differ: the public record is wrong, the internal one is not"
                .to_owned();
        }
        format!("not seen by {}", who(absent).join(", "))
    }

    fn in_china(&self, endpoint: &Endpoint) -> Verdict {
        if self.external.is_empty() {
            return self.blind(endpoint);
        }
        let there = self.with_vianet();
        let absent = self.without(&there);
        if absent.is_empty() {
            let summary = format!("{} leads to {VIANET}, as it must in China", endpoint.host);
            return self.fine(endpoint, summary, &self.external);
        }
        let broken = absent.iter().copied().find(|view| is_broken(view));
        if let Some(view) = broken.filter(|_| there.is_empty()) {
            return broken_off(endpoint, view);
        }
        let record = MsoidRecord {
            domain: Some(self.msoid.domain.as_str().into()),
            vianet: Some(VIANET.into()),
            seen_by: Some(who(&there).into()),
            missing_at: Some(who(&absent).into()),
            ..MsoidRecord::default()
        };
        let diagnosis = Diagnosis::new(Cause::DnsMsoidMissing { record });
        let diagnosis = diagnosis.sure(self.confidence(&absent));
        let diagnosis = if self.external_of(&absent) {
            diagnosis
        } else {
            diagnosis.by(Who::Resolver)
        };
        let diagnosis = if there.is_empty() {
            diagnosis
        } else {
            diagnosis.with_outcome(Outcome::Degraded)
        };
        diagnosis.verdict(endpoint)
    }

    /// No client is sent to China.
    fn without_vianet(&self, endpoint: &Endpoint) -> Verdict {
        if self.external.is_empty() {
            return self.blind(endpoint);
        }
        let inside = self.msoid.views.iter();
        let inside = inside.filter(|view| view.resolver == MsoidResolver::System);
        let views = self.external.iter().copied().chain(inside);
        let mut present = views.filter(|view| view.outcome.value.is_some() && has_record(view));
        let Some(view) = present.next() else {
            let summary = format!("{} does not exist, as it should be", endpoint.host);
            return self.fine(endpoint, summary, &self.external);
        };
        let host = &endpoint.host;
        let domain = short(&self.msoid.domain);
        if view.chain.iter().any(|name| is(name, WORLDWIDE)) {
            let summary = format!("{host} exists and does not lead to China");
            return self.fine(endpoint, summary, &[view]);
        }
        if is_wildcard(view) {
            let summary = format!(
                "{host} has no record of its own; the wildcard *.{domain} answers for it ({}), and \
                 does not lead to China",
                record(view)
            );
            return self.fine(endpoint, summary, &[view]);
        }
        if view.chain.is_empty() {
            let summary = format!(
                "{host} is an address record ({}) instead of a CNAME, and does not lead to China; \
                 nothing needs it",
                record(view)
            );
            return self.fine(endpoint, summary, &[view]);
        }
        if is_broken(view) {
            return broken_off(endpoint, view);
        }
        self.foreign(endpoint, view)
    }

    /// A CNAME that is neither of Microsoft's, or that leads nowhere.
    fn foreign(&self, endpoint: &Endpoint, view: &MsoidView) -> Verdict {
        let domain = short(&self.msoid.domain);
        let target = view.chain.last().map(|name| short(name));
        let target = target.unwrap_or_default();
        let what = if is_loop(view) {
            format!("a loop of CNAME records ({})", record(view))
        } else {
            format!("{target}, which is not a target of Microsoft's ({WORLDWIDE}, {VIANET})")
        };
        let cause = Cause::DnsForeignCname {
            record: MsoidRecord {
                domain: Some(domain.as_str().into()),
                chain: Some(chain(view)),
                seen_by: Some(who(&[view]).into()),
                ..MsoidRecord::default()
            },
            cname: Some(target.into()),
        };
        let mut verdict = Diagnosis::new(cause)
            .with_outcome(Outcome::Degraded)
            .sure(self.confidence(&[view]))
            .by(Who::Service)
            .note(|notes| notes.cause = Some("nothing of Microsoft's".into()))
            .verdict(endpoint);
        verdict.summary = format!(
            "The DNS zone {domain} has a CNAME at {} to {what}; tenants outside China need no such \
             record",
            endpoint.host
        );
        verdict
    }

    /// Nothing is wrong outside, nor inside where that was seen.
    fn fine(&self, endpoint: &Endpoint, summary: String, views: &[&MsoidView]) -> Verdict {
        if let Some(why) = self.unseen_inside() {
            return half_seen(endpoint, &why, &summary);
        }
        let mut basis = Basis::default();
        basis.notes.asked = Some(who(&self.external).into());
        diagnosis::plain(Outcome::Reachable, self.confidence(views), summary, basis)
    }

    /// What the internet sees was not seen, or the domain is not there.
    fn blind(&self, endpoint: &Endpoint) -> Verdict {
        let denied = self.denied();
        if !denied.is_empty() && !self.exists_somewhere() {
            let why = format!(
                "the domain {} does not exist as seen by {}",
                short(&self.msoid.domain),
                who(&denied).join(" and ")
            );
            return diagnosis::inconclusive(endpoint, &why);
        }
        let why = format!("external DNS was not seen ({})", self.unseen().join("; "));
        let mut verdict = diagnosis::inconclusive(endpoint, &why);
        verdict.basis.notes.external_dns = Some(self.unseen().into());
        verdict
    }

    /// The view of this machine's own resolver and why it shows nothing, where it was asked in vain.
    fn unseen_inside(&self) -> Option<String> {
        let mut failure = None;
        for view in &self.msoid.views {
            if view.resolver != MsoidResolver::System {
                continue;
            }
            if view.outcome.value.is_some() {
                return None;
            }
            failure = view.outcome.failure.as_ref().or(failure);
        }
        let failure = failure?;
        Some(format!("{}: {}", MsoidResolver::System, dns::seen(failure)))
    }

    /// Views that say that the domain does not exist.
    fn denied(&self) -> Vec<&'a MsoidView> {
        let denied = |view: &&MsoidView| matches!(self.domain(view), Domain::Denied);
        self.msoid.views.iter().filter(denied).collect()
    }

    fn exists_somewhere(&self) -> bool {
        let mut views = self.msoid.views.iter();
        views.any(|view| matches!(self.domain(view), Domain::Exists))
    }

    /// Each side that should show the internet, and why it does not.
    fn unseen(&self) -> Vec<String> {
        let outside = |view: &&MsoidView| view.resolver != MsoidResolver::System;
        let views = self.msoid.views.iter().filter(outside);
        let mut told: Vec<String> = views
            .filter_map(|view| Some(format!("{}: {}", view.resolver, self.not_external(view)?)))
            .collect();
        let second = |view: &MsoidView| view.resolver == MsoidResolver::Second;
        if !self.msoid.views.iter().any(second) {
            told.push("no second resolver was named with --second-resolver".to_owned());
        }
        told
    }
}

/// Whether a domain is there.
enum Domain {
    Exists,
    Denied,
    Unknown,
}

/// Whether the answer names the zone in which the domain lies. A top-level domain has every
/// name below it.
fn is_in_a_zone(lookup: &Lookup) -> bool {
    let answer = lookup.outcome.value.as_ref();
    let labels = answer.and_then(|answer| answer.zone_labels);
    labels.is_some_and(|labels| labels > 1)
}

/// Whether the server that answered for the domain is responsible for it.
fn is_authoritative(view: &MsoidView) -> bool {
    let answer = view.domain.as_ref();
    let answer = answer.and_then(|lookup| lookup.outcome.value.as_ref());
    answer.is_some_and(|answer| answer.authoritative)
}

/// Whether only the second resolver has the record: no device needs that one.
fn only_second(there: &[&MsoidView]) -> bool {
    there
        .iter()
        .all(|view| view.resolver == MsoidResolver::Second)
}

fn is(name: &str, target: &str) -> bool {
    name.trim_end_matches('.').eq_ignore_ascii_case(target)
}

fn leads_to_vianet(view: &MsoidView) -> bool {
    view.chain.iter().any(|name| is(name, VIANET))
}

fn has_record(view: &MsoidView) -> bool {
    !view.chain.is_empty() || !view.addresses.is_empty()
}

fn is_loop(view: &MsoidView) -> bool {
    let failure = view.outcome.failure.as_ref();
    failure.is_some_and(|failure| failure.kind == FailureKind::CnameLoop)
}

/// Whether the target of the chain is unknown.
fn is_broken(view: &MsoidView) -> bool {
    view.outcome.failure.is_some() && !is_loop(view)
}

/// Whether a name that does not exist has the same record.
fn is_wildcard(view: &MsoidView) -> bool {
    let Some(lookup) = &view.random_label else {
        return false;
    };
    let answer = lookup.outcome.value.iter();
    let mut records = answer.flat_map(|answer| &answer.records);
    let same = |record: &DnsRecord| match record.kind {
        RecordKind::Cname => view.chain.first() == Some(&record.data),
        _ => view
            .addresses
            .iter()
            .any(|address| address.to_string() == record.data),
    };
    records.any(|record| record.name.eq_ignore_ascii_case(&lookup.name) && same(record))
}

/// The record found there, as text.
fn record(view: &MsoidView) -> String {
    let addresses = view.addresses.iter().map(ToString::to_string);
    let texts = view.chain.iter().map(|name| short(name)).chain(addresses);
    texts.collect::<Vec<_>>().join(", ")
}

/// The internet's side is right, and the view that clients use was not seen.
fn half_seen(endpoint: &Endpoint, why: &str, outside: &str) -> Verdict {
    let told = format!("what clients see was not seen ({why}); outside, {outside}");
    let mut verdict = diagnosis::inconclusive(endpoint, &told);
    verdict.basis.notes.own_resolver = Some(why.into());
    verdict
}

fn broken_off(endpoint: &Endpoint, view: &MsoidView) -> Verdict {
    let failure = view.outcome.failure.as_ref();
    let why = format!(
        "its CNAME chain ({}) cannot be followed to its end, as seen by {}: {}",
        record(view),
        view.resolver,
        failure.map(dns::seen).unwrap_or_default()
    );
    diagnosis::inconclusive(endpoint, &why)
}

fn chain(view: &MsoidView) -> List {
    view.chain.iter().map(String::as_str).collect()
}

fn who(views: &[&MsoidView]) -> Vec<String> {
    views.iter().map(|view| view.resolver.to_string()).collect()
}
