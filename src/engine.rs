//! The [`Checker`]: schedules probes, confirms failures, keeps deadlines. It only schedules.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, join};
use futures_util::stream::{self, StreamExt};
use jiff::Timestamp;

use crate::endpoint::{Cloud, Endpoint, Scheme};
use crate::error::Error;
use crate::event::Event;
use crate::evidence::{Evidence, RunEvidence};
use crate::options::{Family, Options, PROBES_UNDER_WAY, Timeouts};
use crate::plan::{Check, Plan};
use crate::platform;
use crate::probe::{
    Certificates, DnsClient, HostsText, MsoidClients, Pace, ProbeContext, RunClock, TlsSource,
    confirm, probe, probe_msoid,
};
use crate::report::{Report, Run};
use crate::verdict::{self, Outcome};

/// More hosts than that are not looked up by the operating system beside: each look-up holds a
/// thread.
const OS_LOOKUPS: usize = 64;

/// Runs plans. It holds no connection and no thread between runs.
#[derive(Debug, Clone)]
pub struct Checker {
    options: Arc<Options>,
    public_roots: Option<Certificates>,
    os_roots: Option<Certificates>,
}

/// Evidence with its provisional outcome.
type Probed = (Evidence, Outcome);

/// Builds a [`Checker`]; every setting has the default of [`Options`].
#[derive(Debug, Clone, Default)]
pub struct CheckerBuilder {
    options: Options,
}

impl CheckerBuilder {
    /// Replaces all options at once.
    #[must_use]
    pub fn options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// The same time limit for every stage; silent stages wait that long and no longer.
    #[must_use]
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.options.timeouts = Timeouts::all(limit);
        self.options.silence_limit = limit;
        self
    }

    /// Limit for the whole run; what is unfinished then is inconclusive.
    #[must_use]
    pub fn deadline(mut self, limit: Duration) -> Self {
        self.options.deadline = limit;
        self
    }

    /// Hosts at once.
    #[must_use]
    pub fn jobs(mut self, jobs: usize) -> Self {
        self.options.jobs = jobs;
        self
    }

    /// Name servers to ask instead of the system's.
    #[must_use]
    pub fn dns(mut self, servers: Vec<SocketAddr>) -> Self {
        self.options.dns = servers;
        self
    }

    /// A further resolver for the `msoid` check.
    #[must_use]
    pub fn second_resolver(mut self, server: SocketAddr) -> Self {
        self.options.second_resolver = Some(server);
        self
    }

    /// Which address families are probed.
    #[must_use]
    pub fn family(mut self, family: Family) -> Self {
        self.options.family = family;
        self
    }

    /// The cloud whose rules apply.
    #[must_use]
    pub fn cloud(mut self, cloud: Cloud) -> Self {
        self.options.cloud = cloud;
        self
    }

    /// PEM file that replaces the public roots.
    #[must_use]
    pub fn public_roots(mut self, file: PathBuf) -> Self {
        self.options.public_roots = Some(file);
        self
    }

    /// PEM file that replaces the operating system's roots.
    #[must_use]
    pub fn os_roots(mut self, file: PathBuf) -> Self {
        self.options.os_roots = Some(file);
        self
    }

    /// Checks the options and reads the files that they name.
    ///
    /// # Errors
    /// [`Error::Option`] where a file cannot be used or a limit is zero.
    pub fn build(self) -> Result<Checker, Error> {
        check_limits(&self.options)?;
        Ok(Checker {
            public_roots: read_roots("--public-roots", self.options.public_roots.as_deref())?,
            os_roots: read_roots("--os-roots", self.options.os_roots.as_deref())?,
            options: Arc::new(self.options),
        })
    }
}

fn check_limits(options: &Options) -> Result<(), Error> {
    let timeouts = options.timeouts;
    let limits = [
        (
            "--timeout",
            timeouts
                .dns
                .min(timeouts.tcp)
                .min(timeouts.tls)
                .min(timeouts.http),
        ),
        ("--timeout", options.silence_limit),
        ("--deadline", options.deadline),
    ];
    for (name, limit) in limits {
        if limit.is_zero() || limit > Duration::from_secs(24 * 3600) {
            return Err(Error::Option {
                name,
                message: "must be more than 0 seconds and at most a day".to_owned(),
            });
        }
    }
    if options.jobs == 0 {
        return Err(Error::Option {
            name: "--jobs",
            message: "must be at least 1".to_owned(),
        });
    }
    Ok(())
}

