//! The route of each endpoint: the proxy settings of a run, and their result.

use std::collections::HashMap;

use futures_util::future::join_all;
use tokio::task::{JoinHandle, spawn_blocking};
use url::Url;

use crate::checker::scripts::{Answer, Scripts};
use reach365_judge::verdict::{KNOWN_PROXY, PAC_ROUTE};
use reach365_model::endpoint::{Endpoint, Scheme};
use reach365_model::evidence::{RouteCandidate, ScriptFailure, ScriptSeen};
use reach365_model::options::{Options, ProxySignIn, ProxySource};
use reach365_model::plan::Plan;
use reach365_platform::{self as platform, SystemProxies};
use reach365_proxy::pac::PacAnswer;
use reach365_proxy::route::{Origin, ProxyServer, Route};
use reach365_proxy::{
    Decision, Dialect, ProxyList, ProxySettings, ScriptSource, View, ViewKind, concealed, decide,
};

/// View of a script that the network announces where no setting requests it.
const ANNOUNCED: &str = "wpad";
/// Routes of a script that are probed in addition to the first; more are unlikely to be intended.
const PAC_ROUTES: usize = 4;

/// The settings of a run.
#[derive(Debug)]
pub(super) struct Routing {
    /// Views in the order of importance: the first is the route that is taken.
    views: Vec<Named>,
    /// Credentials from the settings, each for its own proxy.
    pub(super) sign_ins: Vec<(ProxyServer, ProxySignIn)>,
    /// Why the settings of the machine could not be read.
    pub(super) unread: Option<String>,
    scripts: Scripts,
}

/// The settings of the machine.
#[derive(Default)]
struct OfSystem {
    views: Vec<View>,
    sign_ins: Vec<(ProxyServer, ProxySignIn)>,
    unread: Option<String>,
}

/// A view with the name that reports use for it.
#[derive(Debug)]
struct Named {
    name: &'static str,
    view: View,
}

impl Named {
    fn new(view: View) -> Self {
        Self {
            name: view.kind.name(),
            view,
        }
    }
}

impl Routing {
    /// Reads the settings that the options name; `given` replaces those of the system.
    pub(super) async fn read(options: &Options, given: Option<&[View]>) -> Self {
        let of_views = |views| OfSystem {
            views,
            ..OfSystem::default()
        };
        let system = match &options.proxy {
            ProxySource::None => OfSystem::default(),
            ProxySource::Explicit(server) => of_views(vec![explicit(server)]),
            ProxySource::Pac(url) => of_views(vec![script_at(url)]),
            ProxySource::System => match given {
                Some(views) => of_views(unless_direct(views.to_vec())),
                None => of_system(spawn_blocking(platform::system_proxies)).await,
            },
        };
        let mut named: Vec<Named> = system.views.into_iter().map(Named::new).collect();
        if options.wpad {
            named.push(announced());
        }
        if named.first().is_some_and(|first| first.name == ANNOUNCED) {
            named.insert(0, Named::new(View::direct()));
        }
        Self {
            views: named,
            sign_ins: system.sign_ins,
            unread: system.unread,
            scripts: Scripts::new(options),
        }
    }

    /// The scripts that were evaluated.
    pub(super) fn scripts_seen(&self) -> Vec<ScriptSeen> {
        self.scripts.seen()
    }

    /// Names that scripts looked up after a run of silence, and no name server was asked for.
    pub(super) fn unasked_names(&self) -> usize {
        self.scripts.unasked_names()
    }

    /// The route candidates of every check of a plan, the one to take first; none where no settings
    /// were considered.
    pub(super) async fn candidates(&self, plan: &Plan) -> Vec<Vec<RouteCandidate>> {
        if self.views.is_empty() {
            return plan.checks.iter().map(|_| Vec::new()).collect();
        }
        let candidates = plan
            .checks
            .iter()
            .map(|check| self.candidates_of(&check.endpoint));
        let mut all = join_all(candidates).await;
        let known = self.known_proxies(plan, &all);
        for (candidates, known) in all.iter_mut().zip(known) {
            candidates.extend(known);
        }
        all
    }

    async fn candidates_of(&self, endpoint: &Endpoint) -> Vec<RouteCandidate> {
        match url_of(endpoint) {
            Some(url) => self.candidates_for(&url).await,
            None => Vec::new(),
        }
    }

    pub(super) async fn candidates_for(&self, url: &Url) -> Vec<RouteCandidate> {
        let candidates = self.views.iter().map(|named| self.candidate(named, url));
        let mut candidates = join_all(candidates).await.into_iter();
        let (mut all, unstable) = candidates.next().unwrap_or_default();
        for (candidate, _) in candidates {
            all.extend(candidate);
        }
        all.extend(unstable);
        all
    }

