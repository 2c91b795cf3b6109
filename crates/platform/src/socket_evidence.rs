//! What the system knows of a TCP connection beyond "it failed": the ICMP message that ended it,
//! and the counters of the connection. Everything here works without privileges; what a system does
//! not report is absent.

#[cfg(target_os = "linux")]
#[path = "socket_evidence/linux.rs"]
mod system;
#[cfg(target_os = "macos")]
#[path = "socket_evidence/macos.rs"]
mod system;
#[cfg(windows)]
#[path = "socket_evidence/windows.rs"]
mod system;
#[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
#[path = "socket_evidence/other.rs"]
mod system;

use reach365_model::evidence::{IcmpSeen, TcpCounters};

/// A second handle to a connection, to query it while other code uses it.
pub trait SocketEvidence: std::fmt::Debug + Send + Sync {
    /// The ICMP message that the system received for the connection; each is returned once.
    fn icmp(&self) -> Option<IcmpSeen>;

    /// The current counters of the connection.
    fn counters(&self) -> Option<TcpCounters>;
}

pub use system::watch;
