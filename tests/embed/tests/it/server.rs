//! Servers on loopback, each on a thread of its own.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::thread;

pub struct Server {
    pub address: SocketAddr,
    told: Arc<Mutex<Option<Sender<()>>>>,
}

impl Server {
    /// Answers every request alike and closes the connection.
    pub fn start(status: &'static str, body: &'static str) -> Self {
        Self::serve(move |mut stream| {
            head(&mut stream);
            let length = body.len();
            let _ = write!(
                stream,
                "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
            );
        })
    }

    /// Takes requests and never answers; the receiver learns that a client closed its connection.
    pub fn silent() -> (Self, Receiver<()>) {
        let (sender, receiver) = mpsc::channel();
        let server = Self::serve(move |mut stream| {
            head(&mut stream);
            while matches!(stream.read(&mut [0; 256]), Ok(1..)) {}
            let _ = sender.send(());
        });
        (server, receiver)
    }

    /// An address where no server listens.
    pub fn closed() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    }

    /// Signals the next connection to `sender`.
    pub fn tell(&self, sender: Sender<()>) {
        *self.told.lock().unwrap() = Some(sender);
    }

    fn serve(answer: impl Fn(TcpStream) + Clone + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let told = Arc::new(Mutex::new(None::<Sender<()>>));
        let teller = Arc::clone(&told);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if let Some(sender) = teller.lock().unwrap().take() {
                    let _ = sender.send(());
                }
                let answer = answer.clone();
                thread::spawn(move || answer(stream));
            }
        });
        Self { address, told }
    }
}

/// Reads as far as the empty line.
fn head(stream: &mut TcpStream) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && matches!(stream.read(&mut byte), Ok(1..)) {
        head.push(byte[0]);
    }
}
