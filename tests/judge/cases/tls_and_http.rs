//! Cases from the TLS stage on.

use reach365_model::endpoint::{Endpoint, Expect, Inspection, MustBe};
use reach365_model::evidence::{CrlSeen, FailureKind, HttpSeen, TlsSeen, Trust};
use reach365_model::verdict::{Code, Confidence, Outcome, Who};

use super::{Case, at_site, host, row};
use crate::bench::*;

const NAME: &str = "host.example";

pub(super) fn all() -> Vec<Case> {
    let groups = [
        tls(),
        trusted(),
        untrusted(),
        in_place(),
        exchanges(),
        content(),
        windows(),
        forbidden(),
    ];
    groups.into_iter().flatten().collect()
}

fn forbidden() -> Vec<Case> {
    let (endpoint, evidence) = healthy(NAME, SITE);
    let endpoint = Endpoint {
        must_be: MustBe::Blocked,
        ..endpoint
    };
    let open = (endpoint, evidence);
    vec![row(Code::PolicyOpen, Confidence::Certain, open, controls())]
}

fn tls() -> Vec<Case> {
    use Confidence::{Certain, High};
    let fails = |code, sure, attempts| row(code, sure, (host(), at_site(attempts)), controls());
    let unsent = TlsSeen::default();
    let clear = TlsSeen {
        first_bytes: Some("HTTP/1.1 403 Forbidden".to_owned()),
        bytes_received: 66,
        ..hello_sent()
    };
    let no_common = fails(
        Code::TlsNoCommonCipher,
        Certain,
        alert(40, Some(legacy(Some(0x0303), Some(0xc013), false))),
    );
    vec![
        fails(
            Code::TlsHelloReset,
            High,
            tls_failed(&hello_sent(), &failure(FailureKind::Reset)),
        ),
        fails(
            Code::TlsSilent,
            High,
            tls_failed(&hello_sent(), &failure(FailureKind::Timeout)),
        ),
        fails(
            Code::TlsClosed,
            High,
            tls_failed(&unsent, &failure(FailureKind::Closed)),
        ),
        fails(
            Code::TlsVersionTooOld,
            Certain,
            alert(70, Some(legacy(Some(0x0301), Some(0x2f), false))),
        ),
        fails(
            Code::TlsVersionTooOld,
            Certain,
            tls_failed(&hello_sent(), &failure(FailureKind::OldTls)),
        ),
        fails(
            Code::TlsVersionTooNew,
            Certain,
            alert(70, Some(legacy(None, None, true))),
        ),
        no_common,
        fails(
            Code::TlsAlert,
            Certain,
            alert(112, Some(legacy(None, None, false))),
        ),
        fails(Code::TlsAlert, Certain, alert(49, None)),
        fails(
            Code::TlsPlaintext,
            Certain,
            tls_failed(&clear, &failure(FailureKind::Plaintext)),
        ),
    ]
}

fn shows(code: Code, sure: Confidence, endpoint: Endpoint, tls: &TlsSeen) -> Case {
    let attempts = over_tls(SITE, tls, Some(&answer(200)));
    row(code, sure, (endpoint, at_site(attempts)), controls())
}

fn unknown(host: &str) -> TlsSeen {
    private_tls(host, "CN=Odd CA", Trust::UnknownIssuer)
}

fn trusted() -> Vec<Case> {
    use Confidence::Certain;
    let forbidden = Endpoint {
        inspection: Inspection::Forbidden,
        ..host()
    };
    let inspected = private_tls(NAME, "CN=Corp Proxy CA", Trust::Trusted);
    let mut expired = public_tls(NAME);
    expired.chain[0].not_after = Some("2026-02-01T00:00:00Z".parse().unwrap());
    let mut early = public_tls(NAME);
    early.chain[0].not_before = Some("2026-04-01T00:00:00Z".parse().unwrap());
    let mut foreign = public_tls(NAME);
    foreign.name_matches = Some(false);
    foreign.chain[0].names = vec!["portal.test".to_owned()];
    let mut subject_only = public_tls(NAME);
    subject_only.name_matches = Some(false);
    subject_only.chain[0].names.clear();
    subject_only.chain[0].subject = format!("CN={NAME}");
    vec![
        shows(Code::TlsIntercepted, Certain, forbidden, &inspected),
        shows(Code::TlsIntercepted, Certain, host(), &inspected)
            .but(Outcome::Degraded, Who::Inspection),
        shows(Code::TlsExpired, Certain, host(), &expired),
        shows(Code::TlsNotYetValid, Certain, host(), &early),
        shows(Code::TlsWrongName, Certain, host(), &foreign),
        shows(Code::TlsNoSan, Certain, host(), &subject_only),
    ]
}

