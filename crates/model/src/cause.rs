//! Causes: one variant for each code, with the facts that make it.

use serde::{Deserialize, Serialize};

use crate::codes::Code;
use crate::evidence::Stage;
use crate::facts::{Alert, Facts, List, OneOrMany, Text};

/// Declares a group of facts that several causes share. Every fact may be absent: a run-wide
/// finding has others than an endpoint.
macro_rules! facts {
    ($($(#[$doc:meta])* $group:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* })*) => {
        $($(#[$doc])*
        #[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        pub struct $group {
            $($(#[$field_doc])*
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub $field: Option<$type>,)*
        })*
    };
}

facts! {
    /// A DNS question that failed.
    FailedLookup {
        /// The name server that was asked.
        resolver: Text,
        /// The same, where sentences and programs look for the address.
        address: Text,
        /// How many times it was asked.
        tries: u64,
        /// The response code, or what came instead of one.
        rcode: Text,
        /// What came.
        seen: Text,
    }
    /// Name servers that fail for every name.
    FailedResolvers {
        /// How many names were asked for.
        names: u64,
        /// The first of them.
        host: Text,
        /// Control names that failed alike.
        controls: List,
        /// The name servers.
        resolvers: List,
    }
    /// A connection that was not established.
    FailedConnect {
        /// How long was waited, in milliseconds.
        waited_ms: u64,
        /// The ICMP message that rejected it.
        icmp: Text,
        /// Who sent that message.
        device: Text,
        /// How often the connection was requested.
        requests: u64,
        /// What the operating system said.
        system: Text,
    }
    /// A proxy that was not connected to.
    FailedProxy {
        /// How it ended.
        how: Text,
        /// How long was waited, in milliseconds.
        waited_ms: u64,
    }
    /// What a proxy answered, or that it did not.
    ProxyReply {
        /// The answer in words.
        answer: Text,
        /// How the connection ended.
        how: Text,
        /// How long was waited, in milliseconds.
        waited_ms: u64,
        /// The authentication schemes that it offers, or words in their place.
        schemes: OneOrMany,
        /// The page that it redirects to.
        redirect: Text,
        /// Squid's name of the error.
        proxy_error: Text,
        /// The `Server` or `Via` header.
        proxy_software: Text,
        /// That this machine's own resolver does not know the host either.
        own_dns: Text,
        /// The port, where every host on it is denied.
        port: u16,
    }
    /// A PAC script that gives no route.
    FailedScript {
        /// Its address.
        script: Text,
        /// What went wrong.
        detail: Text,
        /// Where clients go instead.
        fallback: Text,
    }
    /// A route that works beside the one of the settings.
    BetterRoute {
        /// Its hops.
        working: Text,
        /// Which settings name it.
        view: Text,
        /// Why the direct path fails, for several endpoints.
        causes: List,
    }
    /// A `msoid` record.
    MsoidRecord {
        /// The domain.
        domain: Text,
        /// The target that is right in China.
        vianet: Text,
        /// The CNAME chain.
        chain: List,
        /// Who sees the record.
        seen_by: List,
        /// Who sees the domain and not the record.
        not_seen_by: List,
        /// Who should see it and does not.
        missing_at: List,
        /// What differs between inside and outside.
        difference: Text,
    }
    /// The certificate of the host; its issuer stands in the notes.
    Leaf {
        /// Distinguished name of the subject.
        subject: Text,
        /// SHA-256 of the certificate, in hexadecimal.
        sha256: Text,
        /// First moment of validity, RFC 3339.
        not_before: Text,
        /// Last moment of validity, RFC 3339.
        not_after: Text,
        /// The subjects of the chain.
        chain: List,
        /// What a verifier has against it.
        objection: Text,
    }
    /// An exchange that stopped.
    Silence {
        /// How long was waited, in milliseconds.
        waited_ms: u64,
        /// What was seen of it.
        how: Text,
        /// Bytes that came before.
        bytes_received: u64,
        /// Bytes of the body that came before.
        received: u64,
        /// That a short question was answered.
        short_answer: bool,
    }
    /// Addresses of one host that differ.
    SomeAddresses {
        /// Why the others fail.
        cause: Code,
        /// Those that fail.
        failed: List,
        /// Those that answer.
        answering: List,
    }
    /// Who says that the service is overloaded.
    Overload {
        /// The service itself, or whoever it is.
        speaker: Text,
    }
}

/// Declares the causes. Each has the name of its code.
macro_rules! causes {
    ($($variant:ident { $(..$group:ident: $group_type:ty,)* $($field:ident: $type:ty,)* })*) => {
        /// A cause with the facts that make it; its sentence is in `wording.rs`.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(tag = "code", content = "facts", rename_all = "kebab-case")]
        #[non_exhaustive]
        #[expect(missing_docs, reason = "the table of codes says what each cause and its facts are")]
        pub enum Cause {
            $($variant {
                $(#[serde(flatten)] $group: $group_type,)*
                $(#[serde(default, skip_serializing_if = "Option::is_none")] $field: Option<$type>,)*
            },)*
        }

        impl Cause {
            /// Its code.
            pub fn code(&self) -> Code {
                match self {
                    $(Self::$variant { .. } => Code::$variant,)*
                }
            }

            /// The cause of a code, without any fact.
            pub fn bare(code: Code) -> Self {
                match code {
                    $(Code::$variant => Self::$variant {
                        $($group: <$group_type>::default(),)*
                        $($field: None,)*
                    },)*
                }
            }
        }
    };
}

causes! {
    DeviceNoNetwork {}
    DeviceNoRoute { ..lookup: FailedLookup, ..connect: FailedConnect, }
    DeviceLocalFirewall { ..connect: FailedConnect, }
    DeviceClockSkew { skew_seconds: u64, direction: Text, }
    RoutePacUnreachable { ..script: FailedScript, }
    RoutePacHttpStatus { ..script: FailedScript, }
    RoutePacNotScript { ..script: FailedScript, }
    RoutePacError { ..script: FailedScript, }
    RoutePacLimit { ..script: FailedScript, }
    RoutePacWrongBranch { ..better: BetterRoute, }
    RoutePacUnstable { changes_with: Text, pac_routes: List, failing: List, }
    RouteBypassHidesHost { ..better: BetterRoute, }
    RouteProxyNotConfigured { ..better: BetterRoute, }
    RouteSourcesDisagree { ways: List, example: Text, }
    RouteLoopbackProxy { exemption: Text, }
    DnsTimeout { ..lookup: FailedLookup, }
    DnsServfail { ..lookup: FailedLookup, }
    DnsRefused { ..lookup: FailedLookup, }
    DnsNxdomain { ..lookup: FailedLookup, }
    DnsNodata { ..lookup: FailedLookup, }
    DnsResolverDead { ..resolvers: FailedResolvers, dead: List, working: List, }
    DnsNoInternetNames { ..resolvers: FailedResolvers, }
    DnsResolverClosed { ..lookup: FailedLookup, ..resolvers: FailedResolvers, }
    DnsTcpBlocked { ..lookup: FailedLookup, }
    DnsSinkhole {}
    DnsOutsidePublishedRange {}
    DnsForeignCname { ..record: MsoidRecord, cname: Text, }
    DnsRewritten { label: Text, }
    DnsHostsFile { expected: List, }
    DnsAaaaBroken { seen: Text, }
    DnsSlow { dns_ms: u64, tries: u64, }
    DnsMsoid21vianet { ..record: MsoidRecord, }
    DnsMsoidMissing { ..record: MsoidRecord, }
    TcpDropped { ..connect: FailedConnect, }
    TcpRefused { ..connect: FailedConnect, }
    TcpAdminProhibited { ..connect: FailedConnect, }
    TcpUnreachable { ..connect: FailedConnect, }
    TcpEgressClosed {
        egress_port: u16,
        egress_ports: Text,
        how: Text,
        another_port_works: bool,
        all_ports: bool,
    }
    TcpIpv6Broken { ..addresses: SomeAddresses, }
    TcpSomeAddresses { ..addresses: SomeAddresses, }
    TcpSlow { tcp_ms: u64, median_ms: u64, }
    TcpFlaky { first_failure: Code, failed_stage: Stage, }
    ProxyUnresolvable { seen: List, asked: List, }
    ProxyDropped { ..connect: FailedProxy, }
    ProxyRefused { ..connect: FailedProxy, }
    ProxySilent { ..reply: ProxyReply, }
    ProxyNotAProxy { ..reply: ProxyReply, }
    ProxyAuthRequired { ..reply: ProxyReply, }
    ProxyAuthRejected { ..reply: ProxyReply, }
    ProxyDenied { ..reply: ProxyReply, }
    ProxyPortDenied { ..reply: ProxyReply, }
    ProxyRateLimited { ..reply: ProxyReply, }
    ProxyUpstreamDns { ..reply: ProxyReply, }
    ProxyUpstreamUnreachable { ..reply: ProxyReply, }
    ProxyUpstreamTimeout { ..reply: ProxyReply, }
    ProxyTunnelClosed { ..reply: ProxyReply, }
    TlsHelloReset { how: Text, bytes_received: u64, }
    TlsHelloDropped { retransmits: u64, acknowledgements: Text, waited_ms: u64, }
    TlsSniFiltered { control: Text, heard: Text, }
    TlsMtuBlackhole { how: Text, waited_ms: u64, }
    TlsSilent { ..silence: Silence, }
    TlsVersionTooOld { version: Text, }
    TlsVersionTooNew {}
    TlsNoCommonCipher { suite: Text, }
    TlsAlert { alert: Alert, alert_name: Text, }
    TlsPlaintext { first_bytes: Text, }
    TlsClosed {}
    TlsIntercepted { ..leaf: Leaf, dates: Code, }
    TlsInterceptedUntrusted { ..leaf: Leaf, recognized_by: Text, }
    TlsUntrustedIssuer { ..leaf: Leaf, }
    TlsIncompleteChain { ..leaf: Leaf, }
    TlsSelfSigned { ..leaf: Leaf, }
    TlsExpired { ..leaf: Leaf, }
    TlsNotYetValid { ..leaf: Leaf, }
    TlsWrongName { ..leaf: Leaf, names: List, }
    TlsNoSan { ..leaf: Leaf, common_name: Text, }
    HttpBlockPage {}
    HttpCaptivePortal { ..reply: ProxyReply, portal: Text, }
    HttpUnexpectedRedirect { location_host: Text, }
    HttpSilent { ..silence: Silence, }
    HttpClosed { how: Text, waited_ms: u64, }
    HttpMalformed { detail: Text, waited_ms: u64, }
    HttpSlow { first_byte_ms: u64, }
    HttpUserAgentFiltered { neutral: Text, msoidcrl: Text, msie6: Text, denies: Text, }
    HttpServiceError { ..overload: Overload, }
    HttpUnexpectedStatus { expected: Text, }
    HttpRateLimited { ..overload: Overload, }
    ContentNotCrl {}
    ContentCrlExpired {}
    ContentMismatch { expected: Text, location_host: Text, }
    ContentTruncated { announced: u64, received: u64, }
    PolicyOpen { answer: Text, closing: Text, }
    PathLoss { lost: u64, exchanges: u64, }
    PathLatency { round_trip_ms: u64, }
    NcsiBlocked {}
    NcsiWrongContent { expected: Text, }
    NcsiDnsWrong { expected: List, }
}

impl From<Code> for Cause {
    fn from(code: Code) -> Self {
        Self::bare(code)
    }
}

/// The facts that a value has under its own names.
pub(crate) fn by_name(value: &impl Serialize) -> Facts {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::Object(facts)) => facts.into_iter().collect(),
        _ => Facts::new(),
    }
}

/// Reads what it can of saved facts: one that has another type than this version writes is left
/// out, the others are read.
pub(crate) fn read_each<T: for<'de> Deserialize<'de> + Default>(facts: &Facts) -> T {
    let whole = serde_json::Map::from_iter(facts.clone());
    if let Ok(read) = serde_json::from_value(whole.clone().into()) {
        return read;
    }
    let one = |(name, value): &(String, serde_json::Value)| {
        let alone = serde_json::Map::from_iter([(name.clone(), value.clone())]);
        serde_json::from_value::<T>(alone.into()).is_ok()
    };
    let readable: serde_json::Map<_, _> = whole.into_iter().filter(one).collect();
    serde_json::from_value(readable.into()).unwrap_or_default()
}

impl Cause {
    /// The cause of a code with those of the saved facts that are its own.
    pub(crate) fn from_facts(code: Code, facts: &Facts) -> Self {
        let read = |facts: serde_json::Map<String, serde_json::Value>| {
            let cause = serde_json::json!({ "code": code, "facts": facts });
            serde_json::from_value::<Self>(cause).ok()
        };
        let whole = serde_json::Map::from_iter(facts.clone());
        let each = || {
            let one = |(name, value): &(String, serde_json::Value)| {
                read(serde_json::Map::from_iter([(name.clone(), value.clone())])).is_some()
            };
            read(whole.clone().into_iter().filter(one).collect())
        };
        read(whole.clone())
            .or_else(each)
            .unwrap_or_else(|| Self::bare(code))
    }

    /// The code that it rests on, where the variant says so itself.
    pub fn underlying(&self) -> Option<Code> {
        match self {
            Self::TcpIpv6Broken { addresses } | Self::TcpSomeAddresses { addresses } => {
                addresses.cause
            }
            _ => None,
        }
    }

    /// Its facts by name, as in JSON.
    pub fn facts(&self) -> Facts {
        match by_name(self).remove("facts") {
            Some(serde_json::Value::Object(facts)) => facts.into_iter().collect(),
            _ => Facts::new(),
        }
    }

    /// The route that works beside the one of the settings.
    pub fn better_route(&self) -> Option<&BetterRoute> {
        match self {
            Self::RoutePacWrongBranch { better }
            | Self::RouteBypassHidesHost { better }
            | Self::RouteProxyNotConfigured { better } => Some(better),
            _ => None,
        }
    }

    /// The host that a redirect leads to.
    pub fn location_host(&self) -> Option<&Text> {
        match self {
            Self::HttpUnexpectedRedirect { location_host }
            | Self::ContentMismatch { location_host, .. } => location_host.as_ref(),
            _ => None,
        }
    }
}

/// Declares how a group of facts is read and completed, whichever cause has it.
macro_rules! groups {
    ($($(#[$doc:meta])* $read:ident, $change:ident: $group:ident: $type:ty, $($variant:ident)|+;)*) => {
        impl Cause {
            $($(#[$doc])*
            pub fn $read(&self) -> Option<&$type> {
                match self {
                    $(Self::$variant { $group, .. })|+ => Some($group),
                    _ => None,
                }
            }

            /// The same, to be completed.
            pub fn $change(&mut self) -> Option<&mut $type> {
                match self {
                    $(Self::$variant { $group, .. })|+ => Some($group),
                    _ => None,
                }
            })*
        }
    };
}

groups! {
    /// The connection that was not established.
    connect, connect_mut: connect: FailedConnect,
        DeviceNoRoute | DeviceLocalFirewall | TcpDropped | TcpRefused | TcpAdminProhibited | TcpUnreachable;
    /// The DNS question that failed.
    lookup, lookup_mut: lookup: FailedLookup,
        DeviceNoRoute | DnsTimeout | DnsServfail | DnsRefused | DnsNxdomain | DnsNodata
            | DnsResolverClosed | DnsTcpBlocked;
    /// What the proxy answered.
    reply, reply_mut: reply: ProxyReply,
        ProxySilent | ProxyNotAProxy | ProxyAuthRequired | ProxyAuthRejected | ProxyDenied
            | ProxyPortDenied | ProxyRateLimited | ProxyUpstreamDns | ProxyUpstreamUnreachable
            | ProxyUpstreamTimeout | ProxyTunnelClosed | HttpCaptivePortal;
    /// The certificate that it is about.
    leaf, leaf_mut: leaf: Leaf,
        TlsIntercepted | TlsInterceptedUntrusted | TlsUntrustedIssuer | TlsIncompleteChain
            | TlsSelfSigned | TlsExpired | TlsNotYetValid | TlsWrongName | TlsNoSan;
    /// The PAC script that gives no route.
    script, script_mut: script: FailedScript,
        RoutePacUnreachable | RoutePacHttpStatus | RoutePacNotScript | RoutePacError | RoutePacLimit;
}
