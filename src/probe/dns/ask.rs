//! One DNS question, repeated as the rules say: other servers in turn, without EDNS from the second
//! packet on, TCP beside the last. Answers to earlier packets count until the question is given up.

use std::future::pending;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use futures_util::future::{BoxFuture, Either, FutureExt, select};
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::time::Instant;

use crate::evidence::{DnsAnswer, DnsTry, Failure, FailureKind, RecordKind, Transport};
use crate::options::{CONFIRM_PAUSE, DNS_TRIES};
use crate::probe::classify;
use crate::probe::clock::Expired;
use crate::probe::dns::exchange::{Link, over_tcp};
use crate::probe::dns::tried::Try;
use crate::probe::dns::{DnsClient, TryResult};
use crate::probe::dns_message::{Question, Reply};

/// Packets that are no answer, read from one server before it is given up.
const FOREIGN_LIMIT: usize = 16;
/// A packet without an answer is followed by one without EDNS after this time, within the same
/// try: all names of a run are asked at once, and small resolvers drop part of such a burst.
const RESEND_AFTER: Duration = Duration::from_millis(400);
/// Servers that one question goes to at most.
const SERVER_LIMIT: usize = 6;

/// A question under way.
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
    tcp: FuturesUnordered<BoxFuture<'a, (usize, TryResult)>>,
    next: Next,
    foreign: usize,
    /// The last answer that only says that the server did not resolve the name.
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
    /// The same server again, with or without EDNS, beside the schedule.
    Again { server: SocketAddr, edns: bool },
}

/// An answer, and the try that it belongs to.
struct Heard {
    place: usize,
    edns: bool,
    resent_after: Option<Duration>,
    answer: DnsAnswer,
    truncated: bool,
}

