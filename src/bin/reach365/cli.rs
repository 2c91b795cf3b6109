//! The command line: declarations only.

mod allowlist;
mod compare;
mod endpoints;
mod fix;
mod pac;
mod proxy;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use reach365_judge::remedy::App;
use reach365_model::endpoint::Cloud;
use reach365_model::options::{
    CONFIRM, ControlHost, DEADLINE, JOBS, ProxySource, ProxyUser, TRACE_CONTROL,
};
use reach365_model::report::FailOn;
use reach365_render::formats::Format;

pub(crate) use allowlist::AllowlistArgs;
pub(crate) use compare::CompareArgs;
pub(crate) use endpoints::{
    DiffArgs, EndpointsCommand, LintArgs, ListArgs, TableFormat, UpdateArgs,
};
pub(crate) use fix::{
    FixCommand, FixListArgs, FixPlanArgs, FixRunArgs, FixScriptArgs, FixShowArgs, FixUndoArgs,
};
pub(crate) use pac::{PacBuildArgs, PacCommand, PacEvalArgs, PacLintArgs, ToldUrl};
pub(crate) use proxy::{DecodeArgs, MatchArgs, ProxyArgs, ProxyCommand};

/// Tells why Microsoft 365 Apps cannot activate: which host, which stage, which cause, who did it.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) check: CheckArgs,
}

const EXIT_CODES: &str = "Exit codes: 0 reachable, 1 blocked, 2 wrong usage or list, \
    3 inconclusive, 4 internal error;\nwith --format nagios 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN, wrong usage too.\nWithout a command, `check` is meant.";

