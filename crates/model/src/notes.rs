//! What a judgment is about, and what any judgment may say beside its cause.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use crate::codes::Code;
use crate::facts::{List, OneOrMany, OtherRouteResult, PassedOver, Text, Underlying};
use reach365_proxy::route::Hop;

/// Where a judgment was made: what was connected to, and over what.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Subject {
    /// The address of the connection; behind a proxy the proxy's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<SocketAddr>,
    /// The hop of the route that clients would use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hop: Option<Hop>,
    /// The proxy, as `host:port`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy: Option<Text>,
}

impl Subject {
    /// The same, completed by what another judgment knows.
    pub fn or(&mut self, other: Self) {
        self.address = self.address.or(other.address);
        self.hop = self.hop.take().or(other.hop);
        self.proxy = self.proxy.take().or(other.proxy);
    }
}

/// Declares the notes: each may be absent.
macro_rules! notes {
    ($($(#[$doc:meta])* $field:ident: $type:ty,)*) => {
        /// What a judgment may say beside its cause, and what one without a cause rests on.
        #[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[non_exhaustive]
        pub struct Notes {
            $($(#[$doc])*
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub $field: Option<$type>,)*
        }

        impl Notes {
            /// The same, completed by those of another judgment.
            pub fn or(&mut self, other: Self) {
                $(if self.$field.is_none() {
                    self.$field = other.$field;
                })*
            }
        }
    };
}

notes! {
    /// What lies behind the cause.
    cause: Underlying,
    /// Connections that failed before the judgment.
    rounds: u64,
    /// Every address with its cause.
    addresses: List,
    /// The status of the HTTP answer.
    status: u16,
    /// The title of the page that came, or its first words.
    page: Text,
    /// Who issued the certificate.
    issuer: OneOrMany,
    /// That no root of the system leads to the certificate.
    os_trust: Text,
    /// What a strict parser has against the answer.
    irregular: Text,
    /// Who signed the revocation list.
    crl_issuer: Text,
    /// When the next one is due, RFC 3339.
    next_update: Text,
    /// That DNS gave an address which the list does not publish.
    outside_published_range: bool,
    /// Where the published addresses come from.
    ranges_from: Text,
    /// The addresses that the hosts file gives.
    hosts_file: List,
    /// A name of the CNAME chain that does not belong to the service.
    foreign_cname: Text,
    /// That the host requires a client certificate.
    client_certificate: Text,
    /// Addresses of the proxy that do not answer.
    dead_proxy_addresses: List,
    /// Hops that were not needed.
    other_hops: List,
    /// Hops that clients pass over first.
    passed_over: Vec<PassedOver>,
    /// Why the direct hop before the proxy carries nothing.
    direct_failed: Text,
    /// Why something was not judged.
    why: Text,
    /// What came of other routes.
    other_ways: Vec<OtherRouteResult>,
    /// The fault of the PAC script, where it explains nothing.
    #[serde(rename = "script")]
    script_fault: Code,
    /// The routes that a PAC script gives by turns, where none works.
    pac_routes: List,
    /// That the registry of this machine names another test.
    probe: Text,
    /// Why the endpoint was not checked.
    skipped: Text,
    /// What DNS said of IPv6.
    ipv6: Text,
    /// The addresses that DNS gave.
    answers: List,
    /// What was not seen of external DNS.
    external_dns: List,
    /// Why the own resolver's word is missing.
    own_resolver: Text,
    /// Who was asked for a `msoid` record.
    asked: List,
    /// Why credentials were not sent.
    credentials_withheld: Text,
    /// That the list states a private issuer, and what this machine lacks to trust it.
    own_issuer: Text,
    /// That nothing comparable was seen to work, so that the cause accuses no party.
    no_control: bool,
    /// What came of the control host.
    control_host: Text,
    /// What works on the path to an endpoint that is closed as required.
    control: Text,
    /// Seconds between this machine's clock and the answer.
    clock_differs_seconds: i64,
    /// The route on which an endpoint that must be closed answers.
    route: Text,
    /// The place on the path that a trace found.
    #[serde(rename = "hop")]
    trace: Text,
    /// The product behind the cause.
    product: Text,
    /// How many hosts a finding concerns.
    hosts: u64,
    /// How many endpoints a finding concerns.
    endpoints: u64,
    /// Whom the sentence is about, where it is not the endpoint.
    target: Text,
    /// Its host.
    host: Text,
}
