//! The rules for a whole run, in their order, each with the reason why it stands where it stands.

use crate::verdict::correlate::control_host::{self, ControlHost};
use crate::verdict::correlate::{
    clock, collapse, dead_server, device, egress, issuer, limited, loopback, path, portal, proxy,
    proxy_answers, required, resolver, routes, row, sinkhole, uncontrolled,
};
use crate::verdict::known_names::KnownNames;
use crate::verdict::types::{Context, Judged};
use crate::verdict::{msoid, skipped};
use reach365_model::verdict::Finding;

/// A run while its rules are applied.
pub(super) struct WholeRun<'r, 'c, 'a> {
    context: &'r Context<'c>,
    known: KnownNames,
    control_hosts: Vec<ControlHost<'c>>,
    rows: &'r mut [Judged<'a>],
    findings: Vec<Finding>,
    /// Set by a rule after which no other one has anything to say.
    is_explained: bool,
}

/// A rule for the whole run.
#[derive(Clone, Copy)]
pub struct RunRule {
    /// What it finds.
    pub name: &'static str,
    /// Why it stands where it stands.
    pub why_here: &'static str,
    apply: fn(&mut WholeRun<'_, '_, '_>),
}

impl<'r, 'c, 'a> WholeRun<'r, 'c, 'a> {
    pub(super) fn new(context: &'r Context<'c>, rows: &'r mut [Judged<'a>]) -> Self {
        Self {
            context,
            known: KnownNames::new(context, rows),
            control_hosts: control_host::all(context),
            rows,
            findings: Vec::new(),
            is_explained: false,
        }
    }

    /// The causes that hold for several endpoints, most basic first.
    pub(super) fn findings(mut self) -> Vec<Finding> {
        for rule in RULES {
            (rule.apply)(&mut self);
            if self.is_explained {
                break;
            }
        }
        self.findings
    }

    fn add(&mut self, found: impl IntoIterator<Item = Finding>) {
        self.findings.extend(found);
    }

    fn add_found<F: IntoIterator<Item = Finding>>(&mut self, find: impl FnOnce(&mut Self) -> F) {
        let found = find(self);
        self.add(found);
    }
}

