//! The few lines at the end of a report: what to do first.

use crate::remedy::{Remedy, none_reason};
use crate::verdict::{NO_CONTROL, OWN_ISSUER, fill, short};
use reach365_model::Advice;
use reach365_model::endpoint::Endpoint;
use reach365_model::evidence::Stage;
use reach365_model::verdict::{Code, Facts, Finding, Outcome, Verdict};

/// Lines of advice at most.
const LINES: usize = 5;
/// Hosts that a line names before it says "and n more".
const NAMED: usize = 4;

/// What to do where the list states a private issuer that this machine does not trust.
const INSTALL_ROOT: &str = "Install the root certificate behind \"{issuer}\" on this machine if it is the company's own: \
                            the list states a private issuer for {hosts}";

/// What to do where nothing comparable was seen to work: no party is asked to change anything yet.
const FIND_CONTROL: &str = "Run the check again with --control-host and a host that works from this network, or with \
                            --compare-paths: nothing that was checked beside {targets} works on the same path";

/// A cause with everything that it hits.
struct Cause<'a> {
    code: Code,
    outcome: Outcome,
    facts: &'a Facts,
    endpoints: Vec<&'a Endpoint>,
}

/// Says what to do: run-wide causes first, then those of single endpoints, degradations
/// last, equal causes in one line. Endpoints that a run-wide cause explains get no advice.
pub fn advise(findings: &[Finding], rows: &[(&Endpoint, &Verdict)]) -> Vec<Advice> {
    let mut lines = advise_on_all(findings, rows);
    lines.truncate(LINES);
    lines
}

/// The same for every cause, however many there are.
pub fn advise_on_all(findings: &[Finding], rows: &[(&Endpoint, &Verdict)]) -> Vec<Advice> {
    // A note requests no change; a finding without a culprit asks no party to fix it.
    let wrong = findings
        .iter()
        .filter(|it| it.outcome > Outcome::Reachable && it.culprit.is_some());
    let run_wide = wrong.map(|finding| of_finding(finding, rows));
    let mut causes: Vec<Cause<'_>> = run_wide.collect();
    let mut single = of_rows(findings, rows);
    single.sort_by_key(|cause| std::cmp::Reverse(cause.outcome));
    causes.append(&mut single);
    causes.sort_by_key(|cause| cause.outcome == Outcome::Degraded);
    causes.iter().map(line).collect()
}

/// The line of advice for one cause and the endpoints that it hits.
pub fn advise_on(code: Code, facts: &Facts, endpoints: Vec<&Endpoint>) -> Advice {
    line(&Cause {
        code,
        outcome: code.outcome(),
        facts,
        endpoints,
    })
}

