//! Synthetic reports: every outcome, findings, and text that can harm a terminal.

use std::collections::BTreeMap;

use reach365_model::Advice;
use reach365_model::endpoint::{
    Category, Cloud, Endpoint, Expect, Host, Inspection, Level, MustBe, Scheme,
};
use reach365_model::evidence::{
    Attempt, Evidence, Failure, FailureKind, HttpSeen, Observation, Stage, TcpSeen,
};
use reach365_model::report::{EndpointReport, Report, Run, Summary, Timings};
use reach365_model::verdict::{Basis, Code, Confidence, Culprit, Finding, Outcome, Verdict, Who};
use reach365_proxy::route::Route;

/// Everything that a server may send to deceive a reader: colors, a title change, a C1 sequence,
/// reversed text, invisible tags, markup.
pub(crate) const HOSTILE: &str = "\u{1b}[2J\u{1b}]0;owned\u{7}\u{9b}31m\u{202e}ko\u{2066}\u{e0041}\r\n<script>alert('x')</script>\u{7f}";

fn code(id: &str) -> Code {
    Code::parse(id).unwrap_or_else(|| panic!("no code {id}"))
}

/// Three of four groups in trouble, with causes for some endpoints, a finding, and hostile text.
pub(crate) fn mixed() -> Report {
    let mut report = report(mixed_rows());
    report.findings = vec![
        finding(
            "tls-intercepted-untrusted",
            Outcome::Blocked,
            Who::Inspection,
            "\"Contoso Web Gateway CA\" issued the certificates of 2 unrelated hosts, and this device does not trust it",
            &["login.microsoftonline.com", "login.windows.net"],
        ),
        finding(
            "device-clock-skew",
            Outcome::Degraded,
            Who::Device,
            "This machine's clock is 412 s ahead of 9 servers",
            &[],
        ),
    ];
    report.advice = vec![
        advice(
            "tls-intercepted-untrusted",
            "Exempt login.microsoftonline.com and login.windows.net from TLS inspection: Microsoft does not support it for them.",
        ),
        advice(
            "dns-msoid-21vianet",
            "Delete the CNAME record msoid.contoso.example at the provider of the public zone.",
        ),
        advice("device-clock-skew", &format!("Set the clock. {HOSTILE}")),
    ];
    report
}

fn mixed_rows() -> Vec<EndpointReport> {
    let intercepted = code("tls-intercepted-untrusted");
    let under_inspection = |host| row(host, "activation").follows(Outcome::Blocked, intercepted);
    vec![
        under_inspection("login.microsoftonline.com"),
        under_inspection("login.windows.net"),
        row("ols.officeapps.live.com", "activation").blocked(
            "tls-hello-reset",
            "The connection was reset right after the ClientHello, twice",
            Who::Firewall,
        ),
        row("odc.officeapps.live.com", "activation").inconclusive(
            "dns-timeout",
            "No name server answered for this name within 6 s; other names resolve",
        ),
        row("crl.microsoft.com", "activation").port_80().blocked(
            "http-block-page",
            &format!("Instead of a revocation list came a page titled \"{HOSTILE}\""),
            Who::Proxy,
        ),
        row("nexus.officeapps.live.com", "activation").degraded(
            "tcp-flaky",
            "The first connection got no answer within 5 s, the second was there in 24 ms",
            Who::Path,
        ),
        row("activation.sls.microsoft.com", "activation").reachable(),
        row("validation-v2.sls.microsoft.com", "activation").reachable(),
        row("www.msftconnecttest.com", "ncsi").port_80().reachable(),
        row("dns.msftncsi.com", "ncsi").dns().reachable(),
        row("msoid.contoso.example", "msoid").dns().blocked(
            "dns-msoid-21vianet",
            "msoid.contoso.example leads to clientconfig.partner.microsoftonline-p.net.cn, which is right for tenants in China only",
            Who::Resolver,
        ),
        row("clientconfig.passport.net", "sign-in").skipped("not needed in this cloud"),
        row(
            "a-very-long-label-that-nobody-would-choose.another-long-label.tenant.sharepoint.example",
            "sign-in",
        )
        .blocked("tcp-dropped", "No answer to the connection request", Who::Unknown),
    ]
}

/// Nothing wrong.
pub(crate) fn healthy() -> Report {
    let hosts = ["login.microsoftonline.com", "ols.officeapps.live.com"];
    let rows = hosts.map(|host| row(host, "activation").reachable());
    report(rows.to_vec())
}