/// The order of evaluation.
pub const RULES: &[RunRule] = &[
    RunRule {
        name: "endpoints asked for over IPv6 alone",
        why_here: "first: what the machine cannot ask for is no evidence for any other rule",
        apply: |run| skipped::excuse_ipv6_only(run.context.run, run.rows),
    },
    RunRule {
        name: "sinkholes, once the genuine addresses are known",
        why_here: "an address that serves another endpoint is corrected before it counts as a failure",
        apply: |run| sinkhole::judge_again(run.context, run.rows),
    },
    RunRule {
        name: "addresses that the published list does not have",
        why_here: "needs the genuine answers, and must not accuse a resolver before DNS is judged",
        apply: |run| sinkhole::accept_unpublished_addresses(run.context, run.rows),
    },
    RunRule {
        name: "answers in clear text that repeat a proxy's refusal",
        why_here: "they are the proxy's, and would look like a captive portal further on",
        apply: |run| proxy_answers::apply(run.rows),
    },
    RunRule {
        name: "names that neither the proxy nor this machine resolves",
        why_here: "before a proxy is said to be dead for what its resolver does",
        apply: |run| proxy::apply_own_dns(&run.known, run.rows),
    },
    RunRule {
        name: "private issuers that sign for several owners",
        why_here: "decides which answers are genuine, on which all later rules rest",
        apply: |run| {
            let genuine = sinkhole::genuine_addresses(run.rows);
            issuer::judge_shared_issuer(run.context, &genuine, run.rows);
        },
    },
    RunRule {
        name: "no network, or no route out of this machine",
        why_here: "nothing else can be said then, so that no rule follows",
        apply: |run| {
            let found = device::find(run.context, run.rows);
            run.is_explained = found.is_some();
            run.add(found);
        },
    },
    RunRule {
        name: "own DNS behind a proxy that serves the endpoints",
        why_here: "before any resolver is accused: the proxy looks names up",
        apply: |run| skipped::skip_dns_behind_proxy(&run.known, run.rows),
    },
    RunRule {
        name: "msoid records where a resolver denies every domain",
        why_here: "beside the other DNS corrections, before findings about resolvers",
        apply: |run| msoid::doubt_denials(run.context, &run.known, run.rows),
    },
    RunRule {
        name: "hosts without a route beside hosts that connect",
        why_here: "the machine has a route out: the failure is of this host alone",
        apply: |run| row::tell_routes_apart(run.rows),
    },
    RunRule {
        name: "the clock of this machine",
        why_here: "a wrong clock makes certificates look expired, so that it comes before TLS",
        apply: |run| run.add_found(|run| clock::find(run.rows)),
    },
    RunRule {
        name: "a proxy that refuses every host in its own words",
        why_here: "before portals: a proxy that sends every request to its sign-in page looks like one",
        apply: |run| run.add_found(|run| proxy::refusing(run.rows)),
    },
    RunRule {
        name: "captive portal",
        why_here: "it answers for every host, so that proxies and resolvers are not judged by its answers",
        apply: |run| run.add_found(|run| portal::find(run.rows)),
    },
    RunRule {
        name: "PAC scripts that give no route",
        why_here: "the fallback of a broken script is not the fault of the path that it leads to",
        apply: |run| run.add_found(|run| routes::scripts(run.rows)),
    },
    RunRule {
        name: "a proxy that is dead, or denies a port",
        why_here: "after what the proxy itself said, before the direct path is looked at",
        apply: |run| run.add_found(|run| proxy::find(run.rows)),
    },
    RunRule {
        name: "settings that pass by a proxy that works",
        why_here: "a closed direct path is expected there, so that egress rules must not see it",
        apply: |run| run.add_found(|run| routes::misled(run.rows)),
    },
    RunRule {
        name: "proxy settings that disagree",
        why_here: "beside the other findings about routes; it explains no endpoint",
        apply: |run| run.add_found(|run| routes::disagreement(run.context, run.rows)),
    },
    RunRule {
        name: "a resolver that is dead or knows no internet name",
        why_here: "what does not resolve cannot be connected to: before the egress",
        apply: |run| run.add_found(|run| resolver::find(run.context, &run.known, run.rows)),
    },
    RunRule {
        name: "silence of a resolver that limits bursts",
        why_here: "after the resolver's own rule, which may explain that silence",
        apply: |run| resolver::doubt_silence(run.context, run.rows),
    },
    RunRule {
        name: "a name server that is dead beside one that works",
        why_here: "beside the resolvers for the reader; it explains no endpoint",
        apply: |run| run.add_found(|run| dead_server::find(run.context, run.rows)),
    },
    RunRule {
        name: "egress that is closed, per port and for all ports",
        why_here: "after everything that makes a direct connection fail for another reason",
        apply: |run| {
            run.add_found(|run| egress::closed_ports(run.context, &run.control_hosts, run.rows));
        },
    },
    RunRule {
        name: "an address family that does not work",
        why_here: "after the ports: a port that is closed for both families is no matter of one",
        apply: |run| run.add_found(|run| egress::ipv6(run.rows)),
    },
    RunRule {
        name: "a path that is long or loses packets",
        why_here: "it explains slowness, never silence: after what is closed",
        apply: |run| run.add_found(|run| path::find(run.context.run, run.rows)),
    },
    RunRule {
        name: "one untrusted issuer for unrelated hosts",
        why_here: "connections were established: TLS comes after the path",
        apply: |run| run.add_found(|run| issuer::untrusted(run.rows)),
    },
    RunRule {
        name: "untrusted issuers with the name of a product",
        why_here: "only for what no shared issuer explains",
        apply: |run| issuer::of_products(run.context, run.rows),
    },
    RunRule {
        name: "one trusted inspection device for several hosts",
        why_here: "beside the untrusted one",
        apply: |run| run.add_found(|run| issuer::trusted(run.rows)),
    },
    RunRule {
        name: "one address for unrelated names",
        why_here: "only certificates that no inspection explains can show it",
        apply: |run| sinkhole::shared_address(run.rows),
    },
    RunRule {
        name: "a resolver that knows no internet name, by its addresses",
        why_here: "once more, as the rule before it may have found that DNS leads astray",
        apply: |run| run.add_found(|run| resolver::find(run.context, &run.known, run.rows)),
    },
    RunRule {
        name: "chains that lack a certificate which another host sends",
        why_here: "confidence is raised only after every rule that changes a cause",
        apply: |run| issuer::complete_chains(run.rows),
    },
    RunRule {
        name: "connections that are slow beside the others",
        why_here: "needs the final outcome of every endpoint",
        apply: |run| row::slow_connections(run.rows),
    },
    RunRule {
        name: "failures beside a control that passed",
        why_here: "needs the final cause of every endpoint",
        apply: |run| row::strengthen(run.context, &run.known, run.rows),
    },
    RunRule {
        name: "the connectivity test of Windows",
        why_here: "gives causes the name that administrators know, so that all rules above see the cause itself",
        apply: |run| row::connectivity_test(run.rows),
    },
    RunRule {
        name: "the control host that the user named",
        why_here: "its word is about causes that no rule above explains",
        apply: |run| control_host::apply(&run.control_hosts, run.rows),
    },
    RunRule {
        name: "accusations beside which no control passed",
        why_here: "after every rule that finds a wider cause or a control, before equal causes are joined",
        apply: |run| {
            let (rows, findings) = (&mut *run.rows, &mut run.findings);
            uncontrolled::withdraw(run.context, &run.known, &run.control_hosts, rows, findings);
        },
    },
    RunRule {
        name: "msoid records that are wrong",
        why_here: "each is a finding of its own, about a zone and not about a path",
        apply: |run| run.add_found(|run| row::msoid(run.rows)),
    },
    RunRule {
        name: "endpoints that must be closed",
        why_here: "their control is another endpoint that works, which is known only now",
        apply: |run| required::settle(run.context, &run.known, run.rows),
    },
    RunRule {
        name: "ICMP messages that a device limits",
        why_here: "joins silence with what was said, before equal causes are joined by code alone",
        apply: |run| run.add_found(|run| limited::find(run.context, run.rows)),
    },
    RunRule {
        name: "one cause and one culprit for three endpoints, or for all of a kind",
        why_here: "the general case, after every rule that says more",
        apply: |run| {
            let found = collapse::find(run.context, run.rows, &run.findings);
            run.add(found);
        },
    },
    RunRule {
        name: "a proxy on a loopback address",
        why_here: "it concerns endpoints that answer: after every rule that withdraws an answer",
        apply: |run| run.add_found(|run| loopback::find(run.context, run.rows)),
    },
];
