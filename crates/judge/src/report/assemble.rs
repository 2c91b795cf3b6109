//! A report from what a run has seen: every endpoint judged, then all of them together.

use std::net::SocketAddr;

use reach365_model::catalog::Catalog;
use reach365_model::endpoint::{Endpoint, Level};
use reach365_model::evidence::{Attempt, Evidence, Lookup, RecordKind};
use reach365_model::report::{EndpointReport, FailOn, Report, Run, Summary, Timings};
use reach365_model::verdict::{Basis, Code, Finding, Outcome, Verdict};
use reach365_proxy::route::{Hop, Route};

use crate::remedy::{self, NetworkSeen, Remedy};
use crate::verdict::{self, Context, Judged, Signatures, basis};

/// Makes reports: what it needs beside the evidence.
#[derive(Debug, Clone, Copy)]
pub struct Judge<'a> {
    builtin: &'a Catalog,
    signatures: &'a Signatures,
}

impl<'a> Judge<'a> {
    /// A judge that knows the names of the built-in list and of the built-in signatures.
    pub fn new(builtin: &'a Catalog) -> Self {
        Self {
            builtin,
            signatures: Signatures::builtin(),
        }
    }

    /// The same with other signatures.
    #[must_use]
    pub fn with_signatures(self, signatures: &'a Signatures) -> Self {
        Self { signatures, ..self }
    }

    /// Judges what a run has seen: every endpoint, then all of them together.
    pub fn report(&self, run: Run, rows: Vec<(Endpoint, Route, Evidence)>) -> Report {
        let (mut verdicts, mut findings) = self.judged(&run, &rows);
        name_remedies(&mut verdicts, &mut findings);
        name_falsifiers(&mut verdicts, &mut findings);
        let seen: Vec<(&Endpoint, &Verdict)> = rows
            .iter()
            .map(|(endpoint, ..)| endpoint)
            .zip(&verdicts)
            .collect();
        let advice = remedy::advise(&findings, &seen);
        let summary = summary(&verdicts);
        let endpoints = rows.into_iter().zip(verdicts);
        let mut report = Report::new(run, summary);
        report.findings = findings;
        report.endpoints = endpoints.map(endpoint_report).collect();
        report.advice = advice;
        report
    }

    /// Judges a saved report again by its evidence, with no network. The facts of the run stay;
    /// verdicts, findings and advice are those of this version of the rules.
    pub fn again(&self, report: &Report) -> Report {
        let row = |row: &EndpointReport| {
            (
                row.endpoint.clone(),
                row.route.clone(),
                row.evidence.clone(),
            )
        };
        let rows = report.endpoints.iter().map(row).collect();
        self.report(report.run.clone(), rows)
    }

    fn judged(
        &self,
        run: &Run,
        rows: &[(Endpoint, Route, Evidence)],
    ) -> (Vec<Verdict>, Vec<Finding>) {
        let context = Context {
            cloud: run.cloud,
            run: &run.evidence,
            now: run.started,
            signatures: self.signatures,
            builtin: self.builtin,
        };
        let endpoints: Vec<Endpoint> = rows.iter().map(|row| self.with_issuer(&row.0)).collect();
        let seen = || endpoints.iter().zip(rows.iter().map(|row| &row.2));
        let mut verdicts: Vec<Verdict> = seen()
            .map(|(endpoint, evidence)| verdict::judge(endpoint, evidence, &context))
            .collect();
        let mut judged: Vec<Judged<'_>> = seen()
            .zip(&mut verdicts)
            .map(|((endpoint, evidence), verdict)| Judged {
                endpoint,
                evidence,
                verdict,
            })
            .collect();
        let findings = verdict::correlate(&context, &mut judged);
        (verdicts, findings)
    }

    /// Reports of older versions do not say who may issue a certificate: then the host's name
    /// decides.
    fn with_issuer(&self, endpoint: &Endpoint) -> Endpoint {
        let issuer = endpoint.issuer;
        Endpoint {
            issuer: issuer.or_else(|| Some(self.builtin.issuer_of(&endpoint.host))),
            ..endpoint.clone()
        }
    }
}

/// What the run found of the network, as a plan of remedies asks for it.
pub fn network_seen(report: &Report) -> NetworkSeen {
    let rows: Vec<(&Endpoint, &Verdict)> = report
        .endpoints
        .iter()
        .map(|row| (&row.endpoint, &row.verdict))
        .collect();
    let undecided = |row: &&EndpointReport| {
        let outcome = row.verdict.outcome;
        row.endpoint.level == Level::Required
            && matches!(outcome, Outcome::Inconclusive | Outcome::Skipped)
    };
    NetworkSeen {
        causes: remedy::advise_on_all(&report.findings, &rows),
        conclusive: is_broad(report) && !report.endpoints.iter().any(|row| undecided(&row)),
    }
}

/// Whether enough was probed that what it does not show is not there: the endpoints of
/// activation, and the connectivity test.
fn is_broad(report: &Report) -> bool {
    const ACTIVATION: usize = 10;
    let of = |group: &str| {
        let rows = report.endpoints.iter();
        rows.filter(|row| row.endpoint.groups.iter().any(|it| it == group))
            .count()
    };
    of("activation") >= ACTIVATION && of("ncsi") > 0
}

fn name_remedies(verdicts: &mut [Verdict], findings: &mut [Finding]) {
    for verdict in verdicts {
        let code = verdict.code();
        verdict.remedies = code.map_or_else(Vec::new, |code| remedy_ids(code, &verdict.basis));
    }
    for finding in findings {
        finding.remedies = remedy_ids(finding.code, &finding.basis);
    }
}

