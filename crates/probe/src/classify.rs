//! Any error of a socket, of TLS or of HTTP becomes a [`Failure`].

use std::error::Error as _;
use std::io;

use rustls::{AlertDescription, InvalidMessage, PeerIncompatible, PeerMisbehaved};

use crate::clock::Expired;
use reach365_model::endpoint::printable;
use reach365_model::evidence::{Failure, FailureKind};

/// A failure with its detail text.
pub(crate) fn failure(kind: FailureKind, detail: impl AsRef<str>) -> Failure {
    Failure {
        kind,
        detail: printable(detail.as_ref()).chars().take(300).collect(),
        number: None,
    }
}

/// The end of a wait.
pub(crate) fn expired(why: Expired) -> Failure {
    failure(
        FailureKind::Timeout,
        match why {
            Expired::Limit => "",
            Expired::Deadline => "the deadline of the run passed",
        },
    )
}

/// An error of the operating system, on the path to a connection.
pub(crate) fn socket(error: &io::Error) -> Failure {
    let mut failure = failure(socket_kind(error), error.to_string());
    failure.number = error.raw_os_error();
    failure
}

fn socket_kind(error: &io::Error) -> FailureKind {
    if is_out_of_sockets(error) {
        return FailureKind::NoSocket;
    }
    match error.kind() {
        io::ErrorKind::ConnectionRefused => FailureKind::Refused,
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe => FailureKind::Reset,
        io::ErrorKind::UnexpectedEof => FailureKind::Closed,
        io::ErrorKind::TimedOut => FailureKind::Timeout,
        io::ErrorKind::NetworkUnreachable | io::ErrorKind::NetworkDown => {
            FailureKind::NetworkUnreachable
        }
        io::ErrorKind::HostUnreachable => FailureKind::HostUnreachable,
        io::ErrorKind::PermissionDenied => FailureKind::PermissionDenied,
        io::ErrorKind::AddrNotAvailable => FailureKind::AddressNotAvailable,
        _ => FailureKind::Other,
    }
}

/// `EMFILE` and `ENFILE` on Unix; on Windows `WSAEMFILE`, and `WSAENOBUFS`, which also says that no
/// ephemeral port is left.
fn is_out_of_sockets(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(10_024 | 10_055))
        || (cfg!(unix) && matches!(error.raw_os_error(), Some(23 | 24)))
}

/// An error of a TLS handshake, as tokio-rustls hands it out.
pub(crate) fn tls(error: &io::Error) -> Failure {
    match error.get_ref().and_then(|inner| inner.downcast_ref()) {
        Some(inner) => rustls_error(inner),
        None => socket(error),
    }
}

/// An error of rustls. Facts: measured against servers with each fault.
pub(crate) fn rustls_error(error: &rustls::Error) -> Failure {
    match error {
        rustls::Error::AlertReceived(alert) => alert_failure(*alert),
        rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
            failure(FailureKind::Plaintext, error.to_string())
        }
        rustls::Error::PeerIncompatible(PeerIncompatible::ServerDoesNotSupportTls12Or13) => {
            failure(FailureKind::OldTls, error.to_string())
        }
        rustls::Error::PeerMisbehaved(PeerMisbehaved::SelectedUnofferedCipherSuite)
        | rustls::Error::PeerIncompatible(
            PeerIncompatible::NoCipherSuitesInCommon | PeerIncompatible::NoKxGroupsInCommon,
        ) => failure(FailureKind::NoCommonCipher, error.to_string()),
        rustls::Error::InvalidCertificate(_) => failure(
            FailureKind::BadCertificate,
            "the server's certificate cannot be used",
        ),
        rustls::Error::InvalidMessage(_)
        | rustls::Error::PeerMisbehaved(_)
        | rustls::Error::InappropriateMessage { .. }
        | rustls::Error::InappropriateHandshakeMessage { .. }
        | rustls::Error::PeerSentOversizedRecord => {
            failure(FailureKind::Malformed, error.to_string())
        }
        _ => failure(FailureKind::Other, error.to_string()),
    }
}

fn alert_failure(alert: AlertDescription) -> Failure {
    let mut failure = failure(
        FailureKind::Alert,
        alert.as_str().unwrap_or("unknown alert"),
    );
    failure.number = Some(i32::from(u8::from(alert)));
    failure
}

