//! The rules for a whole run, in their order, each with the reason why it stands where it stands.

use crate::verdict::correlate::control_host::{self, ControlHost};
use crate::verdict::correlate::{
    clock, collapse, dead_server, device, egress, issuer, limited, loopback, path, portal, proxy,
    proxy_answers, required, resolver, routes, row, sinkhole, uncontrolled,
};
use crate::verdict::effects::Effects;
use crate::verdict::known_names::KnownNames;
use crate::verdict::types::{Context, Judged};
use crate::verdict::{msoid, skipped};
use reach365_model::verdict::Finding;

/// What a rule sees: the run as the rules before it left it.
pub(super) struct WholeRun<'r, 'c, 'a> {
    context: &'r Context<'c>,
    known: &'r KnownNames,
    control_hosts: &'r [ControlHost<'c>],
    rows: &'r [Judged<'a>],
    findings: &'r [Finding],
}

/// A rule for the whole run: from what it sees to what it wants changed.
#[derive(Clone, Copy)]
pub struct RunRule {
    /// What it finds.
    pub name: &'static str,
    /// Why it stands where it stands.
    pub why_here: &'static str,
    effects: fn(&WholeRun<'_, '_, '_>) -> Effects,
}

/// Applies the rules in their order; the findings that they make, most basic first.
pub(super) fn apply(context: &Context<'_>, rows: &mut [Judged<'_>]) -> Vec<Finding> {
    let known = KnownNames::new(context, rows);
    let control_hosts = control_host::all(context);
    let mut findings = Vec::new();
    for rule in RULES {
        let effects = (rule.effects)(&WholeRun {
            context,
            known: &known,
            control_hosts: &control_hosts,
            rows,
            findings: &findings,
        });
        let ends = effects.ends;
        effects.apply(rows, &mut findings);
        if ends {
            break;
        }
    }
    findings
}