    /// The route of a view, and the other routes that its script returns for the same URL.
    async fn candidate(
        &self,
        named: &Named,
        url: &Url,
    ) -> (Vec<RouteCandidate>, Vec<RouteCandidate>) {
        let settings = &named.view.settings;
        let candidate = |route: Route, script_failure: Option<ScriptFailure>| {
            let asked = matches!(route.origin, Origin::Pac | Origin::Wpad);
            let spared = settings.bypass.reason(url).is_some();
            let unreadable = settings.servers.unreadable(url.scheme());
            let unreadable = unreadable.filter(|_| !asked && !spared).map(str::to_owned);
            let candidate = RouteCandidate {
                view: named.name.to_owned(),
                route,
                script_failure,
                unreadable,
                changes_with: Vec::new(),
            };
            (vec![candidate], Vec::new())
        };
        let (scripts, mut fallback) = match decide(&named.view, url) {
            Decision::Route(route) => return candidate(route, None),
            Decision::Script { scripts, fallback } => (scripts, fallback),
        };
        for source in &scripts {
            match self.scripts.ask(source, url).await {
                Answer::Hops {
                    script,
                    cleartext,
                    answer,
                    others,
                    changes_with,
                } => {
                    let origin = origin_of(source);
                    let (mut taken, _) =
                        candidate(route_of(&script, cleartext, answer, origin), None);
                    let words = changes_with.into_iter().map(str::to_owned);
                    taken[0].changes_with = words.collect();
                    let others = others
                        .into_iter()
                        .take(PAC_ROUTES)
                        .map(|answer| RouteCandidate {
                            view: PAC_ROUTE.to_owned(),
                            route: route_of(&script, cleartext, answer, origin),
                            script_failure: None,
                            unreadable: None,
                            changes_with: Vec::new(),
                        });
                    return (taken, others.collect());
                }
                Answer::NothingFound(why) => {
                    let reason = format!("the network announces no script: {why}");
                    fallback.reasons.push(reason);
                }
                Answer::Failed(failure) => return candidate(fallback, Some(failure)),
            }
        }
        candidate(fallback, None)
    }

    /// For endpoints that the settings send directly: the proxy that the same settings name, for
    /// other hosts or without the bypass list.
    fn known_proxies(
        &self,
        plan: &Plan,
        all: &[Vec<RouteCandidate>],
    ) -> Vec<Option<RouteCandidate>> {
        let elsewhere = all
            .iter()
            .filter_map(|candidates| candidates.first())
            .find(|candidate| !candidate.route.is_direct())
            .map(|candidate| candidate.route.clone());
        let checks = plan.checks.iter().zip(all);
        let known = checks.map(|(check, candidates)| {
            let taken = candidates
                .first()
                .filter(|candidate| candidate.route.is_direct())?;
            let route = match taken.route.origin {
                Origin::Pac | Origin::Wpad => elsewhere.clone()?,
                _ => self.but_for_the_bypass_list(&check.endpoint)?,
            };
            Some(RouteCandidate {
                view: KNOWN_PROXY.to_owned(),
                route,
                script_failure: None,
                unreadable: None,
                changes_with: Vec::new(),
            })
        });
        known.collect()
    }

    fn but_for_the_bypass_list(&self, endpoint: &Endpoint) -> Option<Route> {
        let url = url_of(endpoint)?;
        let view = &self.views.first()?.view;
        let carrier = view.settings.servers.carrier(url.scheme())?;
        let reason = view.settings.bypass.reason(&url)?;
        Some(Route {
            hops: vec![carrier.hop.clone()],
            origin: view.kind.origin(),
            reasons: vec![reason],
            cleartext_script: false,
        })
    }
}

/// The route of every view for every URL, with PAC scripts fetched and evaluated: for each URL one
/// route per view, in the order of the views.
pub async fn route_candidates(
    views: &[View],
    urls: &[Url],
    options: &Options,
) -> Vec<Vec<RouteCandidate>> {
    let routing = Routing {
        views: views.iter().cloned().map(Named::new).collect(),
        sign_ins: Vec::new(),
        unread: None,
        scripts: Scripts::new(options),
    };
    let mut all = join_all(urls.iter().map(|url| routing.candidates_for(url))).await;
    for candidates in &mut all {
        candidates.retain(|candidate| candidate.view != PAC_ROUTE);
    }
    all
}

/// The routes other than the one that was taken, each once: of other settings, and the direct one.
pub(super) fn others(candidates: &[RouteCandidate]) -> Vec<RouteCandidate> {
    let Some((taken, rest)) = candidates.split_first() else {
        return Vec::new();
    };
    let mut others: Vec<RouteCandidate> = Vec::new();
    let usable = rest
        .iter()
        .filter(|candidate| candidate.script_failure.is_none() && candidate.unreadable.is_none())
        .filter(|candidate| candidate.view != PAC_ROUTE)
        .cloned();
    for candidate in usable.chain([direct_candidate()]) {
        let known = |other: &RouteCandidate| same_hops(&other.route, &candidate.route);
        if !known(taken) && !others.iter().any(known) {
            others.push(candidate);
        }
    }
    others
}

