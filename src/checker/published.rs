//! Queries Microsoft's endpoint service: the version first, the list only if it is another one.

use std::time::{Duration, SystemTime};

use reach365_model::Timestamp;
use url::Url;

use crate::checker::routing::Routing;
use reach365_model::catalog::published::{
    PUBLISHED_LIMIT, PublishedList, instance, latest_version,
};
use reach365_model::endpoint::{Cloud, quoted};
use reach365_model::error::Error;
use reach365_model::options::Options;
use reach365_probe::pac::{PacEnvironment, PacNames};
use reach365_probe::{Credentials, FetchLimits, Fetched, Fetcher, provider};
use reach365_proxy::route::{Hop, NamedBy, Route};

/// The pause before the next query if the service does not set one.
const USUAL_WAIT: Duration = Duration::from_secs(3_600);
/// The longest pause that is accepted.
const LONGEST_WAIT: Duration = Duration::from_secs(86_400);
/// Days that a version may lie ahead: clocks are wrong, and lists are published a month early.
const FURTHEST_DAYS: i64 = 366;

/// The request to the service.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PublishedListRequest {
    /// Address of the service or of a mirror: `https`, with a slash at its end.
    pub service: Url,
    /// The instance (cloud) of the endpoints.
    pub cloud: Cloud,
    /// A GUID, the same in every request of an installation: see [`new_client_request_id`].
    pub client_request_id: String,
    /// The version of the saved copy.
    pub known_version: Option<String>,
}

impl PublishedListRequest {
    /// Requests the list, whatever copy is saved.
    pub fn new(service: Url, cloud: Cloud, client_request_id: String) -> Self {
        Self {
            service,
            cloud,
            client_request_id,
            known_version: None,
        }
    }
}

/// The answer of the service.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum PublishedListAnswer {
    /// It has the version that is known.
    Same,
    /// It has an older version than the known one: a mirror that lags behind.
    Older(String),
    /// It has a newer one.
    New {
        /// The version.
        version: String,
        /// The answer of the `endpoints` method as received.
        bytes: Vec<u8>,
        /// The same, parsed.
        list: PublishedList,
        /// The answer of the `changes` method since the known version, where it gave one.
        changes: Option<Vec<u8>>,
        /// The time before the next query is allowed, if that method had too many requests.
        busy: Option<Duration>,
    },
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PublishedListError {
    /// Too many requests (status 429): no query is allowed before this time has passed.
    #[error("the service has had too many requests (status 429)")]
    Busy(Duration),
    /// Not reached, or it gave another status than 200.
    #[error("{0}")]
    Unreachable(String),
    /// Reached, and the answer is not a list.
    #[error("{0}")]
    NotAList(Error),
}

/// A GUID for [`PublishedListRequest::client_request_id`]. It does not identify the machine.
pub fn new_client_request_id() -> String {
    let mut bytes = [0; 16];
    // Without random numbers no TLS connection will be established either.
    let _ = provider().secure_random.fill(&mut bytes);
    uuid::Builder::from_random_bytes(bytes)
        .into_uuid()
        .to_string()
}

/// Queries the service. Of the options, the proxy settings, credentials, name servers, roots and
/// time limits are used.
///
/// # Errors
/// Why there is no answer; the saved copy stays valid then.
pub async fn ask_service(
    request: &PublishedListRequest,
    options: &Options,
) -> Result<PublishedListAnswer, PublishedListError> {
    let session = DownloadSession::new(request, options).await?;
    let version = session.version().await?;
    let known = request.known_version.as_deref();
    match known {
        Some(known) if known == version => return Ok(PublishedListAnswer::Same),
        Some(known) if *known > *version => return Ok(PublishedListAnswer::Older(version)),
        _ => {}
    }
    let (bytes, list) = session.list().await?;
    // The dates of additions are a help; the list is good without them.
    let (changes, busy) = match known {
        Some(known) => match session.fetch("changes", Some(known)).await {
            Ok(changes) => (Some(changes), None),
            Err(PublishedListError::Busy(wait)) => (None, Some(wait)),
            Err(_) => (None, None),
        },
        None => (None, None),
    };
    Ok(PublishedListAnswer::New {
        version,
        bytes,
        list,
        changes,
        busy,
    })
}

/// One session with the service.
struct DownloadSession<'a> {
    request: &'a PublishedListRequest,
    fetcher: Fetcher,
    hops: Vec<Hop>,
}

impl<'a> DownloadSession<'a> {
    async fn new(
        request: &'a PublishedListRequest,
        options: &Options,
    ) -> Result<Self, PublishedListError> {
        let routing = Routing::read(options, None).await;
        let candidate = routing
            .candidates_for(&request.service)
            .await
            .into_iter()
            .next();
        let unread = routing.unread.as_ref();
        let unreadable = || {
            candidate
                .as_ref()
                .and_then(|candidate| candidate.unreadable.as_ref())
        };
        if let Some(why) = unread.or_else(unreadable) {
            let words = format!("the proxy settings could not be read: {why}");
            return Err(PublishedListError::Unreachable(words));
        }
        let route = candidate.map(|candidate| candidate.route);
        let named_by = route.as_ref().map_or(NamedBy::Settings, Route::named_by);
        let hops = route.map(|route| route.hops);
        let hops = hops.filter(|hops| !hops.is_empty());
        let limits = options.timeouts;
        let environment = PacEnvironment {
            names: names(options),
            search: options.search.clone(),
            os_roots: options.os_roots.clone(),
            ..PacEnvironment::default()
        };
        let credentials = Credentials::new(options.proxy_sign_in.clone(), routing.sign_ins);
        let limits = FetchLimits {
            time: limits.tcp + limits.proxy + limits.tls + limits.http,
            size: PUBLISHED_LIMIT,
            redirects: 0,
        };
        let fetcher = Fetcher::new(environment, limits)
            .with_credentials(credentials, named_by)
            .accepting("application/json");
        Ok(Self {
            request,
            fetcher,
            hops: hops.unwrap_or_else(|| vec![Hop::Direct]),
        })
    }

