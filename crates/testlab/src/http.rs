//! How a server behaves on an HTTP/1.1 connection, in clear or inside TLS.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::{pages, tls};

const NOT_HTTP: &[u8] = b"\x00\x01\x02 not HTTP at all \xff\xfe";

/// The answer of a server to every request.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct Http {
    /// Status code.
    pub status: u16,
    /// Further headers.
    pub headers: BTreeMap<String, String>,
    /// What the body holds.
    pub page: Page,
    /// How the answer is sent.
    pub manner: Manner,
    /// Seconds by which the server's clock is ahead of ours.
    pub clock_ahead_s: i64,
    /// Requests that contain this text get a block page; none if empty.
    pub refuses: String,
    /// Other answers for requests whose target begins with a text.
    pub paths: BTreeMap<String, Http>,
    /// The revocation lists of the lab, current and expired; filled in by the lab.
    #[serde(skip)]
    pub crls: [Vec<u8>; 2],
}

/// What a body holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Page {
    /// A short text.
    #[default]
    Healthy,
    /// Nothing.
    Empty,
    /// This text.
    Text(String),
    /// This JSON text.
    Json(String),
    /// A firewall's block page.
    Block,
    /// A page of any site.
    Ordinary,
    /// A captive portal page of a guest network.
    Portal,
    /// Escape sequences and markup.
    Escapes,
    /// A revocation list.
    Crl,
    /// A revocation list whose successor was due yesterday.
    ExpiredCrl,
    /// The first half of a revocation list, announced as whole.
    HalfCrl,
}

/// How an answer is sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Manner {
    /// As it should be.
    #[default]
    Proper,
    /// Never.
    Silent,
    /// The head, then never the body.
    SilentBody,
    /// The connection is closed instead.
    Close,
    /// This many milliseconds late.
    Late(u64),
    /// Byte after byte, with this many milliseconds between them.
    Drip(u64),
    /// With a length of 10,000 bytes more than are sent.
    Truncated,
    /// With a body that never ends.
    Endless,
    /// With a header of 1 MiB.
    HugeHeader,
    /// With a head that never ends.
    EndlessHeaders,
    /// With escape sequences in a header.
    EscapesInHeader,
    /// Other bytes instead of HTTP.
    Garbage,
    /// After a `100 Continue` that the client did not request.
    Interim,
    /// With a folded header, a space before a colon, a line without a colon and 150 headers.
    Lax,
    /// With two lengths that contradict each other.
    TwoLengths,
}

/// The end of the answer's head and of its body, ready to be sent.
struct Answer {
    head: Vec<u8>,
    body: Vec<u8>,
}

impl Http {
    /// An answer with this status and body.
    pub fn answer(status: u16, page: Page) -> Self {
        Self {
            status,
            page,
            ..Self::default()
        }
    }

