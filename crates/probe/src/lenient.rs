//! The head of an HTTP answer that the strict parser rejects, read as curl reads it: what has a
//! status line is HTTP, whatever its headers look like.

use std::collections::BTreeMap;

use crate::http::{HEADER_LENGTH, HEADER_LIMIT};
use reach365_model::endpoint::printable;
use reach365_proxy::concealed;

/// Informational answers before the final one that are skipped at most.
const INFORMATIONAL: usize = 8;

/// What could be read of an answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Head<'a> {
    pub(crate) status: u16,
    /// By lower-case names, without cookies.
    pub(crate) headers: BTreeMap<String, String>,
    /// The beginning of the body.
    pub(crate) body: &'a [u8],
}

/// Reads the final head; nothing where the answer does not begin with a status line.
pub(crate) fn read(bytes: &[u8]) -> Option<Head<'_>> {
    let mut rest = bytes;
    for _ in 0..INFORMATIONAL {
        let (head, body) = split(rest);
        let text = String::from_utf8_lossy(head);
        let mut lines = text.lines();
        let status = status(lines.next()?)?;
        if (100..200).contains(&status) && status != 101 {
            rest = body;
            continue;
        }
        let headers = headers(lines);
        return Some(Head {
            status,
            headers,
            body,
        });
    }
    None
}

/// The head and what follows the empty line after it; line ends with or without a carriage return.
fn split(bytes: &[u8]) -> (&[u8], &[u8]) {
    let ends = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
    for (at, _) in ends {
        let rest = &bytes[at + 1..];
        for empty in [&b"\n"[..], &b"\r\n"[..]] {
            if let Some(body) = rest.strip_prefix(empty) {
                return (&bytes[..at], body);
            }
        }
    }
    (bytes, &[])
}

/// `HTTP/1.1 200 OK` -> 200; the reason may be absent, and the version may be any.
fn status(line: &str) -> Option<u16> {
    let (version, rest) = line.split_once([' ', '\t'])?;
    let (name, number) = version.split_at_checked(5)?;
    let is_version = |c: char| c.is_ascii_digit() || c == '.';
    if !name.eq_ignore_ascii_case("HTTP/") || number.is_empty() || !number.chars().all(is_version) {
        return None;
    }
    let word = rest.split_ascii_whitespace().next()?;
    let status: u16 = word.parse().ok()?;
    (word.len() == 3 && status >= 100).then_some(status)
}

/// A folded line continues the one before it; a line without a colon is left out. As much is kept,
/// and hidden, as of any other answer.
fn headers<'a>(lines: impl Iterator<Item = &'a str>) -> BTreeMap<String, String> {
    let mut raw: BTreeMap<String, String> = BTreeMap::new();
    let mut last = String::new();
    for line in lines {
        let folded = line.starts_with([' ', '\t']) && !last.is_empty();
        let (name, value) = match line.split_once(':') {
            _ if folded => (last.clone(), line),
            Some((name, value)) => (name.trim().to_ascii_lowercase(), value),
            None => continue,
        };
        last.clone_from(&name);
        let room = raw.len() < HEADER_LIMIT || raw.contains_key(&name);
        if name.contains("cookie") || !room {
            continue;
        }
        let text = raw.entry(name).or_default();
        if !text.is_empty() {
            text.push_str(if folded { " " } else { ", " });
        }
        text.push_str(value.trim());
    }
    let shown = raw.into_iter().map(|(name, value)| {
        let value = printable(&concealed::header(&name, &value));
        let value = value.chars().take(HEADER_LENGTH).collect();
        (printable(&name), value)
    });
    shown.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status_of(text: &str) -> Option<u16> {
        read(text.as_bytes()).map(|head| head.status)
    }

    #[test]
    fn whatever_has_a_status_line_is_http() {
        for text in [
            "HTTP/1.1 200 OK\r\n\r\n",
            "HTTP/1.1 200\r\n\r\n",
            "HTTP/1.1 200\n\n",
            "http/1.1 200 OK\r\nA : b\r\n\r\n",
            "HTTP/2 200 \r\n\r\n",
            "HTTP/1.1  200 OK\r\nno colon here\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
            "HTTP/1.1 200 OK",
        ] {
            assert_eq!(status_of(text), Some(200), "{text}");
        }
        let odd = b"HTTP/1.1 200 \xe4\xff\r\nA: \xff\0\r\n\r\n";
        assert_eq!(read(odd).unwrap().status, 200);
    }

    #[test]
    fn what_has_none_is_not() {
        for text in [
            "",
            "\r\n",
            "SSH-2.0-OpenSSH_9.6\r\n",
            "220 mail.example ESMTP\r\n",
            "<html>HTTP/1.1 200 OK</html>",
            "HTTP/1.1 OK\r\n\r\n",
            "HTTP/1.1 20 OK\r\n\r\n",
            "HTTP/1.1 2000 OK\r\n\r\n",
            "HTTP/ 200 OK\r\n\r\n",
            "HTTP/x.y 200 OK\r\n\r\n",
            "ICY 200 OK\r\n\r\n",
        ] {
            assert_eq!(status_of(text), None, "{text}");
        }
    }

    #[test]
    fn headers_are_read_as_far_as_they_go() {
        let text = "HTTP/1.1 302 Found\r\nLocation : https://a.example/\r\nX-Long: one\r\n\ttwo\r\n\
                    junk\r\nSet-Cookie: secret\r\n\r\nbody";
        let head = read(text.as_bytes()).unwrap();
        let expected = [("location", "https://a.example/"), ("x-long", "one two")];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(head.headers, BTreeMap::from(expected));
        assert_eq!(head.body, b"body");
        let many: String = (0..5_000).map(|at| format!("H{at}: x\r\n")).collect();
        let many = format!("HTTP/1.1 200 OK\r\n{many}\r\n");
        assert_eq!(read(many.as_bytes()).unwrap().headers.len(), HEADER_LIMIT);
    }
}
