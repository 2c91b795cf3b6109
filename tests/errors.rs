//! Error numbers: how they are read, what they mean, and how they relate to a report.
//!
//! `UPDATE_DOCS=1 cargo test --test errors` writes `docs/errors.md` anew.

#![allow(clippy::unwrap_used, reason = "a test may stop at a surprise")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use reach365::Report;
use reach365_judge::remedy::{ActivationError, Family, Network, NoActivationError, Provenance};
use reach365_model::evidence::Stage::{self, Content, Dns, Http, Proxy, Route, Tcp, Tls};
use reach365_model::verdict::{Basis, Code, Outcome};
use reach365_render::formats::{self as render, TextStyle};

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/errors.md");
const EVERY: &[Stage] = &[Dns, Tcp, Proxy, Tls, Http];

fn read(text: &str) -> ActivationError {
    ActivationError::parse(text).unwrap_or_else(|problem| panic!("{text}: {problem}"))
}

const HEAD: &str = "\n| number | name | meaning | network | stages | codes | source |\n|---|---|---|---|---|---|---|\n";

/// Input, canonical form, family, network, stages.
type Case = (
    &'static str,
    &'static str,
    Family,
    Network,
    &'static [Stage],
);

#[rustfmt::skip]
const CASES: &[Case] = &[
    ("0xCAA82EE7", "0xCAA82EE7", Family::Internet, Network::Yes, &[Dns]),
    ("0xcaa82ee7", "0xCAA82EE7", Family::Internet, Network::Yes, &[Dns]),
    ("CAA82EE7", "0xCAA82EE7", Family::Internet, Network::Yes, &[Dns]),
    ("caa82ee7", "0xCAA82EE7", Family::Internet, Network::Yes, &[Dns]),
    ("3400019687", "0xCAA82EE7", Family::Internet, Network::Yes, &[Dns]),
    ("-894947609", "0xCAA82EE7", Family::Internet, Network::Yes, &[Dns]),
    (" 0xCAA82EE7\n", "0xCAA82EE7", Family::Internet, Network::Yes, &[Dns]),
    ("[0xCAA82EE7]", "0xCAA82EE7", Family::Internet, Network::Yes, &[Dns]),
    ("(0xCAA82EE7).", "0xCAA82EE7", Family::Internet, Network::Yes, &[Dns]),
    ("error code: 0xCAA82EE7", "0xCAA82EE7", Family::Internet, Network::Yes, &[Dns]),
    ("Error Code CAA82EE7", "0xCAA82EE7", Family::Internet, Network::Yes, &[Dns]),
    ("ERROR: [0xCAA82EE7]", "0xCAA82EE7", Family::Internet, Network::Yes, &[Dns]),
    ("0xCAA82EE7: the server name could not be resolved", "0xCAA82EE7", Family::Internet, Network::Yes, &[Dns]),
    ("0xFFFFFFFFCAA82EE7", "0xCAA82EE7", Family::Internet, Network::Yes, &[Dns]),
    ("0X00000000CAA82EE7", "0xCAA82EE7", Family::Internet, Network::Yes, &[Dns]),
    ("0XCAA80000", "0xCAA80000", Family::Internet, Network::Yes, EVERY),
    ("0xCAA82EE2", "0xCAA82EE2", Family::Internet, Network::Yes, EVERY),
    ("0xCAA82EFD", "0xCAA82EFD", Family::Internet, Network::Yes, &[Tcp, Proxy]),
    ("0xCAA82EFE", "0xCAA82EFE", Family::Internet, Network::Yes, &[Tls, Http, Proxy]),
    ("0xCAA82F05", "0xCAA82F05", Family::Internet, Network::Often, &[Tls]),
    ("0xCAA82F06", "0xCAA82F06", Family::Internet, Network::Often, &[Tls]),
    ("0xCAA82F0D", "0xCAA82F0D", Family::Internet, Network::Often, &[Tls]),
    ("0xCAA82F19", "0xCAA82F19", Family::Internet, Network::Yes, &[Dns, Tcp, Proxy, Http, Content]),
    ("0xCAA82F78", "0xCAA82F78", Family::Internet, Network::Often, &[Http, Proxy]),
    ("0xCAA82F7D", "0xCAA82F7D", Family::Internet, Network::Often, &[Tls]),
    ("0xCAA82F86", "0xCAA82F86", Family::Internet, Network::Yes, &[Route]),
    ("0xCAA82F87", "0xCAA82F87", Family::Internet, Network::Yes, &[Route]),
    ("0xCAA82F8F", "0xCAA82F8F", Family::Internet, Network::Often, &[Tls]),
    ("0xCAA82F94", "0xCAA82F94", Family::Internet, Network::Sometimes, &[Route]),
    ("0xCAA82EE9", "0xCAA82EE9", Family::Internet, Network::No, &[]),
    ("0xCAA8FFFF", "0xCAA8FFFF", Family::Internet, Network::Yes, EVERY),
    ("0x80072EE7", "0x80072EE7", Family::WinHttp, Network::Yes, &[Dns]),
    ("12007", "0x80072EE7", Family::WinHttp, Network::Yes, &[Dns]),
    ("0x2EE7", "0x80072EE7", Family::WinHttp, Network::Yes, &[Dns]),
    ("error 12029", "0x80072EFD", Family::WinHttp, Network::Yes, &[Tcp, Proxy]),
    ("0x80072efd", "0x80072EFD", Family::WinHttp, Network::Yes, &[Tcp, Proxy]),
    ("-2147012721", "0x80072F8F", Family::WinHttp, Network::Often, &[Tls]),
    ("12190", "0x80072F9E", Family::WinHttp, Network::Often, EVERY),
    ("0xCAA30197", "0xCAA30197", Family::HttpStatus, Network::Yes, &[Proxy]),
    ("0xCAA30193", "0xCAA30193", Family::HttpStatus, Network::Often, &[Proxy, Http]),
    ("0xCAA30194", "0xCAA30194", Family::HttpStatus, Network::Sometimes, &[Http]),
    ("0xCAA3012C", "0xCAA3012C", Family::HttpStatus, Network::Often, &[Http]),
    ("0xCAA301F7", "0xCAA301F7", Family::HttpStatus, Network::Often, &[Proxy, Http]),
    ("0xCAA301FF", "0xCAA301FF", Family::HttpStatus, Network::Yes, &[Http]),
    ("0xCAA30001", "0xCAA30001", Family::HttpStatus, Network::Often, &[Proxy, Http]),
    ("0x0AA300C8", "0x0AA300C8", Family::HttpStatus, Network::No, &[]),
    ("0xCAA70007", "0xCAA70007", Family::Download, Network::Yes, &[Tcp, Proxy, Tls, Http]),
    ("CAA70004", "0xCAA70004", Family::Download, Network::Yes, &[Dns, Proxy]),
    ("0xCAA70010", "0xCAA70010", Family::Download, Network::Often, &[Tls]),
    ("0xCAA70099", "0xCAA70099", Family::Download, Network::Yes, EVERY),
    ("CAA50021", "0xCAA50021", Family::System, Network::No, &[]),
    ("-895156191", "0xCAA50021", Family::System, Network::No, &[]),
    ("0xCAA5001C", "0xCAA5001C", Family::System, Network::No, &[]),
    ("0xCAA10001", "0xCAA10001", Family::Usage, Network::No, &[]),
    ("0xCAA20003", "0xCAA20003", Family::OAuth, Network::No, &[]),
    ("0xCAA40001", "0xCAA40001", Family::Cache, Network::No, &[]),
    ("0xCAA60007", "0xCAA60007", Family::Json, Network::Sometimes, &[Http, Content]),
    ("3400073959", "0xCAA902E7", Family::Federation, Network::Sometimes, &[Http, Content]),
    ("0xCAA9002C", "0xCAA9002C", Family::Federation, Network::Sometimes, &[Http, Content]),
    ("0x4AA90008", "0x4AA90008", Family::Federation, Network::No, &[]),
    ("0x8AA90021", "0x8AA90021", Family::Federation, Network::No, &[]),
    ("0xCAAA0001", "0xCAAA0001", Family::Internal, Network::Sometimes, &[Http, Content]),
    ("0x102", "0x102", Family::Win32, Network::Yes, &[Tcp, Proxy, Tls, Http]),
    ("0x80070102", "0x80070102", Family::Win32, Network::Yes, &[Tcp, Proxy, Tls, Http]),
    ("0x8007000d", "0x8007000D", Family::Win32, Network::Often, &[Http, Content, Proxy]),
    ("-2147024809", "0x80070057", Family::Win32, Network::No, &[]),
    ("0x80070164", "0x80070164", Family::Win32, Network::No, &[]),
    ("0x80070005", "0x80070005", Family::Win32, Network::No, &[]),
    ("0x80070643", "0x80070643", Family::Win32, Network::Unknown, &[]),
    ("0x801c001d", "0x801C001D", Family::Registration, Network::Sometimes, &[]),
    ("-2145648607", "0x801C0021", Family::Registration, Network::Often, EVERY),
    ("0xc000023c", "0xC000023C", Family::NtStatus, Network::Often, EVERY),
    ("0xC0000005", "0xC0000005", Family::NtStatus, Network::No, &[]),
    ("0xC0000374", "0xC0000374", Family::NtStatus, Network::Unknown, &[]),
    ("0x80290407", "0x80290407", Family::Tpm, Network::No, &[]),
    ("0xC0280036", "0xC0280036", Family::Tpm, Network::No, &[]),
    ("0x80090016", "0x80090016", Family::Tpm, Network::No, &[]),
    ("0x80090325", "0x80090325", Family::Security, Network::Often, &[Tls]),
    ("0x80092013", "0x80092013", Family::Security, Network::Yes, &[Dns, Tcp, Proxy, Http, Content]),
    ("0x8004FE33", "0x8004FE33", Family::Single, Network::Yes, &[Proxy]),
    ("0x803D0014", "0x803D0014", Family::Single, Network::No, &[]),
    ("0x8004FC12", "0x8004FC12", Family::Single, Network::Often, EVERY),
    ("0x80048823", "0x80048823", Family::Single, Network::No, &[]),
    ("0xC0F10005", "0xC0F10005", Family::Single, Network::No, &[]),
    ("0x80240034", "0x80240034", Family::OtherProduct, Network::Unknown, &[]),
    ("0xC004F074", "0xC004F074", Family::Licensing, Network::Unknown, &[]),
    ("AADSTS50126", "AADSTS50126", Family::SignIn, Network::No, &[]),
    ("aadsts50126: Error validating credentials.", "AADSTS50126", Family::SignIn, Network::No, &[]),
    ("error code: AADSTS9002313", "AADSTS9002313", Family::SignIn, Network::No, &[]),
    ("AADSTS50076", "AADSTS50076", Family::SignIn, Network::No, &[]),
];

