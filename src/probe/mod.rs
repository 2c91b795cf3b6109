//! The probe: does the I/O, fills [`Evidence`](crate::evidence::Evidence), has no opinion.

mod attempt;
mod body;
mod certificate;
mod classify;
mod clock;
mod dns;
mod dns_message;
mod hosts_text;
mod http;
mod legacy_hello;
mod meter;
mod msoid;
mod pace;
mod recorder;
mod roots;
mod run;
mod tls;

pub(crate) use clock::RunClock;
pub(crate) use dns::DnsClient;
pub(crate) use hosts_text::HostsText;
pub(crate) use msoid::{MsoidClients, probe_msoid};
pub(crate) use pace::Pace;
pub(crate) use run::{ProbeContext, confirm, probe};
pub(crate) use tls::{Certificates, TlsSource};
