//! Connections of the tool itself, outside of any probe: one address after the other, each within
//! its limit.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::pac::PacEnvironment;
use reach365_model::endpoint::quoted;

/// One address of several gets no more than this.
const CONNECT_LIMIT: Duration = Duration::from_secs(3);

/// Connects to the first address of a host that accepts; the error is a sentence.
pub(crate) async fn connect(
    host: &url::Host<&str>,
    port: u16,
    environment: &PacEnvironment,
) -> Result<(TcpStream, SocketAddr), String> {
    let addresses = match host {
        url::Host::Ipv4(address) => vec![IpAddr::V4(*address)],
        url::Host::Ipv6(address) => vec![IpAddr::V6(*address)],
        url::Host::Domain(name) => environment.addresses_of(name).await,
    };
    let mut why = match host {
        url::Host::Domain(name) => format!("{} has no address", quoted(name)),
        _ => "no address answers".to_owned(),
    };
    for address in addresses {
        let target = SocketAddr::new(address, port);
        match timeout(CONNECT_LIMIT, TcpStream::connect(target)).await {
            Ok(Ok(stream)) => return Ok((stream, target)),
            Ok(Err(error)) => why = format!("{target}: {error}"),
            Err(_) => why = format!("{target} does not answer"),
        }
    }
    Err(why)
}
