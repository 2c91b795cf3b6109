//! The arguments of `reach365 pac`.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use reach365_model::endpoint::Host;
use reach365_model::time::LocalTime;
use reach365_proxy::route::{ProxyProtocol, ProxyServer};
use url::Url;

use super::{ListFormat, LookArgs};

#[derive(Debug, Subcommand)]
pub(crate) enum PacCommand {
    /// Say what a script answers for URLs, and what that means
    #[command(after_help = PAC_EVAL_HELP)]
    Eval(PacEvalArgs),
    /// Look for what fails in Windows' own engine, and for answers that clients disagree on
    #[command(after_help = PAC_LINT_HELP)]
    Lint(PacLintArgs),
    /// Make a script: endpoints of the categories Optimize and Allow directly, the rest to a proxy
    Build(PacBuildArgs),
}

const PAC_EVAL_HELP: &str = "Exit codes: 0 every URL got an answer, 1 the script failed, \
    2 wrong usage.\nWithout --resolve, names are asked of the system's name servers.";

const PAC_LINT_HELP: &str = "Exit codes: 0 no error, 1 a remark of level error, 2 wrong usage \
    or no script.";

#[derive(Debug, Args)]
pub(crate) struct PacEvalArgs {
    /// The script: a file, or a URL with http, https or file
    #[arg(value_name = "FILE|URL")]
    pub(crate) source: String,
    /// Ask for this URL (repeatable)
    #[arg(long = "url", value_name = "URL", required = true, value_parser = told_url)]
    pub(crate) urls: Vec<ToldUrl>,
    /// Give the script this host instead of that of the URL
    #[arg(long)]
    pub(crate) host: Option<String>,
    /// Let the script see this time, such as 2026-11-21T09:00:00+01:00; its offset is local time
    #[arg(long, value_name = "RFC3339")]
    pub(crate) now: Option<LocalTime>,
    /// Only these names have addresses for the script; its questions never reach the network
    /// (repeatable)
    #[arg(long, value_name = "HOST=IP,…", value_parser = resolution)]
    pub(crate) resolve: Vec<Resolution>,
    /// Let this be the address of this machine (repeatable, the first is preferred)
    #[arg(long, value_name = "IP", value_delimiter = ',')]
    pub(crate) my_ip: Vec<IpAddr>,
    /// Format of the answers; JSON has one object a line
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    pub(crate) format: ListFormat,
    #[command(flatten)]
    pub(crate) look: LookArgs,
}

#[derive(Debug, Args)]
pub(crate) struct PacLintArgs {
    /// The script: a file, or a URL with http, https or file
    #[arg(value_name = "FILE|URL")]
    pub(crate) source: String,
    /// Ask for this URL instead of those that a check asks for (repeatable)
    #[arg(long = "url", value_name = "URL", value_parser = told_url)]
    pub(crate) urls: Vec<ToldUrl>,
    /// Format of the remarks
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    pub(crate) format: ListFormat,
    #[command(flatten)]
    pub(crate) look: LookArgs,
}

#[derive(Debug, Args)]
pub(crate) struct PacBuildArgs {
    /// The proxy that carries the rest
    #[arg(long, value_name = "HOST:PORT", value_parser = proxy)]
    pub(crate) proxy: ProxyServer,
    /// Use this list of endpoints instead of the built-in one
    #[arg(long, value_name = "FILE")]
    pub(crate) endpoints: Option<PathBuf>,
    /// Take this group alone (repeatable)
    #[arg(long = "group", value_name = "GROUP", value_delimiter = ',')]
    pub(crate) groups: Vec<String>,
    /// Write the script to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// A URL, and how it was given.
#[derive(Debug, Clone)]
pub(crate) struct ToldUrl {
    pub(crate) given: String,
    pub(crate) url: Url,
}

/// Names with their addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Resolution(pub(crate) Vec<(String, Vec<IpAddr>)>);

fn told_url(text: &str) -> Result<ToldUrl, String> {
    let url = Url::parse(text).map_err(|error| format!("not a URL: {error}"))?;
    if url.host().is_none() {
        return Err("a URL without a host".to_owned());
    }
    Ok(ToldUrl {
        given: text.to_owned(),
        url,
    })
}

/// `HOST=IP,IP`, several with commas between them; `HOST=` is a name without addresses.
fn resolution(text: &str) -> Result<Resolution, String> {
    let mut found: Vec<(String, Vec<IpAddr>)> = Vec::new();
    for item in text.split(',') {
        let address = match item.split_once('=') {
            Some((name, address)) => {
                let name = canonical(name.trim());
                found.push((name, Vec::new()));
                address.trim()
            }
            None => item.trim(),
        };
        let (name, addresses) = found.last_mut().ok_or("not of the form HOST=IP")?;
        if name.is_empty() {
            return Err("a name is missing before `=`".to_owned());
        }
        if !address.is_empty() {
            let address = address
                .parse()
                .map_err(|_| format!("`{address}` is no address"))?;
            addresses.push(address);
        }
    }
    Ok(Resolution(found))
}

/// A name as scripts' questions have it: lower case, punycode, no final dot.
fn canonical(name: &str) -> String {
    let bare = name.trim_end_matches('.');
    url::Host::parse(bare).map_or_else(|_| bare.to_ascii_lowercase(), |host| host.to_string())
}

/// `HOST:PORT` of an HTTP proxy.
pub(super) fn proxy(text: &str) -> Result<ProxyServer, String> {
    let wanted = "not a proxy such as proxy.example:8080";
    let (host, port) = text.rsplit_once(':').ok_or(wanted)?;
    let port = port.parse().ok().filter(|port| *port != 0).ok_or(wanted)?;
    Ok(ProxyServer {
        protocol: ProxyProtocol::Http,
        host: Host::parse(host)?,
        port,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_names_and_several_addresses_fit_in_one_argument() {
        let found =
            resolution("A.example=192.0.2.1,2001:db8::1,bücher.example.=192.0.2.2,c=").unwrap();
        let shown: Vec<(&str, usize)> = found
            .0
            .iter()
            .map(|(name, all)| (name.as_str(), all.len()))
            .collect();
        assert_eq!(
            shown,
            [("a.example", 2), ("xn--bcher-kva.example", 1), ("c", 0)]
        );
        for wrong in ["192.0.2.1", "a=192.0.2", "=192.0.2.1", ""] {
            assert!(resolution(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_offset_of_a_time_is_local_time() {
        let local: LocalTime = "2026-11-21T09:30:00+05:30".parse().unwrap();
        assert_eq!(
            (local.utc_offset, local.moment.to_string()),
            (5 * 3_600 + 1_800, "2026-11-21T04:00:00Z".to_owned())
        );
        let greenwich: LocalTime = "2026-11-21T09:30:00Z".parse().unwrap();
        assert_eq!(greenwich.utc_offset, 0);
        for wrong in ["", "now", "2026-11-21", "2026-11-21T09:30:00"] {
            assert!(wrong.parse::<LocalTime>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_proxy_has_a_port() {
        assert_eq!(
            proxy("proxy.example:8080").unwrap().to_string(),
            "proxy.example:8080"
        );
        assert_eq!(
            proxy("[2001:db8::1]:3128").unwrap().to_string(),
            "[2001:db8::1]:3128"
        );
        for wrong in [
            "proxy.example",
            "proxy.example:0",
            ":80",
            "http://proxy.example:80",
        ] {
            assert!(proxy(wrong).is_err(), "{wrong}");
        }
    }
}