const COMPARE_CODES: &str = "Exit codes of two reports: 0 nothing is worse, 1 something is worse, \
    2 a report cannot be read.\nOf more, or with --matrix: 0, or 2.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Probe every required endpoint and say what is wrong
    #[command(after_help = EXIT_CODES)]
    Check(Box<CheckArgs>),
    /// Follow the msoid record of domains, as this network and as the outside sees it
    Dns(DnsArgs),
    /// Find the hop where the path to a host ends, or where its name is filtered (Linux)
    #[command(after_help = EXIT_CODES, hide = cfg!(not(target_os = "linux")))]
    Trace(TraceArgs),
    /// Show, check, update or compare the list of endpoints
    Endpoints {
        #[command(subcommand)]
        command: EndpointsCommand,
    },
    /// Show every source of proxy settings, and the route that each names for a URL
    #[command(args_conflicts_with_subcommands = true)]
    Proxy(ProxyArgs),
    /// Show what this PC is joined to, its sign-in, services and settings (Windows, or --from FILE)
    Device(DeviceArgs),
    /// Ask a PAC script, look for mistakes in it, or make one
    Pac {
        #[command(subcommand)]
        command: PacCommand,
    },
    /// Judge a saved JSON report again, without any network
    Replay(ReplayArgs),
    /// Compare two saved reports, before and after a change, or put many sites beside each other
    #[command(after_help = COMPARE_CODES)]
    Compare(CompareArgs),
    /// Say what a code or an error number means, what makes it, and what mends it
    Explain(ExplainArgs),
    /// Say what fixes activation, in which order; apply it and revert it (Windows)
    Fix {
        #[command(subcommand)]
        command: FixCommand,
    },
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// Check these hosts instead of the default groups
    #[arg(value_name = "HOST")]
    pub(crate) hosts: Vec<String>,
    /// Check the endpoints of this group; `all` means every group [default: activation and ncsi]
    #[arg(long = "group", value_name = "GROUP", value_delimiter = ',')]
    pub(crate) groups: Vec<String>,
    /// Check only what was blocked, degraded or inconclusive in this saved report, in its cloud; `-`
    /// reads it from standard input
    #[arg(long, value_name = "REPORT", conflicts_with_all = ["hosts", "groups", "domains", "cloud"])]
    pub(crate) only_failed: Option<PathBuf>,
    /// Use this list of endpoints instead of the built-in one
    #[arg(long, value_name = "FILE")]
    pub(crate) endpoints: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) naming: NamingArgs,
    /// Also follow the msoid record of this domain
    #[arg(long = "domain", value_name = "DOMAIN", value_delimiter = ',')]
    pub(crate) domains: Vec<String>,
    #[command(flatten)]
    pub(crate) resolving: ResolvingArgs,
    #[command(flatten)]
    pub(crate) route: RouteArgs,
    #[command(flatten)]
    pub(crate) family: FamilyArgs,
    /// Try TLS and HTTP on every address, not only on the first good one of each family
    #[arg(long)]
    pub(crate) all_addresses: bool,
    /// Trust these roots (PEM) as the public ones
    #[arg(long, value_name = "FILE")]
    pub(crate) public_roots: Option<PathBuf>,
    /// Trust these roots (PEM) as those of the operating system
    #[arg(long, value_name = "FILE")]
    pub(crate) os_roots: Option<PathBuf>,
    /// Give up on the whole run after this time; what is unfinished then is inconclusive
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value_t = DEADLINE.as_secs().into())]
    pub(crate) deadline: Seconds,
    /// Hosts at once
    #[arg(long, value_name = "N", value_parser = jobs, default_value_t = JOBS)]
    pub(crate) jobs: usize,
    /// Confirming attempts after a failure
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(..=5), default_value_t = CONFIRM)]
    pub(crate) confirm: u32,
    /// Trace endpoints that are blocked at the connection or at TLS, at most 8 (Linux)
    #[arg(long, hide = cfg!(not(target_os = "linux")))]
    pub(crate) trace: bool,
    /// Name of this site, for the report
    #[arg(long, value_name = "NAME")]
    pub(crate) site: Option<String>,
    #[command(flatten)]
    pub(crate) result: ResultArgs,
    /// Show no progress and no notes
    #[arg(long, short)]
    pub(crate) quiet: bool,
    /// Write what happens to stderr, filtered like `reach365=debug`
    #[arg(long, value_name = "FILTER")]
    pub(crate) log: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct NamingArgs {
    /// Know products by these signatures too; they are tried before the built-in ones
    #[arg(long, value_name = "FILE")]
    pub(crate) signatures: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct RouteArgs {
    /// `auto`: as the settings say; `none`: directly; a proxy (HOST:PORT or a URL); pac:URL
    #[arg(long, value_name = "PROXY", value_parser = ProxySource::parse, default_value = "auto")]
    pub(crate) proxy: ProxySource,
    /// Probe every route that the settings name and the direct one, not only after a failure
    #[arg(long)]
    pub(crate) compare_paths: bool,
    /// Where endpoints are blocked, probe this internet host of another owner too: whether it fails
    /// alike tells a rule against one host from a fault of the path
    #[arg(long, value_name = "HOST[:PORT]")]
    pub(crate) control_host: Option<ControlHost>,
    /// Ask the network for a PAC script (WPAD), even if no setting says so
    #[arg(long)]
    pub(crate) wpad: bool,
    /// User for proxies that ask for Basic; the password comes from REACH365_PROXY_PASSWORD, or is
    /// asked for. With @HOST:PORT that proxy alone gets them; otherwise those that an argument, a
    /// setting, or a PAC script over https or file names. None that the network announces does
    #[arg(long, value_name = "USER[@HOST:PORT]")]
    pub(crate) proxy_user: Option<ProxyUser>,
}

#[derive(Debug, Args)]
pub(crate) struct FamilyArgs {
    /// Use IPv4 alone
    #[arg(long, conflicts_with = "ipv6")]
    pub(crate) ipv4: bool,
    /// Use IPv6 alone
    #[arg(long)]
    pub(crate) ipv6: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ResolvingArgs {
    /// The cloud that the tenant lives in
    #[arg(long, value_parser = clouds(), default_value_t = Cloud::Worldwide)]
    pub(crate) cloud: Cloud,
    /// Ask this name server instead of the system's (repeatable)
    #[arg(long, value_name = "IP[:PORT]", value_parser = reach365_platform::name_server)]
    pub(crate) dns: Vec<SocketAddr>,
    /// Ask this name server too about msoid records
    #[arg(long, value_name = "IP[:PORT]", value_parser = reach365_platform::name_server)]
    pub(crate) second_resolver: Option<SocketAddr>,
    /// Limit of every stage; silence within a shorter one than the default is inconclusive [default:
    /// DNS 2 s per packet, TCP 5 s, TLS 6.5 s, answers of proxies and hosts 12 s]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) timeout: Option<Seconds>,
}

#[derive(Debug, Args)]
pub(crate) struct ResultArgs {
    /// Format of the result
    #[arg(long, value_parser = formats(), default_value_t = Format::Text)]
    pub(crate) format: Format,
    /// Write the result to this file; an older one is replaced when the result is complete
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// The mildest outcome that makes the exit code 1
    #[arg(long, value_name = "OUTCOME", value_parser = outcomes(), default_value = "blocked")]
    pub(crate) fail_on: FailOn,
    /// Put placeholders for what names you: hosts, proxies, users, places, inner addresses
    #[arg(long)]
    pub(crate) redact: bool,
    #[command(flatten)]
    pub(crate) look: LookArgs,
}

#[derive(Debug, Args)]
pub(crate) struct LookArgs {
    /// Color the text; `auto` does on a terminal, unless `NO_COLOR` is set
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = Color::Auto)]
    pub(crate) color: Color,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Args)]
