//! A machine in memory, which can be told to fail or to crash.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use reach365_device::{Credential, Machine, Ran, RegistryKey, RegistryValue, ServiceState};

/// Everything that an action can change. Compared as a whole: what is restored must be equal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Content {
    /// Keys by path, with their values in order.
    pub(crate) keys: BTreeMap<String, Vec<RegistryValue>>,
    /// Folders and files.
    pub(crate) folders: BTreeMap<PathBuf, BTreeSet<String>>,
    pub(crate) credentials: Vec<Credential>,
    pub(crate) services: BTreeMap<String, ServiceState>,
}

#[derive(Default)]
pub(crate) struct Recorded {
    pub(crate) content: RefCell<Content>,
    pub(crate) variables: BTreeMap<String, String>,
    pub(crate) elevated: bool,
    /// What was run.
    pub(crate) commands: RefCell<Vec<String>>,
    /// Exit code of the programs.
    pub(crate) exit_code: i32,
    /// Writes that succeed before one fails.
    pub(crate) writes_left: Cell<Option<usize>>,
    /// Whether the failing write panics: a crash.
    pub(crate) crashes: Cell<bool>,
}

impl Recorded {
    pub(crate) fn new() -> Self {
        let mut machine = Self {
            elevated: true,
            ..Self::default()
        };
        let local = "/profile".to_owned();
        machine.variables.insert("LOCALAPPDATA".to_owned(), local);
        machine.key_with("HKCU", &[]);
        machine.key_with(r"HKCU\Software", &[]);
        machine.key_with("HKLM", &[]);
        machine.key_with(r"HKLM\Software", &[]);
        machine
    }

    pub(crate) fn key_with(&self, key: &str, values: &[(&str, u32, &[u8])]) {
        let value = |(name, kind, data): &(&str, u32, &[u8])| RegistryValue {
            name: (*name).to_owned(),
            kind: *kind,
            data: data.to_vec(),
        };
        let values = values.iter().map(value).collect();
        self.content
            .borrow_mut()
            .keys
            .insert(key.to_owned(), values);
    }

    pub(crate) fn folder_with(&self, folder: &str, names: &[&str]) {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        let mut content = self.content.borrow_mut();
        content.folders.insert(folder.into(), names);
    }

    /// What it holds, without the folders of a journal.
    pub(crate) fn snapshot(&self) -> Content {
        let mut content = self.content.borrow().clone();
        content
            .folders
            .retain(|path, _| path.starts_with("/profile"));
        content
    }

