//! Folders, and moving what lies in them.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

pub(super) fn entries(folder: &Path) -> io::Result<Option<Vec<String>>> {
    match fs::symlink_metadata(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
        // The owner of the link may not own its target.
        Ok(found) if !found.is_dir() => {
            let message = "is a link or a file, not a folder";
            return Err(io::Error::new(ErrorKind::NotADirectory, message));
        }
        Ok(_) => {}
    }
    let names = fs::read_dir(folder)?.map(|entry| {
        let name = entry?.file_name().into_string();
        name.map_err(|_| io::Error::new(ErrorKind::InvalidData, "a name in it is no Unicode"))
    });
    let mut names: Vec<String> = names.collect::<io::Result<_>>()?;
    names.sort();
    Ok(Some(names))
}

pub(super) fn move_entry(from: &Path, to: &Path) -> io::Result<()> {
    if fs::symlink_metadata(to).is_ok() {
        let message = format!("{} is there already", to.display());
        return Err(io::Error::new(ErrorKind::AlreadyExists, message));
    }
    fs::rename(from, to).map_err(|error| match error.kind() {
        ErrorKind::CrossesDevices => io::Error::new(
            error.kind(),
            "it lies on another drive than the journal: choose a journal on the same drive",
        ),
        _ => error,
    })
}
