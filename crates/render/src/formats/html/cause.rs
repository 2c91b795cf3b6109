//! What is wrong, each cause once, the worst first; and which team must act on it.

use reach365_judge::remedy::{Audience, Remedy, advise_on};
use reach365_model::evidence::Stage;
use reach365_model::report::{EndpointReport, Report};
use reach365_model::verdict::{Basis, Code, Confidence, Culprit, Finding, Outcome, Who};

/// One cause with every endpoint that it hits.
pub(super) struct Cause<'a> {
    pub(super) outcome: Outcome,
    pub(super) code: Option<Code>,
    pub(super) stage: Option<Stage>,
    pub(super) confidence: Confidence,
    pub(super) culprit: Option<&'a Culprit>,
    pub(super) summary: &'a str,
    pub(super) wrong_if: Option<&'a str>,
    pub(super) rows: Vec<&'a EndpointReport>,
    basis: &'a Basis,
}

/// Causes of a report: the worst first, then those of several endpoints.
pub(super) fn causes(report: &Report) -> Vec<Cause<'_>> {
    let degraded = |row: &&EndpointReport| row.verdict.outcome >= Outcome::Degraded;
    let rows: Vec<&EndpointReport> = report.endpoints.iter().filter(degraded).collect();
    let findings = report.findings.iter();
    let findings = findings.filter(|finding| finding.outcome >= Outcome::Degraded);
    let mut causes: Vec<Cause<'_>> = findings.map(|it| Cause::wide(it, &rows)).collect();
    let told = |row: &EndpointReport| report.findings.iter().any(|it| explains(it, row));
    for row in rows.into_iter().filter(|row| !told(row)) {
        match causes.iter_mut().find(|cause| cause.is_that_of(row)) {
            Some(cause) => cause.rows.push(row),
            None => causes.push(Cause::single(row)),
        }
    }
    causes.sort_by_key(|cause| std::cmp::Reverse(cause.outcome));
    causes
}

fn explains(finding: &Finding, row: &EndpointReport) -> bool {
    let verdict = &row.verdict;
    let told = verdict.code() == Some(finding.code) && finding.endpoints.contains(&row.endpoint.id);
    finding.outcome >= Outcome::Degraded && (told || verdict.consequence_of == Some(finding.code))
}

impl<'a> Cause<'a> {
    fn wide(finding: &'a Finding, rows: &[&'a EndpointReport]) -> Self {
        let hit = rows.iter().filter(|row| explains(finding, row));
        Self {
            outcome: finding.outcome,
            code: Some(finding.code),
            stage: Some(finding.stage),
            confidence: finding.confidence,
            culprit: finding.culprit.as_ref(),
            summary: &finding.summary,
            wrong_if: finding.wrong_if.as_deref(),
            rows: hit.copied().collect(),
            basis: &finding.basis,
        }
    }

    fn single(row: &'a EndpointReport) -> Self {
        let verdict = &row.verdict;
        Self {
            outcome: verdict.outcome,
            code: verdict.code(),
            stage: verdict.stage,
            confidence: verdict.confidence,
            culprit: verdict.culprit.as_ref(),
            summary: &verdict.summary,
            wrong_if: verdict.wrong_if.as_deref(),
            rows: vec![row],
            basis: &verdict.basis,
        }
    }

    /// Whether a result has the same failure, the same culprit and the same path.
    fn is_that_of(&self, row: &EndpointReport) -> bool {
        let verdict = &row.verdict;
        let same_route = self.rows.first().is_some_and(|own| own.via == row.via);
        self.code.is_some()
            && same_route
            && self.code == verdict.code()
            && (self.outcome, self.stage, self.confidence)
                == (verdict.outcome, verdict.stage, verdict.confidence)
            && self.culprit == verdict.culprit.as_ref()
    }

    pub(super) fn is_accusation(&self) -> bool {
        matches!(self.outcome, Outcome::Blocked | Outcome::Degraded)
    }

    /// The culprit, where the outcome accuses a known party.
    pub(super) fn accused(&self) -> Option<&'a Culprit> {
        let known = |it: &&Culprit| !matches!(it.who, Who::Unknown | Who::Tool);
        self.culprit.filter(|_| self.is_accusation()).filter(known)
    }

    /// The rule or setting to change, as text.
    pub(super) fn rule(&self) -> Option<String> {
        let endpoints = self.rows.iter().map(|row| &row.endpoint).collect();
        let advice = advise_on(self.code?, self.basis, endpoints);
        Some(advice.text)
    }

    /// Whose business it is.
    pub(super) fn team(&self) -> Team {
        let remedies = self.code.map(|code| Remedy::for_cause(code, self.basis));
        let remedies = remedies.unwrap_or_default();
        let audience = remedies.first().map(|remedy| remedy.audience);
        if audience == Some(Audience::TenantAdmin) {
            return Team::Tenant;
        }
        if self.stage == Some(Stage::Route) {
            return Team::Settings;
        }
        Team::Of(self.culprit.map_or(Who::Unknown, |culprit| culprit.who))
    }
}

/// The team that must act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Team {
    /// The administrator of the tenant.
    Tenant,
    /// Those who choose the proxy.
    Settings,
    /// Those who run what broke the connection.
    Of(Who),
}

impl Team {
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Tenant => "the administrator of the tenant and its domains",
            Self::Settings => "whoever sets the proxy and the PAC script",
            Self::Of(who) => team_of(who),
        }
    }

    /// The same in a word or two.
    pub(super) fn in_short(self) -> &'static str {
        match self {
            Self::Tenant => "tenant and domains",
            Self::Settings => "proxy settings",
            Self::Of(who) => short_team(who),
        }
    }
}

fn team_of(who: Who) -> &'static str {
    match who {
        Who::Device => "whoever looks after this PC",
        Who::Resolver => "whoever runs the DNS resolver",
        Who::Firewall => "whoever runs the firewall",
        Who::Proxy => "whoever runs the proxy",
        Who::Inspection => "whoever runs TLS inspection",
        Who::Path => "whoever runs the network: routing, links, packet sizes",
        Who::Service => "whoever runs the host that was asked, not this network",
        Who::Tool => "no party yet: reach365 cannot tell",
        Who::Unknown => "the network team: the party is unknown",
    }
}

fn short_team(who: Who) -> &'static str {
    match who {
        Who::Device => "this PC",
        Who::Resolver => "DNS resolver",
        Who::Firewall => "firewall",
        Who::Proxy => "proxy",
        Who::Inspection => "TLS inspection",
        Who::Path => "network path",
        Who::Service => "the service",
        Who::Tool => "reach365",
        Who::Unknown => "network team",
    }
}
