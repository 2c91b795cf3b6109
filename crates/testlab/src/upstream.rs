//! The path from a proxy of the lab to its hosts. Proxies have their own addresses of hosts,
//! independent of the answers of the lab's resolver.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::net::TcpStream;

/// Addresses of hosts by name.
#[derive(Debug, Clone, Default)]
pub struct Upstream(Arc<Mutex<HashMap<String, IpAddr>>>);

/// Why a proxy cannot connect to a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// The name is unknown.
    Name,
    /// The host refuses.
    Connection,
}

impl Upstream {
    /// The address of a host, unless that is known already.
    pub fn learn(&self, name: &str, address: IpAddr) {
        self.lock().entry(name.to_owned()).or_insert(address);
    }

    /// The address of a host, in place of the known one.
    pub fn correct(&self, name: &str, address: IpAddr) {
        self.lock().insert(name.to_owned(), address);
    }

    /// A connection to a host, which is a name or an address.
    pub async fn connect(&self, host: &str, port: u16) -> Result<TcpStream, Trouble> {
        let literal = host.trim_matches(['[', ']']).parse().ok();
        let known = self.lock().get(host).copied();
        let address: IpAddr = literal.or(known).ok_or(Trouble::Name)?;
        let connection = TcpStream::connect((address, port)).await;
        connection.map_err(|_| Trouble::Connection)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, IpAddr>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
