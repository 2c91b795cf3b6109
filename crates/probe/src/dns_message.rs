//! Encodes DNS questions and decodes their answers.

use hickory_resolver::proto::op::{Edns, Message, Query, ResponseCode};
use hickory_resolver::proto::rr::rdata::opt::{EdnsCode, EdnsOption};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};

use reach365_model::endpoint::printable;
use reach365_model::evidence::{DnsAnswer, DnsRecord, RecordKind};

/// More records than any answer of these names has; the rest is left out.
const RECORD_LIMIT: usize = 100;
/// Size that a resolver may answer with over UDP without fragments (RFC 9715).
const UDP_PAYLOAD: u16 = 1232;
/// Code of an extended DNS error in an EDNS option (RFC 8914).
const EXTENDED_ERROR: u16 = 15;

/// A question, ready to send.
#[derive(Debug)]
pub(crate) struct Question {
    pub(crate) bytes: Vec<u8>,
    id: u16,
    query: Query,
}

/// The reply to a question.
#[derive(Debug)]
pub(crate) enum Reply {
    /// An answer to this very question.
    Answer { answer: DnsAnswer, truncated: bool },
    /// A packet that does not answer the question, or cannot be decoded.
    Foreign(String),
}

impl Question {
    /// A question for a fully qualified name; `recursion` sets RD (recursion desired).
    ///
    /// # Errors
    /// The library's message where the name cannot be encoded in a question.
    pub(crate) fn new(
        name: &str,
        kind: RecordKind,
        recursion: bool,
        edns: bool,
    ) -> Result<Self, String> {
        let mut name = Name::from_ascii(name).map_err(|error| error.to_string())?;
        name.set_fqdn(true);
        let query = Query::query(name, record_type(kind));
        let mut message = Message::query();
        message.metadata.recursion_desired = recursion;
        message.add_query(query.clone());
        if edns {
            let mut options = Edns::new();
            options.set_max_payload(UDP_PAYLOAD);
            message.set_edns(options);
        }
        let bytes = message.to_vec().map_err(|error| error.to_string())?;
        Ok(Self {
            bytes,
            id: message.metadata.id,
            query,
        })
    }

    /// Decodes a reply.
    pub(crate) fn read(&self, packet: &[u8]) -> Reply {
        let message = match Message::from_vec(packet) {
            Ok(message) => message,
            Err(error) => return Reply::Foreign(format!("unreadable packet: {error}")),
        };
        if message.metadata.id != self.id {
            return Reply::Foreign("an answer with another id".to_owned());
        }
        let asked = message.queries.first();
        if asked.is_some_and(|query| !same_question(query, &self.query)) {
            return Reply::Foreign("an answer to another question".to_owned());
        }
        Reply::Answer {
            truncated: message.metadata.truncation,
            answer: answer(&message),
        }
    }
}

fn same_question(left: &Query, right: &Query) -> bool {
    left.query_type == right.query_type
        && left
            .name
            .to_ascii()
            .eq_ignore_ascii_case(&right.name.to_ascii())
}

fn record_type(kind: RecordKind) -> RecordType {
    match kind {
        RecordKind::A => RecordType::A,
        RecordKind::Aaaa => RecordType::AAAA,
        RecordKind::Cname => RecordType::CNAME,
        RecordKind::Ns => RecordType::NS,
        RecordKind::Soa => RecordType::SOA,
    }
}

fn answer(message: &Message) -> DnsAnswer {
    DnsAnswer {
        rcode: rcode(message.metadata.response_code),
        records: message
            .answers
            .iter()
            .filter_map(record)
            .take(RECORD_LIMIT)
            .collect(),
        authoritative: message.metadata.authoritative,
        zone_labels: zone_labels(message),
        extended_errors: extended_errors(message),
    }
}

/// Labels of the zone whose SOA record confirms that the record does not exist.
fn zone_labels(message: &Message) -> Option<usize> {
    let asked = message.queries.first()?.name();
    let is_head = |record: &&Record| matches!(record.data, RData::SOA(_));
    let head = message.authorities.iter().find(is_head)?;
    let labels = head.name.num_labels().into();
    head.name.zone_of(asked).then_some(labels)
}

fn rcode(code: ResponseCode) -> String {
    match code {
        ResponseCode::NoError => "NOERROR".to_owned(),
        ResponseCode::FormErr => "FORMERR".to_owned(),
        ResponseCode::ServFail => "SERVFAIL".to_owned(),
        ResponseCode::NXDomain => "NXDOMAIN".to_owned(),
        ResponseCode::NotImp => "NOTIMP".to_owned(),
        ResponseCode::Refused => "REFUSED".to_owned(),
        other => match u16::from(other) {
            // The number also means BADSIG, in TSIG records, which are not requested here.
            16 => "BADVERS".to_owned(),
            number => format!("RCODE{number}"),
        },
    }
}

fn record(record: &Record) -> Option<DnsRecord> {
    let (kind, data) = match &record.data {
        RData::A(address) => (RecordKind::A, address.0.to_string()),
        RData::AAAA(address) => (RecordKind::Aaaa, address.0.to_string()),
        RData::CNAME(target) => (RecordKind::Cname, plain(&target.0)),
        RData::NS(server) => (RecordKind::Ns, plain(&server.0)),
        RData::SOA(head) => (RecordKind::Soa, plain(&head.mname)),
        _ => return None,
    };
    Some(DnsRecord {
        name: plain(&record.name),
        kind,
        ttl: record.ttl,
        data,
    })
}

/// A name in lower case without its final dot; untrusted text, made printable.
fn plain(name: &Name) -> String {
    let text = name.to_ascii().to_ascii_lowercase();
    printable(text.trim_end_matches('.'))
}

fn extended_errors(message: &Message) -> Vec<String> {
    let Some(edns) = &message.edns else {
        return Vec::new();
    };
    edns.options()
        .as_ref()
        .iter()
        .filter_map(|(code, option)| extended_error(*code, option))
        .take(4)
        .collect()
}

fn extended_error(code: EdnsCode, option: &EdnsOption) -> Option<String> {
    let EdnsOption::Unknown(_, bytes) = option else {
        return None;
    };
    if u16::from(code) != EXTENDED_ERROR {
        return None;
    }
    let (number, text) = bytes.split_first_chunk::<2>()?;
    let text: String = String::from_utf8_lossy(text).chars().take(200).collect();
    let line = format!("{} {}", u16::from_be_bytes(*number), printable(&text));
    Some(line.trim_end().to_owned())
}
