//! Which proxy gets credentials, and when: one rule for every connection of a run.
//!
//! A wrong password that is sent for every endpoint at once locks the account. So the first
//! authenticated request to a proxy is sent alone: the others wait for its answer, and after a
//! rejection none of them sends anything. A connection that is cut, or silent, after the credentials
//! may be a rejection too: none is sent after it either.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Mutex as Queue, OwnedMutexGuard, oneshot};
use tokio::task::JoinSet;

use reach365_model::evidence::CredentialsWithheld;
use reach365_model::options::ProxySignIn;
use reach365_proxy::route::{NamedBy, ProxyServer};

/// Statuses by which a proxy rejects credentials; tinyproxy sends 401.
const REJECTIONS: [u16; 2] = [401, 407];

/// The credentials of a run, and what proxies made of them.
#[derive(Debug, Default)]
pub struct Credentials {
    /// What the caller gave.
    given: Option<ProxySignIn>,
    /// Credentials from the settings, each for its own proxy.
    configured: Vec<(ProxyServer, ProxySignIn)>,
    /// The state of each value of Proxy-Authorization.
    accounts: Mutex<HashMap<String, Arc<Account>>>,
    /// Requests that were sent alone. They continue after their caller is dropped, so that their
    /// answer counts, and end with the run.
    alone: Mutex<JoinSet<()>>,
}

/// One user with one password.
#[derive(Debug, Default)]
struct Account {
    queue: Arc<Queue<()>>,
    proxies: Mutex<HashMap<ProxyServer, Standing>>,
}

/// What a proxy has made of credentials so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Accepted,
    Rejected,
    /// A request ended without an answer.
    Unanswered,
}

/// Permission to send credentials to a proxy once.
#[derive(Debug)]
pub(crate) struct Turn<'a> {
    authorization: String,
    account: Arc<Account>,
    proxy: ProxyServer,
    /// Held where the proxy has not accepted the credentials yet.
    alone: Option<OwnedMutexGuard<()>>,
    tasks: &'a Mutex<JoinSet<()>>,
}

impl Credentials {
    /// Credentials of the caller for the proxies that were named by hand, and those of settings for their
    /// own proxies.
    pub fn new(given: Option<ProxySignIn>, configured: Vec<(ProxyServer, ProxySignIn)>) -> Self {
        Self {
            given,
            configured,
            ..Self::default()
        }
    }

    /// Waits for permission to send credentials to a proxy that offers these schemes.
    ///
    /// # Errors
    /// Why none are sent; `None` where there are none for it.
    pub(crate) async fn turn(
        &self,
        proxy: &ProxyServer,
        named_by: NamedBy,
        offered: &[String],
    ) -> Result<Turn<'_>, Option<CredentialsWithheld>> {
        let sign_in = self.allowed_for(proxy, named_by)?;
        let basic = |scheme: &String| scheme.eq_ignore_ascii_case("basic");
        if !offered.iter().any(basic) {
            return Err(Some(CredentialsWithheld::NoBasic));
        }
        let authorization = sign_in.proxy_authorization().to_owned();
        let account = self.account(&authorization);
        let mut alone = None;
        if !account.is_open(proxy)? {
            let turn = Arc::clone(&account.queue).lock_owned().await;
            // The answer to the previous request may have settled it.
            alone = (!account.is_open(proxy)?).then_some(turn);
        }
        Ok(Turn {
            authorization,
            account,
            proxy: proxy.clone(),
            alone,
            tasks: &self.alone,
        })
    }

    /// The credentials that may go to a proxy.
    fn allowed_for(
        &self,
        proxy: &ProxyServer,
        named_by: NamedBy,
    ) -> Result<&ProxySignIn, Option<CredentialsWithheld>> {
        let own = self.configured.iter().find(|(server, _)| server == proxy);
        let own = own.map(|(_, sign_in)| sign_in);
        let Some(given) = &self.given else {
            let own = own.ok_or(None)?;
            return match named_by {
                NamedBy::Network => Err(Some(CredentialsWithheld::Wpad)),
                _ => Ok(own),
            };
        };
        match (named_by, given.is_for(proxy)) {
            (NamedBy::Network, _) => Err(Some(CredentialsWithheld::Wpad)),
            (_, Some(true)) | (NamedBy::Settings, None) => Ok(given),
            (_, Some(false)) => own.ok_or(Some(CredentialsWithheld::OtherProxy)),
            (NamedBy::CleartextScript, None) => {
                own.ok_or(Some(CredentialsWithheld::CleartextScript))
            }
        }
    }

    fn account(&self, authorization: &str) -> Arc<Account> {
        let mut accounts = locked(&self.accounts);
        Arc::clone(accounts.entry(authorization.to_owned()).or_default())
    }
}

impl Account {
    /// Whether the proxy has accepted the credentials; false while that is unknown.
    ///
    /// # Errors
    /// Why nothing may be sent to it.
    fn is_open(&self, proxy: &ProxyServer) -> Result<bool, CredentialsWithheld> {
        let proxies = locked(&self.proxies);
        match proxies.get(proxy) {
            Some(Standing::Accepted) => return Ok(true),
            Some(Standing::Rejected) => return Err(CredentialsWithheld::Rejected),
            Some(Standing::Unanswered) => return Err(CredentialsWithheld::Unanswered),
            None => {}
        }
        if proxies.values().any(|it| *it == Standing::Rejected) {
            return Err(CredentialsWithheld::RejectedElsewhere);
        }
        Ok(false)
    }

