//! The hosts file, parsed as the resolver does it.

use std::collections::HashMap;
use std::net::IpAddr;

/// Names of a hosts file with their addresses.
#[derive(Debug, Default)]
pub struct HostsText {
    entries: HashMap<String, Vec<IpAddr>>,
}

impl HostsText {
    /// Parses the text of a hosts file; invalid lines are skipped, as the system does.
    pub fn parse(text: &str) -> Self {
        let mut entries: HashMap<String, Vec<IpAddr>> = HashMap::new();
        for line in text.lines() {
            let content = line.split('#').next().unwrap_or_default();
            let mut words = content.split_whitespace();
            let Some(Ok(address)) = words.next().map(str::parse::<IpAddr>) else {
                continue;
            };
            for name in words {
                let key = name.trim_end_matches('.').to_ascii_lowercase();
                let known = entries.entry(key).or_default();
                if !known.contains(&address) {
                    known.push(address);
                }
            }
        }
        Self { entries }
    }

    /// The addresses that the file gives for a name.
    pub fn addresses(&self, name: &str) -> Vec<IpAddr> {
        self.entries.get(name).cloned().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_whatever_their_case_and_comments_are_not() {
        let hosts = HostsText::parse(
            "127.0.0.1 localhost\r\n0.0.0.0\tOfficeClient.Microsoft.com other # no.example\n# 1.2.3.4 x\nnonsense\n0.0.0.0 other\n::1 other",
        );
        assert_eq!(hosts.addresses("officeclient.microsoft.com").len(), 1);
        assert_eq!(hosts.addresses("other").len(), 2);
        assert!(hosts.addresses("no.example").is_empty());
        assert!(hosts.addresses("x").is_empty());
    }
}