/// One host in trouble, no wider cause.
pub(crate) fn one() -> Report {
    let mut rows = healthy().endpoints;
    rows.push(row("go.microsoft.com", "activation").blocked(
        "tcp-refused",
        "A reset answered the connection request, twice, on all 2 addresses",
        Who::Firewall,
    ));
    let mut report = report(rows);
    report.advice = vec![advice(
        "tcp-refused",
        "Allow TCP 443 to go.microsoft.com on the firewall.",
    )];
    report
}

/// Forty hosts in the same trouble, no wider cause.
pub(crate) fn forty() -> Report {
    let rows = (1..=40).map(|number| {
        row(&format!("host-{number}.example.net"), "content").blocked(
            "tcp-dropped",
            "No answer to the connection request within 5 s, twice, on any address",
            Who::Firewall,
        )
    });
    report(rows.collect())
}

/// No name server answers: the evidence names no party.
pub(crate) fn resolver_dead() -> Report {
    let dead = code("dns-resolver-dead");
    let row_of = |(index, group): (usize, &str)| {
        row(&format!("host-{index}.example.net"), group).follows(Outcome::Inconclusive, dead)
    };
    let groups = ["activation"; 19].into_iter().chain(["ncsi"; 3]);
    let mut report = report(groups.enumerate().map(row_of).collect());
    report.findings = vec![finding(
        "dns-resolver-dead",
        Outcome::Inconclusive,
        Who::Resolver,
        "None of the name servers 10.20.0.53 and 10.20.1.53 answers",
        &[],
    )];
    report.advice = vec![advice(
        "dns-resolver-dead",
        "Ask whoever runs 10.20.0.53 whether it is up and reachable from this network, or name another resolver with --dns.",
    )];
    report
}

/// A report of these results with counts that fit.
pub(crate) fn report(rows: Vec<EndpointReport>) -> Report {
    let count = |outcome| {
        rows.iter()
            .filter(|row| row.verdict.outcome == outcome)
            .count()
    };
    let outcome = rows.iter().map(|row| row.verdict.outcome).max();
    let outcome = outcome.unwrap_or(Outcome::Skipped);
    let mut summary = Summary::new(outcome);
    summary.reachable = count(Outcome::Reachable);
    summary.degraded = count(Outcome::Degraded);
    summary.blocked = count(Outcome::Blocked);
    summary.inconclusive = count(Outcome::Inconclusive);
    summary.skipped = count(Outcome::Skipped);
    summary.exit_code = match outcome {
        Outcome::Blocked => 1,
        Outcome::Inconclusive => 3,
        _ => 0,
    };
    let started = "2026-03-04T05:06:07Z".parse().unwrap();
    let mut run = Run::new("00000000".to_owned(), started, "linux".to_owned());
    run.elapsed_ms = 6_842;
    run.site = Some("Lyon".to_owned());
    let mut report = Report::new(run, summary);
    "0.0.0".clone_into(&mut report.tool.version);
    report.endpoints = rows;
    report
}

fn finding(id: &str, outcome: Outcome, who: Who, summary: &str, endpoints: &[&str]) -> Finding {
    let code = code(id);
    let mut finding = Finding::new(code, outcome, Confidence::High, summary.to_owned());
    finding.culprit = Some(Culprit::new(who));
    finding.endpoints = endpoints.iter().map(|&id| id.to_owned()).collect();
    finding.wrong_if = falsifier(outcome, code);
    finding
}

fn falsifier(outcome: Outcome, code: Code) -> Option<String> {
    let accuses = matches!(outcome, Outcome::Blocked | Outcome::Degraded);
    accuses.then(|| code.wrong_if().to_owned())
}

fn advice(id: &str, text: &str) -> Advice {
    Advice::new(code(id), text.to_owned())
}

/// An endpoint without results, to be completed by one of the methods of [`Row`].
pub(crate) fn row(host: &str, group: &str) -> EndpointReport {
    let verdict = Verdict::new(Outcome::Skipped, Confidence::High, String::new());
    let endpoint = endpoint(host, group);
    EndpointReport::new(endpoint, Route::direct(), verdict, Evidence::default())
}

fn endpoint(host: &str, group: &str) -> Endpoint {
    Endpoint {
        id: host.to_owned(),
        host: Host::parse(host).unwrap(),
        port: 443,
        scheme: Scheme::Https,
        path: "/".to_owned(),
        groups: vec![group.to_owned()],
        level: Level::Required,
        purpose: "Made for a test".to_owned(),
        sets: BTreeMap::new(),
        category: Category::Default,
        inspection: Inspection::Discouraged,
        issuer: None,
        issuer_stated: false,
        published_ips: false,
        ranges: Vec::new(),
        ranges_from: String::new(),
        expect: Expect::AnyGenuine,
        cname_suffixes: Vec::new(),
        dns_answer: Vec::new(),
        ipv6_only: false,
        clouds: vec![Cloud::Worldwide],
        must_be: MustBe::Reachable,
        source: String::new(),
    }
}

