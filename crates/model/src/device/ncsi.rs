//! The connectivity test of Windows (NCSI) as a machine is set to run it: administrators send it to
//! servers of their own, or switch it off.

use crate::endpoint::{Endpoint, Expect, Host, Scheme, printable};
use crate::evidence::{Redirect, SkipReason};
use reach365_proxy::registry::Registry;

const PARAMETERS: &str = r"HKLM\SYSTEM\CurrentControlSet\Services\NlaSvc\Parameters\Internet";
const POLICY: &str = r"HKLM\SOFTWARE\Policies\Microsoft\Windows\NetworkConnectivityStatusIndicator";
/// The keys that hold the settings.
pub const KEYS: [&str; 2] = [PARAMETERS, POLICY];

/// What Windows asks for where nothing else is set.
const WEB_HOST: &str = "www.msftconnecttest.com";
const WEB_HOST_V6: &str = "ipv6.msftconnecttest.com";
const DNS_HOST: &str = "dns.msftncsi.com";
/// Longer paths and texts are not settings of Windows.
const LONGEST: usize = 2_048;

/// The connectivity test of Windows, as the registry sets it; what is not set is as in the list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NcsiSettings {
    /// The value that switches the test off.
    off_by: Option<String>,
    web: WebProbe,
    web_v6: WebProbe,
    dns: Dns,
    dns_v6: Dns,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct WebProbe {
    host: Option<String>,
    path: Option<String>,
    content: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Dns {
    host: Option<String>,
    content: Option<String>,
}

/// What becomes of an entry of the list.
#[derive(Debug, Clone, PartialEq)]
pub enum Applied {
    /// As the list has it.
    AsListed,
    /// Another endpoint is asked, and why.
    Redirected(Box<Endpoint>, Redirect),
    /// Nothing is asked, and why.
    Skipped(SkipReason),
}

impl NcsiSettings {
    /// Reads the settings from the registry of a machine; without the keys nothing is set.
    pub fn from_registry(registry: &Registry) -> Self {
        let text = |name: &str| {
            let text = registry.text(PARAMETERS, name)?.trim();
            (!text.is_empty()).then(|| text.to_owned())
        };
        let web = |version: &str| WebProbe {
            host: text(&format!("ActiveWebProbeHost{version}")),
            path: text(&format!("ActiveWebProbePath{version}")),
            content: text(&format!("ActiveWebProbeContent{version}")),
        };
        let dns = |version: &str| Dns {
            host: text(&format!("ActiveDnsProbeHost{version}")),
            content: text(&format!("ActiveDnsProbeContent{version}")),
        };
        Self {
            off_by: off_by(registry),
            web: web(""),
            web_v6: web("V6"),
            dns: dns(""),
            dns_v6: dns("V6"),
        }
    }

    /// What Windows does in place of asking for an entry. Entries that are not Windows' own test
    /// are never touched.
    pub fn applied(&self, endpoint: &Endpoint) -> Applied {
        let set = match (endpoint.scheme, endpoint.host.name()) {
            (Scheme::Http, Some(WEB_HOST)) => self.web.set(endpoint),
            (Scheme::Http, Some(WEB_HOST_V6)) => self.web_v6.set(endpoint),
            (Scheme::Dns, Some(DNS_HOST)) => self.set_dns(endpoint),
            _ => return Applied::AsListed,
        };
        if let Some(by) = &self.off_by {
            return Applied::Skipped(SkipReason::SwitchedOff { by: by.clone() });
        }
        match set {
            Ok(set) if set == *endpoint => Applied::AsListed,
            Ok(set) => {
                let redirect = Redirect {
                    key: PARAMETERS.to_owned(),
                    from: what_is_asked(endpoint),
                    to: what_is_asked(&set),
                };
                Applied::Redirected(Box::new(set), redirect)
            }
            Err(value) => Applied::Skipped(SkipReason::UnreadableSetting {
                key: PARAMETERS.to_owned(),
                value: shortened(&value),
            }),
        }
    }

    /// One entry covers both lookups where they ask for one name.
    fn set_dns(&self, endpoint: &Endpoint) -> Result<Endpoint, String> {
        let mut set = endpoint.clone();
        set.host = host(self.dns.host.as_ref(), &endpoint.host)?;
        let other = host(self.dns_v6.host.as_ref(), &endpoint.host)?;
        if let Some(address) = &self.dns.content {
            set.dns_answer.retain(std::net::IpAddr::is_ipv6);
            let address = address.parse().map_err(|_| address.clone())?;
            set.dns_answer.insert(0, address);
        }
        if other != set.host {
            set.dns_answer.retain(std::net::IpAddr::is_ipv4);
        } else if let Some(address) = &self.dns_v6.content {
            set.dns_answer.retain(std::net::IpAddr::is_ipv4);
            let address = address.parse().map_err(|_| address.clone())?;
            set.dns_answer.push(address);
        }
        Ok(set)
    }
}

impl WebProbe {
    /// The entry as it is set, or the value that cannot be used.
    fn set(&self, endpoint: &Endpoint) -> Result<Endpoint, String> {
        let mut set = endpoint.clone();
        set.host = host(self.host.as_ref(), &endpoint.host)?;
        if let Some(path) = &self.path {
            set.path = format!("/{}", path.trim_start_matches('/'));
            let sent_as_it_is = |c: char| c.is_ascii_graphic() && c != '#';
            if set.path.len() > LONGEST || !set.path.chars().all(sent_as_it_is) {
                return Err(path.clone());
            }
        }
        if let Some(content) = &self.content {
            if content.len() > LONGEST {
                return Err(content.clone());
            }
            set.expect = Expect::Body(content.clone());
        }
        Ok(set)
    }
}

/// The value that switches the test off, policy before setting.
fn off_by(registry: &Registry) -> Option<String> {
    let is = |key: &str, name: &str, off: u32| {
        let found = registry.number(key, name)? == off;
        found.then(|| format!(r"{key}\{name} = {off}"))
    };
    is(POLICY, "NoActiveProbe", 1).or_else(|| is(PARAMETERS, "EnableActiveProbing", 0))
}

fn host(set: Option<&String>, listed: &Host) -> Result<Host, String> {
    let Some(text) = set else {
        return Ok(listed.clone());
    };
    Host::parse(text).map_err(|_| text.clone())
}

fn what_is_asked(endpoint: &Endpoint) -> String {
    match &endpoint.expect {
        _ if endpoint.scheme == Scheme::Dns => {
            let answers: Vec<_> = endpoint
                .dns_answer
                .iter()
                .map(ToString::to_string)
                .collect();
            format!("{} = {}", endpoint.host, answers.join(", "))
        }
        Expect::Body(text) => {
            let text = shortened(text);
            format!("http://{}{} = \"{text}\"", endpoint.host, endpoint.path)
        }
        _ => format!("http://{}{}", endpoint.host, endpoint.path),
    }
}

fn shortened(text: &str) -> String {
    printable(&text.chars().take(80).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use reach365_proxy::registry::RegistryValue;

    fn settings(values: &[(&str, &str)]) -> NcsiSettings {
        let mut registry = Registry::default();
        for (name, value) in values {
            registry.insert(PARAMETERS, name, RegistryValue::Text((*value).to_owned()));
        }
        NcsiSettings::from_registry(&registry)
    }

    fn off(key: &str, name: &str, number: u32) -> NcsiSettings {
        let mut registry = Registry::default();
        registry.insert(key, name, RegistryValue::Number(number));
        NcsiSettings::from_registry(&registry)
    }

    fn applied(settings: &NcsiSettings, id: &str) -> Applied {
        settings.applied(crate::catalog::builtin().endpoint(id).unwrap())
    }

    fn redirected(settings: &NcsiSettings, id: &str) -> (Endpoint, Redirect) {
        match applied(settings, id) {
            Applied::Redirected(endpoint, redirect) => (*endpoint, redirect),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_values_that_windows_brings_change_nothing() {
        let brought = settings(&[
            ("ActiveWebProbeHost", "www.msftconnecttest.com"),
            ("ActiveWebProbePath", "connecttest.txt"),
            ("ActiveWebProbeContent", "Microsoft Connect Test"),
            ("ActiveWebProbeHostV6", "ipv6.msftconnecttest.com"),
            ("ActiveWebProbePathV6", "connecttest.txt"),
            ("ActiveWebProbeContentV6", "Microsoft Connect Test"),
            ("ActiveDnsProbeHost", "dns.msftncsi.com"),
            ("ActiveDnsProbeContent", "131.107.255.255"),
            ("ActiveDnsProbeHostV6", "dns.msftncsi.com"),
            ("ActiveDnsProbeContentV6", "fd3e:4f5a:5b81::1"),
        ]);
        for endpoint in crate::catalog::builtin().endpoints() {
            assert_eq!(brought.applied(endpoint), Applied::AsListed, "{endpoint}");
            let nothing = NcsiSettings::default();
            assert_eq!(nothing.applied(endpoint), Applied::AsListed, "{endpoint}");
        }
    }

    #[test]
    fn the_web_test_goes_where_the_registry_sends_it() {
        let own = settings(&[
            ("ActiveWebProbeHost", "ncsi.corp.example"),
            ("ActiveWebProbePath", "ok.txt"),
            ("ActiveWebProbeContent", "corp ok"),
        ]);
        let (endpoint, redirect) = redirected(&own, "ncsi-web");
        assert_eq!(endpoint.host.to_string(), "ncsi.corp.example");
        assert_eq!(endpoint.path, "/ok.txt");
        assert_eq!(endpoint.expect, Expect::Body("corp ok".to_owned()));
        assert_eq!(redirect.to, "http://ncsi.corp.example/ok.txt = \"corp ok\"");
        assert_eq!(applied(&own, "ncsi-web-ipv6"), Applied::AsListed);
        assert_eq!(applied(&own, "ncsi-dns"), Applied::AsListed);
    }

    #[test]
    fn the_lookup_expects_what_the_registry_says() {
        let own = settings(&[
            ("ActiveDnsProbeHost", "dns.corp.example"),
            ("ActiveDnsProbeContent", "192.0.2.7"),
        ]);
        let (endpoint, _) = redirected(&own, "ncsi-dns");
        assert_eq!(endpoint.host.to_string(), "dns.corp.example");
        // The IPv6 test still asks for Microsoft's name.
        let expected: Vec<std::net::IpAddr> = vec!["192.0.2.7".parse().unwrap()];
        assert_eq!(endpoint.dns_answer, expected);

        let both = settings(&[
            ("ActiveDnsProbeHost", "dns.corp.example"),
            ("ActiveDnsProbeHostV6", "dns.corp.example"),
            ("ActiveDnsProbeContentV6", "2001:db8::7"),
        ]);
        let (endpoint, _) = redirected(&both, "ncsi-dns");
        let shown: Vec<_> = endpoint
            .dns_answer
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(shown, ["131.107.255.255", "2001:db8::7"]);
    }

    #[test]
    fn a_test_that_is_switched_off_is_skipped() {
        for off in [
            off(PARAMETERS, "EnableActiveProbing", 0),
            off(POLICY, "NoActiveProbe", 1),
        ] {
            for id in ["ncsi-web", "ncsi-web-ipv6", "ncsi-dns"] {
                let Applied::Skipped(SkipReason::SwitchedOff { by }) = applied(&off, id) else {
                    panic!("{id} is not skipped");
                };
                assert!(by.starts_with("HKLM"), "{by}");
            }
            assert_eq!(
                applied(&off, "login-microsoftonline-com"),
                Applied::AsListed
            );
        }
        for on in [
            off(PARAMETERS, "EnableActiveProbing", 1),
            off(POLICY, "NoActiveProbe", 0),
        ] {
            assert_eq!(applied(&on, "ncsi-web"), Applied::AsListed);
        }
    }

    #[test]
    fn what_cannot_be_read_accuses_nobody() {
        for (name, value, id) in [
            ("ActiveWebProbeHost", "two words", "ncsi-web"),
            ("ActiveWebProbePath", "a b\u{1b}[2J", "ncsi-web"),
            ("ActiveDnsProbeContent", "131.107.255", "ncsi-dns"),
        ] {
            let Applied::Skipped(SkipReason::UnreadableSetting { value, .. }) =
                applied(&settings(&[(name, value)]), id)
            else {
                panic!("{name} is read");
            };
            assert!(!value.contains('\u{1b}'));
        }
    }
}
