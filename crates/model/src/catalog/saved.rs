//! A definition in a saved report: checked as an entry of a list is, since the author of the report
//! may be unknown.

use super::entry::{ALL, path, suffix};
use crate::endpoint::{Endpoint, Expect, Host, Scheme, is_unsafe_to_print, quoted};

/// Characters of an id: that of a host that no list has is made of its whole URL.
const LONGEST_ID: usize = 2_400;
/// Characters of a text for people.
const LONGEST_LINE: usize = 2_000;
/// Items of a list within an entry.
const ITEMS: usize = 1_000;

impl Endpoint {
    /// Whether a list could have this entry.
    ///
    /// # Errors
    /// What a list would refuse, in a clause.
    pub(crate) fn check_saved(&self) -> Result<(), String> {
        check_id(&self.id)?;
        if self.port == 0 {
            return Err("`port`: 0 is no port".to_owned());
        }
        path(&self.path).map_err(|why| format!("`path`: {why}"))?;
        if self.scheme == Scheme::Dns && matches!(self.host, Host::Address(_)) {
            return Err("`host` is an address; scheme `dns` needs a name".to_owned());
        }
        self.groups
            .iter()
            .try_for_each(|group| check_group(group))?;
        check_line("purpose", &self.purpose)?;
        check_line("source", &self.source)?;
        check_line("ranges_from", &self.ranges_from)?;
        let suffixes = self.cname_suffixes.iter();
        suffixes
            .into_iter()
            .try_for_each(|name| check_suffix("cname_suffixes", name))?;
        check_expect(&self.expect)?;
        let lists = [
            self.groups.len(),
            self.sets.len(),
            self.ranges.len(),
            self.cname_suffixes.len(),
            self.dns_answer.len(),
            self.clouds.len(),
        ];
        if lists.into_iter().any(|items| items > ITEMS) {
            return Err(format!("a list has more than {ITEMS} items"));
        }
        Ok(())
    }
}

fn check_id(id: &str) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_graphic() && c != '"' && c != '\\';
    if id.is_empty() || id.len() > LONGEST_ID || !id.chars().all(plain) {
        return Err(format!("`id`: {} is no name of an entry", quoted(id)));
    }
    Ok(())
}

fn check_group(group: &str) -> Result<(), String> {
    if group.eq_ignore_ascii_case(ALL) {
        return Err(format!(
            "`groups`: {} stands for every group",
            quoted(group)
        ));
    }
    super::entry::word(group)
        .map_err(|why| format!("`groups`: {why}"))
        .map(drop)
}

fn check_line(name: &str, text: &str) -> Result<(), String> {
    if text.len() > LONGEST_LINE || text.chars().any(is_unsafe_to_print) {
        let shown = quoted(text);
        return Err(format!(
            "`{name}`: {shown} is too long or has a control character"
        ));
    }
    Ok(())
}

fn check_suffix(name: &str, text: &str) -> Result<(), String> {
    suffix(text)
        .map_err(|why| format!("`{name}`: {why}"))
        .map(drop)
}

fn check_expect(expect: &Expect) -> Result<(), String> {
    let text = |text: &str| {
        let fits = !text.trim().is_empty() && text.len() <= LONGEST_LINE;
        fits.then_some(())
            .ok_or_else(|| "`expect`: the text is empty or too long".to_owned())
    };
    match expect {
        Expect::AnyGenuine | Expect::DerCrl => Ok(()),
        Expect::JsonKey(key) => text(key),
        Expect::Body(body) => text(body),
        Expect::Status(codes) => {
            let known = |code: &u16| (100..=599).contains(code);
            let fits = !codes.is_empty() && codes.len() <= ITEMS && codes.iter().all(known);
            fits.then_some(())
                .ok_or_else(|| "`expect`: no status from 100 to 599".to_owned())
        }
        Expect::RedirectHost(hosts) => {
            let fits = !hosts.is_empty() && hosts.len() <= ITEMS;
            fits.then_some(())
                .ok_or_else(|| "`expect`: no host".to_owned())?;
            hosts
                .iter()
                .try_for_each(|host| check_suffix("expect", host))
        }
    }
}
