//! Certificates that the operating system trusts.

use std::path::Path;

use rustls::pki_types::CertificateDer;
use rustls_native_certs::{load_certs_from_paths, load_native_certs};

/// The roots of the operating system; on Unix `SSL_CERT_FILE` replaces them.
pub fn native_roots() -> Vec<CertificateDer<'static>> {
    #[cfg(unix)]
    if let Some(file) = std::env::var_os("SSL_CERT_FILE").filter(|file| !file.is_empty()) {
        return load_certs_from_paths(Some(Path::new(&file)), None).certs;
    }
    load_native_certs().certs
}

/// The certificates of a PEM file.
///
/// # Errors
/// A sentence that says why there are none.
pub fn pem_file(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let loaded = load_certs_from_paths(Some(path), None);
    if let Some(error) = loaded.errors.first() {
        return Err(format!("{}: {error}", path.display()));
    }
    if loaded.certs.is_empty() {
        return Err(format!("{}: no PEM certificate in it", path.display()));
    }
    Ok(loaded.certs)
}
