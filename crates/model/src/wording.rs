//! The sentences of causes: the one place where they are worded. A code without a sentence does not
//! compile, and neither does a sentence with a fact that its cause does not have.

mod about;
mod run;

use crate::cause::{Cause, FailedScript, ProxyReply};
use crate::codes::Code;
use crate::endpoint::Endpoint;
use crate::evidence::Stage;
use crate::facts::{OneOrMany, Text};
use crate::verdict::Basis;

use about::{About, Or, or, resolver};

impl Basis {
    /// The sentence about one endpoint; empty without a cause.
    pub fn sentence(&self, stage: Stage, endpoint: &Endpoint) -> String {
        let about = About {
            basis: self,
            stage,
            endpoint: Some(endpoint),
        };
        let cause = self.cause.as_ref();
        cause.map_or_else(String::new, |cause| cause.sentence(&about))
    }

    /// The sentence about several endpoints, or about the whole run; empty without a cause.
    pub fn sentence_of_run(&self, stage: Stage) -> String {
        let about = About {
            basis: self,
            stage,
            endpoint: None,
        };
        let cause = self.cause.as_ref();
        cause.map_or_else(String::new, |cause| cause.sentence_of_run(&about))
    }
}

/// The sentences of a code about one endpoint and about several, where no fact is known.
pub fn without_facts(code: Code) -> [String; 2] {
    let basis = Basis::new(code.into());
    let about = About {
        basis: &basis,
        stage: code.stage(),
        endpoint: None,
    };
    let cause = Cause::bare(code);
    [cause.sentence(&about), cause.sentence_of_run(&about)]
}

