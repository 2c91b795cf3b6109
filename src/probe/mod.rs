//! The probe: does the I/O, fills [`Evidence`](crate::evidence::Evidence), has no opinion.

mod agent;
mod attempt;
mod body;
mod certificate;
mod classify;
mod clock;
mod connector;
mod control;
mod dns;
mod dns_message;
mod hosts_text;
mod http;
mod legacy_hello;
mod meter;
mod msoid;
pub mod pac;
mod pace;
mod proxied;
mod proxy_names;
mod recorder;
mod roots;
mod run;
mod socks;
mod tls;
mod tunnel;
mod wire;

pub(crate) use agent::{alternate, ask_as};
pub(crate) use clock::RunClock;
pub(crate) use control::{other_name, random_labels};
pub(crate) use dns::DnsClient;
pub(crate) use hosts_text::HostsText;
pub(crate) use msoid::{MsoidClients, probe_msoid};
pub(crate) use pace::Pace;
pub(crate) use proxy_names::ProxyNames;
pub(crate) use run::{ProbeContext, SignIns, confirm, probe};
pub(crate) use tls::{Certificates, TlsSource};
