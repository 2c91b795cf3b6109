//! The sentences of causes that hold for several endpoints.

use crate::cause::Cause;
use crate::facts::List;
use crate::wording::about::{About, or};

impl Cause {
    /// The sentence of a finding; without one of its own, that of an endpoint.
    #[expect(clippy::too_many_lines, reason = "a table: one arm a cause")]
    pub(super) fn sentence_of_run(&self, about: &About<'_>) -> String {
        let (proxy, issuer, hosts) = (about.proxy(), about.issuer(), about.hosts());
        match self {
            Self::DeviceNoRoute { .. } => "This machine has an address, but knows no route out: every packet was refused by the system at once".to_owned(),
            Self::RoutePacWrongBranch { better } => format!(
                "The PAC script sends {hosts} hosts directly, which fails ({}); through {} they answer",
                or(&better.causes, "cause unknown"), or(&better.working, "another proxy")
            ),
            Self::RouteBypassHidesHost { better } => format!(
                "The bypass list keeps {hosts} hosts from the proxy, and directly they fail ({}); through {} they answer",
                or(&better.causes, "cause unknown"), or(&better.working, "the proxy")
            ),
            Self::RouteProxyNotConfigured { better } => format!(
                "No proxy is set for {hosts} hosts, and directly they fail ({}); through {}, which the {} settings name, they answer",
                or(&better.causes, "cause unknown"), or(&better.working, "a proxy"), or(&better.view, "other")
            ),
            Self::DnsResolverDead { resolvers, dead: Some(dead), working } => format!(
                "The name server {dead} resolved none of {} names, while {} resolves them: every lookup that begins there is late, and there is no spare",
                or(&resolvers.names, "several"), or(working, "another one")
            ),
            Self::DnsResolverDead { resolvers, .. } if resolvers.names == Some(1) => format!(
                "The resolver does not answer: one name asked of {}, no reply at all",
                or(&resolvers.resolvers, "this machine's resolvers")
            ),
            Self::DnsNoInternetNames { resolvers } if resolvers.controls.as_ref().is_none_or(List::is_empty) => format!(
                "The resolver {} answers, but resolves no internet name: {} names of different owners fail alike ({})",
                or(&resolvers.resolvers, "of this machine"), or(&resolvers.names, "several"), about.answers()
            ),
            Self::DnsResolverClosed { resolvers, .. } => format!(
                "Nothing listens on the DNS port of {}: no name can be looked up",
                or(&resolvers.resolvers, "the resolver")
            ),
            Self::TcpEgressClosed { egress_ports, how, all_ports: Some(true), .. } => format!(
                "No direct connection gets out of this network: all {hosts} hosts on TCP port {} were {}",
                or(egress_ports, "of the endpoints"), or(how, "refused")
            ),
            Self::TcpIpv6Broken { .. } => format!("IPv6 does not work here, IPv4 does: no IPv6 connection to any of {hosts} hosts was established"),
            Self::ProxyAuthRequired { reply } => format!("The proxy {proxy} wants a sign-in for every host ({}; {hosts} hosts)", reply.schemes()),
            Self::ProxyAuthRejected { reply } => format!("The proxy {proxy} rejects the credentials for every host ({}; {hosts} hosts)", reply.schemes()),
            Self::ProxyDenied { reply } => format!("The proxy {proxy} denies all {hosts} hosts: {}", reply.in_words()),
            Self::ProxyUpstreamDns { reply } => format!("The proxy {proxy} resolves none of {hosts} hosts: {}", reply.in_words()),
            Self::ProxyUpstreamUnreachable { reply } => format!("The proxy {proxy} connects to none of {hosts} hosts: {}", reply.in_words()),
            Self::ProxyUpstreamTimeout { reply } => format!("The proxy {proxy} gets an answer from none of {hosts} hosts: {}", reply.in_words()),
            Self::ProxyTunnelClosed { reply } => format!(
                "The proxy {proxy} opens tunnels and closes them at once ({}; {hosts} hosts)",
                or(&reply.how, "closed")
            ),
            Self::TlsPlaintext { first_bytes } => format!(
                "The proxy {proxy} opens tunnels and answers in clear text in them: \"{}\" ({hosts} hosts)",
                or(first_bytes, "")
            ),
            Self::TlsIntercepted { .. } => format!("TLS is inspected: the certificates of {hosts} hosts were issued by {issuer}, which only this machine trusts"),
            Self::TlsInterceptedUntrusted { .. } => format!("TLS is inspected by a device that this machine does not trust: \"{issuer}\" signed for {hosts} hosts"),
            Self::TlsSelfSigned { leaf } | Self::TlsUntrustedIssuer { leaf } => format!(
                "The certificate of the proxy {proxy} is not trusted: issued by \"{issuer}\" for \"{}\"",
                or(&leaf.subject, "no subject")
            ),
            Self::TlsWrongName { names, .. } => format!("The certificate of the proxy {proxy} names other hosts: {}", or(names, "none")),
            Self::TlsExpired { leaf } => format!("The certificate of the proxy {proxy} expired on {}", or(&leaf.not_after, "an earlier day")),
            Self::TlsNotYetValid { leaf } => format!("The certificate of the proxy {proxy} is valid only from {}", or(&leaf.not_before, "a later day")),
            Self::HttpCaptivePortal { portal, .. } if about.notes().hosts == Some(1) => format!(
                "The network asks for a sign-in first: one host was answered by {} instead of itself",
                or(portal, "the network")
            ),
            Self::HttpCaptivePortal { portal, .. } => format!(
                "The network asks for a sign-in first: {hosts} hosts were answered by {} instead of themselves",
                or(portal, "the network")
            ),
            _ => self.sentence(about),
        }
    }
}