/// Sets the text that a result shows.
pub(crate) trait Row {
    fn port_80(self) -> Self;
    fn dns(self) -> Self;
    fn reachable(self) -> Self;
    fn skipped(self, why: &str) -> Self;
    fn inconclusive(self, id: &str, summary: &str) -> Self;
    fn degraded(self, id: &str, summary: &str, who: Who) -> Self;
    fn blocked(self, id: &str, summary: &str, who: Who) -> Self;
    fn follows(self, outcome: Outcome, cause: Code) -> Self;
}

impl Row for EndpointReport {
    fn port_80(mut self) -> Self {
        self.endpoint.port = 80;
        self.endpoint.scheme = Scheme::Http;
        self
    }

    fn dns(mut self) -> Self {
        self.endpoint.port = 53;
        self.endpoint.scheme = Scheme::Dns;
        self
    }

    fn reachable(mut self) -> Self {
        self.verdict.outcome = Outcome::Reachable;
        "A genuine answer came".clone_into(&mut self.verdict.summary);
        self.timings = {
            let mut timings = Timings::default();
            timings.dns_ms = Some(11.6);
            timings.tcp_ms = Some(24.2);
            timings.proxy_ms = None;
            timings.tls_ms = Some(49.1);
            timings.http_ms = Some(31.4);
            timings.total_ms = 116.3;
            timings
        };
        self
    }

    fn skipped(mut self, why: &str) -> Self {
        why.clone_into(&mut self.verdict.summary);
        self
    }

    fn inconclusive(self, id: &str, summary: &str) -> Self {
        judged(self, Outcome::Inconclusive, id, summary, None)
    }

    fn degraded(self, id: &str, summary: &str, who: Who) -> Self {
        judged(self, Outcome::Degraded, id, summary, Some(who))
    }

    fn blocked(self, id: &str, summary: &str, who: Who) -> Self {
        judged(self, Outcome::Blocked, id, summary, Some(who))
    }

    fn follows(mut self, outcome: Outcome, cause: Code) -> Self {
        self.verdict.outcome = outcome;
        self.verdict.stage = Some(cause.stage());
        self.verdict.basis = Basis::new(cause.into());
        self.verdict.consequence_of = Some(cause);
        self.verdict.wrong_if = falsifier(outcome, cause);
        self
    }
}

fn judged(
    mut row: EndpointReport,
    outcome: Outcome,
    id: &str,
    summary: &str,
    who: Option<Who>,
) -> EndpointReport {
    let code = code(id);
    row.verdict.outcome = outcome;
    row.verdict.stage = Some(code.stage());
    row.verdict.wrong_if = falsifier(outcome, code);
    row.verdict.confidence = Confidence::Medium;
    row.verdict.culprit = who.map(|who| {
        let mut culprit = Culprit::new(who);
        culprit.address = (who == Who::Firewall).then(|| "10.20.0.1".parse().unwrap());
        culprit
    });
    summary.clone_into(&mut row.verdict.summary);
    let facts = BTreeMap::from([("page-title".to_owned(), HOSTILE.into())]);
    row.verdict.basis = Basis::from_saved(Some(code), facts);
    row.evidence = evidence(code.stage());
    row
}

fn evidence(stage: Stage) -> Evidence {
    let reset = Failure {
        kind: FailureKind::Reset,
        detail: "connection reset by peer".to_owned(),
        number: Some(104),
    };
    Evidence {
        attempts: vec![Attempt {
            address: "192.0.2.7:443".parse().unwrap(),
            round: 1,
            hop: None,
            icmp: None,
            counters: None,
            tcp: Observation {
                at_ms: 12.0,
                elapsed_ms: 24.0,
                value: Some(TcpSeen::default()),
                failure: None,
            },
            proxy_tls: None,
            proxy: None,
            tls: None,
            http: Some(Observation {
                at_ms: 90.0,
                elapsed_ms: 31.0,
                value: Some(HttpSeen {
                    status: 403,
                    body_text: HOSTILE.to_owned(),
                    ..HttpSeen::default()
                }),
                failure: (stage == Stage::Tls).then_some(reset),
            }),
        }],
        ..Evidence::default()
    }
}
