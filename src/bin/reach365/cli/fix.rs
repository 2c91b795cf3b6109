//! `reach365 fix`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use reach365::remedy::{App, Platform};

use super::{ListFormat, LookArgs, choice};

#[derive(Debug, Subcommand)]
pub(crate) enum FixCommand {
    /// List the remedies, all of them or those for an error
    List(FixListArgs),
    /// Say everything about a remedy
    Show(FixShowArgs),
    /// Say which remedies to try, in which order, and when to stop
    Plan(FixPlanArgs),
    /// Write a PowerShell script of remedies, to read before it is run
    Script(FixScriptArgs),
}

#[derive(Debug, Args)]
pub(crate) struct FixListArgs {
    /// Only what answers this error number or code
    #[arg(value_name = "0xERROR|CODE")]
    pub(crate) answers: Option<String>,
    /// Format of the list
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    pub(crate) format: ListFormat,
    #[command(flatten)]
    pub(crate) look: LookArgs,
}

#[derive(Debug, Args)]
pub(crate) struct FixShowArgs {
    /// Id of the remedy, as `fix list` prints it
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// Format of the answer
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    pub(crate) format: ListFormat,
    #[command(flatten)]
    pub(crate) look: LookArgs,
}

#[derive(Debug, Args)]
pub(crate) struct FixPlanArgs {
    /// The error number that the user sees, such as 0xCAA50021 or AADSTS50126
    #[arg(value_name = "0xERROR")]
    pub(crate) error: Option<String>,
    /// A JSON report of `reach365 check` from the same network; `-` is standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    /// The output of `dsregcmd /status` or of `reach365 device --format json`; on Windows the PC
    /// itself is asked where no file is given
    #[arg(long, value_name = "FILE")]
    pub(crate) device: Option<PathBuf>,
    /// The app in which the error appears
    #[arg(long, value_parser = choice(&APPS))]
    pub(crate) app: Option<App>,
    /// What the app runs on
    #[arg(long, value_parser = choice(&PLATFORMS), default_value = "windows")]
    pub(crate) platform: Platform,
    /// Format of the plan
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    pub(crate) format: ListFormat,
    #[command(flatten)]
    pub(crate) look: LookArgs,
}

#[derive(Debug, Args)]
pub(crate) struct FixScriptArgs {
    /// Ids of the remedies, in their order
    #[arg(value_name = "ID", required = true)]
    pub(crate) ids: Vec<String>,
    /// Write the script to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

const APPS: [(&str, App); 4] = [
    ("office", App::Office),
    ("outlook", App::Outlook),
    ("teams", App::Teams),
    ("onedrive", App::Onedrive),
];

const PLATFORMS: [(&str, Platform); 6] = [
    ("windows", Platform::Windows),
    ("windows-8", Platform::Windows8),
    ("macos", Platform::Macos),
    ("citrix", Platform::Citrix),
    ("vdi", Platform::Vdi),
    ("shared-computer", Platform::SharedComputer),
];
