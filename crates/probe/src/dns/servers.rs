//! What a run learns about its name servers, so that later lookups use the right order and form.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::dns::load::Load;
use reach365_model::evidence::BusyResolver;
use reach365_model::options::DNS_CONNECTIONS;

/// What the lookups of a run share about the servers they query.
#[derive(Debug, Default)]
pub struct NameServers {
    known: Mutex<HashMap<SocketAddr, Known>>,
    loads: Mutex<HashMap<SocketAddr, Load>>,
    connections: Mutex<HashMap<SocketAddr, Arc<Semaphore>>>,
    /// Servers that cannot be asked, and why.
    unusable: Vec<String>,
}

/// What is known of one server.
#[derive(Debug, Clone, Copy, Default)]
#[allow(clippy::struct_excessive_bools, reason = "each is seen by itself")]
struct Known {
    /// It answered a question, whatever the answer was.
    answered: bool,
    /// It left a question without an answer.
    failed: bool,
    /// It resolved a question that carried EDNS.
    takes_edns: bool,
    /// It resolved a question without EDNS after the same question with EDNS had failed.
    needs_plain: bool,
    /// It answered over TCP.
    answers_tcp: bool,
}

impl NameServers {
    /// Nothing is known yet but which entries of the configuration are unusable.
    pub fn new(unusable: Vec<String>) -> Self {
        Self {
            unusable,
            ..Self::default()
        }
    }

    /// Why there is no server to ask.
    pub(super) fn why_none(&self) -> String {
        if self.unusable.is_empty() {
            return "no name server is configured".to_owned();
        }
        let entries = self.unusable.join("; ");
        format!("no name server can be asked: {entries}; correct the entry")
    }

    /// Servers that never answered are tried after those that did, as the operating systems'
    /// resolvers do; otherwise the order is kept.
    pub(super) fn in_order(&self, servers: &[SocketAddr]) -> Vec<SocketAddr> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let of = |server: &SocketAddr| known.get(server).copied().unwrap_or_default();
        let mut ordered = servers.to_vec();
        if servers.iter().any(|server| of(server).answered) {
            ordered.sort_by_key(|server| of(server).failed && !of(server).answered);
        }
        ordered
    }

    /// Whether questions to the server carry EDNS. One answer to such a question settles it: a
    /// question may also be lost by chance.
    pub(super) fn sends_edns(&self, server: SocketAddr) -> bool {
        let known = self.known(server);
        known.takes_edns || !known.needs_plain
    }

    /// Whether the server has resolved a question that carried EDNS.
    pub(super) fn takes_edns(&self, server: SocketAddr) -> bool {
        self.known(server).takes_edns
    }

    /// Notes an answer of any kind.
    pub(super) fn note_answer(&self, server: SocketAddr) {
        self.edit(server, |known| known.answered = true);
    }

    /// Notes a question without an answer.
    pub(super) fn note_failure(&self, server: SocketAddr) {
        self.edit(server, |known| known.failed = true);
    }

    /// Notes that the server resolved a question with EDNS.
    pub(super) fn note_edns(&self, server: SocketAddr) {
        self.edit(server, |known| known.takes_edns = true);
    }

    /// Notes that the server resolved a question only after EDNS was left out.
    pub(super) fn note_plain(&self, server: SocketAddr) {
        self.edit(server, |known| known.needs_plain = true);
    }

    /// Notes an answer over TCP.
    pub(super) fn note_tcp(&self, server: SocketAddr) {
        self.edit(server, |known| known.answers_tcp = true);
    }

    /// Whether the server has answered over TCP.
    pub(super) fn answers_tcp(&self, server: SocketAddr) -> bool {
        self.known(server).answers_tcp
    }

    /// The places for connections to the server.
    pub(super) fn connections(&self, server: SocketAddr) -> Arc<Semaphore> {
        let mut all = self
            .connections
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let places = all.entry(server);
        Arc::clone(places.or_insert_with(|| Arc::new(Semaphore::new(DNS_CONNECTIONS))))
    }

    /// What the server bears.
    pub(super) fn load<T>(&self, server: SocketAddr, with: impl FnOnce(&mut Load) -> T) -> T {
        let mut loads = self.loads.lock().unwrap_or_else(PoisonError::into_inner);
        with(loads.entry(server).or_default())
    }

    /// Whether questions of the run wait because a server works on others.
    pub fn are_busy(&self) -> bool {
        let loads = self.loads.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        loads.values().any(|load| load.is_busy(now))
    }

    /// The servers that answer fewer questions than the run asks at once.
    pub fn busy(&self) -> Vec<BusyResolver> {
        let loads = self.loads.lock().unwrap_or_else(PoisonError::into_inner);
        let busy = loads.iter().filter_map(|(server, load)| load.seen(*server));
        let mut busy: Vec<BusyResolver> = busy.collect();
        busy.sort_by_key(|one| one.server);
        busy
    }

    fn known(&self, server: SocketAddr) -> Known {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&server).copied().unwrap_or_default()
    }

    fn edit(&self, server: SocketAddr, change: impl FnOnce(&mut Known)) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        change(known.entry(server).or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn servers() -> [SocketAddr; 3] {
        ["192.0.2.1:53", "192.0.2.2:53", "192.0.2.3:53"].map(|text| text.parse().unwrap())
    }

    #[test]
    fn a_silent_server_goes_last_once_another_one_answers() {
        let [first, second, third] = servers();
        let run = NameServers::default();
        run.note_failure(first);
        assert_eq!(run.in_order(&servers()), servers());
        run.note_answer(second);
        assert_eq!(run.in_order(&servers()), [second, third, first]);
        run.note_answer(first);
        assert_eq!(run.in_order(&servers()), servers());
    }

    #[test]
    fn one_answer_to_edns_outweighs_a_lost_question() {
        let [server, ..] = servers();
        let run = NameServers::default();
        assert!(run.sends_edns(server));
        run.note_plain(server);
        assert!(!run.sends_edns(server));
        run.note_edns(server);
        assert!(run.sends_edns(server));
    }
}
