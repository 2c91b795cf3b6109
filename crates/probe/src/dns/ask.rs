//! One DNS question, repeated as the rules say: the next server each time, without EDNS from the
//! second packet on, TCP together with the last. Answers to earlier packets count until the end.

use std::future::pending;
mod receive;

use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use futures_util::future::{BoxFuture, Either, FutureExt, select};
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::time::{Instant, sleep};

use crate::classify;
use crate::clock::Expired;
use crate::dns::exchange::{Link, over_tcp};
use crate::dns::load::{Kind, Load};
use crate::dns::tried::{Packet, Try};
use crate::dns::{DnsClient, TryResult};
use crate::dns_message::Question;
use crate::pace::{OPENED_BY_QUIET_HOST, hold};
use reach365_model::evidence::{DnsAnswer, DnsTry, Failure, FailureKind, RecordKind, Transport};
use reach365_model::options::{DNS_TRIES, QUIET};

/// A packet without an answer is followed by one without EDNS after this time, within the same
/// try: all names of a run are asked at once, and small resolvers drop part of such a burst.
pub(super) const RESEND_AFTER: Duration = Duration::from_millis(400);
/// Repetitions within a try: one, and more where the server drops what exceeds its limit.
const REPEATS: usize = 1;
const REPEATS_AT_A_LIMIT: usize = 2;
/// Lost packets of one question that are evidence of a limit of the server. More are evidence that
/// the server ignores this name.
const TELLING_LOSSES: usize = 2;
/// Servers that one question is sent to at most.
const SERVER_LIMIT: usize = 6;

/// A pending question.
pub(super) struct Asking<'a> {
    client: &'a DnsClient,
    name: &'a str,
    kind: RecordKind,
    servers: Vec<SocketAddr>,
    /// Tries of the schedule, and the time from one to the next.
    limit: usize,
    interval: Duration,
    /// Tries of the schedule that have begun.
    begun: usize,
    tries: Vec<Try>,
    links: Vec<Link>,
    tcp: FuturesUnordered<BoxFuture<'a, Connected>>,
    next: Next,
    /// Until then the question waits for others.
    not_before: Instant,
    losses: usize,
    foreign: usize,
    /// The last answer that only means that the server did not resolve the name.
    refusal: Option<DnsAnswer>,
    refusals: usize,
    truncated: Option<Failure>,
}

/// What happens next unless an answer comes first.
#[derive(Debug, Clone, Copy)]
struct Next {
    at: Instant,
    step: Step,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// The next try of the schedule, or the end.
    Schedule,
    /// The same server again, with or without EDNS, outside of the schedule.
    Again { server: SocketAddr, edns: bool },
}

/// The result of a connection, which began when it had its place.
struct Connected {
    place: usize,
    began: Instant,
    result: TryResult,
}

enum Event {
    Packet(SocketAddr, Result<Vec<u8>, Failure>),
    Tcp(Connected),
    Due,
    Over,
}

impl<'a> Asking<'a> {
    pub(super) fn new(client: &'a DnsClient, name: &'a str, kind: RecordKind) -> Self {
        let mut servers = client.known.in_order(&client.servers);
        servers.truncate(SERVER_LIMIT);
        let limit = servers.len().max(DNS_TRIES);
        let interval = client.timeout * DNS_TRIES as u32 / limit as u32;
        let now = Instant::now();
        Self {
            client,
            name,
            kind,
            servers,
            limit,
            interval,
            begun: 0,
            tries: Vec::new(),
            links: Vec::new(),
            tcp: FuturesUnordered::new(),
            next: Next {
                at: now,
                step: Step::Schedule,
            },
            not_before: now,
            losses: 0,
            foreign: 0,
            refusal: None,
            refusals: 0,
            truncated: None,
        }
    }

    /// Asks until an answer comes or nothing is left to try; adds every try to the record.
    pub(super) async fn run(mut self, record: &mut Vec<DnsTry>) -> TryResult {
        let result = loop {
            let result = match self.event().await {
                Event::Due => self.step().await,
                Event::Packet(server, packet) => self.receive(server, packet),
                Event::Tcp(connected) => self.receive_tcp(connected),
                Event::Over => Some(Err(classify::expired(Expired::Deadline))),
            };
            if let Some(result) = result {
                break result;
            }
        };
        self.write_down(&result, record);
        result
    }

