//! What is kept between runs: the answers of the endpoint service, and the ID that it requires.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use reach365::published::new_client_request_id;
use reach365_model::Timestamp;
use reach365_model::endpoint::Cloud;
use reach365_proxy::text;
use serde::{Deserialize, Serialize};

use crate::exit::{Failure, note};
use crate::output::Pending;

const FILE: &str = "endpoints.json";
/// Longest retry time that is accepted; a later one comes from a clock that was wrong.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 3_600);

/// The directory of this program's state, and the content of its main file.
pub(super) struct State {
    directory: PathBuf,
    kept: Kept,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Kept {
    /// Sent with every request, as the service requires; created once.
    client_request_id: String,
    /// Services that must not be queried before a time.
    wait_until: BTreeMap<String, Timestamp>,
    /// Version of the copy of each cloud; none for a copy that was not fetched.
    versions: BTreeMap<Cloud, String>,
}

/// The files of one cloud.
#[derive(Clone, Copy)]
pub(super) enum Copy {
    Current,
    Previous,
    Changes,
}

impl Copy {
    pub(super) fn name(self, cloud: Cloud) -> String {
        match self {
            Self::Current => format!("service-{cloud}.json"),
            Self::Previous => format!("service-{cloud}.previous.json"),
            Self::Changes => format!("service-{cloud}.changes.json"),
        }
    }
}

impl State {
    /// `%LOCALAPPDATA%\reach365` on Windows, `$XDG_STATE_HOME/reach365` elsewhere.
    pub(super) fn directory() -> Result<PathBuf, Failure> {
        let named = |name| std::env::var_os(name).map(PathBuf::from);
        let absolute = |name| named(name).filter(|path| path.is_absolute());
        let parent = if cfg!(windows) {
            absolute("LOCALAPPDATA")
        } else {
            let home = || Some(absolute("HOME")?.join(".local").join("state"));
            absolute("XDG_STATE_HOME").or_else(home)
        };
        let parent = parent.ok_or_else(|| {
            let wanted = if cfg!(windows) {
                "LOCALAPPDATA"
            } else {
                "XDG_STATE_HOME or HOME"
            };
            Failure::Usage(format!("nowhere to keep the answer: set {wanted}"))
        })?;
        Ok(parent.join("reach365"))
    }

    /// Reads the state; one that cannot be read begins anew.
    pub(super) fn read() -> Result<Self, Failure> {
        let directory = Self::directory()?;
        let file = directory.join(FILE);
        let kept = match fs::read(&file) {
            Ok(bytes) => {
                serde_json::from_str(&text::decode_lossy(&bytes)).unwrap_or_else(|error| {
                    note(&format!("{}: {error}; it is begun anew", file.display()));
                    Kept::default()
                })
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Kept::default(),
            Err(error) => return Err(unusable(&file, &error)),
        };
        Ok(Self { directory, kept })
    }

    /// The identifier of this installation.
    pub(super) fn client_request_id(&mut self) -> Result<String, Failure> {
        if !is_guid(&self.kept.client_request_id) {
            self.kept.client_request_id = new_client_request_id();
            self.write()?;
        }
        Ok(self.kept.client_request_id.clone())
    }

    /// The time before which a service must not be queried.
    pub(super) fn wait_until(&self, service: &str) -> Option<Timestamp> {
        let now = Timestamp::from(SystemTime::now());
        let until = *self.kept.wait_until.get(service)?;
        let wait = until.duration_since(now)?;
        (!wait.is_zero() && wait <= LONGEST_WAIT).then_some(until)
    }

    /// Records that a service must not be queried for some time, and returns until when.
    pub(super) fn wait(&mut self, service: &str, wait: Duration) -> Result<Timestamp, Failure> {
        let until = Timestamp::from(SystemTime::now() + wait);
        self.kept.wait_until.insert(service.to_owned(), until);
        self.write()?;
        Ok(until)
    }

    /// The version of the copy that is there.
    pub(super) fn version(&self, cloud: Cloud) -> Option<String> {
        let is_there = self.path(cloud, Copy::Current).is_file();
        let version = self.kept.versions.get(&cloud).cloned();
        version.filter(|_| is_there)
    }

    /// Replaces the last copy by a new one; the last one becomes the previous one.
    pub(super) fn store(
        &mut self,
        cloud: Cloud,
        version: Option<String>,
        copy: &[u8],
        changes: Option<&[u8]>,
    ) -> Result<PathBuf, Failure> {
        let current = self.path(cloud, Copy::Current);
        match fs::read(&current) {
            Ok(last) if last != copy => replace(&self.path(cloud, Copy::Previous), &last)?,
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(unusable(&current, &error)),
        }
        // Without its version the copy is fetched again, which does no harm.
        self.kept.versions.remove(&cloud);
        self.write()?;
        replace(&current, copy)?;
        let dates = self.path(cloud, Copy::Changes);
        match changes {
            Some(changes) => replace(&dates, changes)?,
            None => drop(fs::remove_file(&dates)),
        }
        if let Some(version) = version {
            self.kept.versions.insert(cloud, version);
            self.write()?;
        }
        Ok(current)
    }

    /// Where a copy is, or would be.
    pub(super) fn path(&self, cloud: Cloud, copy: Copy) -> PathBuf {
        self.directory.join(copy.name(cloud))
    }

    fn write(&self) -> Result<(), Failure> {
        let text = serde_json::to_vec_pretty(&self.kept);
        let text = text.map_err(|error| Failure::Internal(error.to_string()))?;
        replace(&self.directory.join(FILE), &text)
    }
}

/// A reader finds the old file or the new one.
fn replace(file: &Path, bytes: &[u8]) -> Result<(), Failure> {
    write_all(file, bytes).map_err(|error| unusable(file, &error))
}

fn write_all(file: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(directory) = file.parent() {
        fs::create_dir_all(directory)?;
    }
    let pending = Pending::create(file.to_owned())?;
    pending.file().write_all(bytes)?;
    pending.rename()
}

fn unusable(file: &Path, error: &io::Error) -> Failure {
    Failure::Usage(format!("{}: {error}", file.display()))
}

fn is_guid(text: &str) -> bool {
    let lengths = text.split('-').map(str::len);
    let hexadecimal = |c: char| c.is_ascii_hexdigit() || c == '-';
    lengths.eq([8, 4, 4, 4, 12]) && text.chars().all(hexadecimal)
}
