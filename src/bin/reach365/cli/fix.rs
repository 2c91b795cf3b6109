//! `reach365 fix`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use reach365_judge::remedy::{App, Platform};

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
    /// Carry a remedy out on this machine, after showing what it changes (Windows)
    #[command(after_help = FIX_RUN_HELP)]
    Run(FixRunArgs),
    /// Revert what `fix run` did (Windows)
    #[command(after_help = FIX_UNDO_HELP)]
    Undo(FixUndoArgs),
}

#[derive(Debug, Args)]
pub(crate) struct FixListArgs {
    /// Only what answers this error number or code
    #[arg(value_name = "0xERROR|CODE", allow_negative_numbers = true)]
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
    #[arg(value_name = "0xERROR", allow_negative_numbers = true)]
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
    /// Also write what the plan says to send: error, plan, report and device in one JSON file, with
    /// placeholders for what names you
    #[arg(long, value_name = "FILE")]
    pub(crate) bundle: Option<PathBuf>,
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

#[derive(Debug, Args)]
pub(crate) struct FixRunArgs {
    /// The remedy
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// Show what it would change, and change nothing
    #[arg(long, conflicts_with = "yes")]
    pub(crate) dry_run: bool,
    /// Do it without asking
    #[arg(long)]
    pub(crate) yes: bool,
    /// Do it on a managed device too, or though no plan offers it
    #[arg(long)]
    pub(crate) i_am_the_admin: bool,
    /// Keep journal and backup in this directory, absent or empty
    /// [default: %LOCALAPPDATA%\reach365\fixes\<UTC time>-<ID>]
    #[arg(long, value_name = "DIR")]
    pub(crate) journal: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct FixUndoArgs {
    /// The directory of the journal [default: the newest that is not undone]
    #[arg(value_name = "JOURNAL")]
    pub(crate) journal: Option<PathBuf>,
    /// Revert it even if something has changed since; what is overwritten is kept beside the journal
    #[arg(long)]
    pub(crate) force: bool,
}

const FIX_RUN_HELP: &str = "Exit codes: 0 done or shown, 1 an action failed or you said no, \
    2 refused or wrong usage.\nWithout a terminal and without --yes the actions are only shown.";

const FIX_UNDO_HELP: &str = "Exit codes: 0 reverted, 1 an action failed or something has changed \
    since, 2 refused, wrong usage or nothing to undo.";

pub(super) const APPS: [(&str, App); 4] = [
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
