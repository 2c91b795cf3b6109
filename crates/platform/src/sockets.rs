//! How many sockets this process may have.

/// Sockets that may be open at once; `None` where the system sets no such limit.
#[cfg(unix)]
pub fn socket_limit() -> Option<usize> {
    let (soft, _) = rlimit::Resource::NOFILE.get().ok()?;
    usize::try_from(soft).ok()
}

/// Sockets that may be open at once; `None` where the system sets no such limit.
#[cfg(not(unix))]
pub fn socket_limit() -> Option<usize> {
    None
}
