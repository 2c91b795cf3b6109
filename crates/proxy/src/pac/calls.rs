//! What the functions of a script share: its environment, and what one evaluation has used.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::net::IpAddr;

use super::circumstances::{Circumstances, Dependence};
use super::times::LocalClock;
use super::value::Objection;
use super::{ALERT_LIMIT, LOG_LIMIT, NAME_LIMIT, PacHost};
use crate::safe_text::printable;

/// Characters of a message that are kept.
const MESSAGE_LENGTH: usize = 400;

/// The environment as scripts see it, with limits.
pub(super) struct Calls {
    host: Box<dyn PacHost>,
    /// Answers of this run: a script asks the same names for every URL.
    known: RefCell<HashMap<String, Vec<IpAddr>>>,
    used: RefCell<Used>,
    circumstances: Cell<Circumstances>,
}

/// What one evaluation has used.
#[derive(Default)]
pub(super) struct Used {
    pub(super) names: Vec<String>,
    pub(super) log: Vec<String>,
    pub(super) depends_on: Dependence,
    alerts: usize,
    /// The limit that was hit; nothing that the script returns counts any more.
    limit: Option<&'static str>,
}

impl Calls {
    pub(super) fn new(host: Box<dyn PacHost>) -> Self {
        Self {
            host,
            known: RefCell::default(),
            used: RefCell::default(),
            circumstances: Cell::default(),
        }
    }

    /// The circumstances of the evaluation that follows.
    pub(super) fn enter(&self, circumstances: Circumstances) {
        self.circumstances.set(circumstances);
    }

    /// What the evaluation has used; the next one begins with nothing.
    pub(super) fn take_used(&self) -> Used {
        self.used.take()
    }

    /// The limit that the evaluation hit, once.
    pub(super) fn take_limit(&self) -> Option<&'static str> {
        self.used.borrow_mut().limit.take()
    }

    pub(super) fn is_over_limit(&self) -> bool {
        self.used.borrow().limit.is_some()
    }

    /// The addresses of a name in its canonical form.
    pub(super) fn resolve(&self, name: &str) -> Result<Vec<IpAddr>, Objection> {
        self.note(name)?;
        if let Some(addresses) = self.known.borrow().get(name) {
            return Ok(self.in_order(addresses.clone()));
        }
        let addresses = self.host.resolve(name);
        let mut known = self.known.borrow_mut();
        known.insert(name.to_owned(), addresses.clone());
        Ok(self.in_order(addresses))
    }

    pub(super) fn own_addresses(&self) -> Vec<IpAddr> {
        self.in_order(self.host.own_addresses())
    }

    /// The addresses in the order of the circumstances.
    fn in_order(&self, mut addresses: Vec<IpAddr>) -> Vec<IpAddr> {
        let most = &mut self.used.borrow_mut().depends_on.addresses;
        *most = addresses.len().max(*most);
        if let (Some(places), false) = (self.circumstances.get().rotation, addresses.is_empty()) {
            addresses.sort_unstable();
            let length = addresses.len();
            addresses.rotate_left(places % length);
        }
        addresses
    }

    /// The time as a script reads it.
    pub(super) fn now(&self) -> LocalClock {
        self.used.borrow_mut().depends_on.clock = true;
        self.clock()
    }

    /// The time for what does not depend on it, such as the zone.
    pub(super) fn clock(&self) -> LocalClock {
        let ahead = self.circumstances.get().ahead_seconds.saturating_mul(1_000);
        let utc_ms = self.host.now_ms().saturating_add(ahead);
        LocalClock {
            utc_ms,
            offset: self.host.utc_offset(utc_ms),
        }
    }

    /// What `Math.random` returns; below zero where it is left to chance.
    pub(super) fn chance(&self) -> f64 {
        self.used.borrow_mut().depends_on.chance = true;
        self.circumstances.get().chance.unwrap_or(-1.0)
    }

    pub(super) fn alert(&self, message: &str) -> Result<(), Objection> {
        let mut used = self.used.borrow_mut();
        used.alerts += 1;
        if used.alerts > ALERT_LIMIT {
            drop(used);
            return Err(self.over("the script writes without end with alert()"));
        }
        if used.log.len() < LOG_LIMIT {
            let start: String = message.chars().take(MESSAGE_LENGTH).collect();
            used.log.push(printable(&start));
        }
        Ok(())
    }

    fn note(&self, name: &str) -> Result<(), Objection> {
        let mut used = self.used.borrow_mut();
        if used.names.iter().any(|known| known == name) {
            return Ok(());
        }
        if used.names.len() == NAME_LIMIT {
            drop(used);
            return Err(self.over("the script asks for more than 16 names"));
        }
        used.names.push(name.to_owned());
        Ok(())
    }

    pub(super) fn over(&self, limit: &'static str) -> Objection {
        self.used.borrow_mut().limit.get_or_insert(limit);
        Objection::Limit(limit)
    }
}
