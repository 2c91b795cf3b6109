//! What a lookup keeps of every packet and connection.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::time::Instant;

use crate::evidence::{DnsTry, Failure, Transport};
use crate::probe::classify;
use crate::probe::clock::{Expired, milliseconds};
use crate::probe::dns::DnsClient;
use crate::probe::dns_message::Question;

/// One try: a packet, perhaps repeated, or a connection.
#[derive(Debug)]
pub(super) struct Try {
    pub(super) server: SocketAddr,
    pub(super) transport: Transport,
    pub(super) question: Question,
    /// The packet without EDNS that followed the first one, and when it left.
    pub(super) repeated: Option<(Question, Instant)>,
    /// How long after the first one the packet left that was answered, where it was the second.
    pub(super) resent_after: Option<Duration>,
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
    pub(super) fn new(
        server: SocketAddr,
        transport: Transport,
        question: Question,
        began: Instant,
    ) -> Self {
        Self {
            server,
            transport,
            question,
            repeated: None,
            resent_after: None,
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
            rcode: self.rcode.clone(),
            failure: self.failure.clone().or(silent),
        }
    }
}
