//! Systems without a registry.

use std::io::{self, ErrorKind};
use std::path::PathBuf;

use super::{Credential, RegistryKey, RegistryValue, ServiceState};

fn absent<T>() -> io::Result<T> {
    Err(io::Error::new(
        ErrorKind::Unsupported,
        "only Windows has that",
    ))
}

pub(super) fn is_elevated() -> bool {
    false
}

pub(super) fn value(_: &str, _: &str) -> io::Result<Option<RegistryValue>> {
    absent()
}

pub(super) fn has_key(_: &str) -> io::Result<bool> {
    absent()
}

pub(super) fn key(_: &str) -> io::Result<Option<RegistryKey>> {
    absent()
}

pub(super) fn make_key(_: &str) -> io::Result<()> {
    absent()
}

pub(super) fn set_value(_: &str, _: &RegistryValue) -> io::Result<()> {
    absent()
}

pub(super) fn delete_value(_: &str, _: &str) -> io::Result<()> {
    absent()
}

pub(super) fn delete_key(_: &str) -> io::Result<()> {
    absent()
}

pub(super) fn rename_key(_: &str, _: &str) -> io::Result<()> {
    absent()
}

pub(super) fn credentials() -> io::Result<Vec<Credential>> {
    absent()
}

pub(super) fn delete_credential(_: &Credential) -> io::Result<()> {
    absent()
}

pub(super) fn service(_: &str) -> io::Result<Option<ServiceState>> {
    absent()
}

pub(super) fn start_service(_: &str) -> io::Result<()> {
    absent()
}

pub(super) fn stop_service(_: &str) -> io::Result<()> {
    absent()
}

pub(super) fn program(_: &str) -> io::Result<PathBuf> {
    absent()
}
