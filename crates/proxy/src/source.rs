//! What a person asks for with `--proxy`.

use crate::route::{ProxyProtocol, ProxyServer};
use crate::server;

/// Where the settings come from that say whether a proxy is used.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ProxySource {
    /// The settings of this machine, as the sign-in of Windows would take them: those of the user
    /// on Windows, the environment elsewhere.
    #[default]
    System,
    /// No proxy: the direct path.
    None,
    /// One proxy for every endpoint.
    Explicit(ProxyServer),
    /// A PAC script: an `http`, `https` or `file` URL.
    Pac(String),
}

impl ProxySource {
    /// Reads `auto`, `none`, a proxy such as `proxy.example:8080` or `socks5://proxy.example`, or
    /// `pac:` with the URL or file of a script.
    ///
    /// # Errors
    /// What is wrong with the text; never with credentials in it.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text {
            "auto" => return Ok(Self::System),
            "none" => return Ok(Self::None),
            _ => {}
        }
        if text.contains('@') {
            return Err(
                "credentials do not belong on a command line, which others can read; use --proxy-user"
                    .to_owned(),
            );
        }
        match text.strip_prefix("pac:") {
            Some("") => Err("the URL of the script is missing after `pac:`".to_owned()),
            Some(url) => Ok(Self::Pac(url.to_owned())),
            None => Ok(Self::Explicit(
                server::parse(text, ProxyProtocol::Http)?.server,
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read() {
        assert_eq!(ProxySource::parse("auto"), Ok(ProxySource::System));
        assert_eq!(ProxySource::parse("none"), Ok(ProxySource::None));
        let pac = ProxySource::parse("pac:http://proxy.example/proxy.pac");
        assert_eq!(
            pac,
            Ok(ProxySource::Pac(
                "http://proxy.example/proxy.pac".to_owned()
            ))
        );
        let Ok(ProxySource::Explicit(server)) = ProxySource::parse("https://proxy.example") else {
            panic!("a proxy")
        };
        assert_eq!(server.to_string(), "proxy.example:443");
    }

    #[test]
    fn credentials_are_refused_and_not_repeated() {
        let error = ProxySource::parse("http://user:secret@proxy.example:8080").unwrap_err();
        assert!(error.contains("--proxy-user") && !error.contains("secret"));
        assert!(ProxySource::parse("pac:").is_err());
    }
}
