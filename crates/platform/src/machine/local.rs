//! The machine that this program runs on.

use std::io;
use std::path::Path;
use std::time::Duration;

#[cfg(not(windows))]
use super::other as system;
#[cfg(windows)]
use super::windows as system;
use super::{Credential, Machine, Ran, RegistryKey, RegistryValue, ServiceState, folders};
use crate::command;

/// No program of the catalogue needs longer; `w32tm` waits for the network.
const LIMIT: Duration = Duration::from_secs(120);

/// The machine that this program runs on.
#[derive(Debug, Clone, Copy, Default)]
pub struct LocalMachine;

impl Machine for LocalMachine {
    fn is_windows(&self) -> bool {
        cfg!(windows)
    }

    fn is_elevated(&self) -> bool {
        system::is_elevated()
    }

    fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok().filter(|value| !value.is_empty())
    }

    fn value(&self, key: &str, name: &str) -> io::Result<Option<RegistryValue>> {
        system::value(key, name)
    }

    fn has_key(&self, key: &str) -> io::Result<bool> {
        system::has_key(key)
    }

    fn key(&self, key: &str) -> io::Result<Option<RegistryKey>> {
        system::key(key)
    }

    fn make_key(&self, key: &str) -> io::Result<()> {
        system::make_key(key)
    }

    fn set_value(&self, key: &str, value: &RegistryValue) -> io::Result<()> {
        system::set_value(key, value)
    }

    fn delete_value(&self, key: &str, name: &str) -> io::Result<()> {
        system::delete_value(key, name)
    }

    fn delete_key(&self, key: &str) -> io::Result<()> {
        system::delete_key(key)
    }

    fn rename_key(&self, key: &str, to: &str) -> io::Result<()> {
        system::rename_key(key, to)
    }

    fn entries(&self, folder: &Path) -> io::Result<Option<Vec<String>>> {
        folders::entries(folder)
    }

    fn move_entry(&self, from: &Path, to: &Path) -> io::Result<()> {
        folders::move_entry(from, to)
    }

    fn credentials(&self) -> io::Result<Vec<Credential>> {
        system::credentials()
    }

    fn delete_credential(&self, credential: &Credential) -> io::Result<()> {
        system::delete_credential(credential)
    }

    fn service(&self, name: &str) -> io::Result<Option<ServiceState>> {
        system::service(name)
    }

    fn start_service(&self, name: &str) -> io::Result<()> {
        system::start_service(name)
    }

    fn stop_service(&self, name: &str) -> io::Result<()> {
        system::stop_service(name)
    }

    fn run(&self, program: &str, arguments: &[String]) -> io::Result<Ran> {
        let finished = command::run(system::program(program)?, arguments, LIMIT)?;
        let streams = [finished.stdout, finished.stderr];
        Ok(Ran {
            code: finished.status.code(),
            output: streams
                .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
                .concat(),
        })
    }
}
