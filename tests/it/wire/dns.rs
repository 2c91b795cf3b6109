//! Every fault of the name server, as a plain socket sees it.

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use hickory_resolver::proto::op::{Message, MessageType, OpCode, Query, ResponseCode};
use hickory_resolver::proto::rr::{Name as DnsName, RecordType};

use super::{PATIENCE, connect, stays_silent};
use reach365_testlab::Lab;
use reach365_testlab::dns::{Port, Transports};
use reach365_testlab::zone::{Fault, Kind, Name};

const ID: u16 = 0x1234;
const WAIT: Duration = Duration::from_millis(300);

fn question(name: &str, kind: RecordType) -> Vec<u8> {
    let mut message = Message::new(ID, MessageType::Query, OpCode::Query);
    message.metadata.recursion_desired = true;
    message.add_query(Query::query(DnsName::from_ascii(name).unwrap(), kind));
    message.to_vec().unwrap()
}

fn udp_bytes(
    server: SocketAddr,
    name: &str,
    kind: RecordType,
    limit: Duration,
) -> std::io::Result<Vec<u8>> {
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    socket.connect(server)?;
    socket.set_read_timeout(Some(limit))?;
    socket.send(&question(name, kind))?;
    let mut buffer = [0; 4096];
    let length = socket.recv(&mut buffer)?;
    Ok(buffer[..length].to_vec())
}

fn udp(server: SocketAddr, name: &str, kind: RecordType) -> Message {
    Message::from_vec(&udp_bytes(server, name, kind, PATIENCE).unwrap()).unwrap()
}

fn tcp(server: SocketAddr, name: &str, kind: RecordType) -> Message {
    let mut stream = connect(server);
    let question = question(name, kind);
    let length = u16::try_from(question.len()).unwrap();
    stream.write_all(&length.to_be_bytes()).unwrap();
    stream.write_all(&question).unwrap();
    let mut length = [0; 2];
    stream.read_exact(&mut length).unwrap();
    let mut answer = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut answer).unwrap();
    Message::from_vec(&answer).unwrap()
}

fn data(message: &Message) -> Vec<String> {
    let records = message.answers.iter();
    records
        .map(|record| format!("{} {} {}", record.name, record.ttl, record.data))
        .collect()
}

fn lab(names: &[(&str, Name)]) -> (Lab, SocketAddr) {
    let mut lab = Lab::start();
    for (name, entry) in names {
        lab.name(name, entry.clone());
    }
    let server = lab.resolver(Transports::default());
    (lab, server)
}

fn at(last: u8) -> Name {
    Name::at(&[IpAddr::V4(Ipv4Addr::new(127, 9, 9, last))])
}

fn with(fault: Fault) -> Name {
    Name {
        fault: Some(fault),
        ..at(1)
    }
}

#[test]
fn addresses_of_both_families_with_their_ttl() {
    let mut entry = at(1);
    entry.add("::1".parse().unwrap());
    entry.ttl = Some(0);
    let (lab, server) = lab(&[("both.example", entry), ("four.example", at(2))]);
    assert_eq!(
        data(&udp(server, "both.example.", RecordType::A)),
        ["both.example. 0 127.9.9.1"]
    );
    assert_eq!(
        data(&udp(server, "both.example.", RecordType::AAAA)),
        ["both.example. 0 ::1"]
    );
    let answer = tcp(server, "FOUR.example.", RecordType::A);
    assert_eq!(data(&answer), ["FOUR.example. 300 127.9.9.2"]);
    assert_eq!(answer.metadata.id, ID);
    assert!(answer.metadata.recursion_available && !answer.metadata.authoritative);
    assert_eq!(lab.zone.asked("four.example", RecordType::A), 1);
    assert_eq!(lab.zone.asked("four.example", RecordType::AAAA), 0);
    assert_eq!(lab.zone.questions(), 3);
}

