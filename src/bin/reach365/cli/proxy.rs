//! `reach365 proxy`.

use std::path::PathBuf;

use clap::builder::TypedValueParser;
use clap::{Args, Subcommand};
use reach365_proxy::Dialect;
use reach365_proxy::blob::BlobKind;

use super::{ListFormat, LookArgs, choice};

#[derive(Debug, Args)]
pub(crate) struct ProxyArgs {
    #[command(subcommand)]
    pub(crate) command: Option<ProxyCommand>,
    /// The URLs to decide about; a host alone means HTTPS
    #[arg(value_name = "URL")]
    pub(crate) urls: Vec<String>,
    /// Read an exported registry file (.reg) instead of the settings of this machine
    #[arg(long, value_name = "FILE")]
    pub(crate) from: Option<PathBuf>,
    /// Format of the answer
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    pub(crate) format: ListFormat,
    #[command(flatten)]
    pub(crate) look: LookArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ProxyCommand {
    /// Decode a binary registry value
    Decode(DecodeArgs),
    /// Ask proxies and a bypass list about URLs
    Match(MatchArgs),
}

#[derive(Debug, Args)]
pub(crate) struct DecodeArgs {
    /// `winhttp`: WinHttpSettings; `connection`: DefaultConnectionSettings or SavedLegacySettings
    #[arg(value_parser = blob_kinds())]
    pub(crate) kind: BlobKind,
    /// The bytes as regedit or reg query print them
    #[arg(value_name = "HEX", required = true)]
    pub(crate) hex: Vec<String>,
    /// Format of the answer
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    pub(crate) format: ListFormat,
    #[command(flatten)]
    pub(crate) look: LookArgs,
}

#[derive(Debug, Args)]
pub(crate) struct MatchArgs {
    /// The URLs to decide about; a host alone means HTTPS
    #[arg(value_name = "URL", required = true)]
    pub(crate) urls: Vec<String>,
    /// The proxies, such as `proxy:8080` or `http=a:80;https=b:443`
    #[arg(long, default_value = "")]
    pub(crate) servers: String,
    /// The bypass list
    #[arg(long, default_value = "", allow_negative_numbers = true)]
    pub(crate) bypass: String,
    /// Whose rules the bypass list follows
    #[arg(long, value_parser = choice(&Dialect::ALL), default_value = "wininet")]
    pub(crate) dialect: Dialect,
    /// Format of the answer; `json` is one object a line, one for each URL
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    pub(crate) format: ListFormat,
    #[command(flatten)]
    pub(crate) look: LookArgs,
}

fn blob_kinds() -> impl TypedValueParser<Value = BlobKind> {
    choice(&[
        ("winhttp", BlobKind::Winhttp),
        ("connection", BlobKind::Connection),
    ])
}
