//! A name server for a [`SharedZone`], over UDP and TCP at the same address and port.

use std::net::SocketAddr;
use std::time::Duration;

use hickory_resolver::proto::op::{Edns as Edns0, Message, Query, ResponseCode};
use hickory_resolver::proto::rr::rdata::{A, AAAA, CNAME, NS, SOA};
use hickory_resolver::proto::rr::{Name as DnsName, RData, Record, RecordType};
use serde::Deserialize;
use socket2::Socket;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};

use crate::address;
use crate::zone::{Fault, Name, SharedZone, Zone};

/// How a name server treats its two transports.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct Transports {
    /// Port 53 over UDP.
    pub udp: Port,
    /// Port 53 over TCP; `Dropped` is possible here only.
    pub tcp: Port,
    /// How questions with EDNS are handled.
    pub edns: Edns,
    /// Code for every name, in place of the zone's answer.
    pub code: Option<Code>,
}

/// How a name server or the path to it treats questions with EDNS.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Edns {
    /// As it should be.
    #[default]
    Answered,
    /// They vanish.
    Dropped,
    /// They vanish where they allow more than 512 bytes.
    DroppedIfLarge,
    /// Format error, with the question in it.
    Formerr,
    /// Format error, the header only.
    FormerrBare,
    /// Not implemented.
    Notimp,
    /// Another version of EDNS is wanted.
    Badvers,
    /// Server failure.
    Servfail,
    /// Refused.
    Refused,
}

/// How a name server answers for every name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// Server failure.
    Servfail,
    /// Refused.
    Refused,
    /// No such name.
    Nxdomain,
}

impl From<Code> for ResponseCode {
    fn from(code: Code) -> Self {
        match code {
            Code::Servfail => Self::ServFail,
            Code::Refused => Self::Refused,
            Code::Nxdomain => Self::NXDomain,
        }
    }
}

/// How EDNS alone changes the answer.
enum ForEdns {
    Nothing,
    Silence,
    Packet(Vec<u8>),
}

impl Transports {
    fn for_edns(self, question: &Message) -> ForEdns {
        let Some(edns) = &question.edns else {
            return ForEdns::Nothing;
        };
        let code = match self.edns {
            Edns::Answered => return ForEdns::Nothing,
            Edns::DroppedIfLarge if edns.max_payload() <= 512 => return ForEdns::Nothing,
            Edns::Dropped | Edns::DroppedIfLarge => return ForEdns::Silence,
            Edns::Formerr | Edns::FormerrBare => ResponseCode::FormErr,
            Edns::Notimp => ResponseCode::NotImp,
            Edns::Badvers => ResponseCode::BADVERS,
            Edns::Servfail => ResponseCode::ServFail,
            Edns::Refused => ResponseCode::Refused,
        };
        let mut message = Message::response(question.metadata.id, question.metadata.op_code);
        message.metadata.response_code = code;
        if self.edns != Edns::FormerrBare {
            message.add_queries(question.queries.clone());
        }
        if self.edns == Edns::Badvers {
            message.set_edns(Edns0::new());
        }
        ForEdns::Packet(message.to_vec().expect("a message without records"))
    }
}

/// How a port behaves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Port {
    /// Answers.
    #[default]
    Open,
    /// Takes questions and answers none.
    Silent,
    /// TCP only: accepts and closes at once.
    HangsUp,
    /// TCP only: connection requests are dropped.
    Dropped,
    /// Nothing listens: the system rejects packets to it.
    Closed,
}

/// A packet, and how late it is sent.
struct Reply {
    after: Duration,
    bytes: Vec<u8>,
}

/// Starts a name server inside the current runtime. The sockets returned must stay open.
pub fn start(
    zone: SharedZone,
    transports: Transports,
    tcp: Socket,
    address: SocketAddr,
) -> Vec<Socket> {
    match transports.udp {
        Port::Closed => {}
        Port::Open => start_udp(Some(zone.clone()), transports, address),
        Port::Silent | Port::HangsUp | Port::Dropped => start_udp(None, transports, address),
    }
    match transports.tcp {
        Port::Closed => return vec![tcp],
        Port::Dropped => return address::fill_queue(tcp),
        Port::Open | Port::Silent | Port::HangsUp => {}
    }
    let listener = listen(tcp);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve_tcp(zone.clone(), stream, transports));
        }
    });
    Vec::new()
}

/// Turns a bound socket into a listener of the current runtime.
pub fn listen(socket: Socket) -> TcpListener {
    socket.listen(256).expect("a bound socket can listen");
    socket.set_nonblocking(true).expect("any socket can");
    TcpListener::from_std(socket.into()).expect("inside a runtime")
}