/// The order of evaluation.
pub const RULES: &[RunRule] = &[
    RunRule {
        name: "endpoints asked for over IPv6 alone",
        why_here: "first: what the machine cannot ask for is no evidence for any other rule",
        effects: |run| skipped::excuse_ipv6_only(run.context.run, run.rows),
    },
    RunRule {
        name: "sinkholes, once the genuine addresses are known",
        why_here: "an address that serves another endpoint is corrected before it counts as a failure",
        effects: |run| sinkhole::judge_again(run.context, run.rows),
    },
    RunRule {
        name: "addresses that the published list does not have",
        why_here: "needs the genuine answers, and must not accuse a resolver before DNS is judged",
        effects: |run| sinkhole::accept_unpublished_addresses(run.context, run.rows),
    },
    RunRule {
        name: "answers in clear text that repeat a proxy's refusal",
        why_here: "they are the proxy's, and would look like a captive portal further on",
        effects: |run| proxy_answers::apply(run.rows),
    },
    RunRule {
        name: "names that neither the proxy nor this machine resolves",
        why_here: "before a proxy is said to be dead for what its resolver does",
        effects: |run| proxy::apply_own_dns(run.known, run.rows),
    },
    RunRule {
        name: "private issuers that sign for several owners",
        why_here: "decides which answers are genuine, on which all later rules rest",
        effects: |run| {
            let genuine = sinkhole::genuine_addresses(run.rows);
            issuer::judge_shared_issuer(run.context, &genuine, run.rows)
        },
    },
    RunRule {
        name: "no network, or no route out of this machine",
        why_here: "nothing else can be said then, so that no rule follows",
        effects: |run| device::find(run.context, run.rows),
    },
    RunRule {
        name: "own DNS behind a proxy that serves the endpoints",
        why_here: "before any resolver is accused: the proxy looks names up",
        effects: |run| skipped::skip_dns_behind_proxy(run.known, run.rows),
    },
    RunRule {
        name: "msoid records where a resolver denies every domain",
        why_here: "beside the other DNS corrections, before findings about resolvers",
        effects: |run| msoid::doubt_denials(run.context, run.known, run.rows),
    },
    RunRule {
        name: "hosts without a route beside hosts that connect",
        why_here: "the machine has a route out: the failure is of this host alone",
        effects: |run| row::tell_routes_apart(run.rows),
    },
    RunRule {
        name: "the clock of this machine",
        why_here: "a wrong clock makes certificates look expired, so that it comes before TLS",
        effects: |run| clock::find(run.rows),
    },
    RunRule {
        name: "a proxy that refuses every host in its own words",
        why_here: "before portals: a proxy that sends every request to its sign-in page looks like one",
        effects: |run| proxy::refusing(run.rows),
    },
    RunRule {
        name: "captive portal",
        why_here: "it answers for every host, so that proxies and resolvers are not judged by its answers",
        effects: |run| portal::find(run.rows),
    },
    RunRule {
        name: "PAC scripts that give no route",
        why_here: "the fallback of a broken script is not the fault of the path that it leads to",
        effects: |run| routes::scripts(run.rows),
    },
    RunRule {
        name: "a proxy that serves some hosts and is silent for others",
        why_here: "before a proxy is called dead: one that serves others is none",
        effects: |run| proxy::excuse(run.rows),
    },
    RunRule {
        name: "a proxy that is dead, or denies a port",
        why_here: "after what the proxy itself said, before the direct path is looked at",
        effects: |run| proxy::find(run.rows),
    },
    RunRule {
        name: "proxies that clients pass over",
        why_here: "only for endpoints that no dead proxy explains",
        effects: |run| proxy::passed_over(run.rows),
    },
    RunRule {
        name: "settings that pass by a proxy that works",
        why_here: "a closed direct path is expected there, so that egress rules must not see it",
        effects: |run| routes::misled(run.rows),
    },
    RunRule {
        name: "proxy settings that disagree",
        why_here: "beside the other findings about routes; it explains no endpoint",
        effects: |run| {
            routes::disagreement(run.context, run.rows)
                .into_iter()
                .collect()
        },
    },
    RunRule {
        name: "a resolver that is dead or knows no internet name",
        why_here: "what does not resolve cannot be connected to: before the egress",
        effects: |run| resolver::find(run.context, run.known, run.rows),
    },
    RunRule {
        name: "silence of a resolver that limits bursts",
        why_here: "after the resolver's own rule, which may explain that silence",
        effects: |run| resolver::doubt_silence(run.context, run.rows),
    },
    RunRule {
        name: "a name server that is dead beside one that works",
        why_here: "beside the resolvers for the reader; it explains no endpoint",
        effects: |run| {
            dead_server::find(run.context, run.rows)
                .into_iter()
                .collect()
        },
    },
    RunRule {
        name: "egress that is closed, per port and for all ports",
        why_here: "after everything that makes a direct connection fail for another reason",
        effects: |run| egress::closed_ports(run.context, run.control_hosts, run.rows),
    },
    RunRule {
        name: "an address family that does not work",
        why_here: "after the ports: a port that is closed for both families is no matter of one",
        effects: |run| egress::ipv6(run.rows),
    },
    RunRule {
        name: "a path that is long or loses packets",
        why_here: "it explains slowness, never silence: after what is closed",
        effects: |run| path::find(run.context.run, run.rows),
    },
    RunRule {
        name: "one untrusted issuer for unrelated hosts",
        why_here: "connections were established: TLS comes after the path",
        effects: |run| issuer::untrusted(run.rows),
    },
    RunRule {
        name: "untrusted issuers with the name of a product",
        why_here: "only for what no shared issuer explains",
        effects: |run| issuer::of_products(run.context, run.rows),
    },
    RunRule {
        name: "one trusted inspection device for several hosts",
        why_here: "beside the untrusted one",
        effects: |run| issuer::trusted(run.rows),
    },
    RunRule {
        name: "one address for unrelated names",
        why_here: "only certificates that no inspection explains can show it",
        effects: |run| sinkhole::shared_address(run.rows),
    },
    RunRule {
        name: "a resolver that knows no internet name, by its addresses",
        why_here: "once more, as the rule before it may have found that DNS leads astray",
        effects: |run| resolver::find(run.context, run.known, run.rows),
    },
    RunRule {
        name: "chains that lack a certificate which another host sends",
        why_here: "confidence is raised only after every rule that changes a cause",
        effects: |run| issuer::complete_chains(run.rows),
    },
    RunRule {
        name: "connections that are slow beside the others",
        why_here: "needs the final outcome of every endpoint",
        effects: |run| row::slow_connections(run.rows),
    },
    RunRule {
        name: "failures beside a control that passed",
        why_here: "needs the final cause of every endpoint",
        effects: |run| row::strengthen(run.context, run.known, run.rows),
    },
    RunRule {
        name: "the connectivity test of Windows",
        why_here: "gives causes the name that administrators know, so that all rules above see the cause itself",
        effects: |run| row::connectivity_test(run.rows),
    },
    RunRule {
        name: "the control host that the user named",
        why_here: "its word is about causes that no rule above explains",
        effects: |run| control_host::apply(run.control_hosts, run.rows),
    },
    RunRule {
        name: "accusations beside which no control passed",
        why_here: "after every rule that finds a wider cause or a control, before equal causes are joined",
        effects: |run| {
            let (rows, findings) = (run.rows, run.findings);
            uncontrolled::withdraw(run.context, run.known, run.control_hosts, rows, findings)
        },
    },
    RunRule {
        name: "msoid records that are wrong",
        why_here: "each is a finding of its own, about a zone and not about a path",
        effects: |run| row::msoid(run.rows),
    },
    RunRule {
        name: "endpoints that must be closed",
        why_here: "their control is another endpoint that works, which is known only now",
        effects: |run| required::settle(run.context, run.known, run.rows),
    },
    RunRule {
        name: "ICMP messages that a device limits",
        why_here: "joins silence with what was said, before equal causes are joined by code alone",
        effects: |run| limited::find(run.context, run.rows),
    },
    RunRule {
        name: "one cause and one culprit for three endpoints, or for all of a kind",
        why_here: "the general case, after every rule that says more",
        effects: |run| collapse::find(run.context, run.rows, run.findings),
    },
    RunRule {
        name: "a proxy on a loopback address",
        why_here: "it concerns endpoints that answer: after every rule that withdraws an answer",
        effects: |run| loopback::find(run.context, run.rows),
    },
];