fn of_finding<'a>(finding: &'a Finding, rows: &[(&'a Endpoint, &Verdict)]) -> Cause<'a> {
    let hit = |endpoint: &&Endpoint| finding.endpoints.contains(&endpoint.id);
    Cause {
        code: finding.code,
        outcome: finding.outcome,
        facts: &finding.facts,
        endpoints: rows
            .iter()
            .map(|(endpoint, _)| *endpoint)
            .filter(hit)
            .collect(),
    }
}

fn of_rows<'a>(findings: &[Finding], rows: &[(&'a Endpoint, &'a Verdict)]) -> Vec<Cause<'a>> {
    let mut causes: Vec<Cause<'a>> = Vec::new();
    for (endpoint, verdict) in rows {
        let Some(code) = verdict.code else {
            continue;
        };
        // Where no control confirms the resolver's fault, no party is asked to change it.
        let unclear = verdict.outcome == Outcome::Inconclusive && code.stage() == Stage::Dns;
        let explained = verdict.consequence_of.is_some() || is_told(findings, endpoint, code);
        if unclear || explained {
            continue;
        }
        // The enforcer that allows a host that must be closed is the one to close it.
        let closing = verdict.facts.get("closing");
        let own_issuer = verdict.facts.get(OWN_ISSUER);
        let uncontrolled = verdict.facts.contains_key(NO_CONTROL);
        let same = |cause: &&mut Cause<'_>| {
            let alike = cause.facts.contains_key(NO_CONTROL);
            (cause.code == code || uncontrolled && alike)
                && cause.outcome == verdict.outcome
                && cause.facts.get("closing") == closing
                && cause.facts.get(OWN_ISSUER) == own_issuer
        };
        match causes.iter_mut().find(same) {
            Some(cause) => cause.endpoints.push(endpoint),
            None => causes.push(Cause {
                code,
                outcome: verdict.outcome,
                facts: &verdict.facts,
                endpoints: vec![endpoint],
            }),
        }
    }
    causes
}

fn is_told(findings: &[Finding], endpoint: &Endpoint, code: Code) -> bool {
    let same = |finding: &Finding| finding.code == code && finding.endpoints.contains(&endpoint.id);
    findings.iter().any(same)
}

fn line(cause: &Cause<'_>) -> Advice {
    let uncontrolled = cause.facts.contains_key(NO_CONTROL);
    let remedies = Remedy::for_cause(cause.code, cause.facts);
    let remedy = remedies.first().copied().filter(|_| !uncontrolled);
    let text = match remedy {
        _ if uncontrolled => fill(FIND_CONTROL, &facts(cause), None),
        Some(remedy) => fill(&remedy.advice, &facts(cause), None),
        None if cause.facts.contains_key(OWN_ISSUER) => fill(INSTALL_ROOT, &facts(cause), None),
        None => none_reason(cause.code)
            .unwrap_or_else(|| cause.code.means())
            .to_owned(),
    };
    let mut advice = Advice::new(cause.code, text);
    advice.remedy = remedy.map(|remedy| remedy.id.clone());
    let endpoints = cause.endpoints.iter();
    advice.endpoints = endpoints.map(|endpoint| endpoint.id.clone()).collect();
    advice
}

/// The facts of the cause, and whom it hits.
fn facts(cause: &Cause<'_>) -> Facts {
    let mut facts = cause.facts.clone();
    let names = |name: &dyn Fn(&Endpoint) -> String| {
        let mut names: Vec<String> = Vec::new();
        for endpoint in &cause.endpoints {
            let name = name(endpoint);
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    };
    let hosts = names(&|endpoint| endpoint.host.to_string());
    let targets = names(&ToString::to_string);
    let ports = names(&|endpoint| endpoint.port.to_string());
    let first = hosts.first().cloned().unwrap_or_default();
    facts.insert("host".to_owned(), first.into());
    facts.insert("hosts".to_owned(), in_short(&hosts).into());
    facts.insert("targets".to_owned(), in_short(&targets).into());
    facts.insert("ports".to_owned(), ports.join(" and ").into());
    let has_name = |endpoint: &&Endpoint| endpoint.host.name().is_some();
    let nameless = !cause.endpoints.is_empty() && !cause.endpoints.iter().any(has_name);
    let by_name = if nameless { "" } else { ", by name" };
    facts.insert("by_name".to_owned(), by_name.into());
    facts
}

fn in_short(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(NAMED).map(|name| short(name)).collect();
    let text = shown.join(", ");
    match names.len().saturating_sub(NAMED) {
        0 if text.is_empty() => "every host".to_owned(),
        0 => text,
        more => format!("{text} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reach365_model::catalog::Catalog;

    fn advice_on(host: &str) -> String {
        let list = format!("[[endpoints]]\nid = \"one\"\nhost = \"{host}\"\n");
        let catalog = Catalog::parse("one.toml", &list, &Catalog::default()).unwrap();
        let endpoints = catalog.endpoints().iter().collect();
        advise_on(Code::TcpDropped, &Facts::new(), endpoints).text
    }

    #[test]
    fn only_names_are_allowed_by_name() {
        assert!(advice_on("a.example").ends_with("a.example:443 on the firewall, by name"));
        assert!(advice_on("192.0.2.1").ends_with("192.0.2.1:443 on the firewall"));
    }
}