    /// The same with a further header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(name.to_owned(), value.to_owned());
        self
    }

    /// The same with another answer for targets that begin with a text.
    #[must_use]
    pub fn at(mut self, path: &str, answer: Self) -> Self {
        self.paths.insert(path.to_owned(), answer);
        self
    }

    /// The same, sent in another mode.
    #[must_use]
    pub fn manner(mut self, manner: Manner) -> Self {
        self.manner = manner;
        self
    }

    /// Serves one connection, request after request.
    pub async fn serve<S>(&self, mut stream: S) -> std::io::Result<()>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        while let Some(request) = read_request(&mut stream).await? {
            let without_body = request.starts_with(b"HEAD ");
            let done = if self.refuses(&request) {
                let refusal = Self::answer(403, Page::Block);
                refusal.answer_request(&mut stream, without_body).await?
            } else {
                let answer = self.answer_to(&request);
                answer.answer_request(&mut stream, without_body).await?
            };
            if done == AfterAnswer::Close {
                stream.shutdown().await?;
                return tls::drain(&mut stream).await;
            }
        }
        stream.shutdown().await
    }

    /// Answers the first bytes of a connection, whatever they are, and closes.
    pub async fn answer_anything<S>(&self, mut stream: S) -> std::io::Result<()>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        if stream.read(&mut [0; 4096]).await? == 0 {
            return Ok(());
        }
        self.answer_request(&mut stream, false).await?;
        stream.shutdown().await?;
        tls::drain(&mut stream).await
    }

    /// The answer for the target of a request.
    fn answer_to(&self, request: &[u8]) -> &Self {
        let target = request.splitn(3, |byte| *byte == b' ').nth(1);
        let target = target.unwrap_or_default();
        let mut paths = self.paths.iter();
        paths
            .find(|(start, _)| target.starts_with(start.as_bytes()))
            .map_or(self, |(_, answer)| answer)
    }

    /// Whether the request contains the text that this server blocks.
    fn refuses(&self, request: &[u8]) -> bool {
        let words = self.refuses.as_bytes();
        !words.is_empty() && request.windows(words.len()).any(|part| part == words)
    }

    async fn answer_request<S>(
        &self,
        stream: &mut S,
        head_only: bool,
    ) -> std::io::Result<AfterAnswer>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let mut answer = self.compose();
        if head_only {
            answer.body.clear();
        }
        match self.manner {
            Manner::Silent => tls::drain(stream).await?,
            Manner::SilentBody => {
                stream.write_all(&answer.head).await?;
                stream.flush().await?;
                tls::drain(stream).await?;
            }
            Manner::Close => {}
            Manner::Late(delay) => {
                tokio::time::sleep(Duration::from_millis(delay)).await;
                write(stream, &answer).await?;
                return Ok(AfterAnswer::NextRequest);
            }
            Manner::Drip(pause) => drip(stream, &answer, Duration::from_millis(pause)).await?,
            Manner::Endless => endless(stream, &answer.head).await?,
            Manner::EndlessHeaders => endless_headers(stream).await?,
            Manner::Garbage => {
                stream.write_all(NOT_HTTP).await?;
            }
            Manner::Truncated => write(stream, &answer).await?,
            Manner::Proper
            | Manner::HugeHeader
            | Manner::EscapesInHeader
            | Manner::Interim
            | Manner::Lax
            | Manner::TwoLengths => {
                write(stream, &answer).await?;
                return Ok(AfterAnswer::NextRequest);
            }
        }
        Ok(AfterAnswer::Close)
    }

    fn compose(&self) -> Answer {
        let (kind, body) = self.page(&self.page);
        let mut head = String::new();
        if self.manner == Manner::Interim {
            head.push_str("HTTP/1.1 100 Continue\r\n\r\n");
        }
        line(
            &mut head,
            &format!("HTTP/1.1 {} {}", self.status, reason(self.status)),
        );
        line(&mut head, &format!("Date: {}", self.date()));
        line(&mut head, &format!("Content-Type: {kind}"));
        if self.manner != Manner::Endless {
            let missing = if self.manner == Manner::Truncated {
                10_000
            } else {
                0
            };
            line(
                &mut head,
                &format!("Content-Length: {}", body.len() + missing),
            );
        }
        for (name, value) in &self.headers {
            line(&mut head, &format!("{name}: {value}"));
        }
        let mut head = head.into_bytes();
        self.odd_headers(&mut head);
        head.extend(b"\r\n");
        Answer { head, body }
    }

    fn odd_headers(&self, head: &mut Vec<u8>) {
        match self.manner {
            Manner::HugeHeader => {
                head.extend(b"X-Huge: ");
                head.extend(std::iter::repeat_n(b'x', 1024 * 1024));
                head.extend(b"\r\n");
            }
            Manner::EscapesInHeader => {
                // Bytes above 0x7f are allowed in a header; C1 control characters are among them.
                head.extend("Server: Evil\u{9b}31m\u{202e}Box\r\n".as_bytes());
                head.extend(b"Via: 1.1 \x9b2Jproxy\t(\xff\xfe)\r\n");
            }
            Manner::Lax => {
                head.extend(
                    b"X-Folded: one\r\n two\r\nX-Space : three\r\nno colon in this line\r\n",
                );
                head.extend((0..150).flat_map(|at| format!("X-{at}: x\r\n").into_bytes()));
            }
            Manner::TwoLengths => head.extend(b"Content-Length: 3\r\n"),
            _ => {}
        }
    }

    fn page(&self, page: &Page) -> (&'static str, Vec<u8>) {
        const HTML: &str = "text/html; charset=utf-8";
        const CRL: &str = "application/pkix-crl";
        match page {
            Page::Healthy => ("text/plain", b"healthy\n".to_vec()),
            Page::Empty => ("text/plain", Vec::new()),
            Page::Text(text) => ("text/plain", text.clone().into_bytes()),
            Page::Json(text) => ("application/json", text.clone().into_bytes()),
            Page::Block => (HTML, pages::BLOCK.into()),
            Page::Ordinary => (HTML, pages::ORDINARY.into()),
            Page::Portal => (HTML, pages::PORTAL.into()),
            Page::Escapes => (HTML, pages::ESCAPES.into()),
            Page::Crl => (CRL, self.crls[0].clone()),
            Page::ExpiredCrl => (CRL, self.crls[1].clone()),
            Page::HalfCrl => (CRL, self.crls[0][..self.crls[0].len() / 2].to_vec()),
        }
    }

    fn date(&self) -> String {
        let now = Timestamp::now()
            + Duration::from_secs(self.clock_ahead_s.unsigned_abs())
                * u32::from(self.clock_ahead_s > 0);
        let back = Duration::from_secs(self.clock_ahead_s.unsigned_abs())
            * u32::from(self.clock_ahead_s < 0);
        jiff::fmt::rfc2822::DateTimePrinter::new()
            .timestamp_to_rfc9110_string(&(now - back))
            .expect("the years of a lab have four digits")
    }
}