#[test]
fn numbers_are_read_and_placed() {
    for (input, text, family, network, stages) in CASES {
        let error = read(input);
        assert_eq!(error.text(), *text, "{input}");
        assert_eq!(error.family(), *family, "{input}");
        assert_eq!(error.network(), *network, "{input}");
        assert_eq!(error.stages(), *stages, "{input}");
    }
}

#[test]
fn each_kind_of_knowledge_says_where_it_comes_from() {
    let cases = [
        ("0xCAA82EE7", Provenance::Withdrawn2020),
        ("0xCAA82EE2", Provenance::Documented),
        ("0xCAA50021", Provenance::Documented),
        ("0x80072EE7", Provenance::Documented),
        ("0x80072EE9", Provenance::Rule),
        ("0xCAA902E7", Provenance::Rule),
        ("AADSTS50076", Provenance::Rule),
        ("AADSTS50155", Provenance::Documented),
        ("0x8004FC12", Provenance::Reported),
        ("0x80048823", Provenance::Reported),
        ("0x80070005", Provenance::Structure),
        ("0x80240034", Provenance::Structure),
    ];
    for (input, provenance) in cases {
        assert_eq!(read(input).provenance(), provenance, "{input}");
    }
    assert_eq!(
        Provenance::Withdrawn2020.to_string(),
        "documented by Microsoft in 2020, withdrawn the same year"
    );
}

