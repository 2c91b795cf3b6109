//! Name resolution with every packet on record.
//!
//! Each question goes out from a connected socket of its own, so that a closed port shows at once
//! as an ICMP error instead of as a silence. Nothing is cached.

use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::{Pin, pin};
use std::time::Duration;

use futures_util::future::{Either, select};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::{Instant, sleep};

use crate::evidence::{
    DnsAnswer, DnsRecord, DnsTry, Failure, FailureKind, Lookup, Observation, RecordKind, Transport,
};
use crate::options::{CNAME_LIMIT, CONFIRM_PAUSE, DNS_TRIES};
use crate::probe::classify;
use crate::probe::clock::{RunClock, milliseconds};
use crate::probe::dns_message::{Question, Reply};

/// Packets that are no answer, read before a try is given up.
const FOREIGN_LIMIT: usize = 16;
/// A packet without an answer is sent once more after this time, within the same try: all names of
/// a run are asked at once, and small resolvers drop part of such a burst.
const RESEND_AFTER: Duration = Duration::from_millis(400);
/// Largest packet over UDP that is read.
const PACKET_LIMIT: usize = 4096;

/// Asks a list of name servers.
#[derive(Debug, Clone)]
pub(crate) struct DnsClient {
    pub(crate) servers: Vec<SocketAddr>,
    pub(crate) timeout: Duration,
    /// Whether the servers are to find out for us; off for authoritative ones.
    pub(crate) recursion: bool,
    pub(crate) clock: RunClock,
}

/// The end of one try: an answer, or how it failed.
type TryResult = Result<DnsAnswer, Failure>;

impl DnsClient {
    /// Looks a name up, with all tries. An alias whose target is missing from the answer is
    /// followed on the same servers.
    pub(crate) async fn lookup(&self, name: &str, kind: RecordKind) -> Lookup {
        let began = Instant::now();
        let mut tries = Vec::new();
        let mut result = Box::pin(self.ask(name, kind, &mut tries)).await;
        if let Ok(answer) = &mut result {
            Box::pin(self.complete(name, kind, answer, &mut tries)).await;
        }
        let (value, failure) = match result {
            Ok(answer) => {
                let failure = objection(name, kind, &answer);
                (Some(answer), failure)
            }
            Err(failure) => (None, Some(failure)),
        };
        Lookup {
            name: name.to_owned(),
            kind,
            outcome: Observation {
                at_ms: self.clock.at(began),
                elapsed_ms: milliseconds(began.elapsed()),
                value,
                failure,
            },
            tries,
        }
    }

    /// Follows a chain that the server did not follow itself.
    async fn complete(
        &self,
        name: &str,
        kind: RecordKind,
        answer: &mut DnsAnswer,
        tries: &mut Vec<DnsTry>,
    ) {
        if !matches!(kind, RecordKind::A | RecordKind::Aaaa) {
            return;
        }
        for _ in 0..CNAME_LIMIT {
            let Chain::Dangling(target) = follow(name, kind, &answer.records) else {
                return;
            };
            if answer.rcode != "NOERROR" {
                return;
            }
            let Ok(more) = self.ask(&target, kind, tries).await else {
                return;
            };
            if more.records.is_empty() && more.rcode == "NOERROR" {
                return;
            }
            answer.rcode = more.rcode;
            answer.records.extend(more.records);
        }
    }

    /// One question, repeated as the rules say: other servers in turn, TCP beside the last packet.
    async fn ask(&self, name: &str, kind: RecordKind, tries: &mut Vec<DnsTry>) -> TryResult {
        if self.servers.is_empty() {
            return Err(classify::failure(
                FailureKind::Other,
                "no name server is configured",
            ));
        }
        let mut edns = true;
        let mut last = Err(classify::failure(FailureKind::Timeout, ""));
        let enough = self.servers.len().clamp(2, DNS_TRIES);
        for number in 0..DNS_TRIES {
            let server = self.servers[number % self.servers.len()];
            let question = Question::new(name, kind, self.recursion, edns)
                .map_err(|words| classify::failure(FailureKind::Malformed, words))?;
            let with_tcp = number + 1 == DNS_TRIES;
            last = self.one_try(server, &question, with_tcp, tries).await;
            match &last {
                Ok(answer) if is_transient(&answer.rcode) && number + 1 < enough => {
                    edns = !matches!(answer.rcode.as_str(), "FORMERR" | "NOTIMP");
                    sleep(CONFIRM_PAUSE).await;
                }
                Err(_) if !self.clock.is_over() => {}
                _ => break,
            }
        }
        last
    }