fn untrusted() -> Vec<Case> {
    use Confidence::{Certain, Medium};
    let mut own = unknown(NAME);
    own.chain.truncate(1);
    own.chain[0].self_issued = true;
    own.public_roots = Some(Trust::Refused("CaUsedAsEndEntity".to_owned()));
    let mut lone = unknown(NAME);
    lone.chain.truncate(1);
    let address = "203.0.113.11";
    let other = over_tls(address, &unknown("other.test"), None);
    vec![
        shows(Code::TlsUntrustedIssuer, Certain, host(), &unknown(NAME)),
        row(
            Code::TlsInterceptedUntrusted,
            Certain,
            (host(), at_site(over_tls(SITE, &unknown(NAME), None))),
            vec![(https("other.test"), with(address, other))],
        ),
        shows(Code::TlsSelfSigned, Certain, host(), &own),
        shows(Code::TlsIncompleteChain, Medium, host(), &lone),
    ]
}

fn secure(code: Code, sure: Confidence, endpoint: Endpoint, http: &HttpSeen) -> Case {
    let attempts = over_tls(SITE, &public_tls(NAME), Some(http));
    row(code, sure, (endpoint, at_site(attempts)), controls())
}

fn clear(code: Code, sure: Confidence, endpoint: Endpoint, http: &HttpSeen) -> Case {
    let attempts = in_clear(SITE, http);
    row(code, sure, (endpoint, at_site(attempts)), controls())
}

fn broken(code: Code, kind: FailureKind) -> Case {
    let attempts = http_failed(None, kind, 443);
    row(
        code,
        Confidence::High,
        (host(), at_site(attempts)),
        controls(),
    )
}

fn in_place() -> Vec<Case> {
    use Confidence::{Certain, High, Low};
    let inspected = private_tls(NAME, "CN=Corp Proxy CA", Trust::Trusted);
    let blocked = page(
        403,
        "Web Page Blocked",
        "URL category: unknown. Contact your administrator.",
    );
    let behind = (host(), at_site(over_tls(SITE, &inspected, Some(&blocked))));
    let denied = page(200, "Access Denied", "by policy");
    let portal = redirect("http://portal.test/login");
    vec![
        clear(Code::HttpBlockPage, Certain, crl(NAME), &denied),
        clear(
            Code::HttpBlockPage,
            High,
            crl(NAME),
            &page(403, "Sorry", "no"),
        ),
        row(Code::HttpBlockPage, Certain, behind, controls())
            .but(Outcome::Blocked, Who::Inspection),
        clear(Code::HttpCaptivePortal, Certain, http(NAME), &answer(511)),
        clear(Code::HttpUnexpectedRedirect, Certain, crl(NAME), &portal),
        clear(Code::HttpUnexpectedRedirect, Low, http(NAME), &portal)
            .but(Outcome::Degraded, Who::Unknown),
    ]
}

fn exchanges() -> Vec<Case> {
    use Confidence::{Certain, Medium};
    let slow = HttpSeen {
        first_byte_ms: 4_000.0,
        ..answer(200)
    };
    let exact = Endpoint {
        expect: Expect::Status(vec![200]),
        ..host()
    };
    vec![
        broken(Code::HttpSilent, FailureKind::Timeout),
        broken(Code::HttpClosed, FailureKind::Reset),
        broken(Code::HttpMalformed, FailureKind::Malformed),
        broken(Code::HttpMalformed, FailureKind::TooLarge),
        secure(Code::HttpSlow, Medium, host(), &slow),
        secure(Code::HttpServiceError, Certain, host(), &answer(503)),
        clear(Code::HttpServiceError, Medium, crl(NAME), &answer(503))
            .but(Outcome::Inconclusive, Who::Unknown),
        secure(Code::HttpRateLimited, Certain, host(), &answer(429)),
        secure(Code::HttpUnexpectedStatus, Certain, exact, &answer(404)),
    ]
}

