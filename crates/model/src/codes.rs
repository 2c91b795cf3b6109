//! The table of codes: what each means, which evidence makes it, and what would prove it wrong. The
//! sentences about endpoints are in `wording.rs`.

use crate::code::{Entry, codes};
use crate::evidence::Stage;
use crate::verdict::{Outcome, Who};

codes! {
    DeviceNoNetwork "device-no-network" Device Inconclusive Device
        means "This machine has no usable network connection."
        evidence "No interface other than loopback has an address, and not one connection was established."
        wrong_if "an interface came up after the run began: run the check again"
    DeviceNoRoute "device-no-route" Device Inconclusive Device
        means "This machine has an address, but the system has no route out, or none to this host."
        evidence "Connections or DNS packets fail at once with \"network unreachable\", without anything having been sent. Run-wide when nothing else was seen. Blocked where other hosts are reached and the system's own routing table ended this connection (on Linux also by routes of the kinds unreachable, prohibit and blackhole)."
        wrong_if "a VPN or route came up after the run began, or a security module of the system refused: run the check again"
    DeviceLocalFirewall "device-local-firewall" Device Blocked Device
        means "A packet filter on this machine itself rejects the connection."
        evidence "The system refuses the connection at once without a message from the network, or the ICMP message that rejected it came from this machine's own address."
        wrong_if "a device that shares this machine's address (a VPN client, a NAT) rejected it: look at the local rules"
    DeviceClockSkew "device-clock-skew" Device Degraded Device
        means "The clock of this machine is wrong."
        evidence "The median of local time minus the Date header (Age taken into account) over at least three hosts is more than 300 s, which Kerberos no longer tolerates, or more than 60 s where that explains certificates that seem expired or not yet valid."
        wrong_if "a cache or proxy answered all of these hosts with old dates: compare with another clock"

    RoutePacUnreachable "route-pac-unreachable" Route Degraded Device
        means "The PAC script that the settings name cannot be fetched."
        evidence "Its host does not resolve, does not connect, does not answer in time, or the file is not there. Clients then go the way that the settings name without it."
        wrong_if "the script's server refuses this program alone: open its address in a browser on this machine"
    RoutePacHttpStatus "route-pac-http-status" Route Degraded Device
        means "The server of the PAC script answers with something else than status 200."
        evidence "The status of the answer to a GET of the script, redirects followed."
        wrong_if "the server answers browsers differently: open the script's address in a browser on this machine"
    RoutePacNotScript "route-pac-not-script" Route Degraded Device
        means "What stands at the PAC address is no PAC script."
        evidence "A web page, an empty body, or a text that has no FindProxyForURL."
        wrong_if "the server sends browsers something else: open the script's address in a browser on this machine"
    RoutePacError "route-pac-error" Route Degraded Device
        means "The PAC script fails."
        evidence "A syntax error, an exception, or an answer that is not text."
        wrong_if "the script uses what only Windows' own engine knows: see whether a browser goes through the proxy"
    RoutePacLimit "route-pac-limit" Route Degraded Device
        means "The PAC script runs too long, or needs too much memory or stack."
        evidence "The script was stopped at the limits of this program: time, memory, stack, length, DNS questions."
        wrong_if "Windows runs the script with larger limits: see whether a browser goes through the proxy"
    RoutePacWrongBranch "route-pac-wrong-branch" Route Blocked Device
        means "The PAC script sends this host directly, the direct path is closed, and a proxy that the script knows works."
        evidence "The script answered DIRECT, the direct probe failed, and the same probe through a proxy that the script names for other hosts got a genuine answer."
        wrong_if "the direct path was only closed for a moment, or the script decides otherwise for Office: run it again"
    RoutePacUnstable "route-pac-unstable" Route Degraded Device
        means "The PAC script gives different routes for the same URL."
        evidence "The script was asked again for each order of the DNS answers and of this machine's own addresses, for other values of `Math.random`, at other times, and twice under the same circumstances, as far as it looks at any of these. Each route is probed; where none works, its own cause is named instead."
        wrong_if "the difference is meant, as in sharing the load between proxies that are all alike: ask whoever keeps the script"
    RouteBypassHidesHost "route-bypass-hides-host" Route Blocked Device
        means "The bypass list keeps this host from the proxy, the direct path is closed, and the proxy works."
        evidence "A rule of the bypass list matched, the direct probe failed, and the same probe through the proxy of the same settings got a genuine answer."
        wrong_if "the direct path was only closed for a moment: run the check again"
    RouteProxyNotConfigured "route-proxy-not-configured" Route Blocked Device
        means "No proxy is set for this host, the direct path is closed, and a proxy that other settings of this machine name works."
        evidence "Nothing decided for a proxy, the direct probe failed, and the same probe through a proxy that another view (user, machine, environment, WPAD) names got a genuine answer."
        wrong_if "the direct path was only closed for a moment, or Office goes by other settings: run it again"
    RouteSourcesDisagree "route-sources-disagree" Route Degraded Device
        means "The proxy settings of this machine contradict each other, so its programs use different routes."
        evidence "The settings of the user and of the machine (on other systems: the desktop and the environment) name different routes for the same endpoint."
        wrong_if "the program concerned reads only one of these settings: see which account it runs under"

    RouteLoopbackProxy "route-loopback-proxy" Route Degraded Device
        means "A proxy on a loopback address carries connections; the sign-in broker of Windows, an AppContainer, cannot reach loopback without an exemption."
        evidence "The proxy that carried the connection has the address 127.0.0.0/8 or ::1. A note, and degraded only on Windows where the list of loopback exemptions was read and the broker (Microsoft.AAD.BrokerPlugin) is not on it."
        wrong_if "the broker gets another proxy than Office: see `reach365 proxy` for the settings of the user"

    DnsTimeout "dns-timeout" Dns Blocked Resolver
        means "The resolver does not answer for this name."
        evidence "No answer to any try for this name, while other names resolve."
        wrong_if "the servers of that domain are down: ask another resolver for the name"
    DnsServfail "dns-servfail" Dns Blocked Resolver
        means "The resolver reports a failure for this name."
        evidence "Response code SERVFAIL, or another error code that is neither REFUSED nor NXDOMAIN, while other names resolve."
        wrong_if "the servers of that domain fail for everybody: ask another resolver for the name"
    DnsRefused "dns-refused" Dns Blocked Resolver
        means "The resolver refuses to answer for this name."
        evidence "Response code REFUSED, while other names resolve."
        wrong_if "another resolver refuses the name as well: ask one outside this network"
    DnsNxdomain "dns-nxdomain" Dns Blocked Resolver
        means "The resolver says that this name does not exist."
        evidence "Response code NXDOMAIN for a name that must exist, while other names resolve."
        wrong_if "the name was retired by its owner: ask a resolver outside this network"
    DnsNodata "dns-nodata" Dns Blocked Resolver
        means "The name exists, but the resolver gives no address for it."
        evidence "NOERROR without an address record, or a CNAME chain that leads to none, while other names resolve."
        wrong_if "the owner took the addresses away: ask a resolver outside this network"
    DnsResolverDead "dns-resolver-dead" Dns Inconclusive Resolver
        means "The configured resolver does not answer."
        evidence "Every lookup of the run ended in silence, those of control names too. Degraded, with the endpoints reachable, where one name server resolves nothing for names of at least three owners (silence of a second and more, a closed port, or a refusal each time) and another one resolves them."
        wrong_if "the path to the resolver is closed instead: ask it from a machine beside it"
    DnsNoInternetNames "dns-no-internet-names" Dns Inconclusive Resolver
        means "The resolver answers, but resolves no internet name."
        evidence "Names fail (NXDOMAIN, REFUSED, SERVFAIL, no address, one address for every name), and control names of unrelated owners fail alike at the same resolver in the same run; without control lookups, names of at least three owners. Sites where a proxy does all lookups look like that and are healthy: then the proxy has to be used."
        wrong_if "the resolver was restarting, or its forwarders were down for a moment: run the check again"
    DnsResolverClosed "dns-resolver-closed" Dns Inconclusive Resolver
        means "Nothing listens on the DNS port of the configured resolver."
        evidence "The DNS question was answered with \"port unreachable\". Run-wide when it is so for every name."
        wrong_if "a firewall rejects in the resolver's name: ask it from a machine beside it"
    DnsTcpBlocked "dns-tcp-blocked" Dns Blocked Firewall
        means "The answer is too large for UDP, and DNS over TCP is closed."
        evidence "The answer over UDP was truncated, and the same question over TCP port 53 failed."
        wrong_if "the resolver itself does not serve TCP: ask it over TCP from a machine beside it"
    DnsSinkhole "dns-sinkhole" Dns Blocked Resolver
        means "DNS leads this name to an address that is not the service."
        evidence "Every answer is 0.0.0.0, loopback or private, or one address, and no second one, serves unrelated names like that; and nothing there presents a certificate for the name. Not said when another endpoint of the run answers genuinely from the same network, nor on a test bench on loopback."
        wrong_if "that address is a private link to the service (ExpressRoute, a private endpoint): ask who owns it"
    DnsOutsidePublishedRange "dns-outside-published-range" Dns Blocked Resolver
        means "DNS answers with an address that Microsoft does not publish for this name, and nothing genuine answers there."
        evidence "The set that names the host publishes addresses, every answer lies outside, and the connection did not end at a genuine certificate. A genuine certificate settles the matter: then it is a fact, not a fault."
        wrong_if "Microsoft has since published that address: compare with today's list"
    DnsForeignCname "dns-foreign-cname" Dns Blocked Resolver
        means "The CNAME chain of this name leaves the names that belong to the service, and nothing genuine answers there."
        evidence "A CNAME target is below none of the expected suffixes, and the connection did not end at a genuine certificate. Degraded for an msoid record that points to neither of Microsoft's two targets, or in a loop."
        wrong_if "the service has moved to another name: ask a resolver outside this network"
    DnsRewritten "dns-rewritten" Dns Blocked Resolver
        means "The resolver answers names that do not exist with an address of its own, and this host with the same."
        evidence "A random label, below the domain of the host or below `invalid`, resolves to an address that the host got too, and what answers there is not genuine."
        wrong_if "the domain has a wildcard record of its own: look up another invented name"
    DnsHostsFile "dns-hosts-file" Dns Blocked Device
        means "The hosts file of this machine overrides DNS for this name."
        evidence "The hosts file has an entry for the name. Blocked where the host cannot be reached with it; where it answers genuinely, the entry is only noted."
        wrong_if "the entry is meant to be there and its address is served: try it without the entry"
    DnsAaaaBroken "dns-aaaa-broken" Dns Degraded Resolver
        means "The resolver answers for IPv4 addresses but fails for IPv6 addresses."
        evidence "The A question was answered; the AAAA question ended in silence or an error code. \"No such record\" is normal and not this."
        wrong_if "only the servers of that domain fail for AAAA: ask another resolver for the same record"
    DnsSlow "dns-slow" Dns Degraded Resolver
        means "Name resolution is slow or loses packets."
        evidence "The lookup took more than 500 ms, or only a later try at the same server was answered."
        wrong_if "the resolver had to ask cold once: run the check again"
    DnsMsoid21vianet "dns-msoid-21vianet" Dns Blocked Service
        means "The msoid record sends the domain's users to the Microsoft 365 of China, where this tenant is not."
        evidence "The CNAME chain of msoid.<domain> leads to clientconfig.partner.microsoftonline-p.net.cn, and the cloud of the run is not china. The domain's own name servers or the second resolver must show it and the domain; certain only from the domain's own name servers. Where inside and outside differ, the facts say so; seen inside alone while external DNS is closed, it is inconclusive."
        wrong_if "the tenant of this domain is in China after all: then run with --cloud china"
    DnsMsoidMissing "dns-msoid-missing" Dns Blocked Service
        means "The tenant is in the Microsoft 365 of China, and the msoid record that it needs is absent."
        evidence "The cloud of the run is china, and msoid.<domain> does not lead to clientconfig.partner.microsoftonline-p.net.cn, as the domain's own name servers or the second resolver show, which know the domain. Degraded where some resolvers have it."
        wrong_if "the tenant of this domain is not in China: then run without --cloud china"

    TcpDropped "tcp-dropped" Tcp Blocked Firewall
        means "Connection requests vanish without an answer."
        evidence "The TCP connection request was not answered within the limit, on fresh sockets too. The usual cause is a packet filter that drops."
        wrong_if "the host itself is down: try it from another network"
    TcpRefused "tcp-refused" Tcp Blocked Firewall
        means "Connection requests are answered with a reset."
        evidence "The TCP connection was refused. A packet filter that rejects and a closed port look the same, so the confidence is medium at most."
        wrong_if "the host itself has closed the port: try it from another network"
    TcpAdminProhibited "tcp-admin-prohibited" Tcp Blocked Firewall
        means "A device on the path rejects the connection by rule, and says so."
        evidence "ICMP type 3 code 9, 10 or 13, or ICMPv6 type 1 code 1, 5 or 6, with the address of the device, as the system keeps it for the connection (Linux, Windows 10 2004 and later)."
        wrong_if "somebody forges ICMP messages in the device's name: look for the rule on that device"
    TcpUnreachable "tcp-unreachable" Tcp Blocked Path
        means "The network says that it cannot deliver to this address."
        evidence "The connection failed with \"host unreachable\" or \"network unreachable\", while this machine has a route: a device on the path said so, or the next hop does not answer."
        wrong_if "the host's own network is down: try it from another network"
    TcpEgressClosed "tcp-egress-closed" Tcp Blocked Firewall
        means "One TCP port is closed for every host."
        evidence "Every host on one port fails alike (all silent, all refused, or all rejected by rule). High when another port works; medium when only this much is known and at least three hosts agree. Not said of names that all lead to one address: there one machine is closed."
        wrong_if "all of these hosts were down at once: try one from another network"
    TcpIpv6Broken "tcp-ipv6-broken" Tcp Degraded Path
        means "IPv6 does not work, IPv4 does."
        evidence "Every IPv6 address of the host fails and an IPv4 address gives a genuine answer. Said only where this machine has IPv6 of its own. Run-wide when no IPv6 connection of at least two hosts was established."
        wrong_if "the hosts' IPv6 addresses are down for everybody: try one from another network"
    TcpSomeAddresses "tcp-some-addresses" Tcp Degraded Unknown
        means "Some addresses of the host can be reached, others cannot."
        evidence "One address gives a genuine answer while another of the host fails in every round. Rules that allow by address instead of by name are the usual cause."
        wrong_if "the silent addresses are down for everybody: try them from another network"
    TcpSlow "tcp-slow" Tcp Degraded Path
        means "Connecting takes unusually long."
        evidence "The TCP connection took more than 1,000 ms and more than five times the median of the run."
        wrong_if "the host is far away or was busy for a moment: run the check again"
    TcpFlaky "tcp-flaky" Tcp Degraded Path
        means "The connection works only sometimes."
        evidence "The first attempt failed, a later one to the same address gave a genuine answer."
        wrong_if "the host itself restarted between the attempts: run the check again"

    ProxyUnresolvable "proxy-unresolvable" Proxy Blocked Device
        means "The name of the proxy does not resolve."
        evidence "DNS has no address for the name that the settings give for the proxy, while the resolver answers or not: the failure is a fact."
        wrong_if "the name exists only behind a VPN that was down: connect it and run the check again"
    ProxyDropped "proxy-dropped" Proxy Blocked Firewall
        means "Connection requests to the proxy vanish without an answer, or the network says that it cannot deliver them."
        evidence "No answer to the connection request on two sockets, an ICMP message, or no answer from the next hop."
        wrong_if "the proxy is down instead of filtered: try it from a machine beside it"
    ProxyRefused "proxy-refused" Proxy Blocked Proxy
        means "Nothing listens at the address of the proxy, or a firewall rejects connections to it."
        evidence "A reset answered the connection request, twice."
        wrong_if "a firewall resets in the proxy's name: try it from a machine beside it"
    ProxySilent "proxy-silent" Proxy Blocked Proxy
        means "The proxy accepts connections and does not answer requests: it hangs, or everything that it was asked for is closed to it and it waits longer than this client."
        evidence "The TCP connection was established; no answer to the request on two sockets, and no answer of the proxy about any other host."
        wrong_if "the proxy waits longer for a dead host than this program: look for the requests in its log"
    ProxyNotAProxy "proxy-not-a-proxy" Proxy Blocked Proxy
        means "What listens at the address of the proxy is no proxy of the kind that the settings name."
        evidence "The answer to the request for a tunnel is not of the protocol, is one that web servers give (400, 404, 405, 501), or the connection is closed without an answer. Not said where TLS was spoken through it: there it denies the host. An answer in clear text proves no proxy."
        wrong_if "it takes another kind of request (SOCKS, TLS) than the settings name: look at its configuration"
    ProxyAuthRequired "proxy-auth-required" Proxy Blocked Proxy
        means "The proxy wants a sign-in that this client does not give."
        evidence "Status 407, or SOCKS without an acceptable method. The schemes that it offers are facts. Microsoft asks that its endpoints be reachable without a sign-in at the proxy: services of the system cannot answer."
        wrong_if "Office signs in there by itself with the user's ticket: look for its requests in the proxy's log"
    ProxyAuthRejected "proxy-auth-rejected" Proxy Blocked Proxy
        means "The proxy does not accept the credentials."
        evidence "Status 407 again after credentials had been sent, or 401, as tinyproxy says it."
        wrong_if "the credentials given to this program are not those that Office uses: try again with the user's own"
    ProxyDenied "proxy-denied" Proxy Blocked Proxy
        means "The rules of the proxy forbid this host."
        evidence "Status 403 or another refusal to CONNECT, a SOCKS reply that says \"not allowed\", or the proxy's own error page for an http endpoint. Its headers and the title of its page are facts."
        wrong_if "the rule holds for this program's user agent or user alone: look for the request in the proxy's log"
    ProxyPortDenied "proxy-port-denied" Proxy Blocked Proxy
        means "The rules of the proxy forbid tunnels to this port."
        evidence "Every host on the port is denied through this proxy, at least two, while it serves hosts on another port."
        wrong_if "each of these hosts is denied by a rule of its own: look for the requests in the proxy's log"
    ProxyRateLimited "proxy-rate-limited" Proxy Blocked Proxy
        means "The proxy says that this client asks too often."
        evidence "Status 429 to the request for a tunnel, or a refusal whose name or words tell of a limit. A 503 with Retry-After alone says no more than that the proxy is unavailable."
        wrong_if "the limit was used up by this run alone: run it again with --jobs 4"
    ProxyUpstreamDns "proxy-upstream-dns" Proxy Blocked Proxy
        means "The proxy cannot resolve the name of the host."
        evidence "Status 500, 502, 503 or 504 with an error name, header or page that speaks of DNS; or an answer that says no more than \"cannot connect\", and the resolver of this machine does not know the name either."
        wrong_if "the name resolves nowhere: ask a resolver outside this network"
    ProxyUpstreamUnreachable "proxy-upstream-unreachable" Proxy Blocked Proxy
        means "The proxy cannot connect to the host."
        evidence "Status 500, 502 or 503 without a sign of DNS or time, or a SOCKS reply \"unreachable\" or \"refused\"."
        wrong_if "the host is down for everybody: try it from another network"
    ProxyUpstreamTimeout "proxy-upstream-timeout" Proxy Blocked Proxy
        means "The proxy waited for the host in vain."
        evidence "Status 504, or an error name, header or page that speaks of a timeout; or no answer of the proxy about this host, twice, while it answers about others."
        wrong_if "the host is down for everybody: try it from another network"
    ProxyTunnelClosed "proxy-tunnel-closed" Proxy Blocked Proxy
        means "The proxy opens the tunnel and closes it before TLS gets an answer."
        evidence "Status 200 to CONNECT, then an end or a reset of the connection before the first byte of TLS."
        wrong_if "the host itself closed, not the proxy: try it from another network"

    TlsHelloReset "tls-hello-reset" Tls Blocked Firewall
        means "The connection is cut when TLS begins."
        evidence "The TCP connection was established; after the ClientHello (which names the host) came a reset or a close instead of the handshake."
        wrong_if "the host itself cuts: try it from another network"
    TlsHelloDropped "tls-hello-dropped" Tls Blocked Firewall
        means "The connection is accepted, and the packet that names the host never arrives."
        evidence "The TCP connection was established; the ClientHello was sent again and again and never acknowledged (TCP counters of the system; medium confidence where they count only what waits, on Windows and macOS)."
        wrong_if "the host stopped answering just then: try it from another network"
    TlsSniFiltered "tls-sni-filtered" Tls Blocked Firewall
        means "Connections are cut or swallowed because of the name in the ClientHello."
        evidence "The ClientHello with the host's name was cut or got no answer, on two fresh connections too; the same ClientHello to the same address with another name was answered, twice or else with medium confidence."
        wrong_if "the server itself resets connections for this name: try it from another network"
    TlsMtuBlackhole "tls-mtu-blackhole" Tls Blocked Path
        means "Large packets from the server do not arrive."
        evidence "The ClientHello was acknowledged, nothing could be read, and a segment came out of order: the full-sized ones before it are missing (TCP counters of the system). Or nothing came, and the same ClientHello is answered at once where segments are short (Linux)."
        wrong_if "chance took the packets: try with a smaller MTU on this machine"
    TlsSilent "tls-silent" Tls Blocked Unknown
        means "The connection is accepted, then TLS gets no answer."
        evidence "The TCP connection was established; the handshake was not finished within the limit. The fact `short_answer` says that a ClientHello which can only be refused got its alert: large packets may be lost, or a device answers refusals itself."
        wrong_if "the host itself hangs: try it from another network"
    TlsVersionTooOld "tls-version-too-old" Tls Blocked Unknown
        means "The other side speaks only TLS 1.1 or older."
        evidence "A ServerHello of TLS 1.1 or older, or TLS 1.2 refused while a hello with old versions got one. Microsoft 365 itself speaks TLS 1.2: a device on the path is the usual cause."
        wrong_if "the host itself speaks nothing newer: try it from another network"
    TlsVersionTooNew "tls-version-too-new" Tls Blocked Unknown
        means "The other side refuses TLS 1.2 and speaks only TLS 1.3."
        evidence "TLS 1.2 was refused, and a hello that offers TLS 1.3 got a ServerHello with it."
        wrong_if "the host itself has switched TLS 1.2 off: try it from another network"
    TlsNoCommonCipher "tls-no-common-cipher" Tls Inconclusive Tool
        means "This program has no cipher suite in common with the other side; Windows may have one."
        evidence "The handshake was refused for want of a common suite, or a hello with old suites got a TLS 1.2 ServerHello. This program offers six ECDHE AEAD suites, Windows offers more: nobody can be accused."
        wrong_if "Windows fails there as well: open the host in a browser on this machine"
    TlsAlert "tls-alert" Tls Blocked Unknown
        means "The other side refused the TLS handshake with an alert."
        evidence "A fatal TLS alert that the rules on versions and suites do not explain."
        wrong_if "the host itself refuses every client: try it from another network"
    TlsPlaintext "tls-plaintext" Tls Blocked Firewall
        means "Something answers in clear text where TLS is due."
        evidence "The first bytes received are not TLS: usually the block page or redirect of a device on the path."
        wrong_if "the host itself serves clear text there: try it from another network"
    TlsClosed "tls-closed" Tls Blocked Firewall
        means "The connection is accepted and closed before TLS begins."
        evidence "The peer closed or reset before a single TLS byte was sent or received."
        wrong_if "the host itself is overloaded or down: try it from another network"
    TlsIntercepted "tls-intercepted" Tls Blocked Inspection
        means "A TLS inspection device that this machine trusts answers in the host's name."
        evidence "The chain leads to a root of the operating system but to no public root, and the host needs a public issuer (`issuer` of its entry; by default every name of Microsoft), or the same issuer signed for hosts of several owners. Blocked where Microsoft forbids inspection, degraded elsewhere."
        wrong_if "the issuer is the company's own authority or a new public root: look who owns it"
    TlsInterceptedUntrusted "tls-intercepted-untrusted" Tls Blocked Inspection
        means "A TLS inspection device that this machine does not trust answers in the host's name."
        evidence "Neither the public roots nor the operating system trust the chain, and the same issuer signed for unrelated hosts (names that differ in their registrable domain by the Public Suffix List), or the host needs a public issuer and an issuer of the chain names a known product of TLS inspection (`signatures.toml`)."
        wrong_if "the issuer is a new public root that this program does not know: look who owns it"
    TlsUntrustedIssuer "tls-untrusted-issuer" Tls Blocked Unknown
        means "No root store trusts the issuer of the certificate."
        evidence "The chain leads neither to a public root nor to one of the operating system. Inconclusive where a root store was missing, where the verifier objected to something else, or where the list states `issuer = \"private\"` for the entry: the root of the company is then not installed."
        wrong_if "the issuer is a new public root that this program does not know: look who owns it"
    TlsIncompleteChain "tls-incomplete-chain" Tls Blocked Service
        means "The server does not send the certificate of its issuer."
        evidence "The server sent its own certificate alone, and the issuer is not a known root. High when the missing certificate was seen, trusted, on another host of the run."
        wrong_if "Windows fetches the missing certificate by itself: open the host in a browser on this machine"
    TlsSelfSigned "tls-self-signed" Tls Blocked Unknown
        means "The certificate is signed by itself."
        evidence "Subject and issuer of the certificate are the same, and no root store has it. Devices on the path often show their own."
        wrong_if "the host itself shows that certificate everywhere: try it from another network"
    TlsExpired "tls-expired" Tls Blocked Service
        means "The certificate has expired, by the clock of this machine."
        evidence "The chain leads to a public root, and the certificate's end lies before the time of the answer. See device-clock-skew when several hosts show it."
        wrong_if "the clock of this machine is ahead: compare it with another clock"
    TlsNotYetValid "tls-not-yet-valid" Tls Blocked Service
        means "The certificate is not valid yet, by the clock of this machine."
        evidence "The chain leads to a public root, and the certificate's beginning lies after the time of the answer. See device-clock-skew when several hosts show it."
        wrong_if "the clock of this machine is behind: compare it with another clock"
    TlsWrongName "tls-wrong-name" Tls Blocked Unknown
        means "The certificate belongs to another host."
        evidence "The chain is trusted, but the certificate does not name the host."
        wrong_if "the host itself shows that certificate everywhere: try it from another network"
    TlsNoSan "tls-no-san" Tls Inconclusive Tool
        means "The certificate has the host's name in its subject only, which Windows may accept."
        evidence "The chain is trusted, the certificate has no subject alternative name, and the common name of its subject is the host. This program does not take a common name for a host; Windows does where no other name is there."
        wrong_if "Windows refuses it as well: open the host in a browser on this machine"

    HttpBlockPage "http-block-page" Http Blocked Proxy
        means "A page that says \"blocked\" comes instead of the answer."
        evidence "Words of a web filter in the title, text or headers of an HTML page that does not come over a genuine chain, or an HTML page with status 403 where a file was due."
        wrong_if "the host itself sent the page: open the address from another network and compare"
    HttpCaptivePortal "http-captive-portal" Http Blocked Proxy
        means "The network wants a sign-in first."
        evidence "HTTP status 511; or several hosts, or the Windows connectivity test, are redirected to one foreign host; or several unrelated hosts send the same page in clear, the connectivity test among them or no TLS host answering."
        wrong_if "the hosts themselves redirect there: open one of them from another network"
    HttpUnexpectedRedirect "http-unexpected-redirect" Http Blocked Unknown
        means "The answer redirects to a host that does not belong there."
        evidence "A redirect to a host that the entry does not expect. Degraded over a genuine chain, and in clear text where any answer would do."
        wrong_if "the service has moved to that host: open the address from another network"
    HttpSilent "http-silent" Http Blocked Unknown
        means "The connection stands, but the HTTP request gets no answer."
        evidence "No response head, or no rest of the body, within the limit. The path is to blame where, in clear, the same request is answered in short segments. The fact `short_answer` says that a request for the head alone is answered: large packets may be lost, or something holds the body."
        wrong_if "the host itself hangs: try it from another network"
    HttpClosed "http-closed" Http Blocked Unknown
        means "The connection is cut instead of an HTTP answer."
        evidence "A reset or a close after the request and before a complete response head."
        wrong_if "the host itself cuts: try it from another network"
    HttpMalformed "http-malformed" Http Blocked Unknown
        means "The answer is not HTTP, or its head is too large."
        evidence "The response head cannot be read or exceeds the limit."
        wrong_if "the host itself answers so: try it from another network"
    HttpSlow "http-slow" Http Degraded Unknown
        means "The answer takes long."
        evidence "More than 3,000 ms from the request to the response head."
        wrong_if "the service was busy for a moment: run the check again"
    HttpUserAgentFiltered "http-user-agent-filtered" Http Blocked Firewall
        means "Requests of the sign-in components of Office are refused because of their User-Agent."
        evidence "A request with the User-Agent of the historic sign-in component (MSIE 6.0 compatible, with MSOIDCRL) gets no answer, 403 or 407 where a neutral one passes; asked in turn: neutral, MSOIDCRL, MSOIDCRL, neutral, then a plain MSIE 6.0. The fact `denies` says which of the two the rule matches. Over a genuine chain only the service itself can read the User-Agent."
        wrong_if "the service answers requests by turns: run the check again"
    HttpServiceError "http-service-error" Http Degraded Service
        means "The service can be reached and reports a fault of its own."
        evidence "HTTP 502, 503 or 504 over a genuine chain. In clear text the sender cannot be verified: inconclusive."
        wrong_if "the host answers every bare request like that: compare from another network"
    HttpUnexpectedStatus "http-unexpected-status" Http Degraded Unknown
        means "The host answers, but with another status than expected."
        evidence "A status that the entry does not expect, without the marks of a block page."
        wrong_if "the service has changed its answer: open the address from another network"
    HttpRateLimited "http-rate-limited" Http Degraded Service
        means "The service can be reached and asks for fewer requests."
        evidence "HTTP 429 over a genuine chain. In clear text: inconclusive."
        wrong_if "somebody on the path limits instead: try it from another network"

    ContentNotCrl "content-not-crl" Content Blocked Unknown
        means "Something else comes in place of the certificate revocation list."
        evidence "Status 200, and the body is not a revocation list in DER."
        wrong_if "the owner has withdrawn the list: open the address from another network"
    ContentCrlExpired "content-crl-expired" Content Degraded Service
        means "The certificate revocation list is out of date."
        evidence "A genuine list whose next update was due before the answer came; a cache on the path or a retired list."
        wrong_if "the owner has stopped renewing the list, or this clock is ahead: compare from another network"
    ContentMismatch "content-mismatch" Content Blocked Unknown
        means "The answer does not hold what it must hold."
        evidence "The text or the JSON key that the entry expects is absent. Degraded over a genuine chain."
        wrong_if "the service has changed its answer: open the address from another network"
    ContentTruncated "content-truncated" Content Blocked Unknown
        means "The answer ends before its announced length."
        evidence "The peer closed the connection with bytes outstanding. Looked for only where the body is the proof of a genuine answer."
        wrong_if "the link broke by chance: run the check again"

    PolicyOpen "policy-open" Http Blocked Firewall
        means "An endpoint that must be closed answers."
        evidence "The list says `must-be = \"blocked\"`, and an answer came: directly, through a proxy, through TLS inspection, or over a certificate that has only expired; on the route of the settings or on another one that this machine knows, which the fact `route` names. At stage dns for an entry of scheme `dns`."
        wrong_if "a block page that this program does not know answered: open the address in a browser on this machine"
    PathLoss "path-loss" Tcp Degraded Path
        means "The path loses packets: some had to be sent again, whoever they went to."
        evidence "Of the DNS questions that were answered and the connections that worked, at least two needed a packet to be sent again. Run-wide, without a culprit; the endpoints stay reachable."
        wrong_if "one server or resolver drops part of what comes at once: see which exchanges needed it"
    PathLatency "path-latency" Tcp Degraded Path
        means "The round trip itself is long, as over a satellite; no single party is slow."
        evidence "The median over the hosts of the shortest round trip of a direct connection is 400 ms or more. Run-wide, without a culprit; the endpoints stay reachable."
        wrong_if "all of these hosts are far away: compare with a host nearby"

    NcsiBlocked "ncsi-blocked" Http Blocked Unknown
        means "Windows cannot run its connectivity test, so it will say \"no internet\"."
        evidence "The test host cannot be reached or does not answer as it must; the fact `cause` has the underlying code."
        wrong_if "this ran on another machine than the PC, and Windows there is set to another test host: look at its NCSI policy"
    NcsiWrongContent "ncsi-wrong-content" Content Blocked Unknown
        means "The Windows connectivity test gets the wrong text, so Windows will say \"no internet\"."
        evidence "The body is not exactly the expected text, apart from white space at its ends; an empty body too. An empty body, a status from 400 on and silence are no sign of a captive portal."
        wrong_if "this ran on another machine than the PC, and Windows there is set to another test host: look at its NCSI policy"
    NcsiDnsWrong "ncsi-dns-wrong" Dns Blocked Resolver
        means "The DNS part of the Windows connectivity test gets the wrong address."
        evidence "An answer for the name is not the address that Windows compares with."
        wrong_if "this ran on another machine than the PC, and Windows there is set to another test host: look at its NCSI policy"
}