#[test]
fn every_response_code() {
    let cases = [
        (Fault::Nxdomain, ResponseCode::NXDomain),
        (Fault::Nodata, ResponseCode::NoError),
        (Fault::Servfail, ResponseCode::ServFail),
        (Fault::Refused, ResponseCode::Refused),
        (Fault::Notimp, ResponseCode::NotImp),
        (Fault::Formerr, ResponseCode::FormErr),
    ];
    for (fault, code) in cases {
        let (_lab, server) = lab(&[("bad.example", with(fault)), ("good.example", at(2))]);
        for answer in [
            udp(server, "bad.example.", RecordType::A),
            tcp(server, "bad.example.", RecordType::A),
        ] {
            assert_eq!(answer.metadata.response_code, code, "{fault:?}");
            assert_eq!(data(&answer), Vec::<String>::new(), "{fault:?}");
            assert_eq!(
                answer.authorities.len(),
                1,
                "an SOA record says how long to remember it"
            );
        }
        assert_eq!(data(&udp(server, "good.example.", RecordType::A)).len(), 1);
    }
}

#[test]
fn names_without_an_entry() {
    let (lab, server) = lab(&[("a.example", at(1))]);
    let answer = udp(server, "b.example.", RecordType::A);
    assert_eq!(answer.metadata.response_code, ResponseCode::NXDomain);
    let answer = udp(server, "a.example.", RecordType::AAAA);
    assert_eq!(answer.metadata.response_code, ResponseCode::NoError);
    assert!(answer.answers.is_empty());
    lab.zone.lock().wildcard = Some(at(7));
    assert_eq!(
        data(&udp(server, "b.example.", RecordType::A)),
        ["b.example. 300 127.9.9.7"]
    );
    lab.zone.lock().wildcard = Some(Name::faulty(Fault::Silent));
    let answer = udp_bytes(server, "c.example.", RecordType::A, WAIT);
    assert_eq!(answer.unwrap_err().kind(), ErrorKind::WouldBlock);
}

#[test]
fn a_fault_of_one_kind_leaves_the_other_kinds_alone() {
    let entry = Name {
        only: Some(Kind::Aaaa),
        ..with(Fault::Servfail)
    };
    let (_lab, server) = lab(&[("half.example", entry)]);
    assert_eq!(data(&udp(server, "half.example.", RecordType::A)).len(), 1);
    let answer = udp(server, "half.example.", RecordType::AAAA);
    assert_eq!(answer.metadata.response_code, ResponseCode::ServFail);
}

#[test]
fn chains_keep_their_case_and_their_order() {
    let (lab, server) = lab(&[]);
    lab.alias(
        "msoid.a.example",
        &["ClientConfig.One.Example", "TWO.example"],
        "end.example",
    );
    lab.name("end.example", at(3));
    let expected = [
        "MSOID.a.example. 300 ClientConfig.One.Example.",
        "ClientConfig.One.Example. 300 TWO.example.",
        "TWO.example. 300 end.example.",
        "end.example. 300 127.9.9.3",
    ];
    assert_eq!(
        data(&udp(server, "MSOID.a.example.", RecordType::A)),
        expected
    );
    // A question for the alias itself gets that alias alone.
    assert_eq!(
        data(&udp(server, "msoid.a.example.", RecordType::CNAME)).len(),
        1
    );
    assert_eq!(
        data(&udp(server, "end.example.", RecordType::CNAME)).len(),
        0
    );
    let bytes = udp_bytes(server, "msoid.a.example.", RecordType::CNAME, PATIENCE).unwrap();
    assert!(bytes.windows(12).any(|part| part == b"ClientConfig"));
}

