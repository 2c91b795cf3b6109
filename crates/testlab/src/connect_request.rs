//! HTTP to proxies: CONNECT, and requests by absolute URL.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::proxy::{Act, Client, ProxyState, Refusal, SignIn};
use crate::upstream::Trouble;

const OPEN: &str = "HTTP/1.1 200 Connection established\r\n";

/// A request to a proxy.
struct Request {
    method: String,
    host: String,
    port: u16,
    path: String,
    /// Header lines.
    headers: Vec<String>,
}

/// Serves one request; a proxy of the lab closes after its answer.
pub(super) async fn serve(state: &ProxyState, mut client: Client) -> io::Result<()> {
    let Some(request) = Request::read(&mut client).await? else {
        return refuse(&mut client, &Refusal::status(400, "Bad Request")).await;
    };
    if let Some(sign_in) = &state.proxy.sign_in
        && !sign_in.knows(&request)
    {
        return refuse(&mut client, &sign_in.demand()).await;
    }
    let act = state.act(&request.host, request.port);
    if let Some(done) = act.instead_of_an_answer(&mut client).await {
        return done;
    }
    match act {
        Act::Refuse(refusal) => refuse(&mut client, refusal).await,
        Act::EndlessHeaders => endless(&mut client).await,
        _ if request.method == "CONNECT" => tunnel(state, act, client, &request).await,
        _ => forward(state, client, &request).await,
    }
}

async fn tunnel(
    state: &ProxyState,
    act: &Act,
    mut client: Client,
    request: &Request,
) -> io::Result<()> {
    let mut upstream = None;
    if act.carries() {
        match state.reach(&request.host, request.port).await {
            Ok(stream) => upstream = Some(stream),
            Err(trouble) => return refuse(&mut client, &Refusal::because(trouble)).await,
        }
    }
    let mut head = OPEN.to_owned();
    if let Act::Padded(length) = act {
        let line =
            "X-Padding: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n";
        head += &line.repeat(length.div_ceil(line.len()));
    }
    head += "\r\n";
    act.answer(&mut client, head.as_bytes()).await?;
    state.tunnel(act, client, &request.host, upstream).await
}

/// Sends the request on to the host, without what was meant for the proxy.
async fn forward(state: &ProxyState, mut client: Client, request: &Request) -> io::Result<()> {
    let mut upstream = match state.reach(&request.host, request.port).await {
        Ok(stream) => stream,
        Err(trouble) => return refuse(&mut client, &Refusal::because(trouble)).await,
    };
    let mut head = format!("{} {} HTTP/1.1\r\n", request.method, request.path);
    for line in &request.headers {
        if !line.to_ascii_lowercase().starts_with("proxy-") {
            head += line;
            head += "\r\n";
        }
    }
    head += "\r\n";
    upstream.write_all(head.as_bytes()).await?;
    state
        .tunnel(&Act::Serve, client, &request.host, Some(upstream))
        .await
}

async fn refuse(client: &mut Client, refusal: &Refusal) -> io::Result<()> {
    client.say(refusal.text().as_bytes()).await?;
    if refusal.stays_open {
        return super::tls::drain(&mut client.stream).await;
    }
    client.say_and_shut(b"").await
}

async fn endless(client: &mut Client) -> io::Result<()> {
    client.say(OPEN.as_bytes()).await?;
    let lines = b"X-Again: and again and again\r\n".repeat(200);
    loop {
        client.say(&lines).await?;
    }
}

impl Request {
    /// Reads a request; `None` if it is invalid.
    async fn read(client: &mut Client) -> io::Result<Option<Self>> {
        let mut bytes = Vec::new();
        let mut buffer = [0; 2048];
        while !bytes.windows(4).any(|window| window == b"\r\n\r\n") {
            let length = client.stream.read(&mut buffer).await?;
            bytes.extend(&buffer[..length]);
            let is_word = bytes.first().is_some_and(u8::is_ascii_uppercase);
            if length == 0 || !is_word || bytes.len() > 64 * 1024 {
                return Ok(None);
            }
        }
        Ok(Self::parse(&String::from_utf8_lossy(&bytes)))
    }

    fn parse(text: &str) -> Option<Self> {
        let (head, _) = text.split_once("\r\n\r\n")?;
        let mut lines = head.split("\r\n");
        let mut words = lines.next()?.split(' ');
        let (method, target) = (words.next()?, words.next()?);
        let (authority, path) = match target.strip_prefix("http://") {
            Some(rest) => rest.split_at(rest.find('/')?),
            None => (target, "/"),
        };
        let (host, port) = authority.rsplit_once(':').unwrap_or((authority, "80"));
        Some(Self {
            method: method.to_owned(),
            host: host.to_owned(),
            port: port.parse().ok()?,
            path: path.to_owned(),
            headers: lines.map(str::to_owned).collect(),
        })
    }
}

impl SignIn {
    fn knows(&self, request: &Request) -> bool {
        let given = request.headers.iter().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            let is_it = name.eq_ignore_ascii_case("proxy-authorization");
            is_it.then(|| value.trim())
        });
        given.is_some() && given == self.accepts.as_deref()
    }

    fn demand(&self) -> Refusal {
        let line = |value: &String| format!("Proxy-Authenticate: {value}");
        Refusal {
            headers: self.schemes.iter().map(line).collect(),
            ..Refusal::status(407, "Proxy Authentication Required")
        }
    }
}

impl Refusal {
    fn status(status: u16, reason: &str) -> Self {
        Self {
            status,
            reason: reason.to_owned(),
            ..Self::default()
        }
    }

    /// In the format of squid.
    fn because(trouble: Trouble) -> Self {
        let error = match trouble {
            Trouble::Name => "X-Squid-Error: ERR_DNS_FAIL 0",
            Trouble::Connection => "X-Squid-Error: ERR_CONNECT_FAIL 111",
        };
        Self {
            headers: vec![error.to_owned()],
            ..Self::status(503, "Service Unavailable")
        }
    }

    fn text(&self) -> String {
        let mut text = format!("HTTP/1.1 {} {}\r\n", self.status, self.reason);
        for line in &self.headers {
            text += line;
            text += "\r\n";
        }
        if !self.stays_open {
            let length = self.page.len().to_string();
            text = text + "Content-Length: " + &length + "\r\n";
        }
        text + "Content-Type: text/html\r\n\r\n" + &self.page
    }
}
