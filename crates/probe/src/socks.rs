//! Connections through SOCKS 4, 4a (openssh.com/txt/socks4.protocol) and 5 (RFC 1928).

use std::net::{IpAddr, Ipv4Addr};

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::classify;
use crate::tunnel::Tunnel;
use crate::wire::BoxedStream;
use reach365_model::endpoint::{Endpoint, Host};
use reach365_model::evidence::{Failure, FailureKind, ProxySeen};
use reach365_proxy::route::ProxyProtocol;

/// The target that the proxy connects to.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Target {
    Name(String),
    Address(IpAddr),
}

/// Requests a connection. `resolved` is the endpoint's IPv4 address where this machine knows it:
/// version 4 has no field for a name. Version 5 gets the name, as browsers do it.
pub(crate) async fn connect(
    mut stream: BoxedStream,
    protocol: ProxyProtocol,
    endpoint: &Endpoint,
    resolved: Option<IpAddr>,
) -> Tunnel {
    let target = target(protocol, endpoint, resolved);
    let mut seen = ProxySeen {
        request: format!("SOCKS {endpoint}"),
        ..ProxySeen::default()
    };
    let result = match (protocol, target) {
        (_, Err(failure)) => Err(failure),
        (ProxyProtocol::Socks5 | ProxyProtocol::Socks5h, Ok(target)) => {
            version_5(&mut stream, &target, endpoint.port, &mut seen).await
        }
        (_, Ok(target)) => version_4(&mut stream, &target, endpoint.port, &mut seen).await,
    };
    Tunnel::new(seen, result.map(|()| stream))
}

fn target(
    protocol: ProxyProtocol,
    endpoint: &Endpoint,
    resolved: Option<IpAddr>,
) -> Result<Target, Failure> {
    let name = match &endpoint.host {
        Host::Address(address) => return Ok(Target::Address(*address)),
        Host::Name(name) => Target::Name(name.clone()),
    };
    match (protocol, resolved) {
        (ProxyProtocol::Socks4, Some(address)) if address.is_ipv4() => Ok(Target::Address(address)),
        (ProxyProtocol::Socks4, _) => Err(classify::failure(
            FailureKind::Other,
            "SOCKS 4 needs an IPv4 address, and this machine cannot resolve the name",
        )),
        _ => Ok(name),
    }
}

async fn version_4(
    stream: &mut BoxedStream,
    target: &Target,
    port: u16,
    seen: &mut ProxySeen,
) -> Result<(), Failure> {
    let (address, name) = match target {
        Target::Address(IpAddr::V4(address)) => (*address, None),
        Target::Address(IpAddr::V6(_)) => {
            return Err(classify::failure(FailureKind::Other, "SOCKS 4 has no IPv6"));
        }
        // An address 0.0.0.x makes the proxy resolve the name after it.
        Target::Name(name) => (Ipv4Addr::new(0, 0, 0, 1), Some(name)),
    };
    let mut request = vec![4, 1];
    request.extend(port.to_be_bytes());
    request.extend(address.octets());
    request.push(0);
    if let Some(name) = name {
        request.extend(name.as_bytes());
        request.push(0);
    }
    let reply: [u8; 8] = exchange(stream, &request).await?;
    if reply[0] != 0 {
        return Err(foreign(reply[0]));
    }
    seen.socks_reply = Some(reply[1]);
    match reply[1] {
        90 => Ok(()),
        91 => Err(refused("the proxy rejects the request or cannot connect")),
        92 | 93 => Err(refused("the proxy wants to know the user by identd")),
        _ => Err(garbage()),
    }
}

async fn version_5(
    stream: &mut BoxedStream,
    target: &Target,
    port: u16,
    seen: &mut ProxySeen,
) -> Result<(), Failure> {
    let [version, method]: [u8; 2] = exchange(stream, &[5, 1, 0]).await?;
    if version != 5 {
        return Err(foreign(version));
    }
    if method != 0 {
        seen.auth_schemes = vec!["SOCKS 5 does not name them".to_owned()];
        return Err(refused("the proxy wants a sign-in"));
    }
    let [version, reply, _, kind]: [u8; 4] =
        exchange(stream, &version_5_request(target, port)).await?;
    if version != 5 {
        return Err(garbage());
    }
    seen.socks_reply = Some(reply);
    match reply {
        0 => skip_bound_address(stream, kind).await,
        _ => Err(refused(reply_text(reply))),
    }
}

fn version_5_request(target: &Target, port: u16) -> Vec<u8> {
    let mut request = vec![5, 1, 0];
    match target {
        Target::Address(IpAddr::V4(address)) => {
            request.push(1);
            request.extend(address.octets());
        }
        Target::Address(IpAddr::V6(address)) => {
            request.push(4);
            request.extend(address.octets());
        }
        // A host name has at most 253 characters: `Host` sees to it.
        Target::Name(name) => {
            request.extend([3, name.len() as u8]);
            request.extend(name.as_bytes());
        }
    }
    request.extend(port.to_be_bytes());
    request
}

/// The address that the proxy is bound to: not needed, but it precedes the data.
async fn skip_bound_address(stream: &mut BoxedStream, kind: u8) -> Result<(), Failure> {
    let length = match kind {
        1 => 4,
        4 => 16,
        3 => usize::from(
            stream
                .read_u8()
                .await
                .map_err(|error| classify::tls(&error))?,
        ),
        _ => return Err(garbage()),
    };
    let mut rest = vec![0; length + 2];
    let read = stream.read_exact(&mut rest).await;
    read.map(|_| ()).map_err(|error| classify::tls(&error))
}

async fn exchange<const N: usize>(
    stream: &mut BoxedStream,
    request: &[u8],
) -> Result<[u8; N], Failure> {
    let io = |error: std::io::Error| classify::tls(&error);
    stream.write_all(request).await.map_err(io)?;
    stream.flush().await.map_err(io)?;
    let mut reply = [0; N];
    stream.read_exact(&mut reply).await.map_err(io)?;
    Ok(reply)
}

/// RFC 1928, section 6.
fn reply_text(reply: u8) -> &'static str {
    match reply {
        1 => "general failure of the proxy",
        2 => "not allowed by the rules of the proxy",
        3 => "the network is unreachable from the proxy",
        4 => "the host is unreachable from the proxy",
        5 => "the host refuses the connection from the proxy",
        6 => "the path from the proxy is too long",
        7 => "the proxy does not support the command",
        8 => "the proxy does not support the kind of address",
        _ => "an unknown reply of the proxy",
    }
}

fn refused(words: &str) -> Failure {
    classify::failure(FailureKind::ProxyRefused, words)
}

/// The first byte shows whether it is an HTTP proxy.
fn foreign(first: u8) -> Failure {
    if first == b'H' {
        return classify::failure(FailureKind::Malformed, "it speaks HTTP, not SOCKS");
    }
    garbage()
}

fn garbage() -> Failure {
    classify::failure(FailureKind::Malformed, "not a SOCKS answer")
}
