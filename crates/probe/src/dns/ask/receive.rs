//! The results of a question: answers, socket errors, and the end.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::time::Instant;

use crate::classify;
use crate::clock::Expired;
use crate::dns::TryResult;
use crate::dns::ask::{Asking, Connected, Step};
use crate::dns::tried::{Packet, Try};
use crate::dns_message::Reply;
use reach365_model::evidence::{DnsAnswer, DnsTry, Failure, FailureKind, Transport};
use reach365_model::options::CONFIRM_PAUSE;

/// Packets other than answers that are read from one server before it is given up.
const FOREIGN_LIMIT: usize = 16;
/// The longest wait for a place among the connections to a server.
const TCP_TURN: Duration = Duration::from_secs(20);

/// An answer, and the try that it belongs to.
struct Received {
    place: usize,
    edns: bool,
    resent_after: Option<Duration>,
    queued: Duration,
    answer: DnsAnswer,
    truncated: bool,
}

impl Asking<'_> {
    /// A packet, or the error of a socket.
    pub(super) fn receive(
        &mut self,
        server: SocketAddr,
        packet: Result<Vec<u8>, Failure>,
    ) -> Option<TryResult> {
        let packet = match packet {
            Ok(packet) => packet,
            Err(failure) => return self.fail(server, failure),
        };
        let foreign = match self.recognize(server, &packet) {
            Ok(received) => return self.answered(received),
            Err(foreign) => foreign,
        };
        self.foreign += 1;
        if self.foreign < FOREIGN_LIMIT {
            return None;
        }
        self.links.retain(|link| link.server != server);
        self.fail(server, classify::failure(FailureKind::Malformed, foreign))
    }

    /// Which packet an answer belongs to; what is wrong with it where it belongs to none.
    fn recognize(&self, server: SocketAddr, bytes: &[u8]) -> Result<Received, String> {
        let mut foreign = String::new();
        for (place, one) in self.tries.iter().enumerate() {
            if one.server != server {
                continue;
            }
            for packet in &one.packets {
                match packet.question.read(bytes) {
                    Reply::Answer { answer, truncated } => {
                        let again = packet.left > one.packets[0].left;
                        return Ok(Received {
                            place,
                            edns: packet.edns,
                            resent_after: again.then(|| packet.left - one.began),
                            queued: self.note_answer(server, packet),
                            answer,
                            truncated,
                        });
                    }
                    Reply::Foreign(what) => foreign = what,
                }
            }
        }
        Err(foreign)
    }

    /// Records an answer in the server's load; returns how long the packet waited for others.
    fn note_answer(&self, server: SocketAddr, packet: &Packet) -> Duration {
        let now = Instant::now();
        self.client.known.load(server, |load| {
            load.answer(packet.ticket, packet.left, now);
            load.queued(packet.left, now)
        })
    }

    pub(super) fn receive_tcp(&mut self, connected: Connected) -> Option<TryResult> {
        let Connected {
            place,
            began,
            result,
        } = connected;
        let one = &mut self.tries[place];
        let queued = began - one.began;
        one.began = began;
        one.queued = queued;
        match result {
            Ok(answer) => self.answered(Received {
                place,
                edns: false,
                resent_after: None,
                queued,
                answer,
                truncated: false,
            }),
            Err(failure) => {
                let one = &mut self.tries[place];
                one.ended = Some(Instant::now());
                one.failure = Some(failure.clone());
                let (server, after_truncation) = (one.server, one.after_truncation);
                if after_truncation {
                    return self.stays_truncated(server, &failure);
                }
                self.end_unless_something_waits()
            }
        }
    }

    fn answered(&mut self, received: Received) -> Option<TryResult> {
        let Received {
            place,
            edns,
            resent_after,
            queued,
            answer,
            truncated,
        } = received;
        let one = &mut self.tries[place];
        let server = one.server;
        self.client.known.note_answer(server);
        let says_nothing = truncated || is_transient(&answer.rcode);
        if one.ended.is_some() && says_nothing {
            // It answers the other packet of the same try, which has its answer already.
            return None;
        }
        one.ended = Some(Instant::now());
        one.failure = None;
        one.answered_with_edns = Some(edns);
        one.resent_after = resent_after;
        one.queued = queued;
        if truncated {
            one.rcode = Some("TRUNCATED".to_owned());
            self.learn(place, edns);
            self.connect(server, true);
            // TCP has its whole time before another packet leaves, from when it has its place.
            self.schedule(TCP_TURN + self.client.timeout + CONFIRM_PAUSE);
            return None;
        }
        one.rcode = Some(answer.rcode.clone());
        if says_nothing {
            return self.refused(server, edns, answer);
        }
        self.learn(place, edns);
        Some(Ok(answer))
    }

    /// What a usable answer shows about the server and EDNS.
    fn learn(&self, place: usize, edns: bool) {
        let server = self.tries[place].server;
        if self.tries[place].is_tcp() {
            return;
        }
        if edns {
            self.client.known.note_edns(server);
            return;
        }
        let failed_with_edns = |one: &Try| {
            let refused = one.rcode.as_deref().is_some_and(is_transient);
            let answered = one.answered_with_edns == Some(true) && !refused;
            one.server == server && one.edns && !answered
        };
        if self.tries.iter().any(failed_with_edns) {
            self.client.known.note_plain(server);
        }
    }

    /// An answer that only means that the server did not resolve the name: another server may, or
    /// the same one without EDNS.
    fn refused(&mut self, server: SocketAddr, edns: bool, answer: DnsAnswer) -> Option<TryResult> {
        let for_edns = edns && is_about_edns(&answer.rcode);
        if !for_edns {
            self.refusals += 1;
        }
        let plain_is_left = edns && (for_edns || !self.client.known.takes_edns(server));
        if !plain_is_left && self.refusals > 1 && self.all_refused() {
            return Some(Ok(answer));
        }
        self.refusal = Some(answer);
        let pause = if for_edns {
            Duration::ZERO
        } else {
            CONFIRM_PAUSE
        };
        self.schedule(pause);
        if plain_is_left {
            self.next.step = Step::Again {
                server,
                edns: false,
            };
        }
        None
    }

    fn all_refused(&self) -> bool {
        self.servers.iter().all(|server| {
            let mut own = self.tries.iter().filter(|one| one.server == *server);
            own.any(|one| one.rcode.as_deref().is_some_and(is_transient))
        })
    }

    /// TCP failed after a truncated answer. Where the question had no EDNS, one that has it allows
    /// a longer answer over UDP.
    fn stays_truncated(&mut self, server: SocketAddr, failure: &Failure) -> Option<TryResult> {
        let words = format!("TCP: {}", failure_text(failure));
        self.truncated = Some(classify::failure(FailureKind::Truncated, words));
        let with_edns = |one: &Try| one.server == server && one.edns;
        let asked = self.tries.iter().any(with_edns);
        self.schedule(Duration::ZERO);
        if !asked {
            self.next.step = Step::Again { server, edns: true };
        }
        None
    }

    /// The error of a socket belongs to the last packet; the next try follows at once.
    pub(super) fn fail(&mut self, server: SocketAddr, failure: Failure) -> Option<TryResult> {
        let waits = |one: &&mut Try| {
            one.server == server && one.transport == Transport::Udp && one.ended.is_none()
        };
        let Some(one) = self.tries.iter_mut().rev().find(waits) else {
            // Windows reports the same error again and again: the socket will report nothing else.
            self.links.retain(|link| link.server != server);
            return None;
        };
        one.ended = Some(Instant::now());
        one.failure = Some(failure);
        self.not_before = Instant::now();
        if self.begun < self.limit {
            self.schedule(Duration::ZERO);
            return None;
        }
        self.end_unless_something_waits()
    }

    fn end_unless_something_waits(&mut self) -> Option<TryResult> {
        let waits = self.begun < self.limit
            || self.next.step != Step::Schedule
            || self.tries.iter().any(|one| one.ended.is_none());
        (!waits).then(|| self.given_up())
    }

    /// The most specific result other than a usable answer.
    pub(super) fn given_up(&self) -> TryResult {
        if let Some(answer) = &self.refusal {
            return Ok(answer.clone());
        }
        if let Some(failure) = &self.truncated {
            return Err(failure.clone());
        }
        let udp = self
            .tries
            .iter()
            .filter(|one| one.transport == Transport::Udp);
        let mut failures: Vec<&Failure> = Vec::new();
        for server in &self.servers {
            let own = udp.clone().filter(|one| one.server == *server);
            let failure = own.clone().find_map(|one| one.failure.as_ref());
            match failure {
                Some(failure) => failures.push(failure),
                None if own.count() > 0 => return Err(classify::expired(Expired::Limit)),
                None => {}
            }
        }
        let closed = failures.iter().find(|one| one.kind == FailureKind::Refused);
        let failure = closed.or(failures.first()).copied().cloned();
        Err(failure.unwrap_or_else(|| classify::expired(Expired::Limit)))
    }

    /// Records every try, the one that was answered last. A packet that was sent after that one and
    /// did not wait its whole time is not evidence.
    pub(super) fn write_down(&self, result: &TryResult, record: &mut Vec<DnsTry>) {
        let now = Instant::now();
        let waited = |one: &Try| one.ended.unwrap_or(now) - one.began;
        let whole = |one: &Try| waited(one) + Duration::from_millis(1) >= self.interval;
        let cut =
            |one: &Try| one.ended.is_none() && result.is_ok() && (one.is_tcp() || !whole(one));
        let mut tries: Vec<&Try> = self.tries.iter().filter(|one| !cut(one)).collect();
        tries.sort_by_key(|one| result.is_ok().then_some(one.ended));
        for one in tries {
            let unanswered = one.rcode.is_none() && !one.is_tcp();
            if unanswered && (one.failure.is_some() || whole(one)) {
                self.client.known.note_failure(one.server);
            }
            record.push(one.seen(self.client, waited(one)));
        }
    }
}

/// Codes that are not about the name.
fn is_transient(rcode: &str) -> bool {
    !matches!(rcode, "NOERROR" | "NXDOMAIN")
}

/// Codes of a server that does not support EDNS, or not this version: FORMERR, NOTIMP, BADVERS, and
/// nonstandard codes of old servers.
fn is_about_edns(rcode: &str) -> bool {
    is_transient(rcode) && !matches!(rcode, "SERVFAIL" | "REFUSED")
}

fn failure_text(failure: &Failure) -> String {
    match failure.kind {
        FailureKind::Timeout => "no answer".to_owned(),
        FailureKind::Refused => "port closed".to_owned(),
        _ => failure.detail.clone(),
    }
}
