//! What a lookup keeps of every packet and connection.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::time::Instant;

use crate::classify;
use crate::clock::{Expired, milliseconds};
use crate::dns::DnsClient;
use crate::dns::load::Ticket;
use crate::dns_message::Question;
use reach365_model::evidence::{DnsTry, Failure, Transport};

/// A question that was sent.
#[derive(Debug)]
pub(super) struct Packet {
    pub(super) question: Question,
    pub(super) edns: bool,
    pub(super) left: Instant,
    pub(super) ticket: Ticket,
    /// Whether the server has had its time for it.
    pub(super) lost: bool,
}

/// One try: a packet, perhaps repeated, or a connection.
#[derive(Debug)]
pub(super) struct Try {
    pub(super) server: SocketAddr,
    pub(super) transport: Transport,
    /// What was sent over UDP: the first packet and its repetitions, which are without EDNS.
    pub(super) packets: Vec<Packet>,
    /// How long after the first one the packet left that was answered, where it was a later one.
    pub(super) resent_after: Option<Duration>,
    /// How long it waited for other questions, at the server or here.
    pub(super) queued: Duration,
    /// Whether the first packet carried EDNS.
    pub(super) edns: bool,
    /// Whether the packet carried it that was answered.
    pub(super) answered_with_edns: Option<bool>,
    /// TCP because the answer over UDP was truncated.
    pub(super) after_truncation: bool,
    pub(super) began: Instant,
    pub(super) ended: Option<Instant>,
    pub(super) rcode: Option<String>,
    pub(super) failure: Option<Failure>,
}

impl Try {
    pub(super) fn new(server: SocketAddr, transport: Transport, began: Instant) -> Self {
        Self {
            server,
            transport,
            packets: Vec::new(),
            resent_after: None,
            queued: Duration::ZERO,
            edns: false,
            answered_with_edns: None,
            after_truncation: false,
            began,
            ended: None,
            rcode: None,
            failure: None,
        }
    }

    pub(super) fn is_tcp(&self) -> bool {
        self.transport == Transport::Tcp
    }

    pub(super) fn seen(&self, client: &DnsClient, waited: Duration) -> DnsTry {
        let silent = (self.ended.is_none()).then(|| classify::expired(Expired::Limit));
        DnsTry {
            server: self.server,
            transport: self.transport,
            at_ms: client.clock.at(self.began),
            elapsed_ms: milliseconds(waited),
            edns: (!self.is_tcp()).then(|| self.answered_with_edns.unwrap_or(self.edns)),
            resent_after_ms: self.resent_after.map(milliseconds),
            queued_ms: (!self.queued.is_zero()).then(|| milliseconds(self.queued)),
            rcode: self.rcode.clone(),
            failure: self.failure.clone().or(silent),
        }
    }
}
