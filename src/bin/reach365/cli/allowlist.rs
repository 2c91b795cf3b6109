//! `endpoints allowlist`: declarations.

use std::path::PathBuf;

use clap::Args;
use reach365_model::endpoint::Cloud;
use reach365_proxy::route::ProxyServer;
use reach365_render::formats::AllowlistFormat;

#[derive(Debug, Args)]
pub(crate) struct AllowlistArgs {
    /// Syntax of the rules
    #[arg(long, value_parser = super::choice(&AllowlistFormat::ALL))]
    pub(crate) format: AllowlistFormat,
    /// Open this group alone (repeatable); wildcards are opened only without it
    #[arg(long = "group", value_name = "GROUP", value_delimiter = ',')]
    pub(crate) groups: Vec<String>,
    /// Open what this cloud needs
    #[arg(long, value_parser = super::clouds(), default_value_t = Cloud::Worldwide, conflicts_with = "report")]
    pub(crate) cloud: Cloud,
    /// Use this list of endpoints instead of the built-in one
    #[arg(long, value_name = "FILE")]
    pub(crate) endpoints: Option<PathBuf>,
    /// Open only what this JSON report of `check` shows as blocked or degraded; `-` reads it from
    /// standard input
    #[arg(long, value_name = "REPORT")]
    pub(crate) report: Option<PathBuf>,
    /// The proxy that carries the rest, for the format `pac`
    #[arg(long, value_name = "HOST:PORT", value_parser = super::pac::proxy, required_if_eq("format", "pac"))]
    pub(crate) proxy: Option<ProxyServer>,
    /// Write the rules to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}
