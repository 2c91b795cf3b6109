//! Where the result goes: standard output, or a file that is complete or not there.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

use crate::exit::Failure;

/// The destination of the result. What is written to a file appears under its name only after
/// [`Output::finish`].
pub(crate) struct Output {
    writer: Box<dyn Write + Send>,
    pending: Option<Pending>,
    closed: bool,
}

/// A temporary file next to the final one; removed again unless it is renamed.
pub(crate) struct Pending {
    beside: NamedTempFile,
    wanted: PathBuf,
}

impl Output {
    /// Opens the place, so that a run does not end with a result that cannot be written.
    pub(crate) fn open(file: Option<&Path>) -> Result<Self, Failure> {
        let Some(path) = file else {
            let stdout = anstream::AutoStream::always(io::stdout());
            return Ok(Self::new(Box::new(BufWriter::new(stdout)), None));
        };
        Self::open_for("--output", path)
    }

    /// Opens a file; the message where that fails contains the flag that named it.
    pub(crate) fn open_for(flag: &str, path: &Path) -> Result<Self, Failure> {
        let (file, pending) = open_file(path)
            .map_err(|error| Failure::Usage(format!("{flag} {}: {error}", path.display())))?;
        Ok(Self::new(Box::new(BufWriter::new(file)), pending))
    }

    /// Opens the destination, unless that is a file that the result is made from: its evidence
    /// would be lost.
    pub(crate) fn open_beside(file: Option<&Path>, read: &[&Path]) -> Result<Self, Failure> {
        let canonical = |path: &Path| fs::canonicalize(path).ok();
        let wanted = file.and_then(canonical);
        if wanted.is_some() && read.iter().any(|path| canonical(path) == wanted) {
            let shown = file.unwrap_or(Path::new("")).display();
            return Err(Failure::Usage(format!(
                "--output {shown}: that file is read; name another one"
            )));
        }
        Self::open(file)
    }

    fn new(writer: Box<dyn Write + Send>, pending: Option<Pending>) -> Self {
        Self {
            writer,
            pending,
            closed: false,
        }
    }

    /// Writes something and shows it at once.
    pub(crate) fn write(
        &mut self,
        render: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), Failure> {
        if self.closed {
            return Ok(());
        }
        let result = render(&mut self.writer).and_then(|()| self.writer.flush());
        match result {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => self.closed = true,
            other => other?,
        }
        Ok(())
    }

    /// Gives a file its name. Returns whether the reader read to the end.
    pub(crate) fn finish(mut self) -> Result<bool, Failure> {
        if let Some(pending) = self.pending.take() {
            pending.rename()?;
        }
        Ok(!self.closed)
    }
}

/// Opens a file next to the final one; other than plain files (pipes, devices) are opened directly.
fn open_file(path: &Path) -> io::Result<(File, Option<Pending>)> {
    match fs::metadata(path) {
        Ok(there) if there.is_dir() => return Err(io::Error::other("is a directory")),
        Ok(there) if !there.is_file() => {
            return Ok((OpenOptions::new().write(true).open(path)?, None));
        }
        Ok(_) => drop(OpenOptions::new().write(true).open(path)?),
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let wanted = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let pending = Pending::create(wanted)?;
    Ok((pending.file().try_clone()?, Some(pending)))
}

impl Pending {
    /// Created with the default permissions, like any other file of the user.
    pub(crate) fn create(wanted: PathBuf) -> io::Result<Self> {
        let mut prefix = wanted.file_name().unwrap_or_default().to_owned();
        prefix.push(".");
        let beside = Builder::new()
            .prefix(&prefix)
            .suffix(".part")
            .make_in(wanted.parent().unwrap_or(Path::new("")), |path| {
                OpenOptions::new().write(true).create_new(true).open(path)
            })?;
        Ok(Self { beside, wanted })
    }

    /// What the file is to hold.
    pub(crate) fn file(&self) -> &File {
        self.beside.as_file()
    }

    /// Not by `persist`: on Windows that fails while another program reads the older file.
    pub(crate) fn rename(self) -> io::Result<()> {
        // Some file systems report late that the disk is full, and some do not support this call.
        if let Err(error) = self.file().sync_all()
            && !matches!(
                error.kind(),
                ErrorKind::Unsupported | ErrorKind::InvalidInput
            )
        {
            return Err(error);
        }
        fs::rename(self.beside.path(), &self.wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Gone;

    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn directory(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("reach365-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        path
    }

    fn names(directory: &Path) -> Vec<String> {
        let entries = fs::read_dir(directory).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    #[test]
    fn an_older_file_is_replaced_at_the_end_and_not_before() {
        let directory = directory("replace");
        let path = directory.join("report.json");
        fs::write(&path, "old").unwrap();
        let mut output = Output::open(Some(&path)).unwrap();
        output.write(|out| out.write_all(b"new")).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        output.finish().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(names(&directory), ["report.json"]);
        fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn an_unfinished_result_leaves_nothing_behind() {
        let directory = directory("unfinished");
        let mut output = Output::open(Some(&directory.join("report.json"))).unwrap();
        output.write(|out| out.write_all(b"half")).unwrap();
        drop(output);
        assert_eq!(names(&directory), [""; 0]);
        fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn a_place_that_cannot_be_written_is_refused_at_once() {
        let directory = directory("refused");
        for path in [
            directory.clone(),
            directory.join("missing").join("report.json"),
        ] {
            let refused = Output::open(Some(&path));
            assert!(
                matches!(refused, Err(Failure::Usage(_))),
                "{}",
                path.display()
            );
        }
        fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn a_reader_that_went_away_is_no_failure() {
        let mut output = Output::new(Box::new(Gone), None);
        output.write(|out| out.write_all(b"line")).unwrap();
        output
            .write(|_| panic!("nothing more is rendered"))
            .unwrap();
    }
}
