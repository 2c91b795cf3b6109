//! The probe: does the I/O, fills [`Evidence`](reach365_model::evidence::Evidence), has no opinion.
//! Internal to `reach365`, which re-exports what is stable.

mod attempt;
mod body;
mod certificate;
mod classify;
mod clock;
mod connector;
mod control_probe;
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
mod user_agent;
mod wire;

pub use clock::RunClock;
pub use control_probe::{known_names, other_name, random_labels};
pub use credentials::Credentials;
pub use dns::{DnsClient, NameServers, addresses};
#[cfg(feature = "fetch")]
pub use fetch::{FetchLimits, Fetched, Fetcher};
pub use hosts_text::HostsText;
pub use msoid::{MsoidClients, probe_msoid};
pub use pace::ConnectionLimits;
pub use proxy_names::ProxyNames;
pub use run::{ProbeContext, PromptLookups, confirm, look_up_again, probe};
pub use size::size_control;
pub use tls::{Certificates, TlsSource, provider};
pub use trace::trace;
pub use user_agent::{alternate, probe_user_agent};