/// Every accusation says what would prove it wrong.
fn name_falsifiers(verdicts: &mut [Verdict], findings: &mut [Finding]) {
    let clause = |outcome: Outcome, code: Option<Code>| {
        let accuses = matches!(outcome, Outcome::Blocked | Outcome::Degraded);
        let code = code.filter(|_| accuses)?;
        Some(code.wrong_if().to_owned())
    };
    for verdict in verdicts {
        verdict.wrong_if = clause(verdict.outcome, verdict.code());
    }
    for finding in findings {
        finding.wrong_if = clause(finding.outcome, Some(finding.code));
    }
}

fn remedy_ids(code: Code, basis: &Basis) -> Vec<String> {
    let remedies = Remedy::for_cause(code, basis);
    remedies.iter().map(|remedy| remedy.id.clone()).collect()
}

fn endpoint_report(
    ((endpoint, route, evidence), verdict): ((Endpoint, Route, Evidence), Verdict),
) -> EndpointReport {
    let via = via(&route, &verdict);
    let mut report = EndpointReport::new(endpoint, route, verdict, evidence);
    report.via = via;
    report.timings = timings(&report.evidence, &report.verdict);
    report
}

/// The hop that a client would use: not every proxy of an answer can be reached.
fn via(route: &Route, verdict: &Verdict) -> String {
    let used = verdict.basis.subject.hop.as_ref().or(route.hops.first());
    let direct = used.is_none_or(|hop| *hop == Hop::Direct);
    if direct { "direct" } else { "proxy" }.to_owned()
}

/// Counts verdicts. Every endpoint counts, recommended ones too.
pub fn summary(verdicts: &[Verdict]) -> Summary {
    let count = |outcome: Outcome| {
        let same = |verdict: &&Verdict| verdict.outcome == outcome;
        verdicts.iter().filter(same).count()
    };
    let unseen = verdicts.iter().filter(|it| verdict::is_unseen(it)).count();
    let others = verdicts.iter().filter(|it| !verdict::is_unseen(it));
    let probed = |it: &&Verdict| it.outcome != Outcome::Skipped;
    let aside = others.clone().any(|it| probed(&it));
    let counted = others.map(|verdict| verdict.outcome).max();
    let worst = match counted {
        Some(outcome) if aside => Some(outcome),
        _ => verdicts.iter().map(|verdict| verdict.outcome).max(),
    };
    let mut summary = Summary::new(match worst {
        // Nothing probed proves nothing.
        None | Some(Outcome::Skipped) => Outcome::Inconclusive,
        Some(outcome) => outcome,
    });
    summary.unseen = if aside { unseen } else { 0 };
    summary.reachable = count(Outcome::Reachable);
    summary.degraded = count(Outcome::Degraded);
    summary.blocked = count(Outcome::Blocked);
    summary.inconclusive = count(Outcome::Inconclusive);
    summary.skipped = count(Outcome::Skipped);
    summary.exit_code = summary.exit_code_for(FailOn::default());
    summary
}

/// The times of the connection that a verdict rests on.
fn timings(evidence: &Evidence, verdict: &Verdict) -> Timings {
    let attempt = basis(evidence, verdict.basis.subject.address);
    let tls = attempt.and_then(|attempt| attempt.tls.as_ref());
    let http = attempt.and_then(|attempt| attempt.http.as_ref());
    let mut timings = Timings::default();
    timings.dns_ms = dns_ms(evidence, attempt);
    timings.tcp_ms = attempt.map(|attempt| attempt.tcp.elapsed_ms);
    timings.proxy_ms = attempt.and_then(proxy_ms);
    timings.tls_ms = tls.map(|tls| tls.elapsed_ms);
    timings.http_ms = http.map(|http| http.elapsed_ms);
    let stages = [
        timings.dns_ms,
        timings.tcp_ms,
        timings.proxy_ms,
        timings.tls_ms,
        timings.http_ms,
    ];
    timings.total_ms = stages.into_iter().flatten().sum();
    timings
}

/// The handshake with the proxy and its answer to the request for a tunnel.
fn proxy_ms(attempt: &Attempt) -> Option<f64> {
    let tls = attempt.proxy_tls.as_ref().map(|tls| tls.elapsed_ms);
    let tunnel = attempt.proxy.as_ref().map(|proxy| proxy.elapsed_ms);
    tls.into_iter()
        .chain(tunnel)
        .reduce(|one, other| one + other)
}

/// The lookup that gave the address, of the proxy where there is one; without a
/// connection the longest.
fn dns_ms(evidence: &Evidence, attempt: Option<&Attempt>) -> Option<f64> {
    let wanted = attempt.map(|attempt| match attempt.address {
        SocketAddr::V4(_) => RecordKind::A,
        SocketAddr::V6(_) => RecordKind::Aaaa,
    });
    let belongs = |lookup: &&Lookup| wanted.is_none_or(|kind| lookup.kind == kind);
    let proxied = attempt.is_some_and(|attempt| attempt.hop.is_some());
    let lookups = if proxied {
        &evidence.proxy_lookups
    } else {
        &evidence.lookups
    };
    let lookups = lookups.iter().filter(belongs);
    let views = evidence.msoid.iter().flat_map(|msoid| &msoid.views);
    let times = lookups.map(|lookup| lookup.outcome.elapsed_ms);
    let times = times.chain(views.map(|view| view.outcome.elapsed_ms));
    times.max_by(f64::total_cmp)
}
