//! Downloads of the tool itself: PAC scripts and the lists of the endpoint service.
//!
//! reqwest speaks HTTP here; the probe stays on hyper, since its stages are the product. The probe
//! decides about a download: who resolves names, which roots count, which address is connected to,
//! how a proxy's answer is read, and which proxy gets credentials.

mod error;
mod proxy;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::header::{
    ACCEPT, CONNECTION, CONTENT_ENCODING, CONTENT_TYPE, HeaderName, LOCATION, RETRY_AFTER,
};
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, Response};
use rustls::{ClientConfig, RootCertStore};
use tokio::sync::{Mutex, OnceCell};
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use url::Url;

use crate::credentials::Credentials;
use crate::dial;
use crate::http::NEUTRAL;
use crate::pac::PacEnvironment;
use crate::tls::provider;
use reach365_platform as platform;
use reach365_proxy::route::{Hop, NamedBy, ProxyServer};

pub(crate) use error::FetchError;
use proxy::Cleared;

/// Bounds of one download.
#[derive(Debug, Clone, Copy)]
pub struct FetchLimits {
    /// Longest wait for an answer with its body and all redirects; a proxy gets as much before it
    /// for the first byte of its answer.
    pub time: Duration,
    /// Bytes that a body may have.
    pub size: usize,
    /// Redirects that are followed; where none are, one is an answer like any other.
    pub redirects: usize,
}

/// An answer. Only one with status 200 has its body.
#[derive(Debug)]
pub struct Fetched {
    /// Where it came from, after all redirects.
    pub(crate) url: Url,
    /// Where the server sent us, in order.
    pub(crate) redirects: Vec<Url>,
    /// The HTTP status.
    pub status: u16,
    pub(crate) content_type: Option<String>,
    /// The value of Retry-After.
    pub retry_after: Option<String>,
    /// The body, within the limit.
    pub body: Vec<u8>,
}

/// Downloads documents.
#[derive(Debug)]
pub struct Fetcher {
    environment: PacEnvironment,
    limits: FetchLimits,
    accept: &'static str,
    credentials: Credentials,
    named_by: NamedBy,
    tls: OnceCell<Arc<ClientConfig>>,
    /// The proxies that have opened a tunnel.
    cleared: Mutex<HashMap<ProxyServer, Cleared>>,
}

impl Fetcher {
    /// A fetcher without credentials.
    pub fn new(environment: PacEnvironment, limits: FetchLimits) -> Self {
        Self {
            environment,
            limits,
            accept: "*/*",
            credentials: Credentials::default(),
            named_by: NamedBy::Network,
            tls: OnceCell::new(),
            cleared: Mutex::default(),
        }
    }

    /// Credentials for proxies that require them, and the source of the proxy settings.
    #[must_use]
    pub fn with_credentials(self, credentials: Credentials, named_by: NamedBy) -> Self {
        Self {
            credentials,
            named_by,
            ..self
        }
    }

    /// The value of Accept.
    #[must_use]
    pub fn accepting(self, accept: &'static str) -> Self {
        Self { accept, ..self }
    }

    /// Fetches a document: over `http` or `https` directly, over `https` through a proxy. What a URL
    /// has of credentials is never sent.
    ///
    /// # Errors
    ///
    /// Where no document came, within the limits: which step failed, and through which proxy.
    pub async fn get(&self, url: &Url, hop: &Hop) -> Result<Fetched, FetchError> {
        match hop {
            Hop::Direct => self.follow(url, None).await,
            Hop::Proxy(server) => {
                let fetched = self.follow(url, Some(server)).await;
                fetched.map_err(|why| FetchError::Proxy {
                    server: server.clone(),
                    why: Box::new(why),
                })
            }
        }
    }

    async fn follow(&self, url: &Url, proxy: Option<&ProxyServer>) -> Result<Fetched, FetchError> {
        if let Some(server) = proxy {
            self.within(Box::pin(self.clear(server, url))).await?;
        }
        let following = async {
            let mut url = without_credentials(url.clone());
            let mut redirects = Vec::new();
            loop {
                let response = match proxy {
                    None => self.directly(&url).await?,
                    Some(server) => self.through(server, &url).await?,
                };
                match self.redirect(&url, &response)? {
                    Some(_) if redirects.len() == self.limits.redirects => {
                        return Err(FetchError::Redirects(self.limits.redirects));
                    }
                    Some(next) => {
                        redirects.push(next.clone());
                        url = next;
                    }
                    None => return self.read(url, redirects, response).await,
                }
            }
        };
        self.within(Box::pin(following)).await
    }

    async fn within<T>(
        &self,
        work: impl Future<Output = Result<T, FetchError>>,
    ) -> Result<T, FetchError> {
        let limit = self.limits.time;
        let done = timeout(limit, work).await;
        done.unwrap_or(Err(FetchError::TimedOut(limit)))
    }

