//! Credentials for a proxy.

use crate::route::ProxyServer;

/// User and password for one proxy. On purpose it can be neither printed nor serialized.
#[derive(Clone, PartialEq, Eq)]
pub struct ProxyCredentials {
    server: ProxyServer,
    user: String,
    password: String,
}

impl ProxyCredentials {
    /// Credentials as a person gives them.
    pub fn new(server: ProxyServer, user: String, password: String) -> Self {
        Self {
            server,
            user,
            password,
        }
    }

    /// Reads the part of a URL before the `@`, `user:password`, percent-encoded.
    pub(crate) fn decode(server: ProxyServer, userinfo: &str) -> Self {
        let (user, password) = userinfo.split_once(':').unwrap_or((userinfo, ""));
        Self::new(server, percent_decoded(user), percent_decoded(password))
    }

    /// The proxy that they are meant for; no other may see them.
    pub fn server(&self) -> &ProxyServer {
        &self.server
    }

    /// The name of the user.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The password; empty where none was given.
    pub fn password(&self) -> &str {
        &self.password
    }
}

/// `%41` becomes `A`; a percent sign without two digits stays.
fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut position = 0;
    while let Some(&byte) = bytes.get(position) {
        let escaped = (byte == b'%')
            .then(|| escaped_byte(bytes.get(position + 1..position + 3)?))
            .flatten();
        decoded.push(escaped.unwrap_or(byte));
        position += if escaped.is_some() { 3 } else { 1 };
    }
    String::from_utf8(decoded).unwrap_or_else(|_| text.to_owned())
}

fn escaped_byte(digits: &[u8]) -> Option<u8> {
    let high = char::from(digits[0]).to_digit(16)?;
    let low = char::from(digits[1]).to_digit(16)?;
    u8::try_from(high * 16 + low).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_signs_are_decoded_once() {
        let cases = [
            ("plain", "plain"),
            ("p%40ss%3Aw%2Fd", "p@ss:w/d"),
            ("100%", "100%"),
            ("%zz%4", "%zz%4"),
            ("%2541", "%41"),
            ("%ff", "%ff"),
            ("%C3%A9", "é"),
        ];
        for (text, decoded) in cases {
            assert_eq!(percent_decoded(text), decoded);
        }
    }
}