enum Event {
    Packet(SocketAddr, Result<Vec<u8>, Failure>),
    Tcp(usize, TryResult),
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
                Event::Packet(server, packet) => self.hear(server, packet),
                Event::Tcp(place, result) => self.hear_tcp(place, result),
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
                Some((place, result)) => Event::Tcp(place, result),
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
        let repeat = self.to_repeat().map(|one| one.began + RESEND_AFTER);
        repeat.map_or(self.next.at, |at| at.min(self.next.at))
    }

    /// The try whose packet is to be repeated while it waits.
    fn to_repeat(&self) -> Option<&Try> {
        let udp = |one: &&Try| one.transport == Transport::Udp;
        let last = self.tries.iter().rev().find(udp)?;
        let waits = last.ended.is_none() && last.repeated.is_none();
        (waits && last.began + RESEND_AFTER < self.next.at).then_some(last)
    }

    /// Sends what is due; the end where nothing is left.
    async fn step(&mut self) -> Option<TryResult> {
        if Instant::now() < self.next.at {
            return self.repeat().await;
        }
        match self.next.step {
            Step::Again { server, edns } => self.send(server, edns).await,
            Step::Schedule if self.begun == self.limit => Some(self.given_up()),
            Step::Schedule => {
                let server = self.next_server();
                let edns = self.begun == 0 && self.client.known.sends_edns(server);
                self.begun += 1;
                if self.begun == self.limit {
                    self.connect(server, false);
                }
                self.send(server, edns).await
            }
        }
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
            ..Try::new(server, Transport::Udp, question, began)
        });
        // The limit runs from the moment the packet left.
        let wait = if sent.is_ok() {
            self.interval
        } else {
            Duration::ZERO
        };
        self.schedule(wait);
        None
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

    async fn repeat(&mut self) -> Option<TryResult> {
        let question = self.question(false).ok()?;
        let udp = |one: &Try| one.transport == Transport::Udp;
        let place = self.tries.iter().rposition(udp)?;
        let server = self.tries[place].server;
        let sent = self.send_from_link(server, &question).await;
        self.tries[place].repeated = Some((question, Instant::now()));
        // A connected socket reports here what came back for the first packet.
        sent.err().and_then(|failure| self.fail(server, failure))
    }

    /// Asks over TCP, unless that is under way at this server.
    fn connect(&mut self, server: SocketAddr, after_truncation: bool) {
        let under_way = |one: &Try| {
            one.server == server && one.transport == Transport::Tcp && one.ended.is_none()
        };
        if self.tries.iter().any(under_way) {
            return;
        }
        let (Ok(question), Ok(own)) = (self.question(false), self.question(false)) else {
            return;
        };
        let place = self.tries.len();
        let asked = self
            .client
            .clock
            .within(self.client.timeout, over_tcp(server, question));
        let asked = asked.map(move |result| match result {
            Ok(result) => (place, result),
            Err(why) => (place, Err(classify::expired(why))),
        });
        self.tcp.push(asked.boxed());
        self.tries.push(Try {
            after_truncation,
            ..Try::new(server, Transport::Tcp, own, Instant::now())
        });
    }

    /// A packet, or the error of a socket.
    fn hear(&mut self, server: SocketAddr, packet: Result<Vec<u8>, Failure>) -> Option<TryResult> {
        let packet = match packet {
            Ok(packet) => packet,
            Err(failure) => return self.fail(server, failure),
        };
        let foreign = match self.recognize(server, &packet) {
            Ok(heard) => return self.answered(heard),
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
    fn recognize(&self, server: SocketAddr, packet: &[u8]) -> Result<Heard, String> {
        let mut foreign = String::new();
        let tries = self.tries.iter().enumerate();
        for (place, one) in tries.filter(|(_, one)| one.server == server && !one.is_tcp()) {
            let again = one.repeated.as_ref();
            let packets = [
                Some((&one.question, one.edns, None)),
                again.map(|(question, left)| (question, false, Some(*left - one.began))),
            ];
            for (question, edns, resent_after) in packets.into_iter().flatten() {
                match question.read(packet) {
                    Reply::Answer { answer, truncated } => {
                        return Ok(Heard {
                            place,
                            edns,
                            resent_after,
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

    fn hear_tcp(&mut self, place: usize, result: TryResult) -> Option<TryResult> {
        match result {
            Ok(answer) => self.answered(Heard {
                place,
                edns: false,
                resent_after: None,
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

    fn answered(&mut self, heard: Heard) -> Option<TryResult> {
        let Heard {
            place,
            edns,
            resent_after,
            answer,
            truncated,
        } = heard;
        let one = &mut self.tries[place];
        let server = one.server;
        self.client.known.note_answer(server);
        let says_nothing = truncated || is_transient(&answer.rcode);
        if one.ended.is_some() && says_nothing {
            // It answers the other packet of the same try, whose answer was heard.
            return None;
        }
        one.ended = Some(Instant::now());
        one.failure = None;
        one.answered_with_edns = Some(edns);
        one.resent_after = resent_after;
        if truncated {
            one.rcode = Some("TRUNCATED".to_owned());
            self.learn(place, edns);
            self.connect(server, true);
            // TCP has its whole time before another packet leaves.
            self.schedule(self.client.timeout + CONFIRM_PAUSE);
            return None;
        }
        one.rcode = Some(answer.rcode.clone());
        if says_nothing {
            return self.refused(server, edns, answer);
        }
        self.learn(place, edns);
        Some(Ok(answer))
    }

    /// What a usable answer says of the server and EDNS.
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

    /// An answer that says only that the server did not resolve the name: another server may, or
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
        let words = format!("TCP: {}", words(failure));
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
    fn fail(&mut self, server: SocketAddr, failure: Failure) -> Option<TryResult> {
        let waits = |one: &&mut Try| {
            one.server == server && one.transport == Transport::Udp && one.ended.is_none()
        };
        let Some(one) = self.tries.iter_mut().rev().find(waits) else {
            // Windows tells the same error again and again: the socket has nothing more to say.
            self.links.retain(|link| link.server != server);
            return None;
        };
        one.ended = Some(Instant::now());
        one.failure = Some(failure);
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

    /// The most telling of what came instead of an answer.
    fn given_up(&self) -> TryResult {
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

    /// Puts every try on record, the one that was answered last. A packet that left after that one
    /// and did not wait its whole time says nothing.
    fn write_down(&self, result: &TryResult, record: &mut Vec<DnsTry>) {
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

/// Codes that say nothing about the name.
fn is_transient(rcode: &str) -> bool {
    !matches!(rcode, "NOERROR" | "NXDOMAIN")
}

/// Codes by which a server says that it does not know EDNS, or not this version: FORMERR, NOTIMP,
/// BADVERS, and whatever old servers make up.
fn is_about_edns(rcode: &str) -> bool {
    is_transient(rcode) && !matches!(rcode, "SERVFAIL" | "REFUSED")
}

fn words(failure: &Failure) -> String {
    match failure.kind {
        FailureKind::Timeout => "no answer".to_owned(),
        FailureKind::Refused => "port closed".to_owned(),
        _ => failure.detail.clone(),
    }
}