fn same_hops(one: &Route, other: &Route) -> bool {
    one.hop_words() == other.hop_words()
}

fn direct_candidate() -> RouteCandidate {
    RouteCandidate {
        view: ViewKind::Direct.name().to_owned(),
        route: Route::direct(),
        script_failure: None,
        unreadable: None,
        changes_with: Vec::new(),
    }
}

/// The route of one answer.
fn route_of(script: &str, cleartext: bool, answer: PacAnswer, origin: Origin) -> Route {
    let words = concealed::conceal_argument(&answer.answer);
    let words: String = words.chars().take(200).collect();
    let words = reach365_model::endpoint::printable(&words);
    let script = concealed::url(script);
    let reason = format!("the PAC script {script} answered \"{words}\"");
    Route {
        hops: answer.hops,
        origin,
        reasons: vec![reason],
        cleartext_script: cleartext,
    }
}

/// The URL that clients request; a DNS record has none.
fn url_of(endpoint: &Endpoint) -> Option<Url> {
    let scheme = match endpoint.scheme {
        Scheme::Https => "https",
        Scheme::Http => "http",
        Scheme::Dns => return None,
    };
    Url::parse(&format!("{scheme}://{endpoint}{}", endpoint.path)).ok()
}

fn origin_of(source: &ScriptSource) -> Origin {
    match source {
        ScriptSource::Detect => Origin::Wpad,
        ScriptSource::Url(_) => Origin::Pac,
    }
}

fn explicit(server: &ProxyServer) -> View {
    let mut settings = ProxySettings::none(Dialect::NoProxy);
    settings.servers = ProxyList::every(server.clone(), "");
    View::new(ViewKind::Explicit, "asked for", settings)
}

fn script_at(url: &str) -> View {
    let mut settings = ProxySettings::none(Dialect::NoProxy);
    settings.pac_url = Some(url.to_owned());
    View::new(ViewKind::Explicit, "asked for", settings)
}

fn announced() -> Named {
    let mut settings = ProxySettings::none(Dialect::NoProxy);
    settings.auto_detect = true;
    Named {
        name: ANNOUNCED,
        view: View::new(ViewKind::Explicit, "announced by the network", settings),
    }
}

/// The views of this machine, the one that the Windows sign-in would use first: that of the user on
/// Windows; elsewhere the environment, and the desktop where the environment is not set. Settings
/// that cannot be read are not the same as no settings.
async fn of_system(reading: JoinHandle<SystemProxies>) -> OfSystem {
    let system = match reading.await {
        Ok(system) => system,
        Err(error) => {
            let how = if error.is_panic() {
                "failed"
            } else {
                "was interrupted"
            };
            return OfSystem {
                unread: Some(format!("reading them {how}")),
                ..OfSystem::default()
            };
        }
    };
    let rank: HashMap<ViewKind, u8> = if platform::name() == "windows" {
        HashMap::from([(ViewKind::User, 0), (ViewKind::Machine, 1)])
    } else {
        HashMap::from([(ViewKind::Environment, 0), (ViewKind::User, 1)])
    };
    let mut views = system.views;
    views.sort_by_key(|view| rank.get(&view.kind).copied().unwrap_or(2));
    // If the first source decides the route, the others are only compared.
    let decided = views
        .first()
        .is_some_and(|view| rank.get(&view.kind) == Some(&0));
    let unread = system.unread.filter(|_| !decided);
    let sign_in = |credentials: &reach365_proxy::ProxyCredentials| {
        let sign_in = ProxySignIn::basic(credentials.user(), credentials.password());
        (credentials.server().clone(), sign_in)
    };
    OfSystem {
        views: unless_direct(views),
        sign_ins: system.credentials.iter().map(sign_in).collect(),
        unread,
    }
}

/// Settings without a proxy are equal to none: the direct path is tested.
fn unless_direct(views: Vec<View>) -> Vec<View> {
    if views.iter().all(|view| view.settings.is_direct()) {
        return Vec::new();
    }
    views
}

/// The route in the report of an endpoint.
pub(super) fn taken(candidates: &[RouteCandidate], planned: &Route) -> Route {
    candidates
        .first()
        .map_or_else(|| planned.clone(), |candidate| candidate.route.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn settings_that_cannot_be_read_are_not_the_direct_route() {
        let reading = spawn_blocking(|| -> SystemProxies { panic!("a test") });
        let system = of_system(reading).await;
        assert!(system.views.is_empty());
        assert_eq!(system.unread.as_deref(), Some("reading them failed"));
    }
}