#[test]
fn constants_are_those_of_microsoft() {
    let cases = [
        ("0xCAA70007", Some("ERROR_INET_DOWNLOAD_FAILURE")),
        (
            "0xCAA82F19",
            Some("ERROR_ADAL_INTERNET_SEC_CERT_REV_FAILED"),
        ),
        ("12007", Some("ERROR_WINHTTP_NAME_NOT_RESOLVED")),
        ("0xC00000BE", Some("STATUS_BAD_NETWORK_PATH")),
        ("0x102", Some("WAIT_TIMEOUT")),
        ("0xCAA50021", None),
        ("AADSTS50126", None),
    ];
    for (input, name) in cases {
        assert_eq!(read(input).name(), name, "{input}");
    }
}

#[test]
fn what_has_no_form_is_refused() {
    let wrong = [
        "",
        " ",
        "0x",
        "0xZZ",
        "0x1CAA82EE72",
        "CAA5002",
        "CAA50021G",
        "-",
        "--1",
        "-2147483649",
        "4294967296",
        "99999999999999999999999",
        "AADSTS",
        "AADSTS12",
        "AADSTS50x26",
        "AADSTS1234567890",
        "0xCAA50021 0xCAA70007",
        "0x801c0021/0x80072ee2",
        "tcp-dropped",
        "error code:",
        "\u{202e}0xCAA50021",
        "٣٤",
        "0xCAA5002\u{e9}",
        "12007.5",
    ];
    for text in wrong {
        let problem = ActivationError::parse(text).unwrap_err();
        assert!(
            matches!(problem, NoActivationError::Form(_)),
            "{text}: {problem:?}"
        );
        let words = problem.to_string();
        assert!(
            words.contains("AADSTS50126") && words.contains("0xCAA82EE7"),
            "{words}"
        );
        assert!(!words.contains('\u{202e}'), "{words}");
    }
}

