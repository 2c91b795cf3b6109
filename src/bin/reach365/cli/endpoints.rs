//! `reach365 endpoints`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use reach365_model::endpoint::Cloud;
use reach365_model::options::{ProxySource, ProxyUser};
use url::Url;

use super::{AllowlistArgs, ListFormat, LookArgs, clouds};

const UPDATE_CODES: &str = "Exit codes: 0 the saved copy is as the service has it, 2 wrong usage \
    or file, 3 the service gave no usable answer and the saved copy stays as it is, 4 internal \
    error.";

const DIFF_CODES: &str = "Exit codes: 0 no difference, 1 differences, 2 wrong usage or file, \
    4 internal error.";

#[derive(Debug, Subcommand)]
pub(crate) enum EndpointsCommand {
    /// List the endpoints with what each is for
    List(ListArgs),
    /// Fetch what Microsoft's endpoint service publishes, and keep it
    #[command(after_help = UPDATE_CODES)]
    Update(UpdateArgs),
    /// Say where the list differs from the service, or what the service has changed
    #[command(after_help = DIFF_CODES)]
    Diff(DiffArgs),
    /// Write the rules that firewalls and proxies need, in the syntax of many of them
    Allowlist(AllowlistArgs),
    /// Look for mistakes in a list, the built-in one where none is named
    Lint(LintArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// List this group alone (repeatable)
    #[arg(long = "group", value_name = "GROUP", value_delimiter = ',')]
    pub(crate) groups: Vec<String>,
    /// List what this cloud needs
    #[arg(long, value_parser = clouds(), default_value_t = Cloud::Worldwide)]
    pub(crate) cloud: Cloud,
    /// Use this list of endpoints instead of the built-in one
    #[arg(long, value_name = "FILE")]
    pub(crate) endpoints: Option<PathBuf>,
    /// Format of the list
    #[arg(long, value_enum, default_value_t = TableFormat::Text)]
    pub(crate) format: TableFormat,
    #[command(flatten)]
    pub(crate) look: LookArgs,
}

/// Formats of a list of endpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TableFormat {
    Text,
    Json,
    Csv,
    Toml,
}

#[derive(Debug, Args)]
pub(crate) struct UpdateArgs {
    /// Keep this saved answer of the service instead of asking it
    #[arg(long, value_name = "FILE", conflicts_with_all = ["service", "proxy"])]
    pub(crate) from: Option<PathBuf>,
    /// The cloud whose endpoints are fetched
    #[arg(long, value_parser = clouds(), default_value_t = Cloud::Worldwide)]
    pub(crate) cloud: Cloud,
    /// Ask this mirror of the service; it must speak HTTPS
    #[arg(long, value_name = "URL", value_parser = service, default_value = "https://endpoints.office.com/")]
    pub(crate) service: Url,
    /// `auto`: as the settings say; `none`: directly; a proxy (HOST:PORT or a URL); pac:URL
    #[arg(long, value_name = "PROXY", value_parser = ProxySource::parse, default_value = "auto")]
    pub(crate) proxy: ProxySource,
    /// User for proxies that ask for Basic; the password comes from REACH365_PROXY_PASSWORD, or is
    /// asked for. With @HOST:PORT that proxy alone gets them
    #[arg(long, value_name = "USER[@HOST:PORT]")]
    pub(crate) proxy_user: Option<ProxyUser>,
    /// Ask this name server instead of the system's (repeatable)
    #[arg(long, value_name = "IP[:PORT]", value_parser = reach365_platform::name_server)]
    pub(crate) dns: Vec<SocketAddr>,
    /// Trust these roots (PEM) as those of the operating system
    #[arg(long, value_name = "FILE")]
    pub(crate) os_roots: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct DiffArgs {
    /// Compare two saved answers of the service, the older one first
    #[arg(value_name = "OLD NEW", num_args = 2, conflicts_with_all = ["from", "endpoints", "previous"])]
    pub(crate) files: Vec<PathBuf>,
    /// Compare the list with this saved answer of the service [default: the copy of the last
    /// `endpoints update`]
    #[arg(long, value_name = "FILE")]
    pub(crate) from: Option<PathBuf>,
    /// Say what the last `endpoints update` changed
    #[arg(long, conflicts_with_all = ["from", "endpoints"])]
    pub(crate) previous: bool,
    /// Read from this answer of the service's `changes` method when additions take effect
    #[arg(long, value_name = "FILE", conflicts_with_all = ["from", "endpoints"])]
    pub(crate) changes: Option<PathBuf>,
    /// The cloud of the list and of the answer
    #[arg(long, value_parser = clouds(), default_value_t = Cloud::Worldwide)]
    pub(crate) cloud: Cloud,
    /// Use this list of endpoints instead of the built-in one
    #[arg(long, value_name = "FILE")]
    pub(crate) endpoints: Option<PathBuf>,
    /// Format of the answer
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    pub(crate) format: ListFormat,
    #[command(flatten)]
    pub(crate) look: LookArgs,
}

#[derive(Debug, Args)]
pub(crate) struct LintArgs {
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
}

/// The address of a mirror. Without TLS any device on the path could forge what is allowed.
fn service(text: &str) -> Result<Url, String> {
    let mut url = Url::parse(text).map_err(|error| error.to_string())?;
    if url.scheme() != "https" || url.host().is_none() {
        return Err("it must begin with https:// and name a host".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() {
        return Err("it must have neither credentials nor a query".to_owned());
    }
    url.set_fragment(None);
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    Ok(url)
}
