//! What a limit on bursts may have done: it shows in the run alone, as silence, loss, resets or
//! slowness of several endpoints.

use reach365_model::cause::Cause;
use reach365_model::evidence::Evidence;
use reach365_model::verdict::{Code, Outcome, Verdict};

/// Whether the run's own burst may explain what came of an endpoint.
pub(super) fn may_explain(verdict: &Verdict, evidence: &Evidence) -> bool {
    if matches!(verdict.outcome, Outcome::Reachable | Outcome::Skipped) || evidence.msoid.is_some()
    {
        return false;
    }
    let mut codes = codes(verdict);
    match verdict.code() {
        None => {
            let was_tried = !evidence.lookups.is_empty() || !evidence.attempts.is_empty();
            was_tried && evidence.cut_short.is_none()
        }
        Some(_) => codes.any(is_load),
    }
}

/// Whether the endpoint was silent, so that asking it again costs as much once more.
pub(super) fn is_silence(verdict: &Verdict) -> bool {
    let code = verdict.basis.underlying().or(verdict.code());
    code.is_none_or(Code::is_silence)
}

/// Whether a direct connection was refused, be it at first alone, or a DNS question.
pub(super) fn is_refusal(verdict: &Verdict) -> bool {
    codes(verdict).any(|code| {
        matches!(
            code,
            Code::DnsServfail
                | Code::DnsRefused
                | Code::TcpRefused
                | Code::TcpAdminProhibited
                | Code::TcpFlaky
        )
    })
}

/// The cause, and those beside it.
fn codes(verdict: &Verdict) -> impl Iterator<Item = Code> {
    let further = verdict.basis.further.iter().map(Cause::code);
    verdict.code().into_iter().chain(further)
}

fn is_load(code: Code) -> bool {
    code.is_silence()
        || matches!(
            code,
            Code::DnsServfail
                | Code::DnsRefused
                | Code::DnsSlow
                | Code::DnsTcpBlocked
                | Code::DnsAaaaBroken
                | Code::TcpRefused
                | Code::TcpAdminProhibited
                | Code::TcpSlow
                | Code::TcpFlaky
                | Code::TcpSomeAddresses
                | Code::TcpIpv6Broken
                | Code::ProxyRefused
                | Code::ProxyDenied
                | Code::ProxyNotAProxy
                | Code::ProxyRateLimited
                | Code::ProxyUpstreamUnreachable
                | Code::ProxyTunnelClosed
                | Code::TlsHelloReset
                | Code::TlsClosed
                | Code::HttpClosed
                | Code::HttpSlow
                | Code::HttpServiceError
                | Code::HttpRateLimited
                | Code::NcsiBlocked
        )
}
