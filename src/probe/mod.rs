//! The probe: does the I/O, fills [`Evidence`](reach365_model::evidence::Evidence), has no opinion.

mod agent;
mod attempt;
mod body;
mod certificate;
mod classify;
mod clock;
mod connector;
mod control;
mod credentials;
mod dial;
mod dns;
mod dns_message;
#[cfg(feature = "fetch")]
mod fetch;
mod hosts_text;
mod http;
mod legacy_hello;
mod lenient;
mod meter;
mod msoid;
mod names;
pub mod pac;
mod pace;
mod proxied;
mod proxy_names;
mod queue;
mod recorder;
mod response_head;
mod roots;
mod run;
mod size;
mod socks;
mod tls;
mod trace;
mod tunnel;
mod wire;

pub(crate) use agent::{alternate, ask_as};
pub(crate) use clock::RunClock;
pub(crate) use control::{known_names, other_name, random_labels};
pub(crate) use credentials::Credentials;
pub(crate) use dns::{DnsClient, NameServers, addresses};
#[cfg(feature = "fetch")]
pub(crate) use fetch::{FetchLimits, Fetched, Fetcher};
pub(crate) use hosts_text::HostsText;
pub(crate) use msoid::{MsoidClients, probe_msoid};
pub(crate) use pace::Pace;
pub(crate) use proxy_names::ProxyNames;
pub(crate) use run::{ProbeContext, PromptLookups, confirm, look_up_again, probe};
pub(crate) use size::sizes;
#[cfg(feature = "fetch")]
pub(crate) use tls::provider;
pub(crate) use tls::{Certificates, TlsSource};
pub(crate) use trace::trace;
