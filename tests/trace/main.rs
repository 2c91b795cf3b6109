//! `reach365 trace` and `check --trace` on real routers and filters in network namespaces. A
//! machine without them skips the tests and says so, unless `REACH365_PARTS` is `required`.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test may stop at a surprise")]

mod network;

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, TcpListener, UdpSocket};
use std::process::Output;
use std::thread;

use network::{Network, ROUTERS_IPV6, SECOND_ROUTER, SERVER, SERVER_IPV6};
use serde_json::Value;

/// What every test needs.
const PROGRAMS: [&str; 5] = ["unshare", "nsenter", "setpriv", "ip", "nft"];

/// The server of the other tests: they start it in its namespace.
#[test]
#[ignore = "the server process of the other tests here: each starts it with --ignored in its namespace"]
fn serve() {
    // A ServerHello in answer to any TLS record; the client reads no further.
    const SERVER_HELLO: [u8; 11] = [22, 3, 3, 0, 50, 2, 0, 0, 46, 3, 3];
    thread::spawn(resolve);
    // IPv4 as well, as Linux has it.
    let listener = TcpListener::bind("[::]:443").unwrap();
    for stream in listener.incoming() {
        thread::spawn(move || {
            let mut stream = stream.unwrap();
            let mut buffer = [0; 1024];
            while stream.read(&mut buffer).is_ok_and(|count| count > 0) {
                if stream.write_all(&SERVER_HELLO).is_err() {
                    break;
                }
            }
        });
    }
}

/// Resolves every name to the server; `.ipv6` names to its IPv6 address.
fn resolve() {
    let socket = UdpSocket::bind("0.0.0.0:53").unwrap();
    let mut query = [0; 512];
    while let Ok((_, from)) = socket.recv_from(&mut query) {
        let name = query[12..].iter().position(|byte| *byte == 0).unwrap();
        let question = &query[12..12 + name + 5];
        let record = record(&question[..name], question[name + 2]).unwrap_or_default();
        let answers = u8::from(!record.is_empty());
        let head = [query[0], query[1], 0x81, 0x80, 0, 1, 0, answers, 0, 0, 0, 0];
        let answer = [&head[..], question, &record].concat();
        socket.send_to(&answer, from).unwrap();
    }
}

/// The record of a type, where the name has one.
fn record(name: &[u8], kind: u8) -> Option<Vec<u8>> {
    let has_ipv6 = name.ends_with(b"\x04ipv6");
    let address = match kind {
        1 if !has_ipv6 => SERVER.parse::<Ipv4Addr>().unwrap().octets().to_vec(),
        28 if has_ipv6 => SERVER_IPV6.parse::<Ipv6Addr>().unwrap().octets().to_vec(),
        _ => return None,
    };
    let length = u8::try_from(address.len()).unwrap();
    let head = [0xc0, 12, 0, kind, 0, 1, 0, 0, 0, 60, 0, length];
    Some([&head[..], &address].concat())
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
}

fn trace(network: &Network, host: &str) -> (Value, Option<i32>) {
    trace_with(network, &[host])
}

fn trace_with(network: &Network, arguments: &[&str]) -> (Value, Option<i32>) {
    let mut all = vec!["trace", "--dns", SERVER, "--format", "json"];
    all.extend(arguments);
    let output = network.reach365(&all);
    let report = json(&output);
    (report["traces"][0].clone(), output.status.code())
}

#[test]
fn an_open_way_is_told_hop_by_hop() {
    let Some(network) = Network::build(&PROGRAMS) else {
        return;
    };
    let (open, code) = trace(&network, "open.example");
    let route = open["trace"]["route"].as_array().unwrap();
    assert_eq!(route[0]["icmp"]["from"], "10.81.1.1", "{open:#}");
    assert_eq!(route[1]["icmp"]["from"], SECOND_ROUTER, "{open:#}");
    assert_eq!(route[2]["answer"], "connected", "{open:#}");
    assert_eq!(open["reading"]["ending"], "reached", "{open:#}");
    assert_eq!(code, Some(0));
}

#[test]
fn a_rejecting_device_is_named_with_its_hop() {
    let Some(network) = Network::build(&PROGRAMS) else {
        return;
    };
    network.rule("r2", "nft add table ip f");
    network.rule(
        "r2",
        "nft add chain ip f c { type filter hook forward priority 0 ; }",
    );
    network.rule(
        "r2",
        "nft add rule ip f c tcp dport 443 reject with icmp admin-prohibited",
    );
    let (found, code) = trace(&network, SERVER);
    assert_eq!(found["reading"]["ending"], "rejected", "{found:#}");
    assert_eq!(found["reading"]["address"], SECOND_ROUTER, "{found:#}");
    assert_eq!(found["reading"]["hop"], 2, "{found:#}");
    assert_eq!(code, Some(1));
    let row = checked(&network, SERVER);
    let culprit = &row["verdict"]["culprit"];
    assert_eq!(row["verdict"]["code"], "tcp-admin-prohibited", "{row:#}");
    assert_eq!(culprit["address"], SECOND_ROUTER, "{row:#}");
    assert_eq!(culprit["hop"], 2, "{row:#}");
}