pub(crate) struct DnsArgs {
    /// The domains of the tenant
    #[arg(value_name = "DOMAIN", required = true)]
    pub(crate) domains: Vec<String>,
    #[command(flatten)]
    pub(crate) resolving: ResolvingArgs,
    #[command(flatten)]
    pub(crate) result: ResultArgs,
    /// Show no progress and no notes
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

#[derive(Debug, Args)]
pub(crate) struct TraceArgs {
    /// The host, with a port where it is not 443
    #[arg(value_name = "HOST[:PORT]")]
    pub(crate) host: String,
    /// A name that no filter knows, to compare with; it is sent to HOST alone
    #[arg(long, value_name = "NAME", default_value = TRACE_CONTROL)]
    pub(crate) control_host: String,
    /// Ask this name server instead of the system's (repeatable)
    #[arg(long, value_name = "IP[:PORT]", value_parser = reach365_platform::name_server)]
    pub(crate) dns: Vec<SocketAddr>,
    #[command(flatten)]
    pub(crate) family: FamilyArgs,
    /// Give up after this time
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value_t = DEADLINE.as_secs().into())]
    pub(crate) deadline: Seconds,
    /// Format of the result
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    pub(crate) format: ListFormat,
    #[command(flatten)]
    pub(crate) look: LookArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListFormat {
    Text,
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct DeviceArgs {
    /// Read the output of `dsregcmd /status`, or a state in JSON; `-` reads standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) from: Option<PathBuf>,
    /// Put placeholders for what names you: domain, tenant, machine, users, proxies
    #[arg(long)]
    pub(crate) redact: bool,
    /// Format of the answer
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    pub(crate) format: ListFormat,
    #[command(flatten)]
    pub(crate) look: LookArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ReplayArgs {
    /// A report in JSON; `-` reads it from standard input
    #[arg(value_name = "REPORT")]
    pub(crate) report: PathBuf,
    #[command(flatten)]
    pub(crate) naming: NamingArgs,
    #[command(flatten)]
    pub(crate) result: ResultArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// A code such as `tls-hello-reset`, or the error that Windows or Office shows: `0xCAA82EE7`,
    /// `CAA50021`, `-895156191`, `12007`, `AADSTS50126`
    #[arg(value_name = "CODE|0xERROR", allow_negative_numbers = true)]
    pub(crate) code: String,
    /// A report of `check` in JSON: name the failures in it that explain the error; `-` reads it
    /// from standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    /// The app in which the error appears: its own remedies come earlier
    #[arg(long, value_parser = choice(&fix::APPS))]
    pub(crate) app: Option<App>,
    #[command(flatten)]
    pub(crate) look: LookArgs,
}

/// A time in seconds, decimals allowed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Seconds(pub(crate) Duration);

impl From<u64> for Seconds {
    fn from(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }
}

impl std::fmt::Display for Seconds {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}", self.0.as_secs_f64())
    }
}

fn seconds(text: &str) -> Result<Seconds, String> {
    const ALLOWED: std::ops::RangeInclusive<f64> = 0.001..=3_600.0;
    let wanted = "a number of seconds from 0.001 to 3600";
    let number: f64 = text.parse().map_err(|_| format!("not {wanted}"))?;
    if !ALLOWED.contains(&number) {
        return Err(format!("not {wanted}"));
    }
    Ok(Seconds(Duration::from_secs_f64(number)))
}

fn jobs(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number @ 1..=4_096) => Ok(number),
        _ => Err("not a number from 1 to 4096".to_owned()),
    }
}

fn clouds() -> impl TypedValueParser<Value = Cloud> {
    choice(&[
        ("worldwide", Cloud::Worldwide),
        ("china", Cloud::China),
        ("gcc-high", Cloud::GccHigh),
        ("dod", Cloud::Dod),
    ])
}

fn formats() -> impl TypedValueParser<Value = Format> {
    let names = Format::ALL.iter().map(|format| format.name());
    PossibleValuesParser::new(names)
        .try_map(|text| Format::parse(&text).ok_or("there is no such format"))
}

fn outcomes() -> impl TypedValueParser<Value = FailOn> {
    choice(&[
        ("blocked", FailOn::Blocked),
        ("degraded", FailOn::Degraded),
        ("inconclusive", FailOn::Inconclusive),
    ])
}

/// One of several values by name; the help lists the names.
fn choice<T: Copy + Send + Sync>(
    values: &'static [(&'static str, T)],
) -> impl TypedValueParser<Value = T> {
    let by_name = values.iter().map(|(name, _)| *name);
    PossibleValuesParser::new(by_name).try_map(|text| {
        let found = values.iter().find(|(name, _)| *name == text);
        found
            .map(|(_, value)| *value)
            .ok_or("there is no such value")
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_declarations_fit_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn without_a_command_the_arguments_are_those_of_check() {
        let cli = Cli::parse_from(["reach365", "--group", "ncsi,activation", "login.live.com"]);
        assert!(cli.command.is_none());
        assert_eq!(cli.check.groups, ["ncsi", "activation"]);
        assert_eq!(cli.check.hosts, ["login.live.com"]);
    }

    #[test]
    fn clouds_have_the_names_of_the_library() {
        for cloud in Cloud::ALL {
            let cli = Cli::parse_from(["reach365", "--cloud", &cloud.to_string()]);
            assert_eq!(cli.check.resolving.cloud, cloud);
        }
    }

    #[test]
    fn times_are_finite_and_positive() {
        assert_eq!(seconds("2.5").unwrap().0, Duration::from_millis(2_500));
        for wrong in ["0", "-1", "NaN", "inf", "1e9", "5s", ""] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn both_families_at_once_are_refused() {
        let parsed = Cli::try_parse_from(["reach365", "check", "--ipv4", "--ipv6"]);
        assert!(parsed.is_err());
    }
}