    async fn event(&mut self) -> Event {
        let wait = self.wakes_at().saturating_duration_since(Instant::now());
        let Self { links, tcp, .. } = self;
        let mut packets: FuturesUnordered<_> = links
            .iter()
            .map(async |link| Event::Packet(link.server, link.receive().await))
            .collect();
        let udp = async {
            match packets.next().await {
                Some(event) => event,
                None => pending().await,
            }
        };
        let tcp = async {
            match tcp.next().await {
                Some(connected) => Event::Tcp(connected),
                None => pending().await,
            }
        };
        let either = async {
            match select(pin!(udp), pin!(tcp)).await {
                Either::Left((event, _)) | Either::Right((event, _)) => event,
            }
        };
        match self.client.clock.within(wait, either).await {
            Ok(event) => event,
            Err(Expired::Limit) => Event::Due,
            Err(Expired::Deadline) => Event::Over,
        }
    }

    /// When the next packet is due: a repetition of the last one, or the next step.
    fn wakes_at(&self) -> Instant {
        let repeat = self.to_repeat().map(|(_, at)| at);
        let due = repeat.map_or(self.next.at, |at| at.min(self.next.at));
        due.max(self.not_before)
    }

    /// The try whose packet is to be repeated while it waits, and when. At a server that drops what
    /// exceeds its limit that goes before the next try.
    fn to_repeat(&self) -> Option<(usize, Instant)> {
        let place = self.tries.iter().rposition(|one| !one.is_tcp())?;
        let one = &self.tries[place];
        let limited = self.client.known.load(one.server, |it| it.is_limited());
        let most = if limited { REPEATS_AT_A_LIMIT } else { REPEATS };
        let at = one.packets.last()?.left + RESEND_AFTER;
        let waits = one.ended.is_none() && one.packets.len() <= most;
        (waits && (limited || at < self.next.at)).then_some((place, at))
    }

    /// Sends what is due; the end where nothing is left.
    async fn step(&mut self) -> Option<TryResult> {
        let now = Instant::now();
        if let Some((place, _)) = self.to_repeat().filter(|(_, at)| *at <= now) {
            let server = self.tries[place].server;
            let limited = self.client.known.load(server, |it| it.is_limited());
            if limited || now < self.next.at {
                return match self.clearance(server, now, Load::may_repeat) {
                    Ok(()) => self.repeat(place).await,
                    Err(until) if limited => self.wait(until),
                    Err(until) => self.wait(until.min(self.next.at)),
                };
            }
        }
        if self.next.step == Step::Schedule && self.begun == self.limit {
            return match self.is_worked_on(None, now) {
                Some(until) => self.wait(until),
                None => Some(self.given_up()),
            };
        }
        let (server, edns) = match self.next.step {
            Step::Again { server, edns } => (server, edns),
            Step::Schedule => {
                let server = self.next_server();
                let edns = self.begun == 0 && self.client.known.sends_edns(server);
                (server, edns)
            }
        };
        if let Err(until) = self.clearance(server, now, Load::may_send) {
            return self.wait(until);
        }
        if self.next.step == Step::Schedule {
            self.begun += 1;
            if self.begun == self.limit {
                self.connect(server, false);
            }
        }
        self.send(server, edns).await
    }

    fn wait(&mut self, until: Instant) -> Option<TryResult> {
        self.not_before = until;
        None
    }

    /// Whether a packet may leave; otherwise when to look again. It waits while the server works on
    /// the last one, and where the server bears no more.
    fn clearance(
        &mut self,
        server: SocketAddr,
        now: Instant,
        may_leave: impl FnOnce(&mut Load, bool, Instant) -> Result<(), Instant>,
    ) -> Result<(), Instant> {
        if let Some(until) = self.is_worked_on(Some(server), now) {
            return Err(until);
        }
        self.client
            .known
            .load(server, |load| may_leave(load, self.losses > 0, now))
    }

    /// Until when one of the servers, or the one named, may still answer a packet since it works on
    /// earlier ones. Packets that have had their time are lost.
    fn is_worked_on(&mut self, server: Option<SocketAddr>, now: Instant) -> Option<Instant> {
        let wanted = |one: &&mut Try| server.is_none_or(|server| one.server == server);
        for one in self.tries.iter_mut().filter(wanted) {
            if one.ended.is_some() {
                continue;
            }
            for packet in one.packets.iter_mut().filter(|packet| !packet.lost) {
                let until = self.client.known.load(one.server, |load| {
                    load.works_on(packet.ticket, packet.left, now)
                });
                if until.is_some() {
                    return until;
                }
                if packet.left + RESEND_AFTER > now {
                    continue;
                }
                packet.lost = true;
                self.losses += 1;
                let telling = self.losses <= TELLING_LOSSES;
                self.client.known.load(one.server, |load| {
                    if telling {
                        load.lose(packet.ticket, now);
                    } else {
                        load.forget(packet.ticket);
                    }
                });
            }
        }
        None
    }