    async fn version(&self) -> Result<String, PublishedListError> {
        let bytes = self.fetch("version", None).await?;
        let cloud = self.request.cloud;
        let version = latest_version("the service's version", &bytes, cloud);
        let version = version.map_err(PublishedListError::NotAList)?;
        if is_of_the_future(&version, Timestamp::from(SystemTime::now())) {
            let why = format!("the service names version {version}, which lies in the future");
            return Err(PublishedListError::Unreachable(why));
        }
        Ok(version)
    }

    async fn list(&self) -> Result<(Vec<u8>, PublishedList), PublishedListError> {
        let bytes = self.fetch("endpoints", None).await?;
        let list = PublishedList::parse("the service's list", &bytes);
        let list = list.map_err(PublishedListError::NotAList)?;
        if list.sets().iter().all(|set| set.urls.is_empty()) {
            let why = "the service's list has no names in it".to_owned();
            return Err(PublishedListError::Unreachable(why));
        }
        Ok((bytes, list))
    }

    async fn fetch(
        &self,
        method: &str,
        since: Option<&str>,
    ) -> Result<Vec<u8>, PublishedListError> {
        let url = self.url(method, since);
        let host = url.host_str().unwrap_or_default();
        let mut why = Vec::new();
        for hop in &self.hops {
            match self.fetcher.get(&url, hop).await {
                Ok(fetched) => return body(fetched, method),
                Err(error) => why.push(error.to_string()),
            }
        }
        let words = format!("{host} is not reached: {}", why.join("; "));
        Err(PublishedListError::Unreachable(words))
    }

    fn url(&self, method: &str, since: Option<&str>) -> Url {
        let mut url = self.request.service.clone();
        let instance = instance(self.request.cloud);
        let since = since.map_or_else(String::new, |since| format!("/{since}"));
        let path = format!("{}{method}/{instance}{since}", url.path());
        url.set_path(&path);
        let id = &self.request.client_request_id;
        url.query_pairs_mut().append_pair("ClientRequestId", id);
        url
    }
}

/// Versions begin with the day on which they were made: `YYYYMMDDNN`. One far ahead would keep every
/// later list out.
fn is_of_the_future(version: &str, now: Timestamp) -> bool {
    let latest = now.checked_add_ms(FURTHEST_DAYS * 24 * 3_600 * 1_000);
    *version > *latest.unwrap_or(now).format_utc("%Y%m%d99")
}

fn names(options: &Options) -> PacNames {
    if options.dns.is_empty() {
        return PacNames::System;
    }
    PacNames::Servers(options.dns.clone())
}

fn body(fetched: Fetched, method: &str) -> Result<Vec<u8>, PublishedListError> {
    match fetched.status {
        200 => Ok(fetched.body),
        429 => Err(PublishedListError::Busy(wait(
            fetched.retry_after.as_deref(),
        ))),
        status => Err(PublishedListError::Unreachable(format!(
            "the service answered its method {} with status {status}",
            quoted(method)
        ))),
    }
}

/// Seconds or a date; an hour where neither can be read.
fn wait(retry_after: Option<&str>) -> Duration {
    let text = retry_after.unwrap_or_default().trim();
    let seconds = text.parse().map(Duration::from_secs).ok();
    let wait = seconds.or_else(|| until(text)).unwrap_or(USUAL_WAIT);
    wait.min(LONGEST_WAIT)
}

fn until(date: &str) -> Option<Duration> {
    let then = Timestamp::from_http_date(date)?;
    then.duration_since(Timestamp::from(SystemTime::now()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_in_seconds_or_until_a_date_and_never_longer_than_a_day() {
        assert_eq!(wait(Some("120")), Duration::from_secs(120));
        for unreadable in [None, Some(""), Some("soon"), Some("-5")] {
            assert_eq!(wait(unreadable), USUAL_WAIT, "{unreadable:?}");
        }
        assert_eq!(wait(Some("99999999999")), LONGEST_WAIT);
        assert_eq!(wait(Some("Tue, 31 Dec 2999 23:59:59 GMT")), LONGEST_WAIT);
        assert_eq!(wait(Some("Wed, 21 Oct 2015 07:28:00 GMT")), USUAL_WAIT);
    }

    #[test]
    fn a_version_far_ahead_is_believed_of_nobody() {
        let now = "2026-11-21T12:00:00Z".parse().unwrap();
        for (version, future) in [
            ("2026120100", false),
            ("2027112200", false),
            ("2099000000", true),
        ] {
            assert_eq!(is_of_the_future(version, now), future, "{version}");
        }
    }

    #[test]
    fn identifiers_are_random_guids() {
        let (one, other) = (new_client_request_id(), new_client_request_id());
        assert_ne!(one, other);
        let lengths: Vec<usize> = one.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
        assert_eq!(one.as_bytes()[14], b'4');
    }
}