/// An error of an HTTP exchange.
pub(crate) fn http(error: &hyper::Error) -> Failure {
    if error.is_parse() && error.to_string().contains("too large") {
        return failure(FailureKind::TooLarge, error.to_string());
    }
    if error.is_parse() || error.is_parse_status() {
        return failure(FailureKind::Malformed, error.to_string());
    }
    if let Some(inner) = error.source().and_then(|s| s.downcast_ref::<io::Error>()) {
        return tls(inner);
    }
    if error.is_incomplete_message() || error.is_canceled() || error.is_closed() {
        return failure(FailureKind::Closed, error.to_string());
    }
    failure(FailureKind::Other, error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn system_errors_have_their_kind() {
        let cases = [
            (io::ErrorKind::ConnectionRefused, FailureKind::Refused),
            (io::ErrorKind::ConnectionReset, FailureKind::Reset),
            (io::ErrorKind::UnexpectedEof, FailureKind::Closed),
            (io::ErrorKind::TimedOut, FailureKind::Timeout),
            (
                io::ErrorKind::NetworkUnreachable,
                FailureKind::NetworkUnreachable,
            ),
            (io::ErrorKind::HostUnreachable, FailureKind::HostUnreachable),
            (
                io::ErrorKind::PermissionDenied,
                FailureKind::PermissionDenied,
            ),
            (
                io::ErrorKind::AddrNotAvailable,
                FailureKind::AddressNotAvailable,
            ),
            (io::ErrorKind::InvalidData, FailureKind::Other),
        ];
        for (kind, expected) in cases {
            assert_eq!(socket(&io::Error::from(kind)).kind, expected, "{kind:?}");
        }
    }

    #[test]
    fn running_out_of_sockets_is_our_own_trouble() {
        let numbers: &[i32] = if cfg!(unix) {
            &[23, 24]
        } else {
            &[10_024, 10_055]
        };
        for number in numbers {
            let error = io::Error::from_raw_os_error(*number);
            assert_eq!(socket(&error).kind, FailureKind::NoSocket, "{number}");
        }
    }

    #[cfg(windows)]
    #[test]
    fn errors_of_windows_have_their_kind() {
        let cases = [
            (10_013, FailureKind::PermissionDenied),
            (10_049, FailureKind::AddressNotAvailable),
            (10_050, FailureKind::NetworkUnreachable),
            (10_051, FailureKind::NetworkUnreachable),
            (10_053, FailureKind::Reset),
            (10_054, FailureKind::Reset),
            (10_060, FailureKind::Timeout),
            (10_061, FailureKind::Refused),
            (10_065, FailureKind::HostUnreachable),
        ];
        for (number, expected) in cases {
            let error = io::Error::from_raw_os_error(number);
            assert_eq!(socket(&error).kind, expected, "{number}");
        }
    }

    #[test]
    fn tls_errors_have_their_kind() {
        let cases = [
            (
                rustls::Error::AlertReceived(AlertDescription::HandshakeFailure),
                FailureKind::Alert,
            ),
            (
                rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType),
                FailureKind::Plaintext,
            ),
            (
                rustls::Error::PeerIncompatible(PeerIncompatible::ServerDoesNotSupportTls12Or13),
                FailureKind::OldTls,
            ),
            (
                rustls::Error::PeerMisbehaved(PeerMisbehaved::SelectedUnofferedCipherSuite),
                FailureKind::NoCommonCipher,
            ),
            (
                rustls::Error::PeerSentOversizedRecord,
                FailureKind::Malformed,
            ),
        ];
        for (error, expected) in cases {
            assert_eq!(rustls_error(&error).kind, expected, "{error:?}");
        }
    }

    #[test]
    fn an_alert_keeps_its_number() {
        let failure = rustls_error(&rustls::Error::AlertReceived(
            AlertDescription::ProtocolVersion,
        ));
        assert_eq!(failure.number, Some(70));
    }

    #[test]
    fn foreign_words_are_printable_and_bounded() {
        let failure = failure(FailureKind::Other, "\u{1b}[31m".repeat(200));
        assert!(failure.detail.len() <= 300 && !failure.detail.contains('\u{1b}'));
    }
}