#[test]
fn an_authoritative_server_leaves_the_next_link_to_the_client() {
    let (lab, server) = lab(&[]);
    lab.alias("a.example", &["b.example"], "c.example");
    lab.name("c.example", at(4));
    lab.zone.lock().authority_for = vec!["A.example".to_owned()];
    lab.zone.lock().one_link_at_a_time = true;
    let answer = udp(server, "a.example.", RecordType::A);
    assert_eq!(data(&answer), ["a.example. 300 b.example."]);
    assert!(answer.metadata.authoritative && !answer.metadata.recursion_available);
    let answer = udp(server, "nobody.a.example.", RecordType::A);
    assert_eq!(answer.metadata.response_code, ResponseCode::NXDomain);
    for other in ["c.example.", "aa.example."] {
        let answer = udp(server, other, RecordType::A);
        assert_eq!(
            answer.metadata.response_code,
            ResponseCode::Refused,
            "{other}"
        );
    }
}

#[test]
fn chains_that_end_nowhere() {
    let (lab, server) = lab(&[]);
    lab.alias("dangling.example", &["x.example"], "nothing.example");
    let answer = udp(server, "dangling.example.", RecordType::A);
    assert_eq!(answer.metadata.response_code, ResponseCode::NXDomain);
    assert_eq!(data(&answer).len(), 2);
    lab.alias("turn.example", &["round.example"], "TURN.example");
    let answer = udp(server, "turn.example.", RecordType::A);
    assert_eq!(answer.metadata.response_code, ResponseCode::NoError);
    assert_eq!(data(&answer).len(), 2);
    assert_eq!(
        data(&udp(server, "round.example.", RecordType::CNAME)).len(),
        1
    );
}

#[test]
fn sixty_links() {
    let (lab, server) = lab(&[]);
    let links: Vec<String> = (1..60)
        .map(|number| format!("n{number}.long.example"))
        .collect();
    let links: Vec<&str> = links.iter().map(String::as_str).collect();
    lab.alias("long.example", &links, "end.example");
    lab.name("end.example", at(5));
    assert_eq!(data(&tcp(server, "long.example.", RecordType::A)).len(), 61);
}

#[test]
fn an_entry_moves_behind_aliases() {
    let (lab, server) = lab(&[("host.example", at(6))]);
    lab.zone
        .hide_behind("host.example", &["One.example", "two.example"]);
    let answer = data(&udp(server, "host.example.", RecordType::A));
    assert_eq!(answer.len(), 3);
    assert_eq!(answer[2], "two.example. 300 127.9.9.6");
    lab.zone
        .hide_behind("loop.example", &["again.example", "loop.example"]);
    assert_eq!(data(&udp(server, "loop.example.", RecordType::A)).len(), 2);
}

#[test]
fn name_servers() {
    let entry = Name {
        ns: vec!["ns1.example".into(), "ns2.example".into()],
        ..Name::default()
    };
    let (_lab, server) = lab(&[("domain.example", entry)]);
    let answer = data(&udp(server, "domain.example.", RecordType::NS));
    assert_eq!(
        answer,
        [
            "domain.example. 300 ns1.example.",
            "domain.example. 300 ns2.example."
        ]
    );
}

#[test]
fn silence_and_delay() {
    let slow = Name {
        delay_ms: 250,
        ..at(1)
    };
    let (_lab, server) = lab(&[
        ("mute.example", with(Fault::Silent)),
        ("slow.example", slow),
    ]);
    let answer = udp_bytes(server, "mute.example.", RecordType::A, WAIT);
    assert_eq!(answer.unwrap_err().kind(), ErrorKind::WouldBlock);
    let answer = udp_bytes(
        server,
        "slow.example.",
        RecordType::A,
        Duration::from_millis(100),
    );
    assert_eq!(answer.unwrap_err().kind(), ErrorKind::WouldBlock);
    assert_eq!(data(&udp(server, "slow.example.", RecordType::A)).len(), 1);
}

#[test]
fn lost_packets_are_counted_per_kind() {
    let (lab, server) = lab(&[("lossy.example", Name { lost: 2, ..at(1) })]);
    for lost in [true, true, false] {
        let answer = udp_bytes(server, "lossy.example.", RecordType::A, WAIT);
        assert_eq!(answer.is_err(), lost);
    }
    assert_eq!(lab.zone.asked("lossy.example", RecordType::A), 3);
    assert!(udp_bytes(server, "lossy.example.", RecordType::AAAA, WAIT).is_err());
}

