//! The TLS stage: what a handshake showed, finished or not.

use crate::verdict::types::Handshake;
use reach365_model::Timestamp;

use crate::verdict::certificate;
use crate::verdict::diagnosis::{Diagnosis, whole_ms};
use crate::verdict::types::Context;
use reach365_model::cause::{self as facts, Cause};
use reach365_model::endpoint::Endpoint;
use reach365_model::evidence::{
    Attempt, Failure, FailureKind, LegacyHello, Observation, TcpCounters, TlsSeen,
};
use reach365_model::facts::{Alert, short};
use reach365_model::verdict::{Code, Confidence, Outcome};

/// Version number of TLS 1.2 on the wire.
const TLS12: u16 = 0x0303;
/// Alert `handshake_failure`.
const HANDSHAKE_FAILURE: u8 = 40;

/// Judges a handshake. Certificates come first: they were recorded even where it failed later.
pub(super) fn judge(
    endpoint: &Endpoint,
    attempt: &Attempt,
    tls: &Observation<TlsSeen>,
    context: &Context<'_>,
) -> Handshake {
    let empty = TlsSeen::default();
    let seen = tls.value.as_ref().unwrap_or(&empty);
    let presented = certificate::judge(endpoint, attempt, seen, time_of(attempt, context));
    match (presented, &tls.failure) {
        (Some(Handshake::Genuine { notes, confidence }), Some(failure))
            if failure.kind == FailureKind::Alert && seen.client_certificate_requested =>
        {
            Handshake::AsksForCertificate { notes, confidence }
        }
        (Some(Handshake::Genuine { .. } | Handshake::Private { .. }) | None, Some(failure)) => {
            failed(attempt, seen, tls, failure)
        }
        (Some(judged), _) => judged,
        (None, None) => Handshake::Unknown("no certificate was recorded".to_owned()),
    }
}

/// The time by which certificates are judged: that of the answer, else the start of the run.
fn time_of(attempt: &Attempt, context: &Context<'_>) -> Timestamp {
    let seen = attempt.http.as_ref().and_then(|http| http.value.as_ref());
    seen.and_then(|seen| seen.received).unwrap_or(context.now)
}

fn failed(
    attempt: &Attempt,
    seen: &TlsSeen,
    tls: &Observation<TlsSeen>,
    failure: &Failure,
) -> Handshake {
    let diagnosis = match failure.kind {
        FailureKind::Timeout => silent(attempt, tls),
        FailureKind::Reset | FailureKind::Closed => cut(attempt, seen, failure),
        FailureKind::Alert => refused(seen, failure),
        FailureKind::OldTls => too_old(seen.legacy_hello.as_ref()),
        FailureKind::NoCommonCipher => no_common_cipher(seen.legacy_hello.as_ref()),
        FailureKind::Plaintext => plaintext(seen),
        FailureKind::Malformed if seen.first_bytes.is_some() => plaintext(seen),
        _ => return Handshake::Unknown(unexplained(failure)),
    };
    Handshake::Failed(diagnosis.connected_to(attempt.address))
}

/// Four kinds of silence, told apart by the counters of the connection where the system has them.
/// Behind a proxy they are the proxy's own connection and say nothing about the host.
fn silent(attempt: &Attempt, tls: &Observation<TlsSeen>) -> Diagnosis {
    let counters = attempt.counters.as_ref().filter(|_| attempt.hop.is_none());
    let seen = tls.value.as_ref();
    let waited_ms = Some(whole_ms(tls.elapsed_ms));
    let silent = |how: Option<&str>, bytes_received| Cause::TlsSilent {
        silence: facts::Silence {
            waited_ms,
            how: how.map(Into::into),
            bytes_received,
            ..facts::Silence::default()
        },
    };
    let cause = match counters.map(|counters| Silence::from_counters(counters, seen)) {
        Some(Silence::HelloLost {
            retransmits,
            confidence,
        }) => {
            let uncounted = confidence == Confidence::Low;
            let cause = Cause::TlsHelloDropped {
                retransmits: Some(retransmits),
                acknowledgements: uncounted.then(|| "not counted".into()),
                waited_ms,
            };
            return Diagnosis::new(cause).sure(confidence);
        }
        Some(Silence::EndOnly) => Cause::TlsMtuBlackhole {
            how: Some("only the end of the answer came".into()),
            waited_ms,
        },
        Some(Silence::Nothing) => silent(
            Some("the ClientHello was acknowledged, nothing came back"),
            None,
        ),
        Some(Silence::Stalled { received }) => {
            silent(Some("the answer stopped on its way"), Some(received))
        }
        Some(Silence::Unknown) | None => silent(None, None),
    };
    Diagnosis::new(cause)
}