    /// One packet; the last of a question has TCP beside it, since UDP alone may be what is lost.
    async fn one_try(
        &self,
        server: SocketAddr,
        question: &Question,
        with_tcp: bool,
        tries: &mut Vec<DnsTry>,
    ) -> TryResult {
        if !with_tcp {
            return self.udp_then_tcp(server, question, tries).await;
        }
        let mut tcp_tries = Vec::new();
        let exchange = exchange_tcp(server, question);
        let udp = self.udp_then_tcp(server, question, tries);
        let tcp = self.timed(server, Transport::Tcp, &mut tcp_tries, exchange);
        let tcp = async { tcp.await.map(|(answer, _)| answer) };
        let result = first_answer(pin!(udp), pin!(tcp)).await;
        tries.append(&mut tcp_tries);
        result
    }

    async fn udp_then_tcp(
        &self,
        server: SocketAddr,
        question: &Question,
        tries: &mut Vec<DnsTry>,
    ) -> TryResult {
        let udp = exchange_udp(server, question);
        let (answer, truncated) = self.timed(server, Transport::Udp, tries, udp).await?;
        if !truncated {
            return Ok(answer);
        }
        if let Some(entry) = tries.last_mut() {
            entry.rcode = Some("TRUNCATED".to_owned());
        }
        let tcp = exchange_tcp(server, question);
        match self.timed(server, Transport::Tcp, tries, tcp).await {
            Ok((answer, _)) => Ok(answer),
            Err(failure) => Err(classify::failure(
                FailureKind::Truncated,
                format!("TCP: {}", words(&failure)),
            )),
        }
    }

    async fn timed(
        &self,
        server: SocketAddr,
        transport: Transport,
        tries: &mut Vec<DnsTry>,
        exchange: impl Future<Output = Result<(DnsAnswer, bool), Failure>>,
    ) -> Result<(DnsAnswer, bool), Failure> {
        let began = Instant::now();
        let result = match self.clock.within(self.timeout, exchange).await {
            Ok(result) => result,
            Err(why) => Err(classify::expired(why)),
        };
        tracing::debug!(%server, ?transport, passed = result.is_ok(), "DNS question over");
        tries.push(DnsTry {
            server,
            transport,
            at_ms: self.clock.at(began),
            elapsed_ms: milliseconds(began.elapsed()),
            rcode: result.as_ref().ok().map(|(answer, _)| answer.rcode.clone()),
            failure: result.as_ref().err().cloned(),
        });
        result
    }
}

/// The first of two exchanges that brings an answer; the first's failure where neither does.
async fn first_answer(
    first: Pin<&mut impl Future<Output = TryResult>>,
    second: Pin<&mut impl Future<Output = TryResult>>,
) -> TryResult {
    match select(first, second).await {
        Either::Left((Ok(answer), _)) | Either::Right((Ok(answer), _)) => Ok(answer),
        Either::Left((Err(failure), second)) => second.await.map_err(|_| failure),
        Either::Right((Err(_), first)) => first.await,
    }
}

fn words(failure: &Failure) -> String {
    match failure.kind {
        FailureKind::Timeout => "no answer".to_owned(),
        FailureKind::Refused => "port closed".to_owned(),
        _ => failure.detail.clone(),
    }
}

fn is_transient(rcode: &str) -> bool {
    matches!(rcode, "SERVFAIL" | "REFUSED" | "FORMERR" | "NOTIMP")
}