#[test]
fn numbers_of_nobody_are_not_explained() {
    for text in [
        "0",
        "0x0",
        "0xDEADBEEF",
        "0x8004ABCD",
        "0xCAAB0001",
        "0xCAA00001",
        "0xDAA82EE7",
        "0x12345678",
    ] {
        let problem = ActivationError::parse(text).unwrap_err();
        assert!(
            matches!(problem, NoActivationError::Unknown(_)),
            "{text}: {problem:?}"
        );
    }
}

#[test]
fn doubtful_digits_are_shown_in_both_readings() {
    let cases = [
        ("258", "0x258 (unknown)", "0x102 (WAIT_TIMEOUT)"),
        (
            "80070102",
            "0x80070102 (WAIT_TIMEOUT)",
            "0x04C5C5D6 (unknown)",
        ),
        ("12191", "0x00012191 (unknown)", "0x2F9F (unknown)"),
        ("50126", "0x00050126 (unknown)", "AADSTS50126"),
    ];
    for (text, one, other) in cases {
        let problem = ActivationError::parse(text).unwrap_err();
        assert!(
            matches!(problem, NoActivationError::Ambiguous { .. }),
            "{text}: {problem:?}"
        );
        let words = problem.to_string();
        assert!(words.contains(one) && words.contains(other), "{words}");
    }
}

/// A generator of its own, so that a failure can be repeated.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.roll() % limit as u64) as usize
    }
}

#[test]
fn no_text_makes_the_parser_panic_and_what_is_read_is_read_again() {
    const PIECES: [&str; 24] = [
        "0x",
        "0X",
        "CAA",
        "AADSTS",
        "aadsts",
        "-",
        "error code: ",
        "code",
        "(",
        "]",
        ":",
        " ",
        "8007",
        "2EE7",
        "12007",
        "f",
        "F",
        "0",
        "é",
        "\u{202e}",
        "\0",
        "漢",
        "9999999999",
        "x",
    ];
    let mut dice = Dice(0x5EED_0365);
    for _ in 0..50_000 {
        let length = dice.below(7);
        let text: String = (0..length)
            .map(|_| PIECES[dice.below(PIECES.len())])
            .collect();
        match ActivationError::parse(&text) {
            Ok(error) => assert_eq!(read(&error.to_string()), error, "{text:?}"),
            Err(problem) => assert!(!problem.to_string().is_empty(), "{text:?}"),
        }
    }
}

#[test]
fn every_number_reads_the_same_in_every_form() {
    let mut dice = Dice(0x0365_5EED);
    let random = (0..20_000).map(|_| dice.roll() as u32);
    let families = (0..20_000_u32).map(|low| 0xCAA0_0000 | low << 8 | low & 0xFF);
    let mut known = 0;
    for number in random.chain(families) {
        let Ok(error) = ActivationError::parse(&format!("0x{number:X}")) else {
            continue;
        };
        known += 1;
        assert_eq!(read(&error.text()), error);
        let signed = number.cast_signed();
        if signed < 0 {
            assert_eq!(read(&signed.to_string()), error);
            assert_eq!(read(&number.to_string()), error);
        }
        assert!(
            !error.means().contains('{') && !error.rule().contains('{'),
            "{error}"
        );
    }
    assert!(known > 1_000, "{known}");
}

