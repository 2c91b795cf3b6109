//! The system's error where its own routing table ends a connection.

use std::io;

/// Whether a connection failed before anything was sent because there is no route, or because a
/// route forbids it. Linux reports this for `unreachable`, `prohibit` and `blackhole` routes.
pub fn is_no_route(error: &io::Error) -> bool {
    let missing = matches!(
        error.kind(),
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable
    );
    missing || is_forbidden(error)
}

#[cfg(target_os = "linux")]
fn is_forbidden(error: &io::Error) -> bool {
    use nix::libc::{EACCES, EINVAL};
    matches!(error.raw_os_error(), Some(EACCES | EINVAL))
}

/// Elsewhere the same numbers have other reasons, a local packet filter among them.
#[cfg(not(target_os = "linux"))]
fn is_forbidden(_: &io::Error) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_port_and_a_filter_are_no_missing_route() {
        for kind in [io::ErrorKind::ConnectionRefused, io::ErrorKind::TimedOut] {
            assert!(!is_no_route(&kind.into()), "{kind}");
        }
        assert!(is_no_route(&io::ErrorKind::HostUnreachable.into()));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn linux_has_numbers_for_routes_that_forbid() {
        for (number, expected) in [(13, true), (22, true), (113, true), (101, true), (1, false)] {
            let error = io::Error::from_raw_os_error(number);
            assert_eq!(is_no_route(&error), expected, "{error}");
        }
    }
}