/// The sentences, in the order of the documentation.
impl Cause {
    #[expect(clippy::too_many_lines, reason = "a table: one arm a cause")]
    fn sentence(&self, about: &About<'_>) -> String {
        let (host, target, address) = (about.host(), about.target(), about.address());
        let (proxy, cause, answers) = (about.proxy(), about.cause(), about.answers());
        let (status, page, issuer) = (about.status(), about.page(), about.issuer());
        match self {
            Self::DeviceNoNetwork {} => {
                "This machine has no usable network connection: no interface has an address"
                    .to_owned()
            }
            Self::DeviceNoRoute { lookup, .. } => {
                let to = lookup
                    .address
                    .as_ref()
                    .filter(|_| about.basis.subject.address.is_none());
                let to = to.map_or(address, ToString::to_string);
                format!("This machine knows no route to {to}: the system gave up at once")
            }
            Self::DeviceLocalFirewall { .. } => format!(
                "A packet filter on this machine rejects the connection to {address} ({host})"
            ),
            Self::DeviceClockSkew {
                skew_seconds,
                direction,
            } => format!(
                "The clock of this machine is {} s {} ({} hosts agree)",
                or(skew_seconds, "many"),
                or(direction, "off"),
                about.hosts()
            ),
            Self::RoutePacUnreachable { script } => script.instead(|script, detail| {
                format!("The PAC script {script} cannot be fetched ({detail})")
            }),
            Self::RoutePacHttpStatus { script } => script.instead(|script, _| {
                format!("The PAC script {script} was answered with HTTP {status}")
            }),
            Self::RoutePacNotScript { script } => script.instead(|script, detail| {
                format!("What came from {script} is no PAC script ({detail})")
            }),
            Self::RoutePacError { script } => {
                script.instead(|script, detail| format!("The PAC script {script} fails ({detail})"))
            }
            Self::RoutePacLimit { script } => script.instead(|script, detail| {
                format!("The PAC script {script} was stopped ({detail})")
            }),
            Self::RoutePacWrongBranch { better } => format!(
                "The PAC script sends {host} directly, which fails ({cause}); through {} it answers",
                or(&better.working, "another proxy")
            ),
            Self::RoutePacUnstable {
                changes_with,
                pac_routes,
                ..
            } => format!(
                "The PAC script sends {host} over different routes ({}): the answer changes with {}",
                or(pac_routes, "not recorded"),
                or(changes_with, "every call")
            ),
            Self::RouteBypassHidesHost { better } => format!(
                "The bypass list keeps {host} from the proxy, and directly it fails ({cause}); through {} it answers",
                or(&better.working, "the proxy")
            ),
            Self::RouteProxyNotConfigured { better } => format!(
                "No proxy is set for {host}, and directly it fails ({cause}); through {}, which the {} settings name, it answers",
                or(&better.working, "a proxy"),
                or(&better.view, "other")
            ),
            Self::RouteSourcesDisagree { ways, .. } => format!(
                "The proxy settings disagree: {}",
                or(ways, "they name different routes")
            ),
            Self::RouteLoopbackProxy { exemption } => format!(
                "The proxy {proxy} has a loopback address: the Windows sign-in broker (an AppContainer) reaches it only with a loopback exemption ({})",
                or(exemption, "not read here")
            ),
            Self::DnsTimeout { lookup } => format!(
                "The resolver {} gave no answer for {host} ({} tries)",
                resolver(lookup),
                or(&lookup.tries, "several")
            ),
            Self::DnsServfail { lookup } => format!(
                "The resolver {} answered {} for {host}",
                resolver(lookup),
                or(&lookup.rcode, "with an error")
            ),
            Self::DnsRefused { lookup } => format!(
                "The resolver {} refused to answer for {host} (REFUSED)",
                resolver(lookup)
            ),
            Self::DnsNxdomain { lookup } => format!(
                "The resolver {} says that {host} does not exist (NXDOMAIN)",
                resolver(lookup)
            ),
            Self::DnsNodata { lookup } => format!(
                "The resolver {} gives no address for {host} ({})",
                resolver(lookup),
                or(&lookup.seen, "no such record")
            ),
            Self::DnsResolverDead { resolvers, .. } => format!(
                "The resolver does not answer: {} names asked of {}, no reply at all",
                or(&resolvers.names, "several"),
                or(&resolvers.resolvers, "this machine's resolvers")
            ),
            Self::DnsNoInternetNames { resolvers } => format!(
                "The resolver {} answers, but resolves no internet name: {} and the control names {} fail alike ({answers})",
                or(&resolvers.resolvers, "of this machine"),
                resolvers.host.as_ref().map_or(host, ToString::to_string),
                or(&resolvers.controls, "of other owners")
            ),
            Self::DnsResolverClosed { lookup, .. } => format!(
                "Nothing listens on the DNS port of {}: {host} cannot be looked up",
                or(&lookup.resolver, "the resolver")
            ),
            Self::DnsTcpBlocked { lookup } => format!(
                "The answer of {} for {host} is too large for UDP, and DNS over TCP (port 53) failed",
                or(&lookup.resolver, "the resolver")
            ),
            Self::DnsSinkhole {} => format!(
                "DNS answers {host} with {answers}, which is not the service ({cause} there)"
            ),
            Self::DnsOutsidePublishedRange {} => format!(
                "DNS answers {host} with {answers}, outside the published addresses, and what answers there is not genuine ({cause})"
            ),
            Self::DnsForeignCname { cname, .. } => format!(
                "The DNS chain of {host} leads to {}, which does not belong to the service ({cause} there)",
                or(cname, "another name")
            ),
            Self::DnsRewritten { label } => format!(
                "The resolver makes answers up: {}, which does not exist, has the address of {host} ({answers}; {cause} there)",
                or(label, "a random name")
            ),
            Self::DnsHostsFile { .. } => {
                format!("The hosts file of this machine sets {host} to {answers} ({cause})")
            }
            Self::DnsAaaaBroken { seen } => format!(
                "{host} resolves for IPv4, but the AAAA question failed ({}); programs wait for it",
                or(seen, "no answer")
            ),
            Self::DnsSlow { dns_ms, tries } => format!(
                "Looking up {host} took {} ms and {} tries",
                or(dns_ms, "many"),
                or(tries, "several")
            ),
            Self::DnsMsoid21vianet { record } => format!(
                "The DNS zone {} is wrong: {host} points to {}, right only for tenants in China; seen by {}; {}",
                or(&record.domain, "of the domain"),
                or(&record.vianet, "a target in China"),
                or(&record.seen_by, "a resolver"),
                or(&record.difference, "no other view was recorded")
            ),
            Self::DnsMsoidMissing { record } => format!(
                "{host} should point to {} (cloud china), but {} has no such record",
                or(&record.vianet, "the target in China"),
                or(&record.missing_at, "the resolver")
            ),
            Self::TcpDropped { connect } => format!(
                "No answer to the TCP connection to {address} ({host}) within {}",
                ms(connect.waited_ms)
            ),
            Self::TcpRefused { .. } => {
                format!("The TCP connection to {address} ({host}) was refused")
            }
            Self::TcpAdminProhibited { connect } => format!(
                "{} rejects the connection to {address} ({host}): {}",
                or(&connect.device, "A device on the path"),
                or(&connect.icmp, "administratively prohibited")
            ),
            Self::TcpUnreachable { .. } => {
                format!("The network reports {address} ({host}) as unreachable")
            }
            Self::TcpEgressClosed {
                egress_port, how, ..
            } => format!(
                "TCP port {} is closed on the path out: all {} hosts on it were {}",
                or(egress_port, "of the endpoints"),
                about.hosts(),
                or(how, "refused")
            ),
            Self::TcpIpv6Broken { addresses } => format!(
                "{host} answers over IPv4, but not over IPv6 ({} at {})",
                or(&addresses.cause, "a failure"),
                or(&addresses.failed, "its IPv6 address")
            ),
            Self::TcpSomeAddresses { addresses } => format!(
                "{host} answers at {}, but not at {} ({})",
                or(&addresses.answering, "some addresses"),
                or(&addresses.failed, "others"),
                or(&addresses.cause, "a failure")
            ),
            Self::TcpSlow { tcp_ms, median_ms } => format!(
                "The TCP connection to {address} ({host}) took {} ms, the median of the run is {} ms",
                or(tcp_ms, "many"),
                or(median_ms, "fewer")
            ),
            Self::TcpFlaky {
                first_failure,
                failed_stage,
            } => format!(
                "{target} failed at first ({} at stage {}) and answered when tried again",
                or(first_failure, "a failure"),
                or(failed_stage, "tcp")
            ),
            Self::ProxyUnresolvable { seen, .. } => format!(
                "The proxy {proxy} cannot be found: {}",
                or(seen, "no such name")
            ),
            Self::ProxyDropped { connect } => format!(
                "The proxy {proxy} does not answer at {address} ({} after {})",
                or(&connect.how, "silence"),
                ms(connect.waited_ms)
            ),
            Self::ProxyRefused { .. } => {
                format!("The proxy {proxy} refuses connections at {address}")
            }
            Self::ProxySilent { reply } => format!(
                "The proxy {proxy} accepts connections and does not answer ({})",
                ms(reply.waited_ms)
            ),
            Self::ProxyNotAProxy { reply } => {
                format!("{proxy} does not behave like a proxy: {}", reply.in_words())
            }
            Self::ProxyAuthRequired { reply } => format!(
                "The proxy {proxy} wants a sign-in for {target} ({})",
                reply.schemes()
            ),
            Self::ProxyAuthRejected { reply } => format!(
                "The proxy {proxy} rejects the credentials for {target} ({})",
                reply.schemes()
            ),
            Self::ProxyDenied { reply } => {
                format!("The proxy {proxy} denies {target}: {}", reply.in_words())
            }
            Self::ProxyPortDenied { reply } => format!(
                "The proxy {proxy} denies every host on port {} ({} hosts)",
                or(&reply.port, "of the endpoint"),
                about.hosts()
            ),
            Self::ProxyRateLimited { reply } => format!(
                "The proxy {proxy} says that there are too many requests: {}",
                reply.in_words()
            ),
            Self::ProxyUpstreamDns { reply } => format!(
                "The proxy {proxy} cannot resolve {host}: {}",
                reply.in_words()
            ),
            Self::ProxyUpstreamUnreachable { reply } => format!(
                "The proxy {proxy} cannot connect to {target}: {}",
                reply.in_words()
            ),
            Self::ProxyUpstreamTimeout { reply } => format!(
                "The proxy {proxy} gets no answer from {target}: {}",
                reply.in_words()
            ),
            Self::ProxyTunnelClosed { reply } => format!(
                "The proxy {proxy} opened the tunnel to {target} and then closed it ({})",
                or(&reply.how, "closed")
            ),
            Self::TlsHelloReset {
                how,
                bytes_received,
            } => format!(
                "{address} accepted the connection and cut it after the ClientHello for {host} ({}, {} bytes received)",
                or(how, "closed"),
                or(bytes_received, "no")
            ),
            Self::TlsHelloDropped { retransmits, .. } => format!(
                "{address} accepted the connection, and then the ClientHello for {host} was never acknowledged: something on the path drops it ({} times sent again)",
                or(retransmits, "several")
            ),
            Self::TlsSniFiltered { control, .. } => format!(
                "The path to {address} is open, but ClientHellos that name {host} are filtered: one with another name ({}) is answered",
                or(control, "of a control host")
            ),
            Self::TlsMtuBlackhole { how, .. } => format!(
                "{address} answers for {host}, but its large packets do not arrive: {} (MTU)",
                or(how, "only short ones come")
            ),
            Self::TlsSilent { silence } => format!(
                "{address} accepted the connection, then nothing more: no TLS answer for {host} within {}",
                ms(silence.waited_ms)
            ),
            Self::TlsVersionTooOld { version } => format!(
                "{address} answers for {host} with {} at most; activation needs TLS 1.2",
                or(version, "TLS 1.1")
            ),
            Self::TlsVersionTooNew {} => {
                format!("{address} refuses TLS 1.2 for {host} and offers TLS 1.3 only")
            }
            Self::TlsNoCommonCipher { suite } => format!(
                "{address} has no cipher suite in common with this program for {host} ({}); Windows may still get through",
                or(suite, "it named none")
            ),
            Self::TlsAlert { alert, alert_name } => format!(
                "{address} refused the TLS handshake for {host}: alert {} ({})",
                or(alert, "without a number"),
                or(alert_name, "unknown")
            ),
            Self::TlsPlaintext { first_bytes } => format!(
                "{address} answers in clear text instead of TLS for {host}: \"{}\"",
                or(first_bytes, "")
            ),
            Self::TlsClosed {} => format!(
                "{address} accepted the connection for {host} and closed it before TLS began"
            ),
            Self::TlsIntercepted { .. } => format!(
                "TLS to {host} is inspected: the certificate was issued by \"{issuer}\", which only this machine trusts"
            ),
            Self::TlsInterceptedUntrusted { recognized_by, .. } => format!(
                "TLS to {host} is inspected by a device that this machine does not trust: issuer \"{issuer}\", {}",
                or(recognized_by, "which is not public")
            ),
            Self::TlsUntrustedIssuer { .. } => format!(
                "{address} presents a certificate for {host} from an untrusted issuer: \"{issuer}\""
            ),
            Self::TlsIncompleteChain { .. } => format!(
                "{address} sends the certificate of {host} without that of its issuer \"{issuer}\""
            ),
            Self::TlsSelfSigned { leaf } => format!(
                "{address} presents a self-signed certificate for {host}: \"{}\"",
                or(&leaf.subject, "without a subject")
            ),
            Self::TlsExpired { leaf } => format!(
                "The certificate of {host} at {address} expired on {}",
                or(&leaf.not_after, "an earlier day")
            ),
            Self::TlsNotYetValid { leaf } => format!(
                "The certificate of {host} at {address} is valid only from {}",
                or(&leaf.not_before, "a later day")
            ),
            Self::TlsWrongName { names, .. } => format!(
                "{address} presents a certificate for {}, not for {host}",
                or(names, "other names")
            ),
            Self::TlsNoSan { common_name, .. } => format!(
                "The certificate of {host} at {address} names it in the subject only (CN={}), without a subject alternative name; Windows may accept it",
                or(common_name, "the host")
            ),
            Self::HttpBlockPage {} => {
                format!("A block page came instead of {target}: HTTP {status}, \"{page}\"")
            }
            Self::HttpCaptivePortal { .. } => format!(
                "The network asks for a sign-in before it lets {target} through (HTTP {status})"
            ),
            Self::HttpUnexpectedRedirect { location_host } => format!(
                "{target} redirects to {}, which does not belong to it (HTTP {status})",
                or(location_host, "another host")
            ),
            Self::HttpSilent { silence } => format!(
                "{address} took the HTTP request for {host} and did not answer within {}",
                ms(silence.waited_ms)
            ),
            Self::HttpClosed { how, .. } => format!(
                "{address} took the HTTP request for {host} and closed the connection ({})",
                or(how, "closed")
            ),
            Self::HttpMalformed { detail, .. } => format!(
                "{address} answers for {host} with something that is not HTTP ({})",
                or(detail, "malformed")
            ),
            Self::HttpSlow { first_byte_ms } => format!(
                "{target} took {} ms to answer the HTTP request",
                or(first_byte_ms, "many")
            ),
            Self::HttpUserAgentFiltered {
                neutral, msoidcrl, ..
            } => format!(
                "{target} answers a neutral User-Agent ({}) and refuses one that contains MSOIDCRL ({})",
                or(neutral, "an answer"),
                or(msoidcrl, "a refusal")
            ),
            Self::HttpServiceError { overload } => format!(
                "{target} answers HTTP {status}: {}",
                or(&overload.speaker, "an error of the service")
            ),
            Self::HttpUnexpectedStatus { expected } => format!(
                "{target} answers with HTTP {status}; expected was {}",
                or(expected, "another one")
            ),
            Self::HttpRateLimited { overload } => format!(
                "{target} answers HTTP {status} (too many requests): {}",
                or(&overload.speaker, "a limit of the service")
            ),
            Self::ContentNotCrl {} => {
                format!("{target} should give a revocation list and gives something else ({page})")
            }
            Self::ContentCrlExpired {} => format!(
                "The revocation list of {target} was due for renewal on {}",
                or(&about.notes().next_update, "an earlier day")
            ),
            Self::ContentMismatch { expected, .. } => format!(
                "{target} answers, but without {}: \"{page}\"",
                or(expected, "what is expected")
            ),
            Self::ContentTruncated {
                announced,
                received,
            } => format!(
                "{target} announced {} bytes and closed after {} bytes",
                or(announced, "more"),
                or(received, "fewer")
            ),
            Self::PolicyOpen { answer, .. } => format!(
                "{target} must be closed and is open: {}",
                or(answer, "it answers")
            ),
            Self::PathLoss { lost, exchanges } => format!(
                "The path loses packets: {} of {} exchanges needed a packet to be sent again",
                or(lost, "some"),
                or(exchanges, "all")
            ),
            Self::PathLatency { round_trip_ms } => format!(
                "A round trip takes {} ms (median over {} hosts): the path itself is long, as over a satellite",
                or(round_trip_ms, "many"),
                about.hosts()
            ),
            Self::NcsiBlocked {} => format!(
                "The Windows connectivity test fails at {target} ({cause}); Windows and Office will say \"no internet\""
            ),
            Self::NcsiWrongContent { expected } => format!(
                "The Windows connectivity test at {target} got \"{page}\" (HTTP {status}) instead of \"{}\"",
                or(expected, "its text")
            ),
            Self::NcsiDnsWrong { expected } => format!(
                "DNS answers {host} with {answers}; Windows expects {}",
                or(expected, "another address")
            ),
        }
    }
}

/// A wait in milliseconds.
fn ms(waited: Option<u64>) -> String {
    waited.map_or("the time limit".to_owned(), |waited| format!("{waited} ms"))
}

impl ProxyReply {
    /// What the proxy said.
    fn in_words(&self) -> Or<'_, Text> {
        or(&self.answer, "without a reason")
    }

    /// Which authentication schemes it offers.
    fn schemes(&self) -> Or<'_, OneOrMany> {
        or(&self.schemes, "no scheme named")
    }
}

impl FailedScript {
    /// What is wrong with the script, and where clients go instead.
    fn instead(&self, says: impl Fn(Or<'_, Text>, Or<'_, Text>) -> String) -> String {
        let says = says(
            or(&self.script, "of the settings"),
            or(&self.detail, "no detail"),
        );
        let fallback = or(&self.fallback, "by the other settings");
        format!("{says}; clients go {fallback} instead")
    }
}