fn read_roots(name: &'static str, file: Option<&Path>) -> Result<Option<Certificates>, Error> {
    let Some(file) = file else { return Ok(None) };
    match platform::pem_file(file) {
        Ok(certificates) => Ok(Some(Arc::new(certificates))),
        Err(message) => Err(Error::Option { name, message }),
    }
}

impl Checker {
    /// A builder with the default options.
    pub fn builder() -> CheckerBuilder {
        CheckerBuilder::default()
    }

    /// Runs a plan. Dropping the future ends every probe at once. Needs a tokio runtime with time
    /// and I/O enabled.
    pub async fn run(&self, plan: &Plan) -> Report {
        self.run_with(plan, |_| ()).await
    }

    /// Runs a plan and tells what happens; the callback must not block.
    pub async fn run_with(&self, plan: &Plan, mut on_event: impl FnMut(Event<'_>)) -> Report {
        let started = Timestamp::now();
        let id = run_id(started);
        on_event(Event::Started {
            run_id: &id,
            checks: plan.checks.len(),
        });
        let clock = RunClock::start(self.options.deadline);
        let mut run = self.run_evidence();
        let context = self.context(clock, &run, plan.checks.len());
        let probes = self.probe_all(&context, &run, plan, started, &mut on_event);
        // The roots are read while the first DNS questions are on their way.
        let (evidence, tls) = join(probes, context.tls.get()).await;
        run.public_roots = tls.stores.public_count();
        run.os_roots = tls.stores.os_count();
        let rows = plan.checks.iter().cloned().zip(evidence);
        let rows = rows
            .map(|(check, evidence)| (check.endpoint, check.route, evidence))
            .collect();
        let report = Report::assemble(self.run_facts(id, started, clock.elapsed_ms(), run), rows);
        report.events().for_each(on_event);
        report
    }

    fn run_evidence(&self) -> RunEvidence {
        let families = platform::usable_families();
        let named = !self.options.dns.is_empty();
        RunEvidence {
            ipv4: families.ipv4,
            ipv6: families.ipv6,
            resolvers: if named {
                self.options.dns.clone()
            } else {
                platform::system_resolvers()
            },
            resolvers_named: named,
            ..RunEvidence::default()
        }
    }

    fn context(&self, clock: RunClock, run: &RunEvidence, checks: usize) -> ProbeContext {
        let hosts = match &self.options.hosts_file {
            Some(text) => HostsText::parse(text),
            None => HostsText::parse(&platform::hosts_file().unwrap_or_default()),
        };
        ProbeContext {
            options: Arc::clone(&self.options),
            clock,
            pace: Pace::new(self.options.jobs),
            dns: DnsClient {
                servers: run.resolvers.clone(),
                timeout: self.options.timeouts.dns,
                recursion: true,
                clock,
            },
            tls: TlsSource::new(self.public_roots.clone(), self.os_roots.clone()),
            hosts,
            ask_os_resolver: self.options.ask_os_resolver
                && !run.resolvers_named
                && checks <= OS_LOOKUPS,
        }
    }

    /// Evidence in plan order.
    async fn probe_all(
        &self,
        context: &ProbeContext,
        run: &RunEvidence,
        plan: &Plan,
        started: Timestamp,
        on_event: &mut impl FnMut(Event<'_>),
    ) -> Vec<Evidence> {
        let judge = verdict::Context {
            cloud: self.options.cloud,
            run,
            now: started,
        };
        let mut all: Vec<Evidence> = plan.checks.iter().map(|_| Evidence::default()).collect();
        let judge = &judge;
        let probes = (0..plan.checks.len()).map(|index| -> BoxFuture<'_, (usize, Probed)> {
            let check = &plan.checks[index];
            Box::pin(async move { (index, self.probe_one(context, judge, check).await) })
        });
        let mut finished = 0;
        let mut results = stream::iter(probes).buffer_unordered(probes_under_way());
        while let Some((index, (evidence, outcome))) = results.next().await {
            finished += 1;
            on_event(Event::Probed {
                id: &plan.checks[index].endpoint.id,
                outcome,
                finished,
            });
            all[index] = evidence;
        }
        all
    }

    /// Probes an endpoint, and what does not come out well once more.
    async fn probe_one(
        &self,
        context: &ProbeContext,
        judge: &verdict::Context<'_>,
        check: &Check,
    ) -> Probed {
        let endpoint = &check.endpoint;
        if let Some(domain) = msoid_domain(endpoint) {
            let evidence = Box::pin(self.probe_msoid(context, domain)).await;
            let outcome = verdict::judge(endpoint, &evidence, judge).outcome;
            return (evidence, outcome);
        }
        let mut evidence = context.pace.host(pin!(probe(context, endpoint))).await;
        let mut outcome = verdict::judge(endpoint, &evidence, judge).outcome;
        for round in 2..2 + self.options.confirm {
            if outcome == Outcome::Reachable || context.clock.is_over() {
                break;
            }
            confirm(context, endpoint, &mut evidence, round).await;
            outcome = verdict::judge(endpoint, &evidence, judge).outcome;
        }
        (evidence, outcome)
    }

    async fn probe_msoid(&self, context: &ProbeContext, domain: &str) -> Evidence {
        let clients = MsoidClients {
            system: &context.dns,
            second: self.options.second_resolver.map(|server| DnsClient {
                servers: vec![server],
                ..context.dns.clone()
            }),
            authoritative_port: self.options.authoritative_port,
        };
        probe_msoid(&clients, domain).await
    }

    fn run_facts(
        &self,
        id: String,
        started: Timestamp,
        elapsed_ms: u64,
        evidence: RunEvidence,
    ) -> Run {
        Run {
            id,
            started,
            elapsed_ms,
            cloud: self.options.cloud,
            site: self.options.site.clone(),
            host: None,
            platform: platform::name().to_owned(),
            evidence,
        }
    }
}

/// As many as the sockets suffice for: a probe has up to four open, and some are kept for others.
fn probes_under_way() -> usize {
    const SOCKETS_PER_PROBE: usize = 4;
    let Some(sockets) = platform::socket_limit() else {
        return PROBES_UNDER_WAY;
    };
    let enough_for = sockets.saturating_sub(64) / SOCKETS_PER_PROBE;
    enough_for.clamp(1, PROBES_UNDER_WAY)
}

/// The domain of an `msoid` row.
fn msoid_domain(endpoint: &Endpoint) -> Option<&str> {
    if endpoint.scheme != Scheme::Dns {
        return None;
    }
    endpoint.host.name()?.strip_prefix("msoid.")
}

/// The second of the start and a random part, so that reports of many sites do not collide.
fn run_id(started: Timestamp) -> String {
    let random = RandomState::new().hash_one(started.as_nanosecond());
    format!("{}-{random:016x}", started.strftime("%Y%m%dT%H%M%SZ"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_can_be_spawned() {
        fn is_send<T: Send>(_: T) {}
        let checker = Checker::builder().build().unwrap();
        let plan = Plan {
            cloud: Cloud::Worldwide,
            checks: Vec::new(),
        };
        is_send(checker.run_with(&plan, |_| ()));
    }

    #[test]
    fn impossible_limits_are_refused_by_name() {
        let error = Checker::builder()
            .timeout(Duration::ZERO)
            .build()
            .unwrap_err();
        assert!(error.to_string().starts_with("--timeout"), "{error}");
        let error = Checker::builder().jobs(0).build().unwrap_err();
        assert!(error.to_string().starts_with("--jobs"), "{error}");
    }

    #[test]
    fn a_file_without_certificates_is_refused() {
        let error = Checker::builder()
            .public_roots("Cargo.toml".into())
            .build()
            .unwrap_err();
        assert!(error.to_string().contains("Cargo.toml"), "{error}");
    }
}
