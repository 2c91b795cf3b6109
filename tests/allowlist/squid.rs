//! A running Squid opens what its access lists name, and nothing else.

use std::fs::{self, Permissions};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::loading::installed;
use super::rules;

/// How long it may take until it listens.
const START_TIME: Duration = Duration::from_secs(30);
/// No server listens here, so that an opened host gives a connection error and not a denial.
const NOBODY: &str = "127.9.9.9";
const NAMES: [&str; 6] = [
    "login.microsoftonline.com",
    "crl3.digicert.com",
    "deep.below.office.com",
    "myoffice.com",
    "evil.example",
    "www.msftconnecttest.com",
];

struct Squid {
    process: Child,
    address: SocketAddr,
    directory: PathBuf,
}

impl Squid {
    fn start(file: PathBuf, access: &str) -> Self {
        let name = format!("reach365-allowlist-{}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        fs::create_dir_all(&directory).unwrap();
        // As root it drops its privileges, and must read and write here all the same.
        fs::set_permissions(&directory, Permissions::from_mode(0o777)).unwrap();
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let hosts: String = NAMES.map(|name| format!("{NOBODY} {name}\n")).concat();
        fs::write(directory.join("hosts"), hosts).unwrap();
        let shown = directory.display();
        let configuration = format!(
            "http_port {address}\npid_filename none\ncache_log {shown}/log\naccess_log none\n\
             hosts_file {shown}/hosts\ndns_nameservers {NOBODY}\nshutdown_lifetime 0 seconds\n\
             connect_retries 0\nnetdb_filename none\npinger_enable off\n\
             {access}\nhttp_access deny all\n"
        );
        let path = directory.join("squid.conf");
        fs::write(&path, configuration).unwrap();
        let process = Command::new(file)
            .args(["-N", "-f"])
            .arg(path)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut squid = Self {
            process,
            address,
            directory,
        };
        squid.wait_until_it_listens();
        squid
    }

    fn wait_until_it_listens(&mut self) {
        let began = Instant::now();
        while TcpStream::connect(self.address).is_err() {
            let ended = self.process.try_wait().unwrap();
            assert!(ended.is_none(), "it ended: {ended:?}");
            assert!(began.elapsed() < START_TIME, "it does not listen");
            sleep(Duration::from_millis(20));
        }
    }

    /// The status of the answer to a request line.
    fn ask(&self, request: &str) -> u16 {
        let mut connection = TcpStream::connect(self.address).unwrap();
        let head = format!("{request} HTTP/1.1\r\nHost: any.example\r\nConnection: close\r\n\r\n");
        connection.write_all(head.as_bytes()).unwrap();
        let mut answer = Vec::new();
        connection.read_to_end(&mut answer).unwrap();
        let answer = String::from_utf8_lossy(&answer);
        let status = answer.split(' ').nth(1).unwrap_or_default();
        status.parse().unwrap_or_else(|_| panic!("{answer}"))
    }
}

impl Drop for Squid {
    fn drop(&mut self) {
        // It has ended already at worst, or leaves its directory behind.
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.directory);
    }
}

#[test]
fn squid_opens_the_list_and_nothing_else() {
    let Some(file) = installed("squid") else {
        return;
    };
    let squid = Squid::start(file, &rules("squid", &[]).0);
    let opened = [
        "CONNECT login.microsoftonline.com:443",
        "CONNECT deep.below.office.com:443",
        "GET http://crl3.digicert.com/a.crl",
        "GET http://www.msftconnecttest.com/connecttest.txt",
    ];
    for request in opened {
        assert_eq!(squid.ask(request), 503, "{request}");
    }
    let closed = [
        "CONNECT evil.example:443",
        "CONNECT myoffice.com:443",
        "CONNECT login.microsoftonline.com:22",
        "CONNECT crl3.digicert.com:80",
        "GET http://login.microsoftonline.com/",
        "GET http://evil.example/",
    ];
    for request in closed {
        assert_eq!(squid.ask(request), 403, "{request}");
    }
}