fn start_udp(zone: Option<SharedZone>, transports: Transports, address: SocketAddr) {
    let socket = std::net::UdpSocket::bind(address).expect("the address is the lab's own");
    socket.set_nonblocking(true).expect("any socket can");
    let socket = UdpSocket::from_std(socket).expect("inside a runtime");
    tokio::spawn(serve_udp(zone, transports, std::sync::Arc::new(socket)));
}

async fn serve_udp(
    zone: Option<SharedZone>,
    transports: Transports,
    socket: std::sync::Arc<UdpSocket>,
) {
    let mut buffer = [0; 4096];
    loop {
        // An ICMP error for an earlier answer must not stop the server.
        let Ok((length, client)) = socket.recv_from(&mut buffer).await else {
            continue;
        };
        let Some(reply) = zone
            .as_ref()
            .and_then(|zone| answer(zone, transports, &buffer[..length], true))
        else {
            continue;
        };
        let socket = socket.clone();
        tokio::spawn(async move {
            tokio::time::sleep(reply.after).await;
            let _ = socket.send_to(&reply.bytes, client).await;
        });
    }
}

async fn serve_tcp(zone: SharedZone, mut stream: TcpStream, transports: Transports) -> Option<()> {
    if transports.tcp == Port::HangsUp {
        return None;
    }
    loop {
        let length = stream.read_u16().await.ok()?;
        let mut question = vec![0; usize::from(length)];
        stream.read_exact(&mut question).await.ok()?;
        if transports.tcp == Port::Silent {
            continue;
        }
        let Some(reply) = answer(&zone, transports, &question, false) else {
            continue;
        };
        tokio::time::sleep(reply.after).await;
        let length = u16::try_from(reply.bytes.len()).expect("answers are below 64 KiB");
        let mut packet = length.to_be_bytes().to_vec();
        packet.extend(reply.bytes);
        stream.write_all(&packet).await.ok()?;
    }
}

fn answer(
    zone: &SharedZone,
    transports: Transports,
    question: &[u8],
    over_udp: bool,
) -> Option<Reply> {
    let question = Message::from_vec(question).ok()?;
    match transports.for_edns(&question) {
        ForEdns::Nothing => {}
        ForEdns::Silence => return None,
        ForEdns::Packet(bytes) => {
            return Some(Reply {
                after: Duration::ZERO,
                bytes,
            });
        }
    }
    let query = question.queries.first()?.clone();
    let name = query.name().to_ascii();
    let mut zone = zone.lock();
    let count = zone.count(&name, query.query_type());
    let entry = zone.find(&name).cloned().unwrap_or_default();
    let concerned = entry.concerns(query.query_type());
    if over_udp && concerned && count <= entry.lost {
        return None;
    }
    let fault = entry.fault.filter(|_| concerned);
    let late = if concerned { entry.delay_ms } else { 0 };
    Some(Reply {
        after: Duration::from_millis(late),
        bytes: match transports.code {
            Some(code) => refusing(&question, &query, code.into()),
            None => packet(&zone, &question, &query, fault, over_udp)?,
        },
    })
}

/// The reply packet, its fault included; `None` for silence.
fn packet(
    zone: &Zone,
    question: &Message,
    query: &Query,
    fault: Option<Fault>,
    over_udp: bool,
) -> Option<Vec<u8>> {
    let mut message = genuine(zone, question, query);
    match fault {
        Some(Fault::Silent) => return None,
        Some(Fault::Garbage) => return Some(b"\x00\x01garbage instead of DNS".to_vec()),
        Some(Fault::WrongId) => message.metadata.id = message.metadata.id.wrapping_add(1),
        Some(Fault::WrongQuestion) => ask_something_else(&mut message),
        Some(Fault::ShortRecord) => return Some(short_record(&message)),
        Some(Fault::Truncated) if over_udp => truncate(&mut message),
        Some(Fault::Huge) => add_many(&mut message, query),
        _ => {}
    }
    if over_udp && message.to_vec().is_ok_and(|bytes| bytes.len() > 1232) {
        truncate(&mut message);
    }
    Some(message.to_vec().expect("a message of valid records"))
}

fn refusing(question: &Message, query: &Query, code: ResponseCode) -> Vec<u8> {
    let mut message = Message::response(question.metadata.id, question.metadata.op_code);
    message.add_query(query.clone());
    message.metadata.response_code = code;
    message.to_vec().expect("a message without records")
}

fn genuine(zone: &Zone, question: &Message, query: &Query) -> Message {
    let mut message = Message::response(question.metadata.id, question.metadata.op_code);
    message.metadata.recursion_desired = question.metadata.recursion_desired;
    message.metadata.recursion_available = !zone.is_authoritative();
    message.metadata.authoritative = zone.is_authoritative();
    message.add_query(query.clone());
    let (records, code) = resolve(zone, query);
    if !records
        .iter()
        .any(|record| record.record_type() == query.query_type())
    {
        message.add_authority(soa(query.name()));
    }
    message.add_answers(records);
    message.metadata.response_code = code;
    message
}

