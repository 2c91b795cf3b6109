//! Functions that look at names alone.

use super::value::{Argument, Objection, Reply, argument, with_properties};

/// Neither a name with dots nor an IPv6 address.
pub(super) fn is_plain_host_name(arguments: &[Argument]) -> Result<Reply, Objection> {
    let Argument::Text(host) = argument(arguments, 0) else {
        return Err(Objection::WrongType("isPlainHostName needs a text"));
    };
    let address = host.parse::<std::net::Ipv6Addr>().is_ok();
    Ok(Reply::Boolean(!host.contains('.') && !address))
}

/// A plain, case-sensitive suffix: `notcontoso.com` lies in `contoso.com`.
pub(super) fn dns_domain_is(arguments: &[Argument]) -> Result<Reply, Objection> {
    let host = with_properties(arguments, 0)?;
    let domain = with_properties(arguments, 1)?;
    let texts = is_text(argument(arguments, 0)) && is_text(argument(arguments, 1));
    Ok(Reply::Boolean(texts && host.ends_with(domain.as_ref())))
}

/// The whole name, or its first labels.
pub(super) fn local_host_or_domain_is(arguments: &[Argument]) -> Result<Reply, Objection> {
    let host = argument(arguments, 0);
    if host == argument(arguments, 1) {
        return Ok(Reply::Boolean(true));
    }
    let host = host.text();
    let whole = with_properties(arguments, 1)?;
    let begins = whole
        .strip_prefix(host.as_ref())
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    Ok(Reply::Boolean(begins))
}

/// How many dots there are.
pub(super) fn dns_domain_levels(arguments: &[Argument]) -> Result<Reply, Objection> {
    let host = with_properties(arguments, 0)?;
    let dots = host.matches('.').count();
    Ok(Reply::Integer(i32::try_from(dots).unwrap_or(i32::MAX)))
}

fn is_text(argument: &Argument) -> bool {
    matches!(argument, Argument::Text(_) | Argument::Object(_))
}
