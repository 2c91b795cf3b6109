//! Whether long packets alone are lost: the same question with short packets, and one whose answer
//! is short.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpStream;

use crate::endpoint::{Endpoint, Scheme};
use crate::evidence::{Attempt, Evidence, SizeControl};
use crate::probe::run::ProbeContext;
use crate::probe::{connector, http, legacy_hello};

/// Bytes of a segment: with its headers it passes a line of 576 bytes, and a greeting still fits
/// into one, so that a filter for names sees what it saw before.
const SEGMENT: u16 = 500;
/// Silence has been waited for already: these answers come at once or not at all.
const LIMIT: Duration = Duration::from_secs(1);

/// The connections of a size control.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Ordinary,
    ShortSegments,
    ShortAnswer,
}

/// Asks the address of the last silent connection again, in three ways at once.
pub(crate) async fn sizes(
    context: &ProbeContext,
    endpoint: &Endpoint,
    evidence: &Evidence,
) -> Option<SizeControl> {
    let spoken = |attempt: &&Attempt| {
        let asked = attempt.tls.is_some() || attempt.http.is_some();
        attempt.hop.is_none() && asked
    };
    let address = evidence.attempts.iter().rfind(spoken)?.address;
    let (ordinary, short_segments, short_answer) = tokio::join!(
        answers(context, endpoint, address, Kind::Ordinary),
        answers(context, endpoint, address, Kind::ShortSegments),
        answers(context, endpoint, address, Kind::ShortAnswer),
    );
    Some(SizeControl {
        address,
        ordinary: ordinary.unwrap_or(false),
        segment_limit: SEGMENT,
        short_segments,
        short_answer: short_answer.unwrap_or(false),
    })
}

/// Whether an answer comes; `None` where the question cannot be asked on this system.
async fn answers(
    context: &ProbeContext,
    endpoint: &Endpoint,
    address: SocketAddr,
    kind: Kind,
) -> Option<bool> {
    let asked = async {
        let tcp = match kind {
            Kind::ShortSegments => connector::connect_short(address, SEGMENT).await,
            _ => TcpStream::connect(address).await.map(Some),
        };
        match tcp {
            Ok(Some(tcp)) => Some(ask(context, endpoint, tcp, kind).await),
            Ok(None) => None,
            Err(_) => Some(false),
        }
    };
    let answer = context.clock.within(LIMIT, asked).await;
    answer.unwrap_or(Some(false))
}

async fn ask(context: &ProbeContext, endpoint: &Endpoint, tcp: TcpStream, kind: Kind) -> bool {
    if endpoint.scheme == Scheme::Http {
        let request = http::Request::to_server(endpoint).unread();
        let request = match kind {
            Kind::ShortAnswer => request.head(),
            _ => request,
        };
        let exchange = http::exchange(&request, &context.clock, LIMIT, tcp).await;
        return exchange.status().is_some();
    }
    let mut random = [0; 32];
    // A fixed number serves as well: no keys come of this greeting.
    let _ = context
        .tls
        .get()
        .await
        .provider
        .secure_random
        .fill(&mut random);
    let name = endpoint.host.name();
    match kind {
        Kind::ShortAnswer => legacy_hello::ask_in_vain(tcp, name, random)
            .await
            .alert
            .is_some(),
        _ => legacy_hello::ask(tcp, name, random).await.version.is_some(),
    }
}
