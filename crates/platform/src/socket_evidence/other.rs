//! Systems that are not asked yet: nothing is known beyond the error of the connection.

use std::sync::Arc;

use socket2::Socket;

use super::SocketEvidence;

/// A hold on a connection; none here.
pub fn watch(_: &Socket) -> Option<Arc<dyn SocketEvidence>> {
    None
}
