// PAC script: 6 hosts, cloud worldwide.
// From the built-in list, made by reach365 VERSION.
// Addresses are given only where Microsoft publishes them; all others may change at any time.
// Only what a check found blocked or degraded; a rule mends what a rule broke.
// Hosts of the category default go to the proxy with everything else.
// Not in the list, named by the report alone; look at it first:
// - a-very-long-label-that-nobody-would-choose.another-long-label.tenant.sharepoint.example
// Left out:
// - msoid.contoso.example is looked up only: the resolver has to answer for it, and nothing connects to it

// Microsoft 365 by category: Optimize and Allow go directly, everything else to
// proxy.example:8080. Made by reach365 from the built-in list.

var DIRECT_HOSTS = {
    "login.microsoftonline.com": true,
    "login.windows.net": true,
    "nexus.officeapps.live.com": true,
    "ols.officeapps.live.com": true
};

function FindProxyForURL(url, host) {
    host = host.toLowerCase();
    if (DIRECT_HOSTS[host] === true || isPlainHostName(host)) {
        return "DIRECT";
    }
    return "PROXY proxy.example:8080";
}