    fn write(&self) -> io::Result<()> {
        match self.writes_left.get() {
            Some(0) if self.crashes.get() => panic!("crash"),
            Some(0) => Err(io::Error::other("the disk is on fire")),
            Some(left) => {
                self.writes_left.set(Some(left - 1));
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// The path as it is spelt.
    fn find(&self, key: &str) -> Option<String> {
        let content = self.content.borrow();
        let same = |path: &&String| path.to_lowercase() == key.to_lowercase();
        content.keys.keys().find(same).cloned()
    }
}

impl Machine for Recorded {
    fn is_windows(&self) -> bool {
        true
    }

    fn is_elevated(&self) -> bool {
        self.elevated
    }

    fn variable(&self, name: &str) -> Option<String> {
        self.variables.get(name).cloned()
    }

    fn value(&self, key: &str, name: &str) -> io::Result<Option<RegistryValue>> {
        let Some(key) = self.find(key) else {
            return Ok(None);
        };
        let content = self.content.borrow();
        let same = |value: &&RegistryValue| value.name.to_lowercase() == name.to_lowercase();
        Ok(content.keys[&key].iter().find(same).cloned())
    }

    fn has_key(&self, key: &str) -> io::Result<bool> {
        Ok(self.find(key).is_some())
    }

    fn key(&self, key: &str) -> io::Result<Option<RegistryKey>> {
        let Some(path) = self.find(key) else {
            return Ok(None);
        };
        let content = self.content.borrow();
        Ok(Some(tree(&content, &path)))
    }

    fn make_key(&self, key: &str) -> io::Result<()> {
        self.write()?;
        let mut path = String::new();
        for part in key.split('\\') {
            let longer = if path.is_empty() {
                part.to_owned()
            } else {
                format!("{path}\\{part}")
            };
            path = self.find(&longer).unwrap_or(longer);
            let mut content = self.content.borrow_mut();
            content.keys.entry(path.clone()).or_default();
        }
        Ok(())
    }

    fn set_value(&self, key: &str, value: &RegistryValue) -> io::Result<()> {
        self.write()?;
        let key = self.find(key).ok_or(ErrorKind::NotFound)?;
        let mut content = self.content.borrow_mut();
        let values = content.keys.get_mut(&key).unwrap();
        let same = |old: &&mut RegistryValue| old.name.to_lowercase() == value.name.to_lowercase();
        match values.iter_mut().find(same) {
            Some(old) => (old.kind, old.data) = (value.kind, value.data.clone()),
            None => values.push(value.clone()),
        }
        values.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(())
    }

    fn delete_value(&self, key: &str, name: &str) -> io::Result<()> {
        self.write()?;
        if let Some(key) = self.find(key) {
            let mut content = self.content.borrow_mut();
            let values = content.keys.get_mut(&key).unwrap();
            values.retain(|value| value.name.to_lowercase() != name.to_lowercase());
        }
        Ok(())
    }

    fn delete_key(&self, key: &str) -> io::Result<()> {
        self.write()?;
        if let Some(key) = self.find(key) {
            let below = format!("{key}\\");
            let mut content = self.content.borrow_mut();
            content
                .keys
                .retain(|path, _| *path != key && !path.starts_with(&below));
        }
        Ok(())
    }

    fn rename_key(&self, key: &str, to: &str) -> io::Result<()> {
        self.write()?;
        let old = self.find(key).ok_or(ErrorKind::NotFound)?;
        let new = format!("{}\\{to}", old.rsplit_once('\\').unwrap().0);
        if self.find(&new).is_some() {
            return Err(ErrorKind::AlreadyExists.into());
        }
        let mut content = self.content.borrow_mut();
        let keys = std::mem::take(&mut content.keys);
        let renamed = keys
            .into_iter()
            .map(|(path, values)| match path.strip_prefix(&old) {
                Some(rest) if rest.is_empty() || rest.starts_with('\\') => {
                    (format!("{new}{rest}"), values)
                }
                _ => (path, values),
            });
        content.keys = renamed.collect();
        Ok(())
    }

    fn entries(&self, folder: &Path) -> io::Result<Option<Vec<String>>> {
        let content = self.content.borrow();
        Ok(content
            .folders
            .get(folder)
            .map(|names| names.iter().cloned().collect()))
    }

    fn move_entry(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.write()?;
        let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
        let mut content = self.content.borrow_mut();
        let source = content
            .folders
            .get_mut(from.parent().unwrap())
            .ok_or(ErrorKind::NotFound)?;
        if !source.remove(&name(from)) {
            return Err(ErrorKind::NotFound.into());
        }
        let target = content
            .folders
            .entry(to.parent().unwrap().to_owned())
            .or_default();
        assert!(target.insert(name(to)), "{} is overwritten", to.display());
        Ok(())
    }

    fn credentials(&self) -> io::Result<Vec<Credential>> {
        Ok(self.content.borrow().credentials.clone())
    }

    fn delete_credential(&self, credential: &Credential) -> io::Result<()> {
        self.write()?;
        let mut content = self.content.borrow_mut();
        content.credentials.retain(|other| other != credential);
        Ok(())
    }

    fn service(&self, name: &str) -> io::Result<Option<ServiceState>> {
        Ok(self.content.borrow().services.get(name).copied())
    }

    fn start_service(&self, name: &str) -> io::Result<()> {
        self.write()?;
        let mut content = self.content.borrow_mut();
        content
            .services
            .insert(name.to_owned(), ServiceState::Running);
        Ok(())
    }

    fn stop_service(&self, name: &str) -> io::Result<()> {
        self.write()?;
        let mut content = self.content.borrow_mut();
        content
            .services
            .insert(name.to_owned(), ServiceState::Stopped);
        Ok(())
    }

    fn run(&self, program: &str, arguments: &[String]) -> io::Result<Ran> {
        self.write()?;
        let command = format!("{program} {}", arguments.join(" "));
        self.commands.borrow_mut().push(command);
        Ok(Ran {
            code: Some(self.exit_code),
            output: "what it wrote\n".to_owned(),
        })
    }
}

fn tree(content: &Content, path: &str) -> RegistryKey {
    let below = |other: &&String| {
        let rest = other
            .strip_prefix(path)
            .and_then(|rest| rest.strip_prefix('\\'));
        rest.is_some_and(|rest| !rest.contains('\\'))
    };
    RegistryKey {
        name: path.rsplit('\\').next().unwrap().to_owned(),
        values: content.keys[path].clone(),
        keys: content
            .keys
            .keys()
            .filter(below)
            .map(|key| tree(content, key))
            .collect(),
    }
}
