// PAC script: 47 hosts, cloud worldwide.
// From the built-in list, made by reach365 VERSION.
// Addresses are given only where Microsoft publishes them; all others may change at any time.
// Hosts of the category default go to the proxy with everything else.
// Left out:
// - dns.msftncsi.com is looked up only: the resolver has to answer for it, and nothing connects to it
// - *.officeapps.live.com is a wildcard, which the table of names cannot hold
// - *.msauth.net is a wildcard, which the table of names cannot hold
// - *.msauthimages.net is a wildcard, which the table of names cannot hold
// - *.msftauth.net is a wildcard, which the table of names cannot hold
// - *.microsoftonline.com is a wildcard, which the table of names cannot hold
// - *.msidentity.com is a wildcard, which the table of names cannot hold
// - *.office.com is a wildcard, which the table of names cannot hold
// - *.office.net is a wildcard, which the table of names cannot hold
// - *.cloud.microsoft is a wildcard, which the table of names cannot hold
// - *.static.microsoft is a wildcard, which the table of names cannot hold
// - *.usercontent.microsoft is a wildcard, which the table of names cannot hold
// - *.events.data.microsoft.com is a wildcard, which the table of names cannot hold

// Microsoft 365 by category: Optimize and Allow go directly, everything else to
// proxy.example:8080. Made by reach365 from the built-in list.

var DIRECT_HOSTS = {
    "autologon.microsoftazuread-sso.com": true,
    "clientconfig.microsoftonline-p.net": true,
    "device.login.microsoftonline.com": true,
    "login.microsoft.com": true,
    "login.microsoftonline.com": true,
    "login.windows.net": true,
    "nexus.officeapps.live.com": true,
    "odc.officeapps.live.com": true,
    "ols.officeapps.live.com": true
};

function FindProxyForURL(url, host) {
    host = host.toLowerCase();
    if (DIRECT_HOSTS[host] === true || isPlainHostName(host)) {
        return "DIRECT";
    }
    return "PROXY proxy.example:8080";
}
