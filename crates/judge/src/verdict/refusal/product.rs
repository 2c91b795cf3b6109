//! Names and numbers that products put into their refusals, whatever language these are in.

use std::collections::BTreeMap;

use reach365_model::verdict::Code;

/// Errors of RFC 9209 (Proxy-Status) with their codes.
const PROXY_STATUS: [(&str, Code); 16] = [
    ("dns_timeout", Code::ProxyUpstreamDns),
    ("dns_error", Code::ProxyUpstreamDns),
    ("destination_not_found", Code::ProxyUpstreamDns),
    ("destination_unavailable", Code::ProxyUpstreamUnreachable),
    ("destination_ip_prohibited", Code::ProxyDenied),
    ("destination_ip_unroutable", Code::ProxyUpstreamUnreachable),
    ("connection_refused", Code::ProxyUpstreamUnreachable),
    ("connection_terminated", Code::ProxyUpstreamUnreachable),
    ("connection_timeout", Code::ProxyUpstreamTimeout),
    ("connection_read_timeout", Code::ProxyUpstreamTimeout),
    ("connection_write_timeout", Code::ProxyUpstreamTimeout),
    ("connection_limit_reached", Code::ProxyRateLimited),
    ("http_request_denied", Code::ProxyDenied),
    ("http_response_timeout", Code::ProxyUpstreamTimeout),
    ("tls_protocol_error", Code::ProxyUpstreamUnreachable),
    ("proxy_loop_detected", Code::ProxyUpstreamUnreachable),
];
/// Names of exceptions as pages show them: of Symantec (Blue Coat), and the notification codes of
/// Cisco Secure Web Appliance.
const EXCEPTIONS: [(&str, Code); 23] = [
    ("policy_denied", Code::ProxyDenied),
    ("silent_denied", Code::ProxyDenied),
    ("content_filter_denied", Code::ProxyDenied),
    ("content_filter_unavailable", Code::ProxyDenied),
    ("connect_method_denied", Code::ProxyDenied),
    ("method_denied", Code::ProxyDenied),
    ("virus_detected", Code::ProxyDenied),
    ("license_expired", Code::ProxyDenied),
    ("authentication_failed", Code::ProxyAuthRequired),
    ("authorization_failed", Code::ProxyAuthRequired),
    ("bad_credentials", Code::ProxyAuthRequired),
    ("dns_unresolved_hostname", Code::ProxyUpstreamDns),
    ("dns_server_failure", Code::ProxyUpstreamDns),
    ("server_request_limit", Code::ProxyRateLimited),
    ("dns_fail", Code::ProxyUpstreamDns),
    ("gateway_timeout", Code::ProxyUpstreamTimeout),
    ("block_admin", Code::ProxyDenied),
    ("block_admin_connect", Code::ProxyDenied),
    ("block_webcat", Code::ProxyDenied),
    ("block_wbrs", Code::ProxyDenied),
    ("block_customcat", Code::ProxyDenied),
    ("block_dest", Code::ProxyDenied),
    ("block_avc", Code::ProxyDenied),
];
/// Numbers of ISA Server and Forefront TMG, and of Windows Sockets, which they pass on.
const NUMBERS: [(&str, Code); 14] = [
    ("12202", Code::ProxyDenied),
    ("12204", Code::ProxyDenied),
    ("12210", Code::ProxyDenied),
    ("12217", Code::ProxyDenied),
    ("12221", Code::ProxyDenied),
    ("12227", Code::ProxyDenied),
    ("11001", Code::ProxyUpstreamDns),
    ("11002", Code::ProxyUpstreamDns),
    ("11003", Code::ProxyUpstreamDns),
    ("11004", Code::ProxyUpstreamDns),
    ("10060", Code::ProxyUpstreamTimeout),
    ("10051", Code::ProxyUpstreamUnreachable),
    ("10061", Code::ProxyUpstreamUnreachable),
    ("10065", Code::ProxyUpstreamUnreachable),
];
/// Headers by which filters say that they, and no host, refuse.
const BLOCK_HEADERS: [&str; 5] = [
    "x-block-reason",
    "x-blocked-by",
    "x-blocked",
    "x-deny-reason",
    "x-denied-reason",
];

/// Every phrase of these lists.
pub(super) fn phrases() -> impl Iterator<Item = &'static str> {
    let tokens = PROXY_STATUS.iter().chain(&EXCEPTIONS).chain(&NUMBERS);
    tokens.map(|(token, _)| *token)
}

/// What the headers of a product name as the cause.
pub(super) fn of_headers(headers: &BTreeMap<String, String>) -> Option<Code> {
    if let Some(status) = headers.get("proxy-status") {
        let status = status.to_lowercase();
        let named = |error: &str| status.contains(&format!("error={error}"));
        let found = PROXY_STATUS.iter().find(|(error, _)| named(error));
        if let Some((_, code)) = found {
            return Some(*code);
        }
    }
    let blocks = BLOCK_HEADERS.iter().any(|name| headers.contains_key(*name));
    blocks.then_some(Code::ProxyDenied)
}

/// What a text of a product names as the cause; in lower case.
pub(super) fn of_text(text: &str) -> Option<Code> {
    let named = EXCEPTIONS.iter().find(|(name, _)| has_token(text, name));
    let numbered = || NUMBERS.iter().find(|(number, _)| has_number(text, number));
    named.or_else(numbered).map(|(_, code)| *code)
}

/// Whether a name stands alone: an underscore is part of a longer one.
fn has_token(text: &str, token: &str) -> bool {
    let mut places = text.match_indices(token);
    places.any(|(start, _)| {
        let ends = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric() && c != '_');
        ends(text[..start].chars().next_back()) && ends(text[start + token.len()..].chars().next())
    })
}

/// Whether a number stands as that of an error: `(12202)`, `error 11001`, `Fehlercode: 11001`. It
/// may be anything else elsewhere.
fn has_number(text: &str, number: &str) -> bool {
    let mut places = text.match_indices(number);
    places.any(|(start, _)| {
        let before = text[..start].trim_end_matches([' ', ':', '#']);
        let after = &text[start + number.len()..];
        let named = [
            "error",
            "code",
            "errno",
            "fehler",
            "erreur",
            "código",
            "エラー",
        ];
        let enclosed =
            |open, close| before.ends_with(open) && after.trim_start().starts_with(close);
        let whole = !after.starts_with(|c: char| c.is_alphanumeric());
        enclosed('(', ')')
            || enclosed('[', ']')
            || whole && named.iter().any(|word| before.ends_with(word))
    })
}
