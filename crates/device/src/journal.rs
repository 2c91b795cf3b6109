//! The journal: what was found, and how far a fix came.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use reach365_model::Timestamp;
use serde::{Deserialize, Serialize};

use super::FixError;
use super::before::Before;
use super::places;
use reach365_judge::remedy::{Action, Remedy};
use reach365_model::endpoint::printable;
use reach365_platform::Machine;
use reach365_proxy::text;

/// The only schema so far.
const SCHEMA: u32 = 1;
/// Bytes of a journal at most.
const LARGEST: u64 = 256 * 1024 * 1024;
const FILE: &str = "journal.json";
const TRANSCRIPT: &str = "transcript.txt";
/// Journals of one moment at most; sorted by name they are in the order of their times.
const SAME_MOMENT: usize = 100;

/// What a fix found, and how far it got.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Journal {
    schema: u32,
    program: String,
    remedy: String,
    started: Timestamp,
    #[serde(default)]
    undone: Option<Timestamp>,
    pub(super) steps: Vec<Step>,
    #[serde(skip)]
    directory: PathBuf,
}

/// One action of the remedy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Step {
    pub(super) action: Action,
    pub(super) state: State,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) before: Option<Before>,
}

/// How far an action got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum State {
    /// Not reached.
    Waiting,
    /// Only a person can do it.
    ForYou,
    /// There was nothing to do.
    AlreadySo,
    /// About to be done; how far it got is unknown.
    Begun,
    Done,
    Failed,
    Undone,
}

impl Step {
    /// Whether it may have changed something that is still so.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.state, State::Begun | State::Done | State::Failed)
    }
}

/// The schema, whatever else is in the file.
#[derive(Deserialize)]
struct Head {
    schema: u32,
}

impl Journal {
    /// Starts a journal in a directory of its own.
    pub(super) fn create(
        remedy: &Remedy,
        machine: &dyn Machine,
        directory: Option<&Path>,
    ) -> Result<Self, FixError> {
        let started = Timestamp::from(SystemTime::now());
        let directory = match directory {
            Some(directory) => given_directory(directory)?,
            None => own_directory(&default_folder(machine)?, &remedy.id, started)?,
        };
        let journal = Self {
            schema: SCHEMA,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            remedy: remedy.id.clone(),
            started,
            undone: None,
            steps: remedy.actions.iter().map(waiting).collect(),
            directory,
        };
        journal.write()?;
        journal.note(&format!("{} ({})", remedy.title, remedy.id))?;
        Ok(journal)
    }

    /// Reads the journal of a directory. Its content is untrusted.
    ///
    /// # Errors
    ///
    /// When there is none, or none that this version understands.
    pub fn read(directory: &Path) -> Result<Self, FixError> {
        let path = directory.join(FILE);
        let wrong = |why: String| FixError::Journal {
            path: path.clone(),
            why,
        };
        let file = File::open(&path).map_err(|error| wrong(error.to_string()))?;
        let mut bytes = Vec::new();
        let read = file.take(LARGEST).read_to_end(&mut bytes);
        read.map_err(|error| wrong(error.to_string()))?;
        let text = text::decode(&bytes).ok_or_else(|| wrong("is no text".to_owned()))?;
        let head: Head = parse(&text).map_err(wrong)?;
        if head.schema != SCHEMA {
            let schema = head.schema;
            return Err(wrong(format!(
                "schema {schema} is unknown to this version, which knows {SCHEMA}"
            )));
        }
        let mut journal: Self = parse(&text).map_err(wrong)?;
        directory.clone_into(&mut journal.directory);
        Ok(journal)
    }

    /// Id of the remedy.
    pub fn remedy(&self) -> &str {
        &self.remedy
    }

    /// Where it is.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Whether everything was reverted.
    pub fn is_undone(&self) -> bool {
        self.undone.is_some()
    }

    /// Whether something could be reverted.
    pub(super) fn is_open(&self) -> bool {
        !self.is_undone() && self.steps.iter().any(Step::is_open)
    }

    /// Whether some action of it can be reverted.
    pub(super) fn can_be_undone(&self) -> bool {
        let mut open = self.steps.iter().filter(|step| step.is_open());
        !self.is_undone() && open.any(|step| step.action.is_reversible())
    }

    /// Records that everything was reverted.
    pub(super) fn close(&mut self) -> Result<(), FixError> {
        self.undone = Some(Timestamp::from(SystemTime::now()));
        self.write()
    }

    /// Replaces the file with the current state, and waits until it is on the disk.
    pub(super) fn write(&self) -> Result<(), FixError> {
        let mut text = serde_json::to_vec_pretty(self).map_err(|error| self.wrong(error))?;
        text.push(b'\n');
        let beside = self.directory.join("journal.part");
        let written = File::create(&beside).and_then(|mut file| {
            file.write_all(&text)?;
            file.sync_all()?;
            fs::rename(&beside, self.directory.join(FILE))
        });
        written.map_err(|error| self.wrong(error))
    }

