//! Which proxy a PAC script names.

use reach365::proxy::View;
use reach365::{Options, route_candidates};

use crate::server::Server;

const SCRIPT: &str = "function FindProxyForURL(url, host) {\n\
    return dnsDomainIs(host, '.example') ? 'PROXY proxy.example:8080' : 'DIRECT'; }";

#[tokio::test]
async fn a_script_names_the_proxy_of_a_url() {
    let server = Server::start("200 OK", SCRIPT);
    let view = View::explicit(&format!("pac:http://{}/proxy.pac", server.address)).unwrap();
    let urls = [
        "https://sign-in.example/".parse().unwrap(),
        "https://elsewhere.test/".parse().unwrap(),
    ];
    let candidates = route_candidates(&[view], &urls, &Options::default()).await;
    let hops: Vec<String> = candidates
        .iter()
        .map(|candidates| candidates[0].route.hops[0].to_string())
        .collect();
    assert_eq!(hops, ["PROXY proxy.example:8080", "DIRECT"]);
}
