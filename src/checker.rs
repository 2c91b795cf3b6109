//! The [`Checker`]: schedules probes, confirms failures, keeps deadlines. It only schedules.

mod builder;
mod burst;
mod control_host;
mod control_probe;
mod device;
#[cfg(feature = "fetch")]
mod published;
mod routing;
mod rows;
mod scripts;
mod trace;

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use futures_util::future::{BoxFuture, Either, join, join_all, join3, select};
use futures_util::stream::{self, StreamExt};
use ipnet::IpNet;
use reach365_model::Timestamp;
use tokio::sync::Notify;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use reach365_judge::verdict::{self, FollowUps, Signatures, follow_ups};
use reach365_model::device::NcsiSettings;
use reach365_model::endpoint::{Endpoint, MustBe, Scheme};
use reach365_model::event::Event;
use reach365_model::evidence::{
    Attempt, Evidence, OtherRoute, RecordKind, RouteCandidate, RunEvidence, UserAgent,
};
use reach365_model::options::{COMPARE_AFTER, Options, PROBES_UNDER_WAY};
use reach365_model::plan::Plan;
use reach365_model::report::{Report, Run};
use reach365_model::verdict::Outcome;
use reach365_platform::{self as platform, SystemResolvers};
use reach365_probe::{
    Certificates, ConnectionLimits, Credentials, DnsClient, HostsText, MsoidClients, NameServers,
    ProbeContext, PromptLookups, ProxyNames, RunClock, TlsSource, alternate, confirm,
    look_up_again, probe, probe_msoid, probe_user_agent,
};
use reach365_proxy::View;
use reach365_proxy::route::Route;

/// Above this number of hosts the operating system's lookup is not run in parallel: each lookup
/// blocks a thread.
const OS_LOOKUPS: usize = 64;

pub use builder::CheckerBuilder;
use burst::Burst;
use control_probe::control;
#[cfg(feature = "fetch")]
pub use published::{
    PublishedListAnswer, PublishedListError, PublishedListRequest, ask_service,
    new_client_request_id,
};
use routing::Routing;
pub use routing::route_candidates;
use rows::{Row, rows};
pub use trace::{ReadTrace, TraceReport, TraceRequest, trace};

/// Runs plans. It holds no connection and no thread between runs.
#[derive(Debug, Clone)]
pub struct Checker {
    options: Arc<Options>,
    proxy_views: Option<Vec<View>>,
    public_roots: Option<Certificates>,
    os_roots: Option<Certificates>,
    signatures: Signatures,
    ncsi: Option<NcsiSettings>,
}

