//! Programs that a test starts, and that end with it.

use std::fs::{self, File, Permissions};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use reach365_testlab::address::Ports;

/// Variable that turns a skipped test into a failed one.
const PARTS: &str = "REACH365_PARTS";
/// How long a program may take until it listens.
const START_TIME: Duration = Duration::from_secs(30);
/// How long it may take to end when asked to.
const END_TIME: Duration = Duration::from_secs(5);
/// Library that lets a program resolve names by a file of the test.
const NSS_WRAPPER: &str = "libnss_wrapper.so";

/// Where a program is; `None`, after saying so, where it is not installed.
pub(crate) fn installed(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/lib/squid".into()]);
    let mut files = places.map(|place| place.join(program));
    found(program, files.find(|file| file.is_file()))
}

/// Whether [`Program::names`] can be kept.
pub(crate) fn names_can_be_given() -> bool {
    let loaded = Command::new("true").env("LD_PRELOAD", NSS_WRAPPER).output();
    let complaint = loaded.unwrap().stderr;
    found(NSS_WRAPPER, complaint.is_empty().then(PathBuf::new)).is_some()
}

fn found(what: &str, file: Option<PathBuf>) -> Option<PathBuf> {
    if file.is_none() {
        let required = std::env::var(PARTS).is_ok_and(|value| value == "required");
        assert!(!required, "{what} is not installed, and {PARTS}=required");
        println!("skipped: {what} is not installed");
    }
    file
}

/// A directory that is removed with the test. Programs that drop their privileges can read it.
pub(crate) struct Directory(PathBuf);

impl Directory {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("reach365-part-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        open_to_all(&path);
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Writes a file and says where it is.
    pub(crate) fn write(&self, name: &str, text: &str) -> String {
        let file = self.file(name);
        fs::write(&file, text).unwrap();
        file.display().to_string()
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // Left behind in the temporary directory at worst.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Lets every user read and write.
pub(crate) fn open_to_all(path: &Path) {
    let mode = if path.is_dir() { 0o777 } else { 0o666 };
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    let entries = fs::read_dir(path).into_iter().flatten();
    entries.for_each(|entry| open_to_all(&entry.unwrap().path()));
}

/// An unused loopback address and port: each call has an address of its own.
pub(crate) fn free_address() -> SocketAddr {
    let (_socket, address) = Ports::default().bind("part");
    address
}

/// A program to start.
pub(crate) struct Program {
    command: Command,
    listens: SocketAddr,
}

impl Program {
    /// A program that will listen at this address.
    pub(crate) fn new(file: &Path, listens: SocketAddr) -> Self {
        Self {
            command: Command::new(file),
            listens,
        }
    }

    pub(crate) fn arguments(mut self, arguments: &[&str]) -> Self {
        self.command.args(arguments);
        self
    }

    /// Resolves names by this file, in the format of a hosts file.
    pub(crate) fn names(mut self, hosts_file: &str) -> Self {
        self.command
            .env("LD_PRELOAD", NSS_WRAPPER)
            .env("NSS_WRAPPER_HOSTS", hosts_file);
        self
    }

    /// Starts it in a process group of its own, and waits until it listens.
    pub(crate) fn start(mut self, directory: Directory) -> Part {
        let output = File::create(directory.file("output")).unwrap();
        let process = self
            .command
            .current_dir(directory.path())
            .stdin(Stdio::null())
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            .process_group(0)
            .spawn()
            .unwrap();
        let mut part = Part {
            process,
            directory,
            address: self.listens,
        };
        part.wait_until_it_listens();
        part
    }
}

/// A program that runs as long as this is not dropped.
pub(crate) struct Part {
    process: Child,
    directory: Directory,
    pub(crate) address: SocketAddr,
}

impl Part {
    fn wait_until_it_listens(&mut self) {
        let began = Instant::now();
        while TcpStream::connect(self.address).is_err() {
            let ended = self.process.try_wait().unwrap();
            assert!(ended.is_none(), "it ended: {ended:?}");
            assert!(began.elapsed() < START_TIME, "it does not listen");
            sleep(Duration::from_millis(20));
        }
    }

    /// Asks it to end, so that it can tidy up, and then makes it.
    fn end(&mut self) {
        self.signal_group("TERM");
        let began = Instant::now();
        while began.elapsed() < END_TIME && matches!(self.process.try_wait(), Ok(None)) {
            sleep(Duration::from_millis(20));
        }
        self.signal_group("KILL");
        let _ = self.process.wait();
    }

    fn signal_group(&self, signal: &str) {
        let kill = format!("kill -s {signal} -- -{}", self.process.id());
        // A group that has ended already is what is wanted.
        let _ = Command::new("sh")
            .args(["-c", &kill])
            .stderr(Stdio::null())
            .status();
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        self.end();
        if !std::thread::panicking() {
            return;
        }
        for name in ["output", "log"] {
            let text = fs::read(self.directory.file(name)).unwrap_or_default();
            println!("{name} of the proxy:\n{}", String::from_utf8_lossy(&text));
        }
    }
}
