//! Functions that look at addresses or ask for them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv6Net};
use url::Host;

use super::calls::Calls;
use super::value::{Argument, Objection, Reply, argument, with_properties};

/// Addresses that a list may have for sorting.
const LIST_LIMIT: usize = 1_000;

/// The first IPv4 address of a name, or `null`.
pub(super) fn dns_resolve(calls: &Calls, arguments: &[Argument]) -> Result<Reply, Objection> {
    let address = first_ipv4(calls, argument(arguments, 0))?;
    Ok(address.map_or(Reply::Null, |address| Reply::Text(address.to_string())))
}

pub(super) fn is_resolvable(calls: &Calls, arguments: &[Argument]) -> Result<Reply, Objection> {
    let address = first_ipv4(calls, argument(arguments, 0))?;
    Ok(Reply::Boolean(address.is_some()))
}

/// Whether an address, or that of a name, lies in an IPv4 network. Pattern and mask must be whole
/// addresses.
pub(super) fn is_in_net(calls: &Calls, arguments: &[Argument]) -> Result<Reply, Objection> {
    let network = quad(&argument(arguments, 1).text());
    let mask = quad(&argument(arguments, 2).text());
    let (Some(network), Some(mask)) = (network, mask) else {
        return Ok(Reply::Boolean(false));
    };
    let host = argument(arguments, 0);
    let address = match quad(&host.text()) {
        Some(address) => Some(address),
        None => first_ipv4(calls, host)?,
    };
    let inside = |address: Ipv4Addr| address & mask == network & mask;
    Ok(Reply::Boolean(address.is_some_and(inside)))
}

/// The number of a dotted quad; any other text counts as 0, as in the library.
pub(super) fn convert_addr(arguments: &[Argument]) -> Result<Reply, Objection> {
    let text = with_properties(arguments, 0)?;
    let mut parts = text
        .split('.')
        .map(|part| part.trim().parse::<u64>().unwrap_or(0));
    let bytes = [(); 4].map(|()| parts.next().unwrap_or(0).to_le_bytes()[0]);
    Ok(Reply::Integer(i32::from_be_bytes(bytes)))
}

pub(super) fn my_ip_address(calls: &Calls) -> Reply {
    let own = calls.own_addresses();
    let first = own.first().copied();
    Reply::Text(first.unwrap_or(Ipv4Addr::LOCALHOST.into()).to_string())
}

pub(super) fn my_ip_address_ex(calls: &Calls) -> Reply {
    Reply::Text(joined(&calls.own_addresses()))
}

/// All addresses of a name with semicolons between them; nothing where there are none.
pub(super) fn dns_resolve_ex(calls: &Calls, arguments: &[Argument]) -> Result<Reply, Objection> {
    let addresses = all(calls, argument(arguments, 0))?;
    Ok(Reply::Text(joined(&addresses)))
}

pub(super) fn is_resolvable_ex(calls: &Calls, arguments: &[Argument]) -> Result<Reply, Objection> {
    let addresses = all(calls, argument(arguments, 0))?;
    Ok(Reply::Boolean(!addresses.is_empty()))
}

/// Whether an address lies in a network with prefix length; addresses of both families compare as
/// mapped ones. Names are not resolved.
pub(super) fn is_in_net_ex(arguments: &[Argument]) -> Reply {
    let address = argument(arguments, 0).text().parse::<IpAddr>();
    let network = argument(arguments, 1).text().parse::<IpNet>();
    let (Ok(address), Ok(network)) = (address, network) else {
        return Reply::Boolean(false);
    };
    let same = matches!(
        (address, network),
        (IpAddr::V4(_), IpNet::V4(_)) | (IpAddr::V6(_), IpNet::V6(_))
    );
    Reply::Boolean(if same {
        network.contains(&address)
    } else {
        mapped_network(network).is_some_and(|network| network.contains(&mapped(address)))
    })
}

/// Sorts a list: IPv6 before IPv4, then by value. Anything that is not an address makes it `false`.
pub(super) fn sort_ip_address_list(arguments: &[Argument]) -> Reply {
    let Argument::Text(list) = argument(arguments, 0) else {
        return Reply::Boolean(false);
    };
    let list: String = list.chars().filter(|c| !matches!(c, ' ' | '\t')).collect();
    let parsed = list.split(';').take(LIST_LIMIT + 1).map(|item| {
        let address = item.parse::<IpAddr>().ok()?;
        Some((address, item))
    });
    let Some(mut items) = parsed.collect::<Option<Vec<_>>>() else {
        return Reply::Boolean(false);
    };
    if items.len() > LIST_LIMIT {
        return Reply::Boolean(false);
    }
    items.sort_by_key(|(address, _)| (address.is_ipv4(), *address));
    let texts: Vec<&str> = items.iter().map(|(_, item)| *item).collect();
    Reply::Text(texts.join(";"))
}

fn first_ipv4(calls: &Calls, host: &Argument) -> Result<Option<Ipv4Addr>, Objection> {
    let addresses = all(calls, host)?;
    Ok(addresses.into_iter().find_map(|address| match address {
        IpAddr::V4(address) => Some(address),
        IpAddr::V6(_) => None,
    }))
}

fn all(calls: &Calls, host: &Argument) -> Result<Vec<IpAddr>, Objection> {
    let Argument::Text(host) = host else {
        return Ok(Vec::new());
    };
    match canonical(host) {
        Some(Host::Ipv4(address)) => Ok(vec![address.into()]),
        Some(Host::Ipv6(address)) => Ok(vec![address.into()]),
        Some(Host::Domain(name)) => calls.resolve(name.trim_end_matches('.')),
        None => Ok(Vec::new()),
    }
}

/// A host as a URL would have it: punycode, odd spellings of addresses read.
fn canonical(host: &str) -> Option<Host> {
    const LONGEST: usize = 1_024;
    if host.is_empty() || host.len() > LONGEST {
        return None;
    }
    if let Ok(address) = host.parse::<Ipv6Addr>() {
        return Some(Host::Ipv6(address));
    }
    Host::parse(host).ok()
}

/// Four numbers of up to three digits, each at most 255; leading zeros are decimal.
fn quad(text: &str) -> Option<Ipv4Addr> {
    let mut parts = text.split('.');
    let mut bytes = [0; 4];
    for byte in &mut bytes {
        let part = parts.next().filter(|part| (1..=3).contains(&part.len()))?;
        let digits = part.bytes().all(|digit| digit.is_ascii_digit());
        *byte = digits.then(|| part.parse().ok()).flatten()?;
    }
    parts.next().is_none().then(|| bytes.into())
}

fn joined(addresses: &[IpAddr]) -> String {
    let texts: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    texts.join(";")
}

fn mapped(address: IpAddr) -> Ipv6Addr {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    }
}

fn mapped_network(network: IpNet) -> Option<Ipv6Net> {
    match network {
        IpNet::V4(net) => Ipv6Net::new(net.addr().to_ipv6_mapped(), net.prefix_len() + 96).ok(),
        IpNet::V6(net) => Some(net),
    }
}