/// Evidence, and what it calls for next.
type Probed = (Evidence, FollowUps);

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

    /// Runs a plan and reports events; the callback must not block.
    pub async fn run_with(&self, plan: &Plan, mut on_event: impl FnMut(Event<'_>)) -> Report {
        let started = Timestamp::from(SystemTime::now());
        let id = run_id(started);
        on_event(Event::Started {
            run_id: &id,
            checks: plan.checks.len(),
        });
        let (plan, settings) = device::plan_as_set(&self.ncsi_settings(), plan);
        let plan = &plan;
        let clock = RunClock::start(self.options.deadline);
        let mut run = self.run_evidence();
        let routing = Routing::read(&self.options, self.proxy_views.as_deref()).await;
        run.proxy_settings_unread.clone_from(&routing.unread);
        let context = self.context(clock, &run, plan.checks.len(), &routing);
        let probes = async {
            let candidates = clock
                .within(self.options.deadline, routing.candidates(plan))
                .await;
            let rows = rows(plan, candidates.unwrap_or_default(), settings);
            let is_proxied = rows::are_proxied(&rows);
            context.is_proxied.store(is_proxied, Ordering::Release);
            let judge = self.judge(&run, started);
            let burst = Burst::new(rows.len().min(self.options.jobs));
            let probed = self
                .probe_all(&context, &judge, &burst, &rows, &mut on_event)
                .await;
            let controls = join(
                self.ask_control_host(&context, &judge, &rows, &probed),
                self.ask_known_names(&context, &judge, plan, &probed),
            )
            .await;
            let seen = rows.iter().map(Row::endpoint_and_route).zip(probed);
            let seen = seen.map(|((endpoint, route), (evidence, _))| (endpoint, route, evidence));
            (seen.collect::<Vec<_>>(), controls, burst.seen())
        };
        // The roots are read while the first DNS queries are pending.
        let nat64 = self.find_nat64(&context);
        let ((rows, controls, burst), tls, nat64) = join3(probes, context.tls.get(), nat64).await;
        run.nat64 = nat64;
        run.burst = burst;
        run.busy_resolvers = context.dns.known.busy();
        run.public_roots = tls.stores.public_count();
        run.os_roots = tls.stores.os_count();
        run.scripts = routing.scripts_seen();
        run.script_names_unasked = routing.unasked_names();
        run.loopback_exempt = exemption(&rows).await;
        (run.control_hosts, run.dns_controls) = controls;
        let facts = self.run_facts(id, started, clock.elapsed_ms(), run);
        let judge = crate::judge().with_signatures(&self.signatures);
        let report = judge.report(facts, rows);
        report.events().for_each(on_event);
        report
    }

    /// The prefixes of DNS64, looked up only where every host is reached over IPv6 (RFC 7050).
    async fn find_nat64(&self, context: &ProbeContext) -> Vec<IpNet> {
        if context.families.ipv4 || !context.families.ipv6 {
            return Vec::new();
        }
        let lookup = context.lookup(verdict::NAT64_NAME, RecordKind::Aaaa).await;
        verdict::nat64_prefixes(&lookup)
    }

    fn ncsi_settings(&self) -> NcsiSettings {
        let of_this_machine = || NcsiSettings::from_registry(&platform::ncsi_registry());
        self.ncsi.clone().unwrap_or_else(of_this_machine)
    }

    fn run_evidence(&self) -> RunEvidence {
        let families = platform::usable_families();
        let named = !self.options.dns.is_empty();
        // If the given resolvers are on loopback, the hosts may be too: the route to the internet
        // does not matter there.
        let on_loopback = named && self.options.dns.iter().all(|it| it.ip().is_loopback());
        let used = (!on_loopback).then(platform::used_families);
        let system = if named {
            SystemResolvers::default()
        } else {
            platform::system_resolvers()
        };
        RunEvidence {
            ipv4: families.ipv4,
            ipv6: families.ipv6,
            ipv4_used: used.map(|used| used.ipv4),
            ipv6_used: used.map(|used| used.ipv6),
            short_limits: self.options.timeouts.shorter_than(&self.options.silence),
            resolvers: if named {
                self.options.dns.clone()
            } else {
                system.servers
            },
            resolvers_named: named,
            unusable_resolvers: system.unusable,
            windows: platform::name() == "windows",
            ..RunEvidence::default()
        }
    }

    fn context(
        &self,
        clock: RunClock,
        run: &RunEvidence,
        checks: usize,
        routing: &Routing,
    ) -> ProbeContext {
        let hosts = match &self.options.hosts_file {
            Some(text) => HostsText::parse(text),
            None => HostsText::parse(&platform::hosts_file().unwrap_or_default()),
        };
        ProbeContext {
            options: Arc::clone(&self.options),
            clock,
            pace: ConnectionLimits::new(self.options.jobs),
            dns: DnsClient {
                servers: run.resolvers.clone(),
                timeout: self.options.timeouts.dns,
                recursion: true,
                clock,
                known: Arc::new(NameServers::new(run.unusable_resolvers.clone())),
            },
            tls: TlsSource::new(self.public_roots.clone(), self.os_roots.clone()),
            hosts,
            search: self
                .options
                .search
                .clone()
                .unwrap_or_else(platform::search_list),
            proxies: ProxyNames::default(),
            credentials: Credentials::new(
                self.options.proxy_sign_in.clone(),
                routing.sign_ins.clone(),
            ),
            ask_os_resolver: self.options.ask_os_resolver
                && !run.resolvers_named
                && checks <= OS_LOOKUPS,
            os_knows_proxies: self.options.ask_os_resolver && !run.resolvers_named,
            families: platform::UsedFamilies {
                ipv4: run.ipv4_used != Some(false),
                ipv6: run.ipv6_used != Some(false),
            },
            prompt: PromptLookups::default(),
            is_proxied: AtomicBool::new(false),
        }
    }

    /// What the provisional verdicts go by.
    fn judge<'a>(&'a self, run: &'a RunEvidence, started: Timestamp) -> verdict::Context<'a> {
        verdict::Context {
            cloud: self.options.cloud,
            run,
            now: started,
            signatures: &self.signatures,
            builtin: crate::builtin(),
        }
    }

    /// What was seen, in plan order.
    async fn probe_all(
        &self,
        context: &ProbeContext,
        judge: &verdict::Context<'_>,
        burst: &Burst,
        rows: &[Row<'_>],
        on_event: &mut impl FnMut(Event<'_>),
    ) -> Vec<Probed> {
        let mut all: Vec<Option<Probed>> = rows.iter().map(|_| None).collect();
        let probes = (0..rows.len()).map(|index| -> BoxFuture<'_, (usize, Probed)> {
            let row = &rows[index];
            Box::pin(async move {
                let probe = self.probe_calmly_if_crowded(context, judge, burst, row);
                (index, Box::pin(probe).await)
            })
        });
        let mut finished = 0;
        let mut results = stream::iter(probes).buffer_unordered(probes_under_way());
        while let Some((index, (mut evidence, next))) = results.next().await {
            evidence.shrink_to_fit();
            finished += 1;
            on_event(Event::Probed {
                id: &rows[index].endpoint.id,
                outcome: next.outcome,
                finished,
            });
            all[index] = Some((evidence, next));
        }
        // Every probe has ended, so that every place is taken.
        let mut all: Vec<Probed> = all.into_iter().flatten().collect();
        if self.options.trace {
            trace::trace_blocked(context, rows, &mut all).await;
        }
        all
    }

    /// Probes an endpoint on its route, and on other routes where the result is not good.
    async fn probe_one(
        &self,
        context: &ProbeContext,
        judge: &verdict::Context<'_>,
        row: &Row<'_>,
    ) -> Probed {
        let endpoint = row.endpoint;
        if let Some(reason) = device::skipped(&self.options, judge.run, row) {
            return asked(endpoint, device::evidence(row, reason), judge);
        }
        if judge.run.proxy_settings_unread.is_some() || row.is_unreadable() {
            let evidence = Evidence {
                ways: row.candidates.clone(),
                ..Evidence::default()
            };
            return asked(endpoint, evidence, judge);
        }
        if let Some(domain) = msoid_domain(endpoint) {
            let evidence = Box::pin(self.probe_msoid(context, domain)).await;
            return asked(endpoint, evidence, judge);
        }
        let pac_routes = row
            .candidates
            .iter()
            .filter(|candidate| candidate.view == verdict::PAC_ROUTE);
        let pac_routes: Vec<&RouteCandidate> = pac_routes.collect();
        if pac_routes.is_empty() {
            return Box::pin(self.probe_row(context, judge, row)).await;
        }
        let beside = pac_routes
            .iter()
            .map(|candidate| self.probe_route(context, judge, row, candidate));
        let main = Box::pin(self.probe_row(context, judge, row));
        let ((mut evidence, _), controls) = join(main, Box::pin(join_all(beside))).await;
        evidence.controls.extend(controls);
        asked(endpoint, evidence, judge)
    }

    /// Probes another route that the same script names.
    async fn probe_route(
        &self,
        context: &ProbeContext,
        judge: &verdict::Context<'_>,
        row: &Row<'_>,
        candidate: &RouteCandidate,
    ) -> OtherRoute {
        let other = Row {
            endpoint: row.endpoint,
            route: candidate.route.clone(),
            candidates: vec![candidate.clone()],
            sends_user_agents: false,
            setting: row.setting.clone(),
            started: Notify::new(),
        };
        let (mut evidence, _) = self.probe_taken_route(context, judge, &other).await;
        evidence.ways = other.candidates;
        OtherRoute {
            way: candidate.clone(),
            evidence,
        }
    }

    /// Probes the route that is taken, and the routes of other settings where it fails.
    async fn probe_row(
        &self,
        context: &ProbeContext,
        judge: &verdict::Context<'_>,
        row: &Row<'_>,
    ) -> Probed {
        let others = routing::others(&row.candidates);
        let (mut evidence, next) = if others.is_empty() {
            self.probe_taken_route(context, judge, row).await
        } else {
            Box::pin(self.probe_routes(context, judge, row, others)).await
        };
        evidence.ways.clone_from(&row.candidates);
        evidence.redirected.clone_from(&row.setting.redirected);
        // A hop that was never connected to, a script that failed and the other routes say what a
        // failure is; nothing of it takes a genuine answer away.
        if next.outcome == Outcome::Reachable && evidence.controls.is_empty() {
            return (evidence, next);
        }
        asked(row.endpoint, evidence, judge)
    }

    /// Probes the route that is taken and, where it fails or everything is to be compared, the
    /// others. They start in parallel if it takes long, so that silence on all routes ends in time.
    async fn probe_routes(
        &self,
        context: &ProbeContext,
        judge: &verdict::Context<'_>,
        row: &Row<'_>,
        others: Vec<RouteCandidate>,
    ) -> Probed {
        // What must be closed is closed only if no known route leads to it.
        let closed = row.endpoint.must_be == MustBe::Blocked;
        let compare = self.options.compare_paths || closed;
        let wait = if compare {
            Duration::ZERO
        } else {
            COMPARE_AFTER
        };
        let failed = Notify::new();
        let main = pin!(self.probe_taken_route(context, judge, row));
        let beside = pin!(async {
            let _ = timeout(wait, failed.notified()).await;
            probe_others(context, row.endpoint, &others).await
        });
        let ((mut evidence, next), controls) = match select(main, beside).await {
            Either::Left((probed, beside)) if compare || probed.1.other_routes => {
                failed.notify_one();
                (probed, beside.await)
            }
            Either::Left((probed, _)) => (probed, Vec::new()),
            Either::Right((controls, main)) => (main.await, controls),
        };
        if compare || next.other_routes {
            evidence.controls = controls;
        }
        (evidence, next)
    }

    /// Probes the route that is taken, and repeats what does not pass.
    async fn probe_taken_route(
        &self,
        context: &ProbeContext,
        judge: &verdict::Context<'_>,
        row: &Row<'_>,
    ) -> Probed {
        let (endpoint, route) = (row.endpoint, &row.route);
        let both = pin!(async {
            row.started.notify_one();
            self.probe_and_ask(context, judge, row).await
        });
        let mut evidence = context.pace.host(both).await;
        let mut next = follow_ups(endpoint, &evidence, judge);
        for round in 2..2 + self.options.confirm {
            if !next.confirm || context.clock.is_over() {
                break;
            }
            confirm(context, endpoint, route, &mut evidence, round).await;
            next = follow_ups(endpoint, &evidence, judge);
        }
        let ends = || self.options.confirm == 0 || context.clock.is_over();
        if !next.look_up_again.is_empty() && !ends() {
            let again = look_up_again(context, &next.look_up_again).await;
            evidence.lookups.extend(again);
            next = follow_ups(endpoint, &evidence, judge);
        }
        if next.has_controls() && row.route.is_direct() && !ends() {
            control(context, endpoint, &next, &mut evidence).await;
            next = follow_ups(endpoint, &evidence, judge);
        }
        if next.user_agents && !ends() {
            let asked = Box::pin(alternate(context, endpoint, route)).await;
            evidence.agents.extend(asked);
            next = follow_ups(endpoint, &evidence, judge);
        }
        (evidence, next)
    }

    /// The first probe, with another User-Agent in parallel on the endpoint that is chosen for it.
    /// If the probe fails, the other User-Agent is not waited for.
    async fn probe_and_ask(
        &self,
        context: &ProbeContext,
        judge: &verdict::Context<'_>,
        row: &Row<'_>,
    ) -> Evidence {
        let (endpoint, route) = (row.endpoint, &row.route);
        let probing = probe(context, endpoint, route);
        if !row.sends_user_agents {
            return probing.await;
        }
        let asking = Box::pin(probe_user_agent(
            context,
            endpoint,
            route,
            UserAgent::Msoidcrl,
            1,
        ));
        let (mut evidence, asked) = match select(pin!(probing), asking).await {
            Either::Left((evidence, asking)) => {
                let failed = follow_ups(endpoint, &evidence, judge).other_routes;
                let asked = if failed { None } else { asking.await };
                (evidence, asked)
            }
            Either::Right((asked, probing)) => (probing.await, asked),
        };
        evidence.agents.extend(asked);
        evidence
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
        let mut run = Run::new(id, started, platform::name().to_owned());
        run.elapsed_ms = elapsed_ms;
        run.cloud = self.options.cloud;
        run.site.clone_from(&self.options.site);
        run.evidence = evidence;
        run
    }
}

/// Whether the sign-in broker reaches a proxy on a loopback address; read if one was used.
async fn exemption(rows: &[(Endpoint, Route, Evidence)]) -> Option<bool> {
    let mut attempts = rows.iter().flat_map(|row| &row.2.attempts);
    let own = |attempt: &Attempt| attempt.address.ip().to_canonical().is_loopback();
    if !attempts.any(|attempt| attempt.hop.is_some() && own(attempt)) {
        return None;
    }
    let read = spawn_blocking(platform::broker_reaches_loopback);
    read.await.ok().flatten()
}

/// Evidence with what it calls for.
fn asked(endpoint: &Endpoint, evidence: Evidence, judge: &verdict::Context<'_>) -> Probed {
    let next = follow_ups(endpoint, &evidence, judge);
    (evidence, next)
}

async fn probe_others(
    context: &ProbeContext,
    endpoint: &Endpoint,
    candidates: &[RouteCandidate],
) -> Vec<OtherRoute> {
    let probes = candidates.iter().map(async |candidate| OtherRoute {
        way: candidate.clone(),
        evidence: probe(context, endpoint, &candidate.route).await,
    });
    join_all(probes).await
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

/// The domain of an `msoid` endpoint.
fn msoid_domain(endpoint: &Endpoint) -> Option<&str> {
    if endpoint.scheme != Scheme::Dns {
        return None;
    }
    endpoint.host.name()?.strip_prefix("msoid.")
}

/// The second of the start and a random part, so that reports of many sites do not collide.
fn run_id(started: Timestamp) -> String {
    let random = RandomState::new().hash_one(started);
    format!("{}-{random:016x}", started.format_utc("%Y%m%dT%H%M%SZ"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_can_be_spawned() {
        fn is_send<T: Send>(_: T) {}
        let checker = Checker::builder().build().unwrap();
        let plan = Plan::group(crate::builtin(), "activation").unwrap();
        is_send(checker.run_with(&plan, |_| ()));
    }
}