    /// The address that answers is found by connecting to it: reqwest has one limit for the
    /// connection and its handshake together, too long for an address that is silent.
    async fn directly(&self, url: &Url) -> Result<Response, FetchError> {
        let no_host = || FetchError::Connect("the URL has no host".to_owned());
        let host = url.host().ok_or_else(no_host)?;
        let port = url.port_or_known_default().unwrap_or(80);
        let dialed = dial::connect(&host, port, &self.environment).await;
        let (_, address) = dialed.map_err(FetchError::Connect)?;
        let client = self.client(url).await?;
        let client = client.resolve(url.host_str().unwrap_or_default(), address);
        self.send(client, url, address).await
    }

    /// A client whose every choice is ours: no proxy of the environment, no redirect.
    async fn client(&self, url: &Url) -> Result<ClientBuilder, FetchError> {
        let tls = match url.scheme() {
            // Reading roots takes time, and no certificate is verified here.
            "http" => tls(RootCertStore::empty())?,
            _ => ClientConfig::clone(self.tls().await?),
        };
        Ok(Client::builder()
            .tls_backend_preconfigured(tls)
            .user_agent(NEUTRAL)
            .no_proxy()
            .redirect(Policy::none())
            .pool_max_idle_per_host(0))
    }

    /// Verifies as the operating system would: only a server that the system's own software accepts
    /// may supply a document.
    async fn tls(&self) -> Result<&Arc<ClientConfig>, FetchError> {
        let read = async {
            let file = self.environment.os_roots.clone();
            let read = spawn_blocking(move || match file {
                Some(file) => platform::pem_file(&file),
                None => Ok(platform::native_roots()),
            });
            let interrupted = |_| FetchError::Roots("reading roots was interrupted".to_owned());
            let roots = read.await.map_err(interrupted)?;
            let mut store = RootCertStore::empty();
            store.add_parsable_certificates(roots.map_err(FetchError::Roots)?);
            Ok(Arc::new(tls(store)?))
        };
        self.tls.get_or_try_init(|| read).await
    }

    /// The future owns what it needs: an authenticated request goes on after its caller is dropped.
    fn send(
        &self,
        client: ClientBuilder,
        url: &Url,
        address: SocketAddr,
    ) -> impl Future<Output = Result<Response, FetchError>> + Send + 'static {
        let (url, accept) = (url.clone(), self.accept);
        async move {
            let failed = |error: reqwest::Error| FetchError::from_request(&error, address);
            let request = client.build().map_err(failed)?.get(url);
            let request = request.header(ACCEPT, accept).header(CONNECTION, "close");
            request.send().await.map_err(failed)
        }
    }

    /// The target of a redirect; http and https only.
    fn redirect(&self, url: &Url, response: &Response) -> Result<Option<Url>, FetchError> {
        let redirects = matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308);
        if self.limits.redirects == 0 || !redirects {
            return Ok(None);
        }
        let Some(location) = header(response, &LOCATION) else {
            return Ok(None);
        };
        match url.join(&location) {
            Ok(next) if matches!(next.scheme(), "http" | "https") => {
                Ok(Some(without_credentials(next)))
            }
            _ => Err(FetchError::RedirectTo(location)),
        }
    }

    async fn read(
        &self,
        url: Url,
        redirects: Vec<Url>,
        response: Response,
    ) -> Result<Fetched, FetchError> {
        let status = response.status().as_u16();
        let mut fetched = Fetched {
            url,
            redirects,
            status,
            content_type: header(&response, &CONTENT_TYPE),
            retry_after: header(&response, &RETRY_AFTER),
            body: Vec::new(),
        };
        if status == 200 {
            fetched.body = self.body(response).await?;
        }
        Ok(fetched)
    }

    async fn body(&self, mut response: Response) -> Result<Vec<u8>, FetchError> {
        match header(&response, &CONTENT_ENCODING).as_deref() {
            None | Some("" | "identity") => {}
            Some(encoding) => return Err(FetchError::Encoded(encoding.to_owned())),
        }
        let broken = |error: reqwest::Error| FetchError::from_body(&error);
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(broken)? {
            if chunk.len() > self.limits.size - bytes.len() {
                return Err(FetchError::TooLarge(self.limits.size));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }
}

fn tls(store: RootCertStore) -> Result<ClientConfig, FetchError> {
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| FetchError::Tls(error.to_string()))?;
    Ok(builder.with_root_certificates(store).with_no_client_auth())
}

fn without_credentials(mut url: Url) -> Url {
    // Only rejected for URLs without a host, which http and https do not have.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_fragment(None);
    url
}

fn header(response: &Response, name: &HeaderName) -> Option<String> {
    let value = response.headers().get(name)?;
    Some(String::from_utf8_lossy(value.as_bytes()).trim().to_owned())
}