fn content() -> Vec<Case> {
    use Confidence::Certain;
    let name = "host.example";
    let clear = |code, endpoint: Endpoint, http: &HttpSeen| {
        row(
            code,
            Certain,
            (endpoint, at_site(in_clear(SITE, http))),
            controls(),
        )
    };
    let old = HttpSeen {
        crl: Some(CrlSeen {
            valid: true,
            issuer: None,
            next_update: Some("2026-02-01T00:00:00Z".parse().unwrap()),
        }),
        ..answer(200)
    };
    let text = Endpoint {
        expect: Expect::Body("hello".to_owned()),
        ..http(name)
    };
    let json = Endpoint {
        expect: Expect::JsonKey("issuer".to_owned()),
        ..http(name)
    };
    let cut = HttpSeen {
        announced_length: Some(1_000),
        body_bytes: 400,
        body_complete: false,
        ..answer(200)
    };
    let truncated = at_site(http_failed(Some(&cut), FailureKind::Closed, 80));
    vec![
        clear(
            Code::ContentNotCrl,
            crl(name),
            &page(200, "Welcome", "hello"),
        ),
        clear(Code::ContentCrlExpired, crl(name), &old),
        clear(Code::ContentMismatch, text, &page(200, "Other", "text")),
        clear(Code::ContentMismatch, json, &page(200, "Other", "text")),
        row(
            Code::ContentTruncated,
            Certain,
            (crl(name), truncated),
            controls(),
        ),
    ]
}

fn windows() -> Vec<Case> {
    use Confidence::{Certain, High};
    let dropped = tcp_failed(SITE, 80, FailureKind::Timeout, 5000.0);
    let name = Endpoint {
        groups: vec!["ncsi".to_owned()],
        dns_answer: vec![ip("131.107.255.255")],
        ..dns_row("dns.msftncsi.com")
    };
    vec![
        row(
            Code::NcsiBlocked,
            High,
            (ncsi(), at_site(dropped)),
            controls(),
        )
        .but(Outcome::Blocked, Who::Firewall),
        row(
            Code::NcsiWrongContent,
            Certain,
            (ncsi(), at_site(in_clear(SITE, &page(200, "Blocked", "x")))),
            controls(),
        ),
        row(
            Code::NcsiWrongContent,
            Certain,
            (ncsi(), at_site(in_clear(SITE, &answer(200)))),
            controls(),
        ),
        row(
            Code::NcsiDnsWrong,
            Certain,
            (name, resolves("10.0.0.1")),
            controls(),
        ),
    ]
}

#[test]
fn a_revocation_list_says_whose_it_is_and_until_when() {
    for (due, code) in [
        ("2026-04-01T00:00:00Z", None),
        ("2026-02-01T00:00:00Z", Some(Code::ContentCrlExpired)),
    ] {
        let list = HttpSeen {
            crl: Some(CrlSeen {
                valid: true,
                issuer: Some("CN=Some Root".to_owned()),
                next_update: Some(due.parse().unwrap()),
            }),
            ..answer(200)
        };
        let report = judged(vec![(crl(NAME), at_site(in_clear(SITE, &list)))]);
        let verdict = &report.endpoints[0].verdict;
        assert_eq!(verdict.code(), code);
        assert_eq!(verdict.facts()["crl_issuer"], "CN=Some Root");
        assert_eq!(verdict.facts()["next_update"], due);
    }
}

/// A responder asked without a request answers with an error of its own: that is an answer.
#[test]
fn a_responder_for_certificates_is_reachable_with_any_answer_of_its_own() {
    for status in [200, 400, 404, 405] {
        let report = judged(vec![(http(NAME), at_site(in_clear(SITE, &answer(status))))]);
        assert_eq!(
            report.endpoints[0].verdict.outcome,
            Outcome::Reachable,
            "{status}"
        );
    }
}
