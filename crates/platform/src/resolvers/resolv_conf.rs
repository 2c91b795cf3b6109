//! The text of `/etc/resolv.conf`, read as the C library reads it.

/// The content of the file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ResolvConf {
    /// Addresses of name servers, zones included, in order.
    pub(super) servers: Vec<String>,
    /// The machine's own domain, where the file names it.
    pub(super) domain: Option<String>,
    /// Domains in the order in which names are completed; of `domain` and `search` the last counts.
    pub(super) search: Vec<String>,
    /// From how many dots on a name is first queried as an absolute name.
    pub(super) ndots: Option<usize>,
}

impl ResolvConf {
    /// Lines that make no sense are passed over.
    pub(super) fn parse(text: &str) -> Self {
        let mut conf = Self::default();
        for line in text.lines().map(str::trim_start) {
            if line.starts_with(['#', ';']) {
                continue;
            }
            let mut words = line.split_whitespace();
            match words.next() {
                Some("nameserver") => conf.servers.extend(words.next().map(str::to_owned)),
                Some("domain") => {
                    conf.domain = words.next().map(str::to_owned);
                    conf.search = conf.domain.iter().cloned().collect();
                }
                Some("search") => conf.search = words.map(str::to_owned).collect(),
                Some("options") => conf.ndots = words.filter_map(ndots).next_back().or(conf.ndots),
                _ => {}
            }
        }
        conf
    }
}

/// The number of an option `ndots:N`; the C library caps it at 15.
pub(super) fn ndots(option: &str) -> Option<usize> {
    let number: usize = option.strip_prefix("ndots:")?.parse().ok()?;
    Some(number.min(15))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_as_the_c_library_does() {
        let conf = ResolvConf::parse(
            "# made by hand\r\n; too\nnameserver fe80::1%eth0\n  nameserver\t10.0.0.53 # first\n\
             domain old.example\nsearch corp.example  branch.corp.example\n\
             options edns0 ndots:2 timeout:1\noptions ndots:99\nnonsense\nnameserver\n",
        );
        assert_eq!(conf.servers, ["fe80::1%eth0", "10.0.0.53"]);
        assert_eq!(conf.search, ["corp.example", "branch.corp.example"]);
        assert_eq!(conf.domain.as_deref(), Some("old.example"));
        assert_eq!(conf.ndots, Some(15));
    }

    #[test]
    fn the_last_of_domain_and_search_counts() {
        let conf = ResolvConf::parse("search a.example b.example\ndomain c.example\n");
        assert_eq!(conf.search, ["c.example"]);
        assert_eq!(ResolvConf::parse(""), ResolvConf::default());
    }
}