impl Default for Http {
    fn default() -> Self {
        Self {
            status: 200,
            headers: BTreeMap::new(),
            page: Page::default(),
            manner: Manner::default(),
            clock_ahead_s: 0,
            refuses: String::new(),
            paths: BTreeMap::new(),
            crls: [Vec::new(), Vec::new()],
        }
    }
}

#[derive(PartialEq, Eq)]
enum AfterAnswer {
    NextRequest,
    Close,
}

/// Reads the head of a request; `None` if the client has closed.
async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> std::io::Result<Option<Vec<u8>>> {
    let mut request = Vec::new();
    let mut buffer = [0; 2048];
    while !request.windows(4).any(|window| window == b"\r\n\r\n") {
        let length = stream.read(&mut buffer).await?;
        if length == 0 || request.len() > 64 * 1024 {
            return Ok(None);
        }
        request.extend(&buffer[..length]);
    }
    Ok(Some(request))
}

async fn write(stream: &mut (impl AsyncWrite + Unpin), answer: &Answer) -> std::io::Result<()> {
    stream.write_all(&answer.head).await?;
    stream.write_all(&answer.body).await?;
    stream.flush().await
}

async fn drip(
    stream: &mut (impl AsyncWrite + Unpin),
    answer: &Answer,
    pause: Duration,
) -> std::io::Result<()> {
    for byte in answer.head.iter().chain(&answer.body) {
        stream.write_all(&[*byte]).await?;
        stream.flush().await?;
        tokio::time::sleep(pause).await;
    }
    Ok(())
}

async fn endless(stream: &mut (impl AsyncWrite + Unpin), head: &[u8]) -> std::io::Result<()> {
    stream.write_all(head).await?;
    loop {
        stream.write_all(&[b'x'; 16 * 1024]).await?;
    }
}

async fn endless_headers(stream: &mut (impl AsyncWrite + Unpin)) -> std::io::Result<()> {
    stream.write_all(b"HTTP/1.1 200 OK\r\n").await?;
    let lines = b"X-Again: and again and again\r\n".repeat(200);
    loop {
        stream.write_all(&lines).await?;
    }
}

fn line(head: &mut String, text: &str) {
    write!(head, "{text}\r\n").expect("a string takes everything");
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        302 => "Found",
        403 => "Forbidden",
        404 => "Not Found",
        429 => "Too Many Requests",
        503 => "Service Unavailable",
        511 => "Network Authentication Required",
        _ => "Whatever",
    }
}
