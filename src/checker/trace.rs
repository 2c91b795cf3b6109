//! Traces: of one host on request, and of the endpoints of a run that were blocked.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt};
use serde::Serialize;

use crate::checker::{Probed, Row};
use reach365_judge::verdict::{TraceReading, read_trace};
use reach365_model::endpoint::{Endpoint, Host};
use reach365_model::error::Error;
use reach365_model::evidence::{Lookup, RecordKind, Trace};
use reach365_model::options::{Options, TRACE_CONTROL, TRACE_ROWS};
use reach365_model::verdict::Outcome;
use reach365_platform as platform;
use reach365_probe::{
    DnsClient, HostsText, ProbeContext, RunClock, addresses, trace as probe_trace,
};

/// Port without TLS: no ClientHello is sent to it.
const HTTP_PORT: u16 = 80;
/// Endpoints that are traced at once.
const AT_ONCE: usize = 4;
/// One trace of a run, in the worst case of all hops silent.
const LIMIT: Duration = Duration::from_secs(40);

/// What is to be traced.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TraceRequest {
    /// The host; its name goes into the ClientHello.
    pub host: Host,
    /// The port; on 80 no ClientHello is sent.
    pub port: u16,
    /// A name that filters do not know, for the ClientHellos to compare with. It is only sent in a
    /// packet to the same address; the host of that name is not contacted.
    pub control_host: String,
}

impl TraceRequest {
    /// A trace with the default control name.
    pub fn new(host: Host, port: u16) -> Self {
        Self {
            host,
            port,
            control_host: TRACE_CONTROL.to_owned(),
        }
    }
}

/// The traces of a host: one to its first address of each family that this machine uses.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TraceReport {
    /// The host as requested.
    pub host: Host,
    /// The port.
    pub port: u16,
    /// How its name was resolved; empty for an address and for a name in the hosts file.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lookups: Vec<Lookup>,
    /// The observations, and their result.
    pub traces: Vec<ReadTrace>,
}

/// A trace with its result.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ReadTrace {
    /// The result.
    pub reading: TraceReading,
    /// The observations.
    pub trace: Trace,
}

impl TraceReport {
    /// The best of the traces; inconclusive where there is none.
    pub fn outcome(&self) -> Outcome {
        let outcomes = self.traces.iter().map(|it| it.reading.ending.outcome());
        outcomes.min().unwrap_or(Outcome::Inconclusive)
    }
}

/// Traces the path to a host hop by hop, without privileges. Of the options, those of name
/// resolution, address families and the deadline are used.
///
/// # Errors
/// [`Error::Option`] on systems that do not report to a program where its packets end: all but
/// Linux.
pub async fn trace(request: &TraceRequest, options: &Options) -> Result<TraceReport, Error> {
    check_system("trace")?;
    let clock = RunClock::start(options.deadline);
    let (lookups, targets) = targets(request, options, clock).await;
    let own = request.host.name().filter(|_| request.port != HTTP_PORT);
    let names = own.map(|own| (own, request.control_host.as_str()));
    let traces = targets.into_iter().map(async |address| {
        let address = SocketAddr::new(address, request.port);
        clock
            .within(options.deadline, probe_trace(clock, address, names))
            .await
            .ok()
    });
    let traces = join_all(traces).await.into_iter().flatten();
    Ok(TraceReport {
        host: request.host.clone(),
        port: request.port,
        lookups,
        traces: traces
            .map(|trace| ReadTrace {
                reading: read_trace(&trace),
                trace,
            })
            .collect(),
    })
}

/// Reports what is missing where traces cannot work.
pub(super) fn check_system(name: &'static str) -> Result<(), Error> {
    if platform::TELLS_HOPS {
        return Ok(());
    }
    Err(Error::Option {
        name,
        message: "needs the error queue of Linux sockets: this system does not tell a program \
                  without privileges which device ended its packets"
            .to_owned(),
    })
}

/// The first address of each family.
async fn targets(
    request: &TraceRequest,
    options: &Options,
    clock: RunClock,
) -> (Vec<Lookup>, Vec<IpAddr>) {
    let name = match &request.host {
        Host::Address(address) => return (Vec::new(), vec![*address]),
        Host::Name(name) => name,
    };
    let text = options.hosts_file.clone().or_else(platform::hosts_file);
    let named = HostsText::parse(&text.unwrap_or_default()).addresses(name);
    if !named.is_empty() {
        return (Vec::new(), first_of_families(&named, options));
    }
    let client = DnsClient {
        servers: if options.dns.is_empty() {
            platform::system_resolvers().servers
        } else {
            options.dns.clone()
        },
        timeout: options.timeouts.dns,
        recursion: true,
        clock,
        known: Arc::default(),
    };
    let kinds = [RecordKind::A, RecordKind::Aaaa];
    let lookups = join_all(kinds.map(|kind| client.lookup(name, kind))).await;
    let found: Vec<IpAddr> = lookups.iter().flat_map(addresses).collect();
    let targets = first_of_families(&found, options);
    (lookups, targets)
}

fn first_of_families(found: &[IpAddr], options: &Options) -> Vec<IpAddr> {
    let usable = platform::usable_families();
    let first = |wanted: fn(&IpAddr) -> bool| {
        let mut found = found.iter().copied();
        found.find(|it| wanted(it) && options.family.includes(*it))
    };
    let v4 = first(IpAddr::is_ipv4).filter(|_| usable.ipv4 != Some(false));
    let v6 = first(IpAddr::is_ipv6).filter(|_| usable.ipv6 != Some(false));
    v4.into_iter().chain(v6).collect()
}

/// Traces the endpoints that are blocked on the direct path at the connection or at TLS, each once.
pub(super) async fn trace_blocked(context: &ProbeContext, rows: &[Row<'_>], all: &mut [Probed]) {
    let mut wanted: Vec<(usize, SocketAddr)> = Vec::new();
    for (index, (row, (_, next))) in rows.iter().zip(all.iter()).enumerate() {
        let found = next.trace.filter(|_| row.route.is_direct());
        let new = found.filter(|address| wanted.iter().all(|(_, other)| other != address));
        wanted.extend(new.map(|address| (index, address)));
        if wanted.len() == TRACE_ROWS {
            break;
        }
    }
    let traces = wanted
        .iter()
        .map(|(index, address)| trace_row(context, rows[*index].endpoint, *address))
        .collect::<Vec<_>>();
    // Devices on the path limit how much ICMP they send to one machine.
    let traces: Vec<_> = stream::iter(traces).buffered(AT_ONCE).collect().await;
    for ((index, _), trace) in wanted.into_iter().zip(traces) {
        all[index].0.trace = trace;
    }
}

async fn trace_row(
    context: &ProbeContext,
    endpoint: &Endpoint,
    address: SocketAddr,
) -> Option<Trace> {
    let name = endpoint.host.name();
    let names = name
        .filter(|_| address.port() != HTTP_PORT)
        .map(|name| (name, TRACE_CONTROL));
    let trace = probe_trace(context.clock, address, names);
    context.clock.within(LIMIT, trace).await.ok()
}
