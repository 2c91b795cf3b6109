//! What differs between operating systems: fetches bytes and strings, decides nothing. Internal to
//! `reach365`, which re-exports what is stable.

mod addresses;
mod announced_script;
mod command;
mod hosts;
mod loopback;
mod machine;
mod ncsi;
mod no_route;
mod proxy_settings;
#[cfg(windows)]
mod registry_key;
mod resolvers;
mod roots;
#[cfg(windows)]
mod services;
mod socket_evidence;
mod socket_options;
#[cfg(windows)]
mod winhttp_text;

#[cfg(feature = "pac")]
pub use addresses::own_addresses;
pub use addresses::{UsedFamilies, fits, usable_families, used_families};
pub use announced_script::announced_scripts;
pub use command::{Finished, RunError, run as run_program};
pub use hosts::hosts_file;
pub use loopback::broker_reaches_loopback;
pub use machine::{
    Credential, LocalMachine, Machine, Ran, RegistryKey, RegistryValue, ServiceState,
};
pub use ncsi::ncsi_registry;
pub use no_route::is_no_route;
pub use proxy_settings::{SystemProxies, system_proxies};
#[cfg(windows)]
pub use registry_key::Key;
pub use resolvers::name_server;
pub use resolvers::{SystemResolvers, search_list, system_resolvers};
pub use roots::{native_roots, pem_file};
#[cfg(windows)]
pub use services::state as service_state;
pub use socket_evidence::{SocketEvidence, watch};
pub use socket_options::{CAN_LIMIT, FAR, TELLS_HOPS, limit_hops, limit_segments, socket_limit};

/// Name of the operating system, as reports spell it.
pub fn name() -> &'static str {
    std::env::consts::OS
}