#[test]
fn silence_is_located_by_the_last_hop_that_answers() {
    let Some(network) = Network::build(&PROGRAMS) else {
        return;
    };
    network.rule("r2", "nft add table ip f");
    network.rule(
        "r2",
        "nft add chain ip f c { type filter hook forward priority 0 ; }",
    );
    network.rule("r2", "nft add rule ip f c tcp dport 443 drop");
    let (found, code) = trace(&network, SERVER);
    assert_eq!(found["reading"]["ending"], "silent", "{found:#}");
    assert_eq!(found["reading"]["hop"], 2, "{found:#}");
    assert_eq!(code, Some(1));
    network.rule("r2", "nft flush chain ip f c");
    network.rule("r2", "nft add rule ip f c meta l4proto tcp drop");
    let (found, _) = trace(&network, SERVER);
    let summary = found["reading"]["summary"].as_str().unwrap();
    assert!(
        summary.contains("nothing answers behind hop 2 (10.81.2.2)"),
        "{summary}"
    );
    // Nothing shows that the path goes on: the device is not accused.
    assert_eq!(found["reading"]["hop"], Value::Null, "{found:#}");
}

#[test]
fn a_filtered_name_is_located_beside_one_that_passes() {
    let programs = [&PROGRAMS[..], &["iptables"]].concat();
    let Some(network) = Network::build(&programs) else {
        return;
    };
    for (what, ending) in [
        ("REJECT --reject-with tcp-reset", "hello-reset"),
        ("DROP", "hello-silent"),
    ] {
        network.rule("r2", "iptables -F FORWARD");
        network.rule(
            "r2",
            &format!("iptables -A FORWARD -p tcp --dport 443 -m string --algo bm --string blocked.example -j {what}"),
        );
        let (found, code) = trace(&network, "blocked.example");
        assert_eq!(found["reading"]["ending"], ending, "{found:#}");
        assert_eq!(found["reading"]["hop"], 2, "{found:#}");
        assert_eq!(code, Some(1));
        let summary = found["reading"]["summary"].as_str().unwrap();
        assert!(summary.contains("begins at hop 3"), "{summary}");
        assert!(summary.contains("control.invalid passes"), "{summary}");
        let (open, _) = trace(&network, "open.example");
        assert_eq!(open["reading"]["ending"], "reached", "{open:#}");
        let row = checked(&network, "blocked.example");
        assert_eq!(row["verdict"]["outcome"], "blocked", "{row:#}");
        assert_eq!(row["verdict"]["culprit"]["hop"], 2, "{row:#}");
    }
}

#[test]
fn an_open_way_over_ipv6_is_told_hop_by_hop() {
    let Some(network) = Network::build(&PROGRAMS) else {
        return;
    };
    for arguments in [
        &["open.ipv6", "--ipv6"][..],
        &["open.ipv6"],
        &["[2603:81:3::2]:443"],
    ] {
        let (open, code) = trace_with(&network, arguments);
        let route = open["trace"]["route"].as_array().unwrap();
        assert_eq!(route.len(), 3, "{open:#}");
        for (hop, router) in route.iter().zip(ROUTERS_IPV6) {
            assert_eq!(hop["answer"], "expired", "{open:#}");
            assert_eq!(hop["icmp"]["version"], 6, "{open:#}");
            assert_eq!(hop["icmp"]["from"], router, "{open:#}");
        }
        assert_eq!(route[2]["answer"], "connected", "{open:#}");
        assert_eq!(open["reading"]["ending"], "reached", "{open:#}");
        assert_eq!(code, Some(0));
    }
}

#[test]
fn devices_that_end_a_way_over_ipv6_are_found() {
    const NAME: &str = "-p tcp --dport 443 -m string --algo bm --string blocked.ipv6 -j";
    let programs = [&PROGRAMS[..], &["ip6tables"]].concat();
    let Some(network) = Network::build(&programs) else {
        return;
    };
    let rejecting = "-p tcp --dport 443 -j REJECT --reject-with adm-prohibited";
    for (rule, host, ending) in [
        (rejecting, "open.ipv6", "rejected"),
        ("-p tcp --dport 443 -j DROP", "open.ipv6", "silent"),
        (&format!("{NAME} DROP"), "blocked.ipv6", "hello-silent"),
        (
            &format!("{NAME} REJECT --reject-with tcp-reset"),
            "blocked.ipv6",
            "hello-reset",
        ),
    ] {
        network.rule("r2", "ip6tables -F FORWARD");
        network.rule("r2", &format!("ip6tables -A FORWARD {rule}"));
        let (found, code) = trace_with(&network, &[host, "--ipv6"]);
        assert_eq!(found["reading"]["ending"], ending, "{found:#}");
        assert_eq!(found["reading"]["hop"], 2, "{found:#}");
        assert_eq!(found["reading"]["address"], ROUTERS_IPV6[1], "{found:#}");
        assert_eq!(code, Some(1));
    }
    let (_, code) = trace_with(&network, &["open.ipv6", "--ipv6"]);
    assert_eq!(code, Some(0));
    network.rule("r2", &format!("ip6tables -A FORWARD {rejecting}"));
    let row = checked(&network, "open.ipv6");
    let culprit = &row["verdict"]["culprit"];
    assert_eq!(row["verdict"]["code"], "tcp-admin-prohibited", "{row:#}");
    assert_eq!(culprit["address"], ROUTERS_IPV6[1], "{row:#}");
    assert_eq!(culprit["hop"], 2, "{row:#}");
}

/// The result of a host in a checked report, which is the same when it is judged again.
fn checked(network: &Network, host: &str) -> Value {
    let arguments = format!("check {host} --trace --proxy none --dns {SERVER} --format json");
    let output = network.reach365(&arguments.split(' ').collect::<Vec<_>>());
    let report = json(&output);
    let row = report["endpoints"][0].clone();
    let parsed = reach365::Report::from_json(&String::from_utf8_lossy(&output.stdout)).unwrap();
    let again = serde_json::to_value(reach365::judge().again(&parsed)).unwrap();
    assert_eq!(again["endpoints"][0]["verdict"], row["verdict"]);
    row
}
