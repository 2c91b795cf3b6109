//! The [`CheckerBuilder`]: checks the options, and reads the files that they name.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::checker::{Checker, trace};
use reach365_judge::verdict::Signatures;
use reach365_model::device::NcsiSettings;
use reach365_model::endpoint::Cloud;
use reach365_model::error::Error;
use reach365_model::options::{ControlHost, Family, Options, ProxySource, Timeouts};
use reach365_platform as platform;
use reach365_probe::Certificates;
use reach365_proxy::View;

/// Builds a [`Checker`]; every setting has the default of [`Options`].
#[derive(Debug, Clone, Default)]
pub struct CheckerBuilder {
    options: Options,
    proxy_views: Option<Vec<View>>,
    signatures: Option<Signatures>,
    ncsi: Option<NcsiSettings>,
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

    /// A host outside Microsoft that is probed where endpoints are blocked: if it fails too, the
    /// problem is not specific to one host.
    #[must_use]
    pub fn control_host(mut self, host: ControlHost) -> Self {
        self.options.control_host = Some(host);
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

    /// Where the proxy settings come from.
    #[must_use]
    pub fn proxy(mut self, source: ProxySource) -> Self {
        self.options.proxy = source;
        self
    }

    /// The proxy settings that [`ProxySource::System`] means, in place of those of this machine: an
    /// exported registry, or the settings of an embedding program. The first view is the route that
    /// is taken; the others are tried where it fails.
    #[must_use]
    pub fn proxy_views(mut self, views: Vec<View>) -> Self {
        self.proxy_views = Some(views);
        self
    }

    /// How Windows runs its connectivity test, in place of this machine's registry.
    #[must_use]
    pub fn ncsi_settings(mut self, settings: NcsiSettings) -> Self {
        self.ncsi = Some(settings);
        self
    }

    /// The signatures of products, in place of the built-in ones.
    #[must_use]
    pub fn signatures(mut self, signatures: Signatures) -> Self {
        self.signatures = Some(signatures);
        self
    }

    /// Probes every route of the settings, not only after a failure.
    #[must_use]
    pub fn compare_paths(mut self) -> Self {
        self.options.compare_paths = true;
        self
    }

    /// Checks the options and reads the files that they name.
    ///
    /// # Errors
    /// [`Error::Option`] where a file cannot be used or a limit is zero.
    pub fn build(self) -> Result<Checker, Error> {
        check_limits(&self.options)?;
        if self.options.trace {
            trace::check_system("--trace")?;
        }
        Ok(Checker {
            public_roots: read_roots("--public-roots", self.options.public_roots.as_deref())?,
            os_roots: read_roots("--os-roots", self.options.os_roots.as_deref())?,
            proxy_views: self.proxy_views,
            ncsi: self.ncsi,
            signatures: self
                .signatures
                .unwrap_or_else(|| Signatures::builtin().clone()),
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
                .min(timeouts.proxy)
                .min(timeouts.tls)
                .min(timeouts.http),
        ),
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

#[cfg(test)]
mod tests {
    use super::*;

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