/// What the counters of a silent connection show. Measured on Linux against each fault.
enum Silence {
    /// Only the connection request was acknowledged.
    HelloLost {
        retransmits: u64,
        confidence: Confidence,
    },
    /// A segment came out of order and nothing before it.
    EndOnly,
    /// The ClientHello was acknowledged, and no segment with data came.
    Nothing,
    /// Data came, and then no more.
    Stalled { received: u64 },
    /// The system does not tell.
    Unknown,
}

impl Silence {
    fn from_counters(counters: &TcpCounters, seen: Option<&TlsSeen>) -> Self {
        match (counters.bytes_acked, counters.bytes_received) {
            (Some(acked), Some(received)) => Self::by_acknowledged(counters, acked, received),
            (None, Some(0)) => Self::by_waiting(counters, seen).unwrap_or(Self::Unknown),
            (None, Some(received)) => Self::Stalled { received },
            (_, None) => Self::Unknown,
        }
    }

    fn by_acknowledged(counters: &TcpCounters, acked: u64, received: u64) -> Self {
        match (acked, received, counters.out_of_order_in) {
            (0 | 1, 0, _) if counters.retransmits > 0 => Self::HelloLost {
                retransmits: counters.retransmits.into(),
                confidence: Confidence::Medium,
            },
            (0 | 1, _, _) => Self::Unknown,
            (_, 0, Some(segments)) if segments > 0 => Self::EndOnly,
            (_, 0, _) => Self::Nothing,
            _ => Self::Stalled { received },
        }
    }

    /// Where the system counts only what still waits for its acknowledgement: the whole ClientHello
    /// was sent again and waits, or nothing was ever sent again and nothing waits. Between the two
    /// the counter may stand at zero because a timer has just run out.
    fn by_waiting(counters: &TcpCounters, seen: Option<&TlsSeen>) -> Option<Self> {
        let sent = seen.map(|seen| seen.bytes_sent).filter(|sent| *sent > 0)?;
        let waiting = counters.bytes_unacked?;
        let again = counters.retransmits > 0;
        if again && waiting >= sent {
            let times = counters.bytes_retransmitted.map_or(0, |bytes| bytes / sent);
            return Some(Self::HelloLost {
                retransmits: times.max(counters.retransmits.into()),
                confidence: Confidence::Low,
            });
        }
        let nothing_read = seen.is_some_and(|seen| seen.bytes_received == 0);
        let end = counters.bytes_out_of_order_in.unwrap_or_default() > 0;
        (!again && waiting == 0 && nothing_read).then_some(if end {
            Self::EndOnly
        } else {
            Self::Nothing
        })
    }
}

fn cut(attempt: &Attempt, seen: &TlsSeen, failure: &Failure) -> Diagnosis {
    let tcp = attempt.tcp.value.as_ref();
    let before = tcp.and_then(|tcp| tcp.closed_before_hello) == Some(true);
    if seen.bytes_received == 0 && (before || seen.bytes_sent == 0) {
        return Diagnosis::new(Code::TlsClosed);
    }
    let how = match failure.kind {
        FailureKind::Reset => "reset",
        _ => "closed",
    };
    Diagnosis::new(Cause::TlsHelloReset {
        how: Some(how.into()),
        bytes_received: Some(seen.bytes_received),
    })
}

/// An alert: the answer to a hello with old suites, where there is one, tells why.
fn refused(seen: &TlsSeen, failure: &Failure) -> Diagnosis {
    let number = failure.number.and_then(|number| u8::try_from(number).ok());
    match &seen.legacy_hello {
        Some(legacy) if is_old(legacy) => too_old(Some(legacy)),
        Some(legacy) if number == Some(HANDSHAKE_FAILURE) && chose_a_suite(legacy) => {
            no_common_cipher(Some(legacy))
        }
        Some(legacy) if legacy.tls13 == Some(true) => Diagnosis::certain(Code::TlsVersionTooNew),
        legacy => alert(number, legacy.is_some()),
    }
}

