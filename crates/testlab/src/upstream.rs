//! The way from a proxy of the lab to its hosts. Proxies know where hosts are by themselves: what
//! the lab's resolver says to clients is not their business.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::net::TcpStream;

/// Addresses of hosts by name.
#[derive(Debug, Clone, Default)]
pub struct Upstream(Arc<Mutex<HashMap<String, IpAddr>>>);

/// Why a proxy gets no connection to a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// It does not know the name.
    Name,
    /// The host refuses.
    Connection,
}

impl Upstream {
    /// Where a host is, unless that is known already.
    pub fn learn(&self, name: &str, address: IpAddr) {
        self.lock().entry(name.to_owned()).or_insert(address);
    }

    /// Where a host is, in place of what was known.
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