/// Follows the aliases as a resolver does; a circle ends where it closes.
fn resolve(zone: &Zone, query: &Query) -> (Vec<Record>, ResponseCode) {
    let mut records = Vec::new();
    let mut name = query.name().clone();
    let mut seen = Vec::new();
    if !zone.speaks_about(&name.to_ascii()) {
        return (records, ResponseCode::Refused);
    }
    loop {
        let Some(entry) = zone.find(&name.to_ascii()) else {
            return (records, ResponseCode::NXDomain);
        };
        if let Some(code) = refusal(entry, query.query_type()) {
            return (records, code);
        }
        let own = own_records(entry, &name, query.query_type());
        let alias = entry.cname.as_ref().filter(|_| own.is_empty());
        records.extend(own);
        let Some(target) = alias else {
            return (records, ResponseCode::NoError);
        };
        seen.push(name.to_lowercase());
        let target = dns_name(target);
        records.push(record(entry, &name, RData::CNAME(CNAME(target.clone()))));
        if zone.one_link_at_a_time || seen.contains(&target.to_lowercase()) {
            return (records, ResponseCode::NoError);
        }
        name = target;
    }
}

/// The response code of a name's fault, if it has one.
fn refusal(entry: &Name, kind: RecordType) -> Option<ResponseCode> {
    let fault = entry.fault.filter(|_| entry.concerns(kind))?;
    match fault {
        Fault::Nxdomain => Some(ResponseCode::NXDomain),
        Fault::Nodata => Some(ResponseCode::NoError),
        Fault::Servfail => Some(ResponseCode::ServFail),
        Fault::Refused => Some(ResponseCode::Refused),
        Fault::Notimp => Some(ResponseCode::NotImp),
        Fault::Formerr => Some(ResponseCode::FormErr),
        _ => None,
    }
}

fn own_records(entry: &Name, name: &DnsName, kind: RecordType) -> Vec<Record> {
    let data: Vec<RData> = match kind {
        RecordType::A => entry
            .a
            .iter()
            .map(|address| RData::A(A(*address)))
            .collect(),
        RecordType::AAAA => entry
            .aaaa
            .iter()
            .map(|address| RData::AAAA(AAAA(*address)))
            .collect(),
        RecordType::NS => entry
            .ns
            .iter()
            .map(|server| RData::NS(NS(dns_name(server))))
            .collect(),
        RecordType::CNAME => {
            let targets = entry.cname.iter();
            targets
                .map(|target| RData::CNAME(CNAME(dns_name(target))))
                .collect()
        }
        RecordType::SOA if !entry.ns.is_empty() => vec![head()],
        _ => Vec::new(),
    };
    data.into_iter()
        .map(|data| record(entry, name, data))
        .collect()
}

fn record(entry: &Name, name: &DnsName, data: RData) -> Record {
    Record::from_rdata(name.clone(), entry.ttl.unwrap_or(300), data)
}

fn soa(name: &DnsName) -> Record {
    Record::from_rdata(name.base_name(), 60, head())
}

/// The head of a zone; names with name servers have one.
fn head() -> RData {
    let server = dns_name("ns.lab.example");
    RData::SOA(SOA::new(server.clone(), server, 1, 3600, 600, 86_400, 60))
}

fn truncate(message: &mut Message) {
    message.answers.clear();
    message.authorities.clear();
    message.metadata.truncation = true;
}

fn add_many(message: &mut Message, query: &Query) {
    if query.query_type() != RecordType::A {
        return;
    }
    for number in 0..500_u16 {
        let [high, low] = number.to_be_bytes();
        let data = RData::A(A(std::net::Ipv4Addr::new(127, 255, high, low)));
        message.add_answer(Record::from_rdata(query.name().clone(), 300, data));
    }
}

fn ask_something_else(message: &mut Message) {
    let kind = message.queries[0].query_type();
    message.queries = vec![Query::query(dns_name("nobody.asked.example"), kind)];
}

/// A message whose last four bytes, an IPv4 address, are announced and written as two.
fn short_record(message: &Message) -> Vec<u8> {
    let mut bytes = message.to_vec().expect("a message of valid records");
    let end = bytes.len();
    if end > 6 && bytes[end - 6..end - 4] == [0, 4] {
        bytes[end - 5] = 2;
        bytes.truncate(end - 2);
    }
    bytes
}

fn dns_name(text: &str) -> DnsName {
    let mut name = DnsName::from_ascii(text).expect("the names of a lab are valid");
    name.set_fqdn(true);
    name
}
