//! Synthetic evidence: what a probe would have recorded.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use reach365::Report;
use reach365_model::Timestamp;
use reach365_model::endpoint::{
    Category, Cloud, Endpoint, Expect, Host, Inspection, Issuer, Level, MustBe, Scheme,
};
use reach365_model::evidence::{
    Attempt, Certificate, DnsAnswer, DnsRecord, DnsTry, Evidence, Failure, FailureKind, HttpSeen,
    LegacyHello, Lookup, MsoidEvidence, MsoidRecord, MsoidResolver, MsoidView, Observation,
    RecordKind, RunEvidence, TcpSeen, TlsSeen, Transport, Trust,
};
use reach365_model::report::Run;
use reach365_proxy::route::Route;
use reach365_render::redaction::redact;

/// Where test hosts live.
pub(crate) const SITE: &str = "203.0.113.10";
/// The start of every run.
pub(crate) const NOW: &str = "2026-03-01T12:00:00Z";

pub(crate) fn now() -> Timestamp {
    NOW.parse().unwrap()
}

pub(crate) fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

pub(crate) fn https(host: &str) -> Endpoint {
    Endpoint {
        id: host.to_owned(),
        host: Host::parse(host).unwrap(),
        port: 443,
        scheme: Scheme::Https,
        path: "/".to_owned(),
        groups: vec!["activation".to_owned()],
        level: Level::Required,
        purpose: "test".to_owned(),
        sets: BTreeMap::new(),
        category: Category::Default,
        inspection: Inspection::Discouraged,
        issuer: Some(Issuer::Public),
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

pub(crate) fn http(host: &str) -> Endpoint {
    Endpoint {
        port: 80,
        scheme: Scheme::Http,
        ..https(host)
    }
}

pub(crate) fn crl(host: &str) -> Endpoint {
    Endpoint {
        expect: Expect::DerCrl,
        ..http(host)
    }
}

pub(crate) fn ncsi() -> Endpoint {
    Endpoint {
        groups: vec!["ncsi".to_owned()],
        expect: Expect::Body("Microsoft Connect Test".to_owned()),
        ..http("www.msftconnecttest.com")
    }
}

/// The name by which Windows tests DNS, and the address that it was given.
pub(crate) fn windows_dns_test(address: &str) -> (Endpoint, Evidence) {
    let endpoint = Endpoint {
        groups: vec!["ncsi".to_owned()],
        dns_answer: vec![ip("131.107.255.255")],
        ..dns_row("dns.msftncsi.com")
    };
    (endpoint, resolves(address))
}

pub(crate) fn dns_row(host: &str) -> Endpoint {
    Endpoint {
        port: 53,
        scheme: Scheme::Dns,
        ..https(host)
    }
}

pub(crate) fn seen<T>(value: T, ms: f64) -> Observation<T> {
    Observation {
        at_ms: 1.0,
        elapsed_ms: ms,
        value: Some(value),
        failure: None,
    }
}

pub(crate) fn missed<T>(kind: FailureKind, ms: f64) -> Observation<T> {
    Observation {
        at_ms: 1.0,
        elapsed_ms: ms,
        value: None,
        failure: Some(failure(kind)),
    }
}

pub(crate) fn failure(kind: FailureKind) -> Failure {
    Failure {
        kind,
        detail: String::new(),
        number: None,
    }
}

fn one_try(ms: f64, kind: Option<FailureKind>) -> DnsTry {
    DnsTry {
        server: "192.0.2.53:53".parse().unwrap(),
        transport: Transport::Udp,
        at_ms: 1.0,
        elapsed_ms: ms,
        edns: None,
        resent_after_ms: None,
        queued_ms: None,
        rcode: None,
        failure: kind.map(failure),
    }
}

/// A lookup that gave addresses.
pub(crate) fn found(kind: RecordKind, addresses: &[&str]) -> Lookup {
    let record = |address: &&str| DnsRecord {
        name: "host.example".to_owned(),
        kind,
        ttl: 60,
        data: (*address).to_owned(),
    };
    let answer = DnsAnswer {
        rcode: "NOERROR".to_owned(),
        records: addresses.iter().map(record).collect(),
        ..DnsAnswer::default()
    };
    Lookup {
        name: "host.example".to_owned(),
        kind,
        outcome: seen(answer, 12.0),
        tries: vec![one_try(12.0, None)],
    }
}

/// A lookup that failed after two tries.
pub(crate) fn not_found(kind: RecordKind, why: FailureKind) -> Lookup {
    Lookup {
        name: "host.example".to_owned(),
        kind,
        outcome: missed(why, 40.0),
        tries: vec![one_try(20.0, Some(why)), one_try(20.0, Some(why))],
    }
}

/// A control lookup of a name: where it is, or how it failed.
pub(crate) fn control(name: &str, result: Result<&str, FailureKind>) -> Lookup {
    let lookup = match result {
        Ok(address) => found(RecordKind::A, &[address]),
        Err(why) => not_found(RecordKind::A, why),
    };
    Lookup {
        name: name.to_owned(),
        ..lookup
    }
}

/// An answer about the internet's root, which names these servers.
pub(crate) fn root(server: &str) -> Lookup {
    let mut lookup = control(".", Ok(server));
    lookup.kind = RecordKind::Ns;
    for record in &mut lookup.outcome.value.as_mut().unwrap().records {
        record.kind = RecordKind::Ns;
    }
    lookup
}

/// An ordinary machine whose resolver was asked for control names.
pub(crate) fn controlled(lookups: Vec<Lookup>) -> RunEvidence {
    RunEvidence {
        dns_controls: lookups,
        ..machine()
    }
}

/// The lookups of a name that has one IPv4 address.
pub(crate) fn resolves(address: &str) -> Evidence {
    Evidence {
        lookups: vec![
            found(RecordKind::A, &[address]),
            not_found(RecordKind::Aaaa, FailureKind::Nodata),
        ],
        ..Evidence::default()
    }
}

/// A name that does not resolve.
pub(crate) fn unresolved(why: FailureKind) -> Evidence {
    Evidence {
        lookups: vec![
            not_found(RecordKind::A, why),
            not_found(RecordKind::Aaaa, why),
        ],
        ..Evidence::default()
    }
}

/// Evidence with connections to one address.
pub(crate) fn with(address: &str, attempts: Vec<Attempt>) -> Evidence {
    Evidence {
        attempts,
        ..resolves(address)
    }
}

fn attempt(address: &str, port: u16, round: u32) -> Attempt {
    Attempt {
        address: SocketAddr::new(ip(address), port),
        round,
        hop: None,
        icmp: None,
        counters: None,
        tcp: seen(TcpSeen::default(), 20.0),
        proxy_tls: None,
        proxy: None,
        tls: None,
        http: None,
    }
}

/// The same kind of failure in two rounds, made by a function of the round.
pub(crate) fn twice(make: impl Fn(u32) -> Attempt) -> Vec<Attempt> {
    vec![make(1), make(2)]
}

pub(crate) fn tcp_failed(address: &str, port: u16, why: FailureKind, ms: f64) -> Vec<Attempt> {
    twice(|round| Attempt {
        tcp: missed(why, ms),
        ..attempt(address, port, round)
    })
}

/// A TLS handshake that failed, with what it had seen.
pub(crate) fn tls_failed(tls: &TlsSeen, why: &Failure) -> Vec<Attempt> {
    twice(|round| Attempt {
        tls: Some(Observation {
            failure: Some(why.clone()),
            ..seen(tls.clone(), 30.0)
        }),
        ..attempt(SITE, 443, round)
    })
}

pub(crate) fn hello_sent() -> TlsSeen {
    TlsSeen {
        bytes_sent: 173,
        ..TlsSeen::default()
    }
}

pub(crate) fn alert(number: i32, legacy: Option<LegacyHello>) -> Vec<Attempt> {
    let tls = TlsSeen {
        bytes_received: 7,
        legacy_hello: legacy,
        ..hello_sent()
    };
    let why = Failure {
        number: Some(number),
        ..failure(FailureKind::Alert)
    };
    tls_failed(&tls, &why)
}

pub(crate) fn legacy(version: Option<u16>, suite: Option<u16>, tls13: bool) -> LegacyHello {
    LegacyHello {
        version,
        cipher_suite: suite,
        alert: version.is_none().then_some(70),
        tls13: Some(tls13),
    }
}

/// A leaf that is valid now.
pub(crate) fn leaf(host: &str, issuer: &str) -> Certificate {
    Certificate {
        subject: format!("CN={host}"),
        issuer: issuer.to_owned(),
        names: vec![host.to_owned()],
        not_before: Some("2026-01-01T00:00:00Z".parse().unwrap()),
        not_after: Some("2026-12-31T00:00:00Z".parse().unwrap()),
        sha256: "ab".repeat(32),
        self_issued: false,
        authority: false,
        unreadable: None,
    }
}

pub(crate) fn intermediate(subject: &str) -> Certificate {
    Certificate {
        subject: subject.to_owned(),
        issuer: "CN=Some Root".to_owned(),
        authority: true,
        ..leaf("ca", "CN=Some Root")
    }
}

/// A finished handshake with a public chain.
pub(crate) fn public_tls(host: &str) -> TlsSeen {
    TlsSeen {
        server_name: Some(host.to_owned()),
        chain: vec![leaf(host, "CN=Public CA 1"), intermediate("CN=Public CA 1")],
        public_roots: Some(Trust::Trusted),
        os_roots: Some(Trust::Trusted),
        name_matches: Some(true),
        bytes_sent: 300,
        bytes_received: 4_000,
        ..TlsSeen::default()
    }
}

/// A finished handshake whose issuer only the system may trust.
pub(crate) fn private_tls(host: &str, issuer: &str, os: Trust) -> TlsSeen {
    TlsSeen {
        chain: vec![leaf(host, issuer), intermediate(issuer)],
        public_roots: Some(Trust::UnknownIssuer),
        os_roots: Some(os),
        ..public_tls(host)
    }
}

pub(crate) fn answer(status: u16) -> HttpSeen {
    HttpSeen {
        status,
        first_byte_ms: 40.0,
        body_complete: true,
        received: Some(now()),
        ..HttpSeen::default()
    }
}

pub(crate) fn page(status: u16, title: &str, text: &str) -> HttpSeen {
    HttpSeen {
        title: Some(title.to_owned()),
        body_text: format!("<html><head><title>{title}</title></head>{text}</html>"),
        body_bytes: 500,
        ..answer(status)
    }
}

pub(crate) fn redirect(to: &str) -> HttpSeen {
    HttpSeen {
        headers: BTreeMap::from([("location".to_owned(), to.to_owned())]),
        ..answer(302)
    }
}

/// Two rounds over TLS at an address.
pub(crate) fn over_tls(address: &str, tls: &TlsSeen, http: Option<&HttpSeen>) -> Vec<Attempt> {
    twice(|round| Attempt {
        tls: Some(seen(tls.clone(), 40.0)),
        http: http.map(|http| seen(http.clone(), 50.0)),
        ..attempt(address, 443, round)
    })
}

/// Two rounds of plain HTTP.
pub(crate) fn in_clear(address: &str, http: &HttpSeen) -> Vec<Attempt> {
    twice(|round| Attempt {
        http: Some(seen(http.clone(), 50.0)),
        ..attempt(address, 80, round)
    })
}

/// Two rounds of plain HTTP that failed, perhaps after something had come.
pub(crate) fn http_failed(http: Option<&HttpSeen>, why: FailureKind, port: u16) -> Vec<Attempt> {
    twice(|round| Attempt {
        tls: (port == 443).then(|| seen(public_tls("host.example"), 40.0)),
        http: Some(Observation {
            value: http.cloned(),
            ..missed(why, 900.0)
        }),
        ..attempt(SITE, port, round)
    })
}

/// A TLS host with a genuine answer.
pub(crate) fn healthy(host: &str, address: &str) -> (Endpoint, Evidence) {
    let attempts = over_tls(address, &public_tls(host), Some(&answer(200)));
    (https(host), with(address, attempts[..1].to_vec()))
}

/// A revocation list that comes as it should.
pub(crate) fn healthy_crl(host: &str, address: &str) -> (Endpoint, Evidence) {
    let attempts = in_clear(address, &answer(404));
    (crl(host), with(address, attempts[..1].to_vec()))
}

/// Another host on ports 443 and 80 that works.
pub(crate) fn controls() -> Vec<(Endpoint, Evidence)> {
    vec![
        healthy("control.example.org", "198.51.100.7"),
        healthy_crl("crl.example.org", "198.51.100.8"),
    ]
}

pub(crate) fn msoid(domain: &str, views: Vec<MsoidView>) -> (Endpoint, Evidence) {
    let evidence = Evidence {
        msoid: Some(MsoidEvidence {
            domain: domain.to_owned(),
            views,
            name_servers: Vec::new(),
        }),
        ..Evidence::default()
    };
    (dns_row(&format!("msoid.{domain}")), evidence)
}

pub(crate) fn view(resolver: MsoidResolver, chain: &[&str]) -> MsoidView {
    let record = if chain.is_empty() {
        MsoidRecord::Absent
    } else {
        MsoidRecord::Present
    };
    let server = match resolver {
        MsoidResolver::System => "192.0.2.53:53",
        MsoidResolver::Authoritative => "198.51.100.1:53",
        MsoidResolver::Second => "198.51.100.2:53",
    };
    MsoidView {
        resolver,
        servers: vec![server.parse().unwrap()],
        chain: chain.iter().map(|name| (*name).to_owned()).collect(),
        outcome: seen(record, 5.0),
        domain: Some(zone_head(server, resolver == MsoidResolver::Authoritative)),
        addresses: Vec::new(),
        random_label: None,
    }
}

/// The head of the zone of a domain, as a server has it.
fn zone_head(server: &str, authoritative: bool) -> Lookup {
    let mut lookup = found(RecordKind::Soa, &["ns1.contoso.example"]);
    lookup.outcome.value.as_mut().unwrap().authoritative = authoritative;
    lookup.tries[0].server = server.parse().unwrap();
    lookup
}

/// A view of a side on which the domain does not exist.
pub(crate) fn denying_view(resolver: MsoidResolver) -> MsoidView {
    let mut denying = view(resolver, &[]);
    let head = denying.domain.as_mut().unwrap();
    head.outcome = missed(FailureKind::Nxdomain, 5.0);
    denying
}

pub(crate) fn silent_view(resolver: MsoidResolver) -> MsoidView {
    MsoidView {
        outcome: missed(FailureKind::Timeout, 2_000.0),
        domain: None,
        ..view(resolver, &[])
    }
}

pub(crate) fn machine() -> RunEvidence {
    RunEvidence {
        ipv4: Some(true),
        ipv6: Some(true),
        resolvers: vec!["192.0.2.53:53".parse().unwrap()],
        resolvers_named: false,
        public_roots: 150,
        os_roots: 140,
        ..RunEvidence::default()
    }
}

/// Judges a whole run.
pub(crate) fn report(
    cloud: Cloud,
    evidence: RunEvidence,
    rows: Vec<(Endpoint, Evidence)>,
) -> Report {
    let mut run = Run::new("test".to_owned(), now(), "test".to_owned());
    run.elapsed_ms = 1_000;
    run.cloud = cloud;
    run.evidence = evidence;
    let rows = rows.into_iter();
    let direct = |(endpoint, evidence)| (endpoint, Route::direct(), evidence);
    let report = reach365::judge().report(run, rows.map(direct).collect());
    assert_is_judged_alike_without_names(&report);
    report
}

/// A redacted report accuses the same party.
fn assert_is_judged_alike_without_names(report: &Report) {
    let again = reach365::judge().again(&redact(report, reach365::builtin()).unwrap());
    let verdicts = |report: &Report| -> Vec<_> {
        let verdicts = report.endpoints.iter().map(|row| &row.verdict);
        verdicts
            .map(|it| (it.outcome, it.code(), it.consequence_of, it.confidence))
            .collect()
    };
    assert_eq!(verdicts(report), verdicts(&again));
    let findings = |report: &Report| -> Vec<_> {
        let findings = report.findings.iter();
        findings
            .map(|it| (it.code, it.outcome, it.culprit.as_ref().map(|it| it.who)))
            .collect()
    };
    assert_eq!(findings(report), findings(&again));
}

/// Judges a run on an ordinary machine.
pub(crate) fn judged(rows: Vec<(Endpoint, Evidence)>) -> Report {
    report(Cloud::Worldwide, machine(), rows)
}
