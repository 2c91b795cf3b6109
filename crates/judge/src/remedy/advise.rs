//! The few lines at the end of a report: what to do first.

use crate::remedy::{Remedy, none_reason};
use reach365_model::Advice;
use reach365_model::cause;
use reach365_model::endpoint::Endpoint;
use reach365_model::evidence::Stage;
use reach365_model::facts::{Text, short};
use reach365_model::verdict::{Basis, Code, Finding, Outcome, Verdict};

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
    basis: &'a Basis,
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
pub fn advise_on(code: Code, basis: &Basis, endpoints: Vec<&Endpoint>) -> Advice {
    line(&Cause {
        code,
        outcome: code.outcome(),
        basis,
        endpoints,
    })
}

fn of_finding<'a>(finding: &'a Finding, rows: &[(&'a Endpoint, &Verdict)]) -> Cause<'a> {
    let hit = |endpoint: &&Endpoint| finding.endpoints.contains(&endpoint.id);
    Cause {
        code: finding.code,
        outcome: finding.outcome,
        basis: &finding.basis,
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
        let Some(code) = verdict.code() else {
            continue;
        };
        // Where no control confirms the resolver's fault, no party is asked to change it.
        let unclear = verdict.outcome == Outcome::Inconclusive && code.stage() == Stage::Dns;
        let explained = verdict.consequence_of.is_some() || is_told(findings, endpoint, code);
        if unclear || explained {
            continue;
        }
        // The enforcer that allows a host that must be closed is the one to close it.
        let own = &verdict.basis;
        let same = |cause: &&mut Cause<'_>| {
            let uncontrolled = own.notes.no_control.and(cause.basis.notes.no_control);
            (cause.code == code || uncontrolled.is_some())
                && cause.outcome == verdict.outcome
                && cause.basis.closing() == own.closing()
                && cause.basis.notes.own_issuer == own.notes.own_issuer
        };
        match causes.iter_mut().find(same) {
            Some(cause) => cause.endpoints.push(endpoint),
            None => causes.push(Cause {
                code,
                outcome: verdict.outcome,
                basis: &verdict.basis,
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
    let notes = &cause.basis.notes;
    let uncontrolled = notes.no_control.is_some();
    let remedies = Remedy::for_cause(cause.code, cause.basis);
    let remedy = remedies.first().copied().filter(|_| !uncontrolled);
    let text = match remedy {
        _ if uncontrolled => cause.fill(FIND_CONTROL),
        Some(remedy) => cause.fill(&remedy.advice),
        None if notes.own_issuer.is_some() => cause.fill(INSTALL_ROOT),
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

impl Cause<'_> {
    /// Puts what the cause knows, and whom it hits, into a template.
    fn fill(&self, template: &str) -> String {
        let mut out = String::with_capacity(template.len() + 64);
        let mut rest = template;
        while let Some((before, after)) = rest.split_once('{') {
            out.push_str(before);
            let Some((name, tail)) = after.split_once('}') else {
                break;
            };
            out.push_str(&self.word(name).unwrap_or_default());
            rest = tail;
        }
        out.push_str(rest);
        out
    }

    /// What stands for a placeholder: a fact, or general words where it was not seen. `None` for a
    /// name that no template may have.
    fn word(&self, name: &str) -> Option<String> {
        let notes = &self.basis.notes;
        let fact =
            |known: Option<String>, word: &str| Some(known.unwrap_or_else(|| word.to_owned()));
        match name {
            "host" => fact(
                self.each(|it| it.host.to_string()).first().cloned(),
                "<host>",
            ),
            "hosts" => Some(in_short(&self.each(|it| it.host.to_string()))),
            "targets" => Some(in_short(&self.each(ToString::to_string))),
            "ports" => Some(self.each(|it| it.port.to_string()).join(" and ")),
            "by_name" => Some(if self.is_nameless() { "" } else { ", by name" }.to_owned()),
            "issuer" => fact(
                notes.issuer.as_ref().map(ToString::to_string),
                "an unnamed issuer",
            ),
            "proxy" => {
                let proxy = self.basis.subject.proxy.as_ref();
                fact(proxy.map(ToString::to_string), "of the settings")
            }
            "domain" => fact(self.domain(), "<domain>"),
            "closing" => fact(
                self.basis.closing().map(ToString::to_string),
                "firewall or proxy",
            ),
            "changes_with" => fact(self.of_cause(Fact::ChangesWith), "every call"),
            "resolvers" => fact(self.of_cause(Fact::Resolvers), "of this machine"),
            "script" => fact(self.of_cause(Fact::Script), "of the settings"),
            "ways" => fact(self.of_cause(Fact::Ways), "they name different routes"),
            _ => None,
        }
    }

    /// One word for each endpoint, each once.
    fn each(&self, name: impl Fn(&Endpoint) -> String) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for endpoint in &self.endpoints {
            let name = name(endpoint);
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    fn is_nameless(&self) -> bool {
        let has_name = |endpoint: &&Endpoint| endpoint.host.name().is_some();
        !self.endpoints.is_empty() && !self.endpoints.iter().any(has_name)
    }

    /// The domain of a `msoid` record; where no fact has it, as the name of the host says.
    fn domain(&self) -> Option<String> {
        let host = || {
            self.endpoints
                .first()?
                .host
                .name()?
                .strip_prefix("msoid.")
                .map(str::to_owned)
        };
        self.basis
            .msoid_domain()
            .map(ToString::to_string)
            .or_else(host)
    }

    fn of_cause(&self, fact: Fact) -> Option<String> {
        self.basis.causes().find_map(|cause| fact.of(cause))
    }
}

/// A fact of one kind of cause that a template may name.
#[derive(Clone, Copy)]
enum Fact {
    ChangesWith,
    Resolvers,
    Script,
    Ways,
}

impl Fact {
    fn of(self, cause: &cause::Cause) -> Option<String> {
        use cause::Cause::{DnsNoInternetNames, DnsResolverClosed, DnsResolverDead};
        use cause::Cause::{RoutePacUnstable, RouteSourcesDisagree};

        let text = |text: &Option<Text>| text.as_ref().map(ToString::to_string);
        match (self, cause) {
            (Self::ChangesWith, RoutePacUnstable { changes_with, .. }) => text(changes_with),
            (
                Self::Resolvers,
                DnsResolverDead { resolvers, .. }
                | DnsNoInternetNames { resolvers }
                | DnsResolverClosed { resolvers, .. },
            ) => resolvers.resolvers.as_ref().map(ToString::to_string),
            (Self::Script, cause) => cause.script().and_then(|script| text(&script.script)),
            (Self::Ways, RouteSourcesDisagree { ways, .. }) => {
                ways.as_ref().map(ToString::to_string)
            }
            _ => None,
        }
    }
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
    use crate::remedy::Remedies;
    use reach365_model::catalog::Catalog;

    fn advice_for(code: Code, host: &str) -> String {
        let list = format!("[[endpoints]]\nid = \"one\"\nhost = \"{host}\"\n");
        let catalog = Catalog::parse("one.toml", &list, &Catalog::default()).unwrap();
        let endpoints = catalog.endpoints().iter().collect();
        advise_on(code, &Basis::new(code.into()), endpoints).text
    }

    #[test]
    fn only_names_are_allowed_by_name() {
        let advice = |host| advice_for(Code::TcpDropped, host);
        assert!(advice("a.example").ends_with("a.example:443 on the firewall, by name"));
        assert!(advice("192.0.2.1").ends_with("192.0.2.1:443 on the firewall"));
    }

    #[test]
    fn every_placeholder_of_every_template_is_known() {
        let cause = Cause {
            code: Code::TcpDropped,
            outcome: Outcome::Blocked,
            basis: &Basis::default(),
            endpoints: Vec::new(),
        };
        let remedies = Remedies::builtin().all().iter();
        let templates = remedies.map(|remedy| remedy.advice.as_str());
        for template in templates.chain([INSTALL_ROOT, FIND_CONTROL]) {
            for part in template.split('{').skip(1) {
                let (name, _) = part.split_once('}').unwrap();
                assert!(cause.word(name).is_some(), "{name} in {template}");
            }
        }
    }

    #[test]
    fn advice_without_facts_is_a_sentence() {
        for code in Code::ALL {
            let of_none = advise_on(*code, &Basis::new((*code).into()), Vec::new()).text;
            for text in [advice_for(*code, "msoid.contoso.example"), of_none] {
                let holes = ["{", "}", "  ", "///", "msoid.of", "()"];
                assert!(!holes.iter().any(|hole| text.contains(hole)), "{text}");
            }
        }
        let record = advice_for(Code::DnsMsoid21vianet, "msoid.contoso.example");
        assert!(
            record.contains("delete the CNAME record msoid.contoso.example"),
            "{record}"
        );
    }
}