#[test]
fn truncation_and_what_tcp_makes_of_it() {
    let (mut lab, server) = lab(&[("cut.example", with(Fault::Truncated))]);
    let answer = udp(server, "cut.example.", RecordType::A);
    assert!(answer.metadata.truncation && answer.answers.is_empty());
    let answer = tcp(server, "cut.example.", RecordType::A);
    assert!(!answer.metadata.truncation && answer.answers.len() == 1);

    let mut server_with = |tcp: Port| {
        lab.resolver(Transports {
            udp: Port::Open,
            tcp,
            ..Transports::default()
        })
    };
    let closed = server_with(Port::Closed);
    assert!(
        udp(closed, "cut.example.", RecordType::A)
            .metadata
            .truncation
    );
    let refused = std::net::TcpStream::connect_timeout(&closed, PATIENCE).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);

    let silent = server_with(Port::Silent);
    let mut stream = connect(silent);
    let question = question("cut.example.", RecordType::A);
    stream
        .write_all(&[0, u8::try_from(question.len()).unwrap()])
        .unwrap();
    stream.write_all(&question).unwrap();
    assert!(stays_silent(&stream, WAIT));

    let hangs_up = server_with(Port::HangsUp);
    assert_eq!(connect(hangs_up).read(&mut [0; 1]).unwrap(), 0);
}

#[test]
#[cfg(target_os = "linux")]
fn tcp_that_is_dropped() {
    let (mut lab, _) = lab(&[]);
    let server = lab.resolver(Transports {
        udp: Port::Open,
        tcp: Port::Dropped,
        ..Transports::default()
    });
    let error = std::net::TcpStream::connect_timeout(&server, WAIT).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert_eq!(
        udp(server, "x.example.", RecordType::A)
            .metadata
            .response_code,
        ResponseCode::NXDomain
    );
}

#[test]
#[cfg(target_os = "linux")]
fn a_closed_resolver_is_told_apart_from_a_silent_one() {
    let (mut lab, _) = lab(&[]);
    let closed = lab.resolver(Transports {
        udp: Port::Closed,
        tcp: Port::Closed,
        ..Transports::default()
    });
    let error = udp_bytes(closed, "x.example.", RecordType::A, PATIENCE).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    let silent = lab.resolver(Transports {
        udp: Port::Silent,
        tcp: Port::Silent,
        ..Transports::default()
    });
    let error = udp_bytes(silent, "x.example.", RecordType::A, WAIT).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
}

#[test]
fn answers_that_are_none() {
    let (_lab, server) = lab(&[
        ("garbage.example", with(Fault::Garbage)),
        ("id.example", with(Fault::WrongId)),
        ("question.example", with(Fault::WrongQuestion)),
        ("short.example", with(Fault::ShortRecord)),
    ]);
    let bytes = udp_bytes(server, "garbage.example.", RecordType::A, PATIENCE).unwrap();
    assert!(Message::from_vec(&bytes).is_err());
    let bytes = udp_bytes(server, "short.example.", RecordType::A, PATIENCE).unwrap();
    assert!(Message::from_vec(&bytes).is_err());
    let answer = udp(server, "id.example.", RecordType::A);
    assert_eq!((answer.metadata.id, answer.answers.len()), (ID + 1, 1));
    let answer = udp(server, "question.example.", RecordType::A);
    assert_eq!(answer.queries[0].name().to_ascii(), "nobody.asked.example.");
}

#[test]
fn a_huge_answer_comes_over_tcp() {
    let (_lab, server) = lab(&[("huge.example", with(Fault::Huge))]);
    assert!(
        udp(server, "huge.example.", RecordType::A)
            .metadata
            .truncation
    );
    assert_eq!(
        tcp(server, "huge.example.", RecordType::A).answers.len(),
        501
    );
}