    fn settle(&self, proxy: &ProxyServer, status: Option<u16>) {
        let mut proxies = locked(&self.proxies);
        let before = proxies.get(proxy).copied();
        let now = match (status, before) {
            (Some(status), _) if REJECTIONS.contains(&status) => Standing::Rejected,
            (_, Some(Standing::Rejected)) => Standing::Rejected,
            (Some(_), _) | (None, Some(Standing::Accepted)) => Standing::Accepted,
            (None, Some(Standing::Unanswered) | None) => Standing::Unanswered,
        };
        proxies.insert(proxy.clone(), now);
    }
}

impl Turn<'_> {
    /// The value of Proxy-Authorization.
    pub(crate) fn authorization(&self) -> String {
        self.authorization.clone()
    }

    /// Sends an authenticated request; `status` reads the answer. `None` where the run ended before
    /// the answer came.
    pub(crate) async fn send<T: Send + 'static>(
        self,
        exchange: impl Future<Output = T> + Send + 'static,
        status: impl FnOnce(&T) -> Option<u16> + Send + 'static,
    ) -> Option<T> {
        let Self {
            account,
            proxy,
            alone,
            tasks,
            ..
        } = self;
        let settled = async move {
            let answer = exchange.await;
            account.settle(&proxy, status(&answer));
            answer
        };
        let Some(turn) = alone else {
            return Some(settled.await);
        };
        let (sender, receiver) = oneshot::channel();
        locked(tasks).spawn(async move {
            let answer = settled.await;
            drop(turn);
            // The caller may have been dropped.
            let _ = sender.send(answer);
        });
        receiver.await.ok()
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::future::join_all;

    use super::*;
    use reach365_model::endpoint::Host;
    use reach365_proxy::route::ProxyProtocol;

    fn proxy(name: &str) -> ProxyServer {
        ProxyServer {
            protocol: ProxyProtocol::Http,
            host: Host::parse(name).unwrap(),
            port: 3128,
        }
    }

    fn basic() -> Vec<String> {
        vec!["Basic".to_owned()]
    }

    fn user() -> ProxySignIn {
        ProxySignIn::basic("user", "secret")
    }

    async fn withheld(
        credentials: &Credentials,
        name: &str,
        named_by: NamedBy,
    ) -> Option<CredentialsWithheld> {
        let turn = credentials.turn(&proxy(name), named_by, &basic()).await;
        turn.err().flatten()
    }

    #[tokio::test]
    async fn only_proxies_of_settings_get_credentials() {
        use CredentialsWithheld::{CleartextScript, OtherProxy, Wpad};
        use NamedBy::{CleartextScript as Cleartext, Network, Settings};
        let any = Credentials::new(Some(user()), Vec::new());
        assert_eq!(withheld(&any, "a.example", Settings).await, None);
        assert_eq!(
            withheld(&any, "a.example", Cleartext).await,
            Some(CleartextScript)
        );
        assert_eq!(withheld(&any, "a.example", Network).await, Some(Wpad));

        let bound = user().only_for(Host::parse("a.example").unwrap(), 3128);
        let bound = Credentials::new(Some(bound), Vec::new());
        assert_eq!(withheld(&bound, "a.example", Cleartext).await, None);
        assert_eq!(
            withheld(&bound, "b.example", Settings).await,
            Some(OtherProxy)
        );
        assert_eq!(withheld(&bound, "a.example", Network).await, Some(Wpad));

        let own = Credentials::new(None, vec![(proxy("a.example"), user())]);
        assert_eq!(withheld(&own, "a.example", Cleartext).await, None);
        assert_eq!(withheld(&own, "a.example", Network).await, Some(Wpad));
        let turn = own.turn(&proxy("b.example"), Settings, &basic()).await;
        assert!(matches!(turn, Err(None)), "they are for another proxy");
    }

    /// Fifty requests at once to a proxy that answers with a status; the number of those sent.
    async fn sent(credentials: &Credentials, name: &str, status: Option<u16>) -> usize {
        let count = Arc::new(AtomicUsize::new(0));
        let server = proxy(name);
        let requests = (0..50).map(|_| async {
            let named_by = NamedBy::Settings;
            let Ok(turn) = credentials.turn(&server, named_by, &basic()).await else {
                return;
            };
            let count = Arc::clone(&count);
            let exchange = async move {
                count.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
                status
            };
            turn.send(exchange, |status| *status).await;
        });
        join_all(requests).await;
        count.load(Ordering::Relaxed)
    }

    #[tokio::test]
    async fn one_rejection_ends_it_for_the_run() {
        let credentials = Credentials::new(Some(user()), Vec::new());
        assert_eq!(sent(&credentials, "a.example", Some(407)).await, 1);
        assert_eq!(sent(&credentials, "a.example", Some(200)).await, 0);
        assert_eq!(sent(&credentials, "b.example", Some(200)).await, 0);

        let credentials = Credentials::new(Some(user()), Vec::new());
        assert_eq!(sent(&credentials, "a.example", Some(200)).await, 50);
        assert_eq!(sent(&credentials, "b.example", Some(401)).await, 1);
        assert_eq!(sent(&credentials, "a.example", Some(200)).await, 50);

        let credentials = Credentials::new(Some(user()), Vec::new());
        assert_eq!(sent(&credentials, "a.example", None).await, 1);
    }

    #[tokio::test]
    async fn a_request_goes_on_when_whoever_asked_is_gone() {
        let credentials = Credentials::new(Some(user()), Vec::new());
        let server = proxy("a.example");
        let offered = basic();
        let turn = credentials.turn(&server, NamedBy::Settings, &offered);
        let turn = turn.await.ok().unwrap();
        let slow = async {
            tokio::task::yield_now().await;
            Some(407)
        };
        drop(tokio::time::timeout(std::time::Duration::ZERO, turn.send(slow, |it| *it)).await);
        assert_eq!(sent(&credentials, "a.example", Some(200)).await, 0);
    }
}
