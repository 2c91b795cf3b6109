//! Whether only long packets are lost: the same request with short packets, and one whose answer is
//! short.

use std::net::SocketAddr;

use tokio::net::TcpStream;

use crate::run::ProbeContext;
use crate::{connector, control_probe, http, legacy_hello};
use reach365_model::endpoint::{Endpoint, Scheme};
use reach365_model::evidence::SizeControl;
use reach365_platform as platform;

/// Bytes of a segment: with its headers it passes a line of 576 bytes, and a ClientHello still fits
/// into one, so that a filter for names sees what it saw before. Less is dropped by filters against
/// attacks on selective acknowledgement.
const SEGMENT: u16 = 536;

/// The connections of a size control.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Ordinary,
    ShortSegments,
    ShortAnswer,
}

/// Probes the silent address again, in three variants at once.
pub async fn size_control(
    context: &ProbeContext,
    endpoint: &Endpoint,
    address: SocketAddr,
) -> SizeControl {
    let (ordinary, short_segments, short_answer) = tokio::join!(
        answers(context, endpoint, address, Kind::Ordinary),
        answers(context, endpoint, address, Kind::ShortSegments),
        answers(context, endpoint, address, Kind::ShortAnswer),
    );
    SizeControl {
        address,
        ordinary,
        segment_limit: SEGMENT,
        short_segments,
        short_answer: short_answer.unwrap_or(false),
    }
}

/// Whether an answer arrives; `None` where the request was not sent.
async fn answers(
    context: &ProbeContext,
    endpoint: &Endpoint,
    address: SocketAddr,
    kind: Kind,
) -> Option<bool> {
    let connecting = async {
        match kind {
            Kind::ShortSegments => connector::connect_short(address, SEGMENT).await,
            _ => TcpStream::connect(address).await.map(Some),
        }
    };
    let asking = |tcp| ask(context, endpoint, tcp, kind);
    let answer = control_probe::asked(context, connecting, asking).await;
    answer.map(|answer| answer.unwrap_or(false))
}

async fn ask(context: &ProbeContext, endpoint: &Endpoint, tcp: TcpStream, kind: Kind) -> bool {
    if endpoint.scheme == Scheme::Http {
        let request = http::Request::to_server(endpoint);
        let request = match kind {
            Kind::ShortAnswer => request.head(),
            // To compare with the head of the short answer, the head is enough.
            _ if !platform::CAN_LIMIT => request.unread(),
            _ => request,
        };
        let exchange = http::exchange(&request, &context.clock, control_probe::LIMIT, tcp).await;
        return exchange.status().is_some() && exchange.failure.is_none();
    }
    let mut random = [0; 32];
    // A fixed number serves as well: this ClientHello derives no keys.
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
