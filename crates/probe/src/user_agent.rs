//! The same request with another User-Agent: nothing fails without it, so it is tried in every run,
//! once for each distinct route.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use futures_util::future::join;

use crate::recorder::Target;
use crate::run::{ProbeContext, includes};
use crate::{attempt, dns};
use reach365_model::endpoint::{Endpoint, Host};
use reach365_model::evidence::{RecordKind, UserAgent, UserAgentAttempt};
use reach365_proxy::route::{ProxyServer, Route};

/// A request with either User-Agent waits no longer for a stage: both are measured alike, and four
/// in sequence must not hold the run up.
const SILENCE: Duration = Duration::from_secs(2);

/// Sends one request with a User-Agent on the first hop; nothing if its name does not resolve.
pub async fn probe_user_agent(
    context: &ProbeContext,
    endpoint: &Endpoint,
    route: &Route,
    user_agent: UserAgent,
    round: u32,
) -> Option<UserAgentAttempt> {
    if context.clock.is_over() {
        return None;
    }
    let proxy = route.proxies().next();
    let (address, port) = match proxy {
        Some(proxy) => (address_of_proxy(context, proxy).await?, proxy.port),
        None => (address_of(context, &endpoint.host).await?, endpoint.port),
    };
    let target = Target {
        address: SocketAddr::new(address, port),
        proxy: proxy.cloned(),
        named_by: route.named_by(),
        user_agent,
    };
    let attempt = attempt::once(context, endpoint, &target, round, SILENCE).await;
    Some(UserAgentAttempt {
        agent: user_agent,
        attempt,
    })
}

/// Alternates the User-Agents, the neutral one first and last, so that a limit on the number of
/// requests does not make a difference between them.
pub async fn alternate(
    context: &ProbeContext,
    endpoint: &Endpoint,
    route: &Route,
) -> Vec<UserAgentAttempt> {
    let order = [
        UserAgent::Neutral,
        UserAgent::Msoidcrl,
        UserAgent::Msoidcrl,
        UserAgent::Neutral,
    ];
    let mut asked = Vec::new();
    for user_agent in order {
        asked.extend(probe_user_agent(context, endpoint, route, user_agent, 2).await);
    }
    // Whether Internet Explorer 6 is denied as a whole, or MSOIDCRL: both at once, since it decides
    // the text of the rule and not the verdict.
    let (one, two) = join(
        probe_user_agent(context, endpoint, route, UserAgent::Msie6, 2),
        probe_user_agent(context, endpoint, route, UserAgent::Msie6, 2),
    )
    .await;
    asked.extend(one.into_iter().chain(two));
    asked
}

async fn address_of_proxy(context: &ProbeContext, proxy: &ProxyServer) -> Option<IpAddr> {
    let found = context.proxies.find(context, &proxy.host).await;
    context.usable(&found.addresses).first().copied()
}

async fn address_of(context: &ProbeContext, host: &Host) -> Option<IpAddr> {
    let name = match host {
        Host::Address(address) => return Some(*address),
        Host::Name(name) => name,
    };
    let in_file = context.usable(&context.hosts.addresses(name));
    if let Some(address) = in_file.first() {
        return Some(*address);
    }
    let mut aside = None;
    let kinds = [RecordKind::A, RecordKind::Aaaa];
    let kinds = kinds.into_iter().filter(|kind| includes(context, *kind));
    for kind in kinds {
        let lookup = context.lookup(name, kind).await;
        let found = dns::addresses(&lookup).into_iter().next();
        match found {
            Some(address) if context.would_use(address) => return found,
            _ => aside = aside.or(found),
        }
    }
    aside
}