async fn exchange_udp(
    server: SocketAddr,
    question: &Question,
) -> Result<(DnsAnswer, bool), Failure> {
    let own: IpAddr = match server {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let io = |error: std::io::Error| classify::socket(&error);
    let socket = UdpSocket::bind((own, 0)).await.map_err(io)?;
    socket.connect(server).await.map_err(io)?;
    socket.send(&question.bytes).await.map_err(io)?;
    let answer = pin!(receive(&socket, question));
    match select(answer, pin!(sleep(RESEND_AFTER))).await {
        Either::Left((answer, _)) => answer,
        Either::Right(((), answer)) => {
            socket.send(&question.bytes).await.map_err(io)?;
            answer.await
        }
    }
}

async fn receive(socket: &UdpSocket, question: &Question) -> Result<(DnsAnswer, bool), Failure> {
    let mut packet = vec![0; PACKET_LIMIT];
    let mut foreign = String::new();
    for _ in 0..FOREIGN_LIMIT {
        let received = socket.recv(&mut packet).await;
        let length = received.map_err(|error| classify::socket(&error))?;
        match question.read(&packet[..length]) {
            Reply::Answer { answer, truncated } => return Ok((answer, truncated)),
            Reply::Foreign(what) => foreign = what,
        }
    }
    Err(classify::failure(FailureKind::Malformed, foreign))
}

async fn exchange_tcp(
    server: SocketAddr,
    question: &Question,
) -> Result<(DnsAnswer, bool), Failure> {
    let io = |error: std::io::Error| classify::socket(&error);
    let mut stream = TcpStream::connect(server).await.map_err(io)?;
    let length = u16::try_from(question.bytes.len())
        .map_err(|_| classify::failure(FailureKind::Malformed, "the question is too long"))?;
    let mut packet = length.to_be_bytes().to_vec();
    packet.extend(&question.bytes);
    stream.write_all(&packet).await.map_err(io)?;
    let length = stream.read_u16().await.map_err(io)?;
    let mut packet = vec![0; usize::from(length)];
    stream.read_exact(&mut packet).await.map_err(io)?;
    match question.read(&packet) {
        Reply::Answer { answer, .. } => Ok((answer, false)),
        Reply::Foreign(what) => Err(classify::failure(FailureKind::Malformed, what)),
    }
}

/// Where a chain of aliases ends.
#[derive(Debug, PartialEq, Eq)]
enum Chain {
    /// At records of the kind asked for, or at the name itself.
    Whole,
    /// At an alias whose target has no record in the answer.
    Dangling(String),
    /// Nowhere: it turns in a circle, or has more links than anybody follows.
    Endless,
}

fn follow(name: &str, kind: RecordKind, records: &[DnsRecord]) -> Chain {
    let mut current = name.trim_end_matches('.').to_ascii_lowercase();
    for link in 0..=CNAME_LIMIT {
        let alias = records
            .iter()
            .find(|record| record.kind == RecordKind::Cname && record.name == current);
        match alias {
            Some(alias) => current.clone_from(&alias.data),
            None if link == 0 => return Chain::Whole,
            None if records.iter().any(|r| r.kind == kind && r.name == current) => {
                return Chain::Whole;
            }
            None => return Chain::Dangling(current),
        }
    }
    Chain::Endless
}

/// What is wrong with an answer, for somebody who needs records of that kind.
fn objection(name: &str, kind: RecordKind, answer: &DnsAnswer) -> Option<Failure> {
    let kind_of_failure = match answer.rcode.as_str() {
        "NOERROR" => return missing(name, kind, answer),
        "NXDOMAIN" => FailureKind::Nxdomain,
        "SERVFAIL" => FailureKind::Servfail,
        "REFUSED" => FailureKind::DnsRefused,
        _ => FailureKind::DnsCode,
    };
    let mut words = answer.rcode.clone();
    for error in &answer.extended_errors {
        words.push_str("; ");
        words.push_str(error);
    }
    Some(classify::failure(kind_of_failure, words))
}

fn missing(name: &str, kind: RecordKind, answer: &DnsAnswer) -> Option<Failure> {
    if kind != RecordKind::Cname && follow(name, kind, &answer.records) == Chain::Endless {
        return Some(classify::failure(
            FailureKind::CnameLoop,
            format!("the chain of aliases does not end within {CNAME_LIMIT} links"),
        ));
    }
    if addresses_or_names(kind, &answer.records).next().is_none() {
        return Some(classify::failure(FailureKind::Nodata, ""));
    }
    None
}

fn addresses_or_names(kind: RecordKind, records: &[DnsRecord]) -> impl Iterator<Item = &str> {
    records
        .iter()
        .filter(move |record| record.kind == kind)
        .map(|record| record.data.as_str())
}

/// The addresses of a lookup that passed, each once, in the order of the answer.
pub(crate) fn addresses(lookup: &Lookup) -> Vec<IpAddr> {
    let Some(answer) = lookup
        .outcome
        .value
        .as_ref()
        .filter(|_| lookup.outcome.passed())
    else {
        return Vec::new();
    };
    let mut found: Vec<IpAddr> = Vec::new();
    for text in addresses_or_names(lookup.kind, &answer.records) {
        match text.parse() {
            Ok(address) if !found.contains(&address) => found.push(address),
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alias(name: &str, target: &str) -> DnsRecord {
        DnsRecord {
            name: name.to_owned(),
            kind: RecordKind::Cname,
            ttl: 60,
            data: target.to_owned(),
        }
    }

    fn address(name: &str) -> DnsRecord {
        DnsRecord {
            name: name.to_owned(),
            kind: RecordKind::A,
            ttl: 60,
            data: "192.0.2.1".to_owned(),
        }
    }

    #[test]
    fn a_chain_is_followed_to_its_end() {
        let records = [alias("a", "b"), alias("b", "c"), address("c")];
        assert_eq!(follow("A.", RecordKind::A, &records), Chain::Whole);
        assert_eq!(
            follow("a", RecordKind::A, &records[..2]),
            Chain::Dangling("c".to_owned())
        );
    }

    #[test]
    fn circles_and_endless_chains_are_told() {
        let circle = [alias("a", "b"), alias("b", "a")];
        assert_eq!(follow("a", RecordKind::A, &circle), Chain::Endless);
        let long: Vec<_> = (0..60)
            .map(|n| alias(&format!("n{n}"), &format!("n{}", n + 1)))
            .collect();
        assert_eq!(follow("n0", RecordKind::A, &long), Chain::Endless);
    }
}