    /// Adds a line to the transcript.
    pub(super) fn note(&self, text: &str) -> Result<(), FixError> {
        let path = self.directory.join(TRANSCRIPT);
        let mut options = OpenOptions::new();
        let file = options.append(true).create(true).open(path);
        let now = Timestamp::from(SystemTime::now());
        let lines = text.lines().map(printable).collect::<Vec<_>>();
        let lines = lines.join("\r\n    ");
        let written = file.and_then(|mut file| write!(file, "{now:.0}  {lines}\r\n"));
        written.map_err(|error| self.wrong(error))
    }

    /// Stores a readable backup file of what an action removes.
    pub(super) fn store(&self, name: &str, content: &[u8]) -> Result<(), FixError> {
        let backup = self.directory.join("backup");
        let kept = fs::create_dir_all(&backup).and_then(|()| fs::write(backup.join(name), content));
        kept.map_err(|error| self.wrong(error))
    }

    /// Makes the folder into which an action moves things.
    pub(super) fn make_aside(&self, number: usize) -> Result<PathBuf, FixError> {
        self.make(places::aside(&self.directory, number))
    }

    /// Makes the folder for files that were added after the fix and block the old ones.
    pub(super) fn make_replaced(&self, number: usize) -> Result<PathBuf, FixError> {
        let backup = self.directory.join("backup");
        self.make(backup.join(format!("{number}-replaced")))
    }

    fn make(&self, folder: PathBuf) -> Result<PathBuf, FixError> {
        fs::create_dir_all(&folder).map_err(|error| self.wrong(error))?;
        Ok(folder)
    }

    /// An error about this journal.
    pub(super) fn wrong(&self, why: impl std::fmt::Display) -> FixError {
        FixError::Journal {
            path: self.directory.clone(),
            why: why.to_string(),
        }
    }
}

fn waiting(action: &Action) -> Step {
    let state = if action.is_automatic() {
        State::Waiting
    } else {
        State::ForYou
    };
    Step {
        action: action.clone(),
        state,
        before: None,
    }
}

fn parse<T: for<'de> Deserialize<'de>>(text: &str) -> Result<T, String> {
    let parsed = serde_json::from_str(text);
    parsed.map_err(|error| printable(&format!("is no journal: {error}")))
}

/// The directory that the user named: absent or empty, so that no other journal is overwritten.
fn given_directory(directory: &Path) -> Result<PathBuf, FixError> {
    let wrong = |why: String| FixError::Journal {
        path: directory.to_owned(),
        why,
    };
    fs::create_dir_all(directory).map_err(|error| wrong(error.to_string()))?;
    let mut entries = fs::read_dir(directory).map_err(|error| wrong(error.to_string()))?;
    if entries.next().is_some() {
        return Err(wrong("is not empty".to_owned()));
    }
    // A later `fix undo` may run in another directory.
    std::path::absolute(directory).map_err(|error| wrong(error.to_string()))
}

fn own_directory(folder: &Path, id: &str, started: Timestamp) -> Result<PathBuf, FixError> {
    let wrong = |why: String| FixError::Journal {
        path: folder.to_owned(),
        why,
    };
    fs::create_dir_all(folder).map_err(|error| wrong(error.to_string()))?;
    let time = started.format_utc("%Y%m%dT%H%M%S%.3fZ");
    for attempt in 1..=SAME_MOMENT {
        let more = if attempt > 1 {
            format!("-{attempt}")
        } else {
            String::new()
        };
        let directory = folder.join(format!("{time}-{id}{more}"));
        match fs::create_dir(&directory) {
            Ok(()) => return Ok(directory),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(wrong(error.to_string())),
        }
    }
    Err(wrong("too many journals of this moment".to_owned()))
}

/// Where journals are kept.
fn default_folder(machine: &dyn Machine) -> Result<PathBuf, FixError> {
    let folder = places::folder(r"%LOCALAPPDATA%", machine).map_err(|why| FixError::Journal {
        path: PathBuf::from("--journal"),
        why,
    })?;
    Ok(folder.join("reach365").join("fixes"))
}

/// The newest journal of this user that is not undone.
///
/// # Errors
///
/// When there is none, or one is met that cannot be read.
pub fn newest(machine: &dyn Machine) -> Result<PathBuf, FixError> {
    let folder = default_folder(machine)?;
    let entries = fs::read_dir(&folder).into_iter().flatten();
    let mut directories: Vec<PathBuf> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.join(FILE).is_file())
        .collect();
    directories.sort();
    for directory in directories.into_iter().rev() {
        if Journal::read(&directory)?.is_open() {
            return Ok(directory);
        }
    }
    Err(FixError::NothingToUndo(folder))
}