    /// The servers in turn, without those that cannot be asked while another one can.
    fn next_server(&self) -> SocketAddr {
        let in_turn = (0..self.servers.len()).map(|step| (self.begun + step) % self.servers.len());
        let mut in_turn = in_turn.map(|place| self.servers[place]);
        let fails = |server: &SocketAddr| {
            let mut own = self.tries.iter().filter(|one| one.server == *server);
            own.any(|one| one.transport == Transport::Udp && one.failure.is_some())
        };
        let open = in_turn.clone().find(|server| !fails(server));
        open.or_else(|| in_turn.next()).expect("servers were named")
    }

    async fn send(&mut self, server: SocketAddr, edns: bool) -> Option<TryResult> {
        let question = match self.question(edns) {
            Ok(question) => question,
            Err(failure) => return Some(Err(failure)),
        };
        let began = Instant::now();
        let sent = self.send_from_link(server, &question).await;
        self.tries.push(Try {
            edns,
            ended: sent.is_err().then_some(began),
            failure: sent.as_ref().err().cloned(),
            ..Try::new(server, Transport::Udp, began)
        });
        // The limit runs from the moment the packet left.
        let wait = if sent.is_ok() {
            self.note_packet(self.tries.len() - 1, question, edns);
            self.interval
        } else {
            Duration::ZERO
        };
        self.schedule(wait);
        None
    }

    fn note_packet(&mut self, place: usize, question: Question, edns: bool) {
        let one = &mut self.tries[place];
        let left = Instant::now();
        let kind = Kind {
            counts: !edns || self.client.known.takes_edns(one.server),
            again: self.losses > 0,
        };
        let ticket = self
            .client
            .known
            .load(one.server, |load| load.send(kind, left));
        one.packets.push(Packet {
            question,
            edns,
            left,
            ticket,
            lost: false,
        });
    }

    async fn send_from_link(
        &mut self,
        server: SocketAddr,
        question: &Question,
    ) -> Result<(), Failure> {
        let known = self.links.iter().position(|link| link.server == server);
        let place = if let Some(place) = known {
            place
        } else {
            self.links.push(Link::open(server).await?);
            self.links.len() - 1
        };
        self.links[place].send(question).await
    }

    fn question(&self, edns: bool) -> Result<Question, Failure> {
        Question::new(self.name, self.kind, self.client.recursion, edns)
            .map_err(|words| classify::failure(FailureKind::Malformed, words))
    }

    fn schedule(&mut self, wait: Duration) {
        self.next = Next {
            at: Instant::now() + wait,
            step: Step::Schedule,
        };
    }

    async fn repeat(&mut self, place: usize) -> Option<TryResult> {
        let question = self.question(false).ok()?;
        let server = self.tries[place].server;
        let sent = self.send_from_link(server, &question).await;
        self.note_packet(place, question, false);
        let rest = self.interval.saturating_sub(RESEND_AFTER);
        self.next.at = self.next.at.max(Instant::now() + rest);
        // A connected socket reports here what came back for the first packet.
        sent.err().and_then(|failure| self.fail(server, failure))
    }

    /// Asks over TCP, unless a TCP query to this server is pending.
    fn connect(&mut self, server: SocketAddr, after_truncation: bool) {
        let under_way = |one: &Try| {
            one.server == server && one.transport == Transport::Tcp && one.ended.is_none()
        };
        if self.tries.iter().any(under_way) {
            return;
        }
        let Ok(question) = self.question(false) else {
            return;
        };
        let place = self.tries.len();
        let client = self.client;
        let asked = async move {
            let began = Instant::now();
            let asked = over_tcp(server, question);
            let result = client.clock.within(client.timeout, asked).await;
            let result = result.unwrap_or_else(|why| Err(classify::expired(why)));
            if result.is_ok() {
                client.known.note_tcp(server);
            }
            Connected {
                place,
                began,
                result,
            }
        };
        let places = client.known.connections(server);
        // A server that answers over TCP may take its time; others must not hold up the rest.
        let quiet = async move {
            sleep(QUIET).await;
            if client.known.answers_tcp(server) {
                pending::<()>().await;
            }
        };
        let asked = async move {
            let asked = pin!(asked);
            hold(&places, asked, quiet, OPENED_BY_QUIET_HOST).await
        };
        self.tcp.push(asked.boxed());
        self.tries.push(Try {
            after_truncation,
            ..Try::new(server, Transport::Tcp, Instant::now())
        });
    }
}

/// A question that has ended, or that is no longer waited for, is not pending.
impl Drop for Asking<'_> {
    fn drop(&mut self) {
        for one in &self.tries {
            self.client.known.load(one.server, |load| {
                for packet in &one.packets {
                    load.forget(packet.ticket);
                }
            });
        }
    }
}
