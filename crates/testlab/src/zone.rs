//! The data of a name server of the lab: names, their records and their faults.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hickory_resolver::proto::rr::RecordType;
use serde::Deserialize;
use tokio::sync::Notify;

/// The entry of one name.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct Name {
    /// IPv4 addresses.
    pub a: Vec<Ipv4Addr>,
    /// IPv6 addresses.
    pub aaaa: Vec<Ipv6Addr>,
    /// Target of an alias, in the spelling that is to be sent.
    pub cname: Option<String>,
    /// Name servers.
    pub ns: Vec<String>,
    /// Seconds; 300 unless given.
    pub ttl: Option<u32>,
    /// The fault.
    pub fault: Option<Fault>,
    /// Kind of question that the fault and the delay are limited to.
    pub only: Option<Kind>,
    /// How late every answer is, in milliseconds.
    pub delay_ms: u64,
    /// Questions over UDP, per kind, that are lost before one is answered.
    pub lost: usize,
}

/// What a name server can do wrong about a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// "No such name", with an SOA record.
    Nxdomain,
    /// No record of that kind, with an SOA record.
    Nodata,
    /// Server failure.
    Servfail,
    /// Refused.
    Refused,
    /// Not implemented.
    Notimp,
    /// Format error.
    Formerr,
    /// No answer.
    Silent,
    /// Over UDP nothing but the truncation bit; over TCP the answer.
    Truncated,
    /// Bytes that are not a DNS message.
    Garbage,
    /// The answer, under another message id.
    WrongId,
    /// The answer to a question other than the one asked.
    WrongQuestion,
    /// 500 further addresses: truncated over UDP, whole over TCP.
    Huge,
    /// An A record whose data has two bytes.
    ShortRecord,
}

/// A kind of question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Kind {
    /// IPv4 addresses.
    A,
    /// IPv6 addresses.
    Aaaa,
    /// Aliases.
    Cname,
    /// Name servers.
    Ns,
    /// The head of a zone.
    Soa,
}

impl Name {
    /// A name with these addresses.
    pub fn at(addresses: &[IpAddr]) -> Self {
        let mut name = Self::default();
        for address in addresses {
            name.add(*address);
        }
        name
    }

    /// An alias of `target`.
    pub fn alias(target: &str) -> Self {
        Self {
            cname: Some(target.to_owned()),
            ..Self::default()
        }
    }

    /// A name with a fault.
    pub fn faulty(fault: Fault) -> Self {
        Self {
            fault: Some(fault),
            ..Self::default()
        }
    }

    /// One more address.
    pub fn add(&mut self, address: IpAddr) {
        match address {
            IpAddr::V4(address) => self.a.push(address),
            IpAddr::V6(address) => self.aaaa.push(address),
        }
    }

    /// Applies the fields that the other entry has.
    pub fn overlay(&mut self, other: Self) {
        replace(&mut self.a, other.a);
        replace(&mut self.aaaa, other.aaaa);
        replace(&mut self.ns, other.ns);
        self.cname = other.cname.or(self.cname.take());
        self.ttl = other.ttl.or(self.ttl);
        self.fault = other.fault.or(self.fault);
        self.only = other.only.or(self.only);
        self.delay_ms = self.delay_ms.max(other.delay_ms);
        self.lost = self.lost.max(other.lost);
    }

    /// Whether the fault and the delay apply to this kind of question.
    pub fn concerns(&self, kind: RecordType) -> bool {
        self.only.is_none_or(|only| RecordType::from(only) == kind)
    }
}

fn replace<T>(place: &mut Vec<T>, other: Vec<T>) {
    if !other.is_empty() {
        *place = other;
    }
}

impl From<Kind> for RecordType {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::A => Self::A,
            Kind::Aaaa => Self::AAAA,
            Kind::Cname => Self::CNAME,
            Kind::Ns => Self::NS,
            Kind::Soa => Self::SOA,
        }
    }
}

/// A zone that servers and tests share.
#[derive(Debug, Clone, Default)]
pub struct SharedZone(Arc<Mutex<Zone>>);

/// Names and the questions received.
#[derive(Debug, Default)]
pub struct Zone {
    names: HashMap<String, Name>,
    /// What every name is that has no entry; "no such name" unless given.
    pub wildcard: Option<Name>,
    /// Domains that the server is authoritative for, if any: it sets AA in its answers and refuses
    /// other names.
    pub authority_for: Vec<String>,
    /// Whether the client must resolve a CNAME target itself, as with authoritative servers.
    pub one_link_at_a_time: bool,
    questions: HashMap<(String, RecordType), usize>,
    asked: HashMap<String, Arc<Notify>>,
}

impl Zone {
    /// The entry of a name, or the wildcard.
    pub fn find(&self, name: &str) -> Option<&Name> {
        self.names.get(&key(name)).or(self.wildcard.as_ref())
    }

    /// Whether this is an authoritative server.
    pub fn is_authoritative(&self) -> bool {
        !self.authority_for.is_empty()
    }

    /// Whether the server answers for a name at all.
    pub fn speaks_about(&self, name: &str) -> bool {
        let below = |domain: &String| {
            let name = key(name);
            name.strip_suffix(&key(domain))
                .is_some_and(|head| head.is_empty() || head.ends_with('.'))
        };
        !self.is_authoritative() || self.authority_for.iter().any(below)
    }

    /// Counts a question and returns how many there have been of its kind.
    pub fn count(&mut self, name: &str, kind: RecordType) -> usize {
        if let Some(asked) = self.asked.get(&key(name)) {
            asked.notify_one();
        }
        let count = self.questions.entry((key(name), kind)).or_default();
        *count += 1;
        *count
    }
}

impl SharedZone {
    /// Access to the zone.
    pub fn lock(&self) -> MutexGuard<'_, Zone> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds or replaces a name.
    pub fn insert(&self, name: &str, entry: Name) {
        self.lock().names.insert(key(name), entry);
    }

    /// Changes the entry of a name, which is empty at first.
    pub fn edit(&self, name: &str, change: impl FnOnce(&mut Name)) {
        change(self.lock().names.entry(key(name)).or_default());
    }

    /// An alias chain from `name` over `links` to `last`.
    pub fn chain(&self, name: &str, links: &[&str], last: &str) {
        let mut from = name;
        for to in links.iter().chain(std::iter::once(&last)) {
            self.insert(from, Name::alias(to));
            from = to;
        }
    }

    /// Moves the entry of `name` to the end of an alias chain.
    pub fn hide_behind(&self, name: &str, links: &[&str]) {
        let Some((last, before)) = links.split_last() else {
            return;
        };
        let entry = self.lock().names.remove(&key(name)).unwrap_or_default();
        self.chain(name, before, last);
        if key(last) != key(name) && !before.iter().any(|link| key(link) == key(last)) {
            self.insert(last, entry);
        }
    }

    /// Becomes ready with the first question about the name.
    pub fn first_question(&self, name: &str) -> Arc<Notify> {
        self.lock().asked.entry(key(name)).or_default().clone()
    }

    /// How often a name was queried, by type.
    pub fn asked(&self, name: &str, kind: RecordType) -> usize {
        let zone = self.lock();
        zone.questions
            .get(&(key(name), kind))
            .copied()
            .unwrap_or_default()
    }

    /// How many questions there have been in all.
    pub fn questions(&self) -> usize {
        self.lock().questions.values().sum()
    }
}

fn key(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}
