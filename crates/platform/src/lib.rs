//! What differs between operating systems: fetches bytes and strings, decides nothing. Internal to
//! `reach365`, which re-exports what is stable.

mod announced_script;
mod command;
mod hops;
mod hosts;
mod interfaces;
mod loopback;
mod machine;
mod ncsi;
mod no_route;
#[cfg(feature = "pac")]
mod own_addresses;
mod proxy_settings;
#[cfg(windows)]
mod registry_key;
mod resolvers;
mod roots;
mod segments;
#[cfg(windows)]
mod services;
mod socket_evidence;
mod sockets;
mod source;
#[cfg(windows)]
mod winhttp_text;

pub use announced_script::announced_scripts;
pub use command::{Finished, RunError, run as run_program};
pub use hops::{FAR, TELLS_HOPS, limit_hops};
pub use hosts::hosts_file;
pub use interfaces::usable_families;
pub use loopback::broker_reaches_loopback;
pub use machine::{
    Credential, LocalMachine, Machine, Ran, RegistryKey, RegistryValue, ServiceState,
};
pub use ncsi::ncsi_registry;
pub use no_route::is_no_route;
#[cfg(feature = "pac")]
pub use own_addresses::own_addresses;
pub use proxy_settings::{SystemProxies, system_proxies};
#[cfg(windows)]
pub use registry_key::Key;
pub use resolvers::name_server;
pub use resolvers::{SystemResolvers, search_list, system_resolvers};
pub use roots::{native_roots, pem_file};
pub use segments::{CAN_LIMIT, limit_segments};
#[cfg(windows)]
pub use services::state as service_state;
pub use socket_evidence::{SocketEvidence, watch};
pub use sockets::socket_limit;
pub use source::{UsedFamilies, fits, used_families};

/// Name of the operating system, as reports spell it.
pub fn name() -> &'static str {
    std::env::consts::OS
}
