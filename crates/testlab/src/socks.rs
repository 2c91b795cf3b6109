//! SOCKS 4, 4a and 5, the side of the proxy.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use tokio::io::AsyncReadExt;

use crate::proxy::{Act, Client, Protocol, ProxyState};

/// Serves one request of version 4.
pub(super) async fn serve_4(state: &ProxyState, mut client: Client) -> io::Result<()> {
    let mut head = [0; 8];
    client.stream.read_exact(&mut head).await?;
    if head[..2] != [4, 1] {
        return Ok(());
    }
    let port = u16::from_be_bytes([head[2], head[3]]);
    let address = Ipv4Addr::new(head[4], head[5], head[6], head[7]);
    until_zero(&mut client).await?;
    let is_named = address.octets()[..3] == [0, 0, 0];
    let host = if is_named && state.proxy.protocol == Protocol::Socks4a {
        until_zero(&mut client).await?
    } else {
        address.to_string()
    };
    let reply = |code: u8| vec![0, code, 0, 0, 0, 0, 0, 0];
    carry(state, client, &host, port, reply, [90, 91, 91]).await
}

/// Serves one request of version 5.
pub(super) async fn serve_5(state: &ProxyState, mut client: Client) -> io::Result<()> {
    let mut head = [0; 2];
    client.stream.read_exact(&mut head).await?;
    if head[0] != 5 {
        return Ok(());
    }
    client
        .stream
        .read_exact(&mut vec![0; head[1].into()])
        .await?;
    if let Act::SocksMethod(method) = state.proxy.does {
        return client.say_and_shut(&[5, method]).await;
    }
    client.say(&[5, 0]).await?;
    let mut request = [0; 4];
    client.stream.read_exact(&mut request).await?;
    let host = host_5(&mut client, request[3]).await?;
    let port = client.stream.read_u16().await?;
    let reply = |code: u8| vec![5, code, 0, 1, 0, 0, 0, 0, 0, 0];
    carry(state, client, &host, port, reply, [0, 4, 5]).await
}

/// Replies and relays data. `codes` are those of success, of an unknown name and of a host that
/// refuses the connection.
async fn carry(
    state: &ProxyState,
    mut client: Client,
    host: &str,
    port: u16,
    reply: fn(u8) -> Vec<u8>,
    codes: [u8; 3],
) -> io::Result<()> {
    let act = state.act(host, port);
    if let Some(done) = act.instead_of_an_answer(&mut client).await {
        return done;
    }
    if let Act::SocksReply(code) = act {
        return client.say_and_shut(&reply(*code)).await;
    }
    let mut upstream = None;
    if act.carries() {
        match state.reach(host, port).await {
            Ok(stream) => upstream = Some(stream),
            Err(trouble) => {
                let code = codes[1 + trouble as usize];
                return client.say_and_shut(&reply(code)).await;
            }
        }
    }
    act.answer(&mut client, &reply(codes[0])).await?;
    state.tunnel(act, client, host, upstream).await
}

async fn until_zero(client: &mut Client) -> io::Result<String> {
    let mut text = String::new();
    loop {
        match client.stream.read_u8().await? {
            0 => return Ok(text),
            byte => text.push(byte.into()),
        }
    }
}

async fn host_5(client: &mut Client, kind: u8) -> io::Result<String> {
    Ok(match kind {
        1 => Ipv4Addr::from(client.stream.read_u32().await?).to_string(),
        4 => IpAddr::V6(Ipv6Addr::from(client.stream.read_u128().await?)).to_string(),
        _ => {
            let mut name = vec![0; client.stream.read_u8().await?.into()];
            client.stream.read_exact(&mut name).await?;
            String::from_utf8_lossy(&name).into_owned()
        }
    })
}
