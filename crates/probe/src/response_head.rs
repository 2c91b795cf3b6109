//! The head of an HTTP response as proxies write it. Clients accept more than the grammar allows:
//! folded lines, blanks before a colon, bare line feeds, lines without a colon.

/// The head of a response.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ResponseHead {
    pub(crate) status: u16,
    pub(crate) reason: String,
    /// Names in lower case, in the order of the response; untrusted text.
    pub(crate) headers: Vec<(String, String)>,
}

/// Where a head ends: after its first empty line. Bare line feeds are accepted.
pub(crate) fn end(bytes: &[u8]) -> Option<usize> {
    let mut position = 0;
    while let Some(length) = bytes[position..].iter().position(|byte| *byte == b'\n') {
        let line = &bytes[position..position + length];
        position += length + 1;
        if matches!(line, b"" | b"\r") {
            return Some(position);
        }
    }
    None
}

impl ResponseHead {
    /// Reads a head up to its empty line.
    ///
    /// # Errors
    /// What is wrong with the status line; nothing else is.
    pub(crate) fn parse(head: &[u8]) -> Result<Self, &'static str> {
        let text = String::from_utf8_lossy(head);
        let mut lines = text.lines();
        let (status, reason) = status_line(lines.next().unwrap_or_default())?;
        let mut headers: Vec<(String, String)> = Vec::new();
        for line in lines.take_while(|line| !line.is_empty()) {
            if line.starts_with([' ', '\t']) {
                if let Some((_, value)) = headers.last_mut() {
                    value.push(' ');
                    value.push_str(line.trim());
                }
                continue;
            }
            // A line without a colon is ignored.
            let Some((name, value)) = line.split_once(':') else {
                continue;
            };
            headers.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
        Ok(Self {
            status,
            reason,
            headers,
        })
    }
}

/// `HTTP/1.1 200 Connection established`; the reason phrase may be absent.
fn status_line(line: &str) -> Result<(u16, String), &'static str> {
    let wrong = "a status line that is none";
    let (version, rest) = line.trim_end().split_once([' ', '\t']).ok_or(wrong)?;
    if !version.to_ascii_uppercase().starts_with("HTTP/") {
        return Err(wrong);
    }
    let rest = rest.trim_start();
    let (digits, reason) = rest.split_at(rest.len().min(3));
    let separate = reason.is_empty() || reason.starts_with([' ', '\t']);
    match digits.parse() {
        Ok(status @ 100..=999) if separate && digits.bytes().all(|it| it.is_ascii_digit()) => {
            Ok((status, reason.trim().to_owned()))
        }
        _ => Err(wrong),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Option<ResponseHead> {
        ResponseHead::parse(text.as_bytes()).ok()
    }

    #[test]
    fn odd_heads_are_read_as_clients_read_them() {
        let one = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
        let cases = [
            ("HTTP/1.1 200\r\n\r\n", 200, "", vec![]),
            ("HTTP/1.0 200 OK\n\n", 200, "OK", vec![]),
            ("http/1.1  200  OK\r\n\r\n", 200, "OK", vec![]),
            (
                "HTTP/1.1 502 Proxy Error ( no )\r\n\r\n",
                502,
                "Proxy Error ( no )",
                vec![],
            ),
            (
                "HTTP/1.1 200 OK\r\nA: b\r\n  c\r\n\td\r\n\r\n",
                200,
                "OK",
                one("a", "b c d"),
            ),
            (
                "HTTP/1.1 200 OK\r\n lost\r\nA : b\r\n\r\n",
                200,
                "OK",
                one("a", "b"),
            ),
            (
                "HTTP/1.1 200 OK\r\nno colon\r\nA:b\r\n\r\n",
                200,
                "OK",
                one("a", "b"),
            ),
        ];
        for (text, status, reason, headers) in cases {
            let reason = reason.to_owned();
            let expected = Some(ResponseHead {
                status,
                reason,
                headers,
            });
            assert_eq!(parsed(text), expected, "{text:?}");
        }
        for text in [
            "",
            "HTTP/1.1",
            "HTTP/1.1 ok",
            "HTTP/1.1 20",
            "HTTP/1.1 2000",
            "ICY 200 OK",
        ] {
            assert_eq!(parsed(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_head_ends_at_its_first_empty_line() {
        for (text, expected) in [
            ("a\r\n\r\nb", Some(5)),
            ("a\n\nb", Some(3)),
            ("a\r\n\nb", Some(4)),
            ("a\n\r\nb", Some(4)),
            ("a\r\n", None),
            ("", None),
        ] {
            assert_eq!(end(text.as_bytes()), expected, "{text:?}");
        }
    }
}
