//! Proxy settings of this machine: one file an operating system fetches their text and bytes, the
//! grammars are in [`reach365_proxy`].

#[cfg(target_os = "linux")]
#[path = "proxy_settings/linux.rs"]
mod system;
#[cfg(target_os = "macos")]
#[path = "proxy_settings/macos.rs"]
mod system;
#[cfg(windows)]
#[path = "proxy_settings/windows.rs"]
mod system;
#[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
mod system {
    /// Nothing: the environment is all there is.
    pub(super) fn views() -> (Vec<reach365_proxy::View>, Option<String>) {
        (Vec::new(), None)
    }
}

use reach365_proxy::environment;
use reach365_proxy::{ProxyCredentials, View};

/// The programs of desktops answer from memory; one that does not is of no use.
#[cfg(any(target_os = "linux", target_os = "macos"))]
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(2);

/// What this machine is set to.
#[non_exhaustive]
pub struct SystemProxies {
    /// Every view that is set up: of the user, of the machine, of the environment.
    pub views: Vec<View>,
    /// Credentials in environment variables.
    pub credentials: Vec<ProxyCredentials>,
    /// Why the settings of the system could not be read; their views are absent then, which does
    /// not mean that there are none.
    pub unread: Option<String>,
}

/// Reads the proxy settings of this machine and of the environment. This may start a program of
/// the desktop (`gsettings`, `scutil`) and waits for it no longer than two seconds.
pub fn system_proxies() -> SystemProxies {
    let (mut views, unread) = system::views();
    let variables: Vec<(String, String)> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    let named = variables
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    let environment = environment::parse(named);
    views.extend(environment.view);
    SystemProxies {
        views,
        credentials: environment.credentials,
        unread,
    }
}

/// What a program of the desktop prints; `None` where it is absent.
///
/// # Errors
/// That it fails or is slow: its output is unknown.
#[cfg(any(target_os = "linux", target_os = "macos"))]
fn output(program: &str, arguments: &[&str]) -> Result<Option<String>, String> {
    use crate::command::{RunError, run};

    match run(program, arguments, PATIENCE) {
        Ok(printed) if printed.status.success() => {
            Ok(Some(String::from_utf8_lossy(&printed.stdout).into_owned()))
        }
        Err(RunError::Absent(_)) => Ok(None),
        Ok(_) | Err(RunError::Failed(_)) => Err(format!("{program} failed")),
        Err(RunError::TimedOut(_)) => Err(format!("{program} did not answer in time")),
    }
}
