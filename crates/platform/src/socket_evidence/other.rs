//! Systems without support yet: nothing is known beyond the error of the connection.

use std::sync::Arc;

use socket2::Socket;

use super::SocketEvidence;

/// A handle to a connection; none here.
pub fn watch(_: &Socket) -> Option<Arc<dyn SocketEvidence>> {
    None
}