#[test]
fn every_listed_number_is_whole() {
    let all = ActivationError::all();
    assert!(all.len() > 380, "{}", all.len());
    for error in all {
        assert_eq!(read(&error.text()), error);
        let means = error.means();
        assert!(means.ends_with('.') && means.len() > 10, "{error}: {means}");
        assert!(means.chars().count() <= 180, "{error}: {means}");
        for code in error.codes() {
            assert_eq!(Code::parse(code.id()), Some(code), "{error}");
        }
        let unique: BTreeSet<_> = error.codes().into_iter().collect();
        assert_eq!(
            unique.len(),
            error.codes().len(),
            "{error} names a code twice"
        );
        if error.network() == Network::No {
            assert!(
                error.codes().is_empty() && error.stages().is_empty(),
                "{error}"
            );
        }
        if matches!(error.network(), Network::Yes | Network::Often) {
            assert!(!error.stages().is_empty(), "{error}");
        }
        assert_ne!(error.provenance(), Provenance::Rule, "{error}");
    }
}

fn explained(error: &str, report: Option<&Report>) -> String {
    let mut style = TextStyle::default();
    style.width = 80;
    style.color = false;
    style.unicode = true;
    let mut out = Vec::new();
    render::explain_error(read(error), report, None, &style, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn an_explanation_fits_a_page() {
    for error in ActivationError::all() {
        let text = explained(&error.text(), None);
        for part in [error.text().as_str(), "network", "rule", "source", "run"] {
            assert!(text.contains(part), "{error} lacks {part}:\n{text}");
        }
        assert!(
            text.lines().all(|line| line.chars().count() <= 80),
            "{text}"
        );
        assert!(text.lines().count() <= 28, "{text}");
    }
}

fn in_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The saved report with one endpoint made to fail as told.
fn report(host: &str, port: u16, group: &str, code: Code) -> Report {
    let text = std::fs::read_to_string("examples/saved_report.json").unwrap();
    let mut report = Report::from_json(&text).unwrap();
    report.findings.clear();
    for row in &mut report.endpoints {
        row.verdict.outcome = Outcome::Reachable;
        row.verdict.basis = Basis::default();
        row.verdict.stage = None;
        row.verdict.consequence_of = None;
    }
    let row = &mut report.endpoints[0];
    row.endpoint.host = reach365_model::endpoint::Host::parse(host).unwrap();
    row.endpoint.port = port;
    row.endpoint.groups = vec![group.to_owned()];
    row.verdict.outcome = Outcome::Blocked;
    row.verdict.basis = Basis::new(code.into());
    row.verdict.stage = Some(code.stage());
    report
}

#[test]
fn a_report_explains_a_number() {
    let dropped = report("crl3.digicert.com", 80, "revocation", Code::TcpDropped);
    let text = explained("0xCAA82F19", Some(&dropped));
    let line = "0xCAA82F19 and crl3.digicert.com:80 is blocked (tcp-dropped)";
    assert!(text.contains(line), "{text}");
    assert!(text.contains("reach365 explain tcp-dropped"), "{text}");
    assert!(!text.contains("Other causes"), "{text}");
}

#[test]
fn a_failure_elsewhere_explains_no_revocation_error() {
    let dropped = report(
        "login.microsoftonline.com",
        443,
        "activation",
        Code::TcpDropped,
    );
    let text = explained("0xCAA82F19", Some(&dropped));
    assert!(text.contains("no failure that explains it"), "{text}");
    assert!(!text.contains("login.microsoftonline.com"), "{text}");
}

#[test]
fn another_cause_at_the_stage_is_kept_apart() {
    let refused = report(
        "login.microsoftonline.com",
        443,
        "activation",
        Code::TlsExpired,
    );
    let text = explained("0xCAA82EE2", Some(&refused));
    let (before, after) = text.split_once("Other causes at these stages").unwrap();
    assert!(!before.contains("tls-expired"), "{text}");
    assert!(after.contains("is blocked (tls-expired)"), "{text}");
}

#[test]
fn a_report_without_failures_points_elsewhere() {
    let mut healthy = report(
        "login.microsoftonline.com",
        443,
        "activation",
        Code::TcpDropped,
    );
    healthy.endpoints[0].verdict.outcome = Outcome::Reachable;
    let text = explained("0xCAA82EE7", Some(&healthy));
    let words = in_one_line(&text);
    let said = "The report has no failure that explains it: look at device and account.";
    assert!(words.contains(said), "{text}");
    healthy.endpoints[0].verdict.outcome = Outcome::Inconclusive;
    let text = in_one_line(&explained("0xCAA82EE7", Some(&healthy)));
    assert!(text.contains("one endpoint could not be judged"), "{text}");
    assert!(!text.contains("look at device"), "{text}");
}

#[test]
fn a_run_wide_cause_stands_for_its_rows() {
    let mut report = report(
        "login.microsoftonline.com",
        443,
        "activation",
        Code::DnsTimeout,
    );
    report.endpoints[0].verdict.consequence_of = Some(Code::DnsResolverDead);
    let endpoint = report.endpoints[0].endpoint.id.clone();
    let finding = serde_json::json!({
        "code": "dns-resolver-dead", "outcome": "inconclusive", "stage": "dns",
        "confidence": "high", "culprit": {"who": "resolver", "address": null, "hop": null},
        "summary": "The resolver does not answer", "facts": {}, "endpoints": [endpoint],
        "remedies": []
    });
    report
        .findings
        .push(serde_json::from_value(finding).unwrap());
    let found = reach365_judge::report::explaining(&report, read("0xCAA82EE7"));
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(
        (found[0].code, found[0].target.as_deref()),
        (Code::DnsResolverDead, None)
    );
    let text = explained("0xCAA82EE7", Some(&report));
    assert!(
        text.contains("0xCAA82EE7 and dns-resolver-dead: The resolver"),
        "{text}"
    );
}

#[test]
fn the_documentation_is_that_of_the_table() {
    let wanted = documentation();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(PATH, &wanted).unwrap();
    }
    let there = std::fs::read_to_string(PATH).unwrap_or_default();
    assert!(
        there.replace("\r\n", "\n") == wanted,
        "docs/errors.md is out of date: run `UPDATE_DOCS=1 cargo test --test errors`"
    );
}

fn documentation() -> String {
    let mut out = String::from(
        "# Error numbers\n\n\
         What `reach365 explain 0xERROR` knows about the numbers that Microsoft 365 Apps and Windows show. This page is made\n\
         from `activation_errors.toml` and `withdrawn_2020.tsv` in `crates/judge/data`; `UPDATE_DOCS=1 cargo test --test errors` writes it anew.\n\n\
         Most numbers follow one rule: `0xSAAFNNNN`, where S is the severity (C a failure, 8 a warning, 4 and 0 notes), F the\n\
         family and NNNN a low word that some families take from elsewhere. A number of a family that is not listed here is read\n\
         by the rule of that family. A number is accepted as `0xCAA82EE7`, `CAA82EE7`, `3400019687`, `-894947609`, `12007` (a\n\
         WinHTTP code) and `AADSTS50126`; digits alone that can be read in two ways are refused with both readings.\n\n\
         The meanings are our own words. The column \"source\" says how far to trust a row: Microsoft documented many of these\n\
         numbers in 2020 and withdrew the page in the same year.\n",
    );
    for &family in Family::ALL {
        let (rule, means) = (sentence(&family.rule()), family.means());
        write!(
            out,
            "\n## {family}\n\n{rule}.\n\nWhere nothing more is known: {means}\n"
        )
        .unwrap();
        let numbers = ActivationError::all().into_iter();
        let numbers: BTreeMap<_, _> = numbers
            .filter(|error| error.family() == family)
            .map(|error| (error.number(), error))
            .collect();
        if !numbers.is_empty() {
            out.push_str(HEAD);
        }
        for error in numbers.into_values() {
            out.push_str(&line(error));
        }
    }
    out
}

fn sentence(clause: &str) -> String {
    let mut letters = clause.chars();
    let first = letters.next().unwrap().to_uppercase();
    first.chain(letters).collect()
}

fn line(error: ActivationError) -> String {
    let name = error
        .name()
        .map(|name| format!("`{name}`"))
        .unwrap_or_default();
    let stages: Vec<_> = error.stages().iter().map(Stage::to_string).collect();
    let codes: Vec<_> = error.codes().iter().map(Code::to_string).collect();
    let means = Some(error.means()).filter(|means| *means != error.family().means());
    let source = match error.provenance() {
        Provenance::Documented => "documented",
        Provenance::Withdrawn2020 => "withdrawn 2020",
        Provenance::Reported => "reported",
        Provenance::Structure => "structure only",
        _ => "rule",
    };
    format!(
        "| `{error}` | {name} | {} | {} | {} | {} | {source} |\n",
        means.unwrap_or_default(),
        error.network(),
        stages.join(", "),
        codes.join(", "),
    )
}