fn is_old(legacy: &LegacyHello) -> bool {
    legacy.version.is_some_and(|version| version < TLS12)
}

fn chose_a_suite(legacy: &LegacyHello) -> bool {
    legacy.version == Some(TLS12) && legacy.cipher_suite.is_some()
}

/// Alert 40 may mean that no cipher suite is common; without the answer to a ClientHello with old
/// suites no party is accused of it.
fn alert(number: Option<u8>, asked_again: bool) -> Diagnosis {
    let diagnosis = Diagnosis::certain(Cause::TlsAlert {
        alert: Some(Alert(number)),
        alert_name: Some(number.map_or("unknown", alert_name).into()),
    });
    if number == Some(HANDSHAKE_FAILURE) && !asked_again {
        return diagnosis
            .sure(Confidence::Low)
            .with_outcome(Outcome::Inconclusive);
    }
    diagnosis
}

fn too_old(legacy: Option<&LegacyHello>) -> Diagnosis {
    let version = legacy.and_then(|legacy| legacy.version);
    let name = match version {
        Some(0x0300) => "SSL 3.0",
        Some(0x0301) => "TLS 1.0",
        _ => "TLS 1.1",
    };
    let version = Some(name.into());
    Diagnosis::certain(Cause::TlsVersionTooOld { version })
}

fn no_common_cipher(legacy: Option<&LegacyHello>) -> Diagnosis {
    let suite = legacy.and_then(|legacy| legacy.cipher_suite);
    let name = suite.map_or_else(
        || "it named none".to_owned(),
        |suite| format!("it chose 0x{suite:04x}"),
    );
    let suite = Some(name.into());
    Diagnosis::certain(Cause::TlsNoCommonCipher { suite })
}

fn plaintext(seen: &TlsSeen) -> Diagnosis {
    let bytes = seen.first_bytes.as_deref().unwrap_or_default();
    let first_bytes = Some(first_line(bytes).into());
    let diagnosis = Diagnosis::certain(Cause::TlsPlaintext { first_bytes });
    diagnosis.note(|notes| notes.status = http_status(bytes))
}

/// The recorded bytes are printable: their line ends are escapes.
fn first_line(bytes: &str) -> &str {
    let ends = [r"\u{d}", r"\u{a}"].map(|end| bytes.find(end));
    let end = ends.into_iter().flatten().filter(|end| *end > 0).min();
    &bytes[..end.unwrap_or(bytes.len())]
}

/// The status of an HTTP answer in clear text.
fn http_status(bytes: &str) -> Option<u16> {
    let mut words = bytes.strip_prefix("HTTP/")?.split_ascii_whitespace();
    words.nth(1)?.get(..3)?.parse().ok()
}

fn unexplained(failure: &Failure) -> String {
    let detail = short(&failure.detail);
    let words = if detail.is_empty() {
        format!("{:?}", failure.kind)
    } else {
        detail
    };
    format!("the TLS handshake ended in a way that names no cause ({words})")
}

/// Name of an alert as RFC 8446 and its forerunners have it.
fn alert_name(number: u8) -> &'static str {
    match number {
        0 => "close_notify",
        10 => "unexpected_message",
        20 => "bad_record_mac",
        22 => "record_overflow",
        40 => "handshake_failure",
        42 => "bad_certificate",
        43 => "unsupported_certificate",
        44 => "certificate_revoked",
        45 => "certificate_expired",
        46 => "certificate_unknown",
        47 => "illegal_parameter",
        48 => "unknown_ca",
        49 => "access_denied",
        50 => "decode_error",
        51 => "decrypt_error",
        70 => "protocol_version",
        71 => "insufficient_security",
        80 => "internal_error",
        86 => "inappropriate_fallback",
        90 => "user_canceled",
        112 => "unrecognized_name",
        116 => "certificate_required",
        120 => "no_application_protocol",
        _ => "unknown",
    }
}
