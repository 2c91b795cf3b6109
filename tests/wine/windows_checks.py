"""Runs reach365.exe under Wine: against registry values that are written here, and against servers
on loopback. Every check stops the run with what was expected and what came.

    python3 tests/wine/windows_checks.py target/x86_64-pc-windows-gnu/debug/reach365.exe
"""

import contextlib
import json
import os
import pathlib
import struct
import subprocess
import sys

from loopback_proxy import LoopbackProxy

SIGN_IN = "https://login.microsoftonline.com/"
SETTINGS = r"Software\Microsoft\Windows\CurrentVersion\Internet Settings"
CONNECTIONS = SETTINGS + r"\Connections"
PARAMETERS = r"System\CurrentControlSet\Services\Tcpip\Parameters"
NCSI = r"SYSTEM\CurrentControlSet\Services\NlaSvc\Parameters\Internet"
NCSI_POLICY = r"SOFTWARE\Policies\Microsoft\Windows\NetworkConnectivityStatusIndicator"
# Flags of the binary values.
DIRECT, MANUAL, PAC, DETECT = 1, 2, 4, 8


# What is written.


def winhttp_settings(proxy="", bypass=""):
    """WinHttpSettings as WinHTTP itself writes it under Wine: the flag of the proxy stands alone."""
    flags = MANUAL if proxy else DIRECT
    return struct.pack("<III", 0x18, 0, flags) + field(proxy) + field(bypass)


def connection_settings(flags, proxy="", bypass="", script=""):
    """DefaultConnectionSettings, with the 32 bytes at its end that are zero until WPAD has run."""
    head = struct.pack("<III", 0x46, 3, DIRECT | flags)
    return head + field(proxy) + field(bypass) + field(script) + bytes(32)


def field(text):
    return struct.pack("<I", len(text)) + text.encode("ascii")


class Pc:
    """The Windows PC: its registry, and programs that run on it."""

    def __init__(self, exe):
        self.exe = str(pathlib.Path(exe).resolve())
        self.drive = pathlib.Path(os.environ["WINEPREFIX"], "drive_c")

    def write(self, machine=None, user=None, flat=None, suffix=""):
        """Replaces all proxy settings; what is not named is absent afterwards."""
        values = [
            ("HKEY_LOCAL_MACHINE", CONNECTIONS, "WinHttpSettings", machine),
            ("HKEY_CURRENT_USER", CONNECTIONS, "DefaultConnectionSettings", user),
            ("HKEY_LOCAL_MACHINE", PARAMETERS, "Domain", suffix),
        ]
        for name in ("ProxyEnable", "ProxyServer", "ProxyOverride", "AutoConfigURL"):
            values.append(("HKEY_CURRENT_USER", SETTINGS, name, (flat or {}).get(name)))
        self.set(values)

    def write_ncsi(self, values, policy=None):
        """Replaces the settings of Windows' connectivity test."""
        names = [f"Active{kind}Probe{part}" for kind in ("Web", "Dns") for part in ("Host", "Path", "Content")]
        found = [("HKEY_LOCAL_MACHINE", NCSI, name, values.get(name)) for name in [*names, "EnableActiveProbing"]]
        self.set([*found, ("HKEY_LOCAL_MACHINE", NCSI_POLICY, "NoActiveProbe", policy)])

    def set(self, values):
        """Writes values, and takes those away that are None."""
        text = "REGEDIT4\n"
        for hive, key, name, data in values:
            text += f'\n[{hive}\\{key}]\n"{name}"={registry_text(data)}\n'
        file = self.drive / "settings.reg"
        file.write_text(text)
        subprocess.run(["wine", "reg", "import", r"C:\settings.reg"], check=True, capture_output=True)

    def run(self, *arguments, expect=0, **environment):
        """What reach365.exe writes to a pipe, as bytes."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("LC_")}
        result = subprocess.run(
            ["wine", self.exe, *arguments],
            env={**inherited, "LANG": "C", **environment},
            capture_output=True,
            timeout=120,
        )
        if expect is not None and result.returncode != expect:
            fail(
                f"{' '.join(arguments)}: exit code {expect} expected, {result.returncode} came",
                (result.stdout + result.stderr).decode(errors="replace"),
            )
        return result.stdout

    def words(self, *arguments):
        """What it writes in ASCII, whatever the lines are."""
        return " ".join(self.run(*arguments).decode("ascii").split())

    def json(self, *arguments, expect=0):
        return json.loads(self.run(*arguments, "--format", "json", expect=expect))


def registry_text(data):
    match data:
        case None:
            return "-"
        case int():
            return f"dword:{data:08x}"
        case bytes():
            return "hex:" + ",".join(f"{byte:02x}" for byte in data)
        case text:
            return '"' + text.replace("\\", "\\\\") + '"'


# What is checked.


def fail(what, shown=""):
    sys.exit(f"FAILED: {what}\n{shown}")


def equal(found, expected, what):
    if found != expected:
        fail(what, f"expected: {expected!r}\ncame:     {found!r}")


def contains(text, parts, what):
    missing = [part for part in parts if part not in text]
    if missing:
        fail(f"{what}: nothing says {missing}", text)


def decisions(pc, url):
    """The way of every view."""
    (about,) = pc.json("proxy", url)["urls"]
    return {one["view"]: one["hops"] for one in about["decisions"]}


def settings_are_shown(pc):
    """`reach365 proxy` prints what was written, and what follows from it."""
    machine = winhttp_settings("proxy.corp.example:8080", "*.contoso.com;<local>")
    user = connection_settings(MANUAL, "edge.corp.example:3128", "*.office.com;<local>")
    pc.write(machine, user)
    text = pc.words("proxy", SIGN_IN)
    written = ["proxy.corp.example:8080", "*.contoso.com", "edge.corp.example:3128", "*.office.com", "<local>"]
    decided = ["PROXY edge.corp.example:3128", "PROXY proxy.corp.example:8080", "do not agree"]
    sources = ["WinHttpGetIEProxyConfigForCurrentUser", "WinHttpGetDefaultProxyConfiguration"]
    contains(text, [SIGN_IN, *written, *decided, *sources], "the settings in words")
    if "otherwise" in text:
        fail("WinHTTP and the binary values agree, and something says that they do not", text)
    equal(
        decisions(pc, "https://www.office.com/"),
        {"user": ["DIRECT"], "machine": ["PROXY proxy.corp.example:8080"]},
        "the bypass list of the user alone names www.office.com",
    )
    equal(
        decisions(pc, "https://intranet/"),
        {"user": ["DIRECT"], "machine": ["DIRECT"]},
        "<local> is in both bypass lists",
    )
    exported = pc.json("proxy", "--from", r"C:\settings.reg", SIGN_IN)["urls"][0]["decisions"]
    equal(
        [one["hops"] for one in exported],
        [["PROXY edge.corp.example:3128"], ["PROXY proxy.corp.example:8080"]],
        "the exported file says the same as the registry",
    )


def settings_per_scheme_are_shown(pc):
    pc.write(winhttp_settings("http=web.example:3128;https=tls.example:3129"), connection_settings(0))
    equal(decisions(pc, SIGN_IN)["machine"], ["PROXY tls.example:3129"], "the proxy for https")
    equal(
        decisions(pc, "http://crl3.digicert.com/")["machine"],
        ["PROXY web.example:3128"],
        "the proxy for http",
    )
    equal(decisions(pc, SIGN_IN)["user"], ["DIRECT"], "the user's settings are direct")


def detection_is_shown(pc):
    pc.write(None, connection_settings(DETECT))
    said = ["automatic detection before manual", "this machine has no DNS suffix"]
    contains(pc.words("proxy", SIGN_IN), said, "detection in words")


def flat_values_are_noted(pc):
    """Programs write the flat values alone; WinHTTP does not read them."""
    flat = {"ProxyEnable": 1, "ProxyServer": "flat.example:8888", "ProxyOverride": "*.flat.example"}
    pc.write(winhttp_settings(), connection_settings(0), flat)
    text = pc.words("proxy", SIGN_IN)
    contains(text, ["ProxyServer", "says otherwise", "flat.example:8888", "*.flat.example"], "flat values")
    equal(decisions(pc, SIGN_IN)["user"], ["DIRECT"], "WinHTTP's answer decides")


def marks_fit_the_reader(pc):
    """A pipe of a Windows shell gets ASCII, unless the locale says UTF-8."""
    report = str(pathlib.Path("examples/saved_report.json"))
    for terminal in ({}, {"WT_SESSION": "1"}):
        text = pc.run("replay", report, expect=1, **terminal)
        contains(text.decode("ascii"), ["BLOCKED"], "a report in ASCII")
    contains(pc.run("replay", report, expect=1, LANG="C.UTF-8").decode(), ["✗"], "a report in UTF-8")


def the_system_is_read(pc):
    """Name servers and trusted roots of the PC: Wine shows those of its host."""
    servers = [line.split()[1] for line in pathlib.Path("/etc/resolv.conf").read_text().splitlines() if line.startswith("nameserver")]
    pc.write()
    report = pc.json("check", "host.invalid", "--timeout", "1", "--deadline", "3", "--quiet", expect=None)
    found = report["run"]["evidence"]
    v4 = {f"{server}:53" for server in servers if ":" not in server}
    if not v4 <= set(found["resolvers"]):
        fail("the name servers of the system are found", f"{v4} in {found['resolvers']}")
    if not found["os_roots"] > 20:
        fail("the trusted roots of the system are found", str(found["os_roots"]))
    equal((report["run"]["platform"], found["windows"]), ("windows", True), "the platform")


IDENTITY = r"Software\Microsoft\Office\16.0\Common\Identity"
TLS12 = r"System\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols\TLS 1.2\Client"


def the_device_is_read(pc):
    """Services and registry values of the PC; what it prints is read again, on this side too."""
    pc.write(winhttp_settings("proxy.corp.example:8080"), connection_settings(0))
    written = [
        ("HKEY_LOCAL_MACHINE", NCSI, "EnableActiveProbing", 0),
        ("HKEY_LOCAL_MACHINE", TLS12, "Enabled", 0),
        ("HKEY_CURRENT_USER", IDENTITY, "EnableADAL", 0),
        ("HKEY_CURRENT_USER", IDENTITY, "ADUserName", "not-asked-for"),
    ]
    pc.set(written)
    try:
        state = pc.json("device")
        text = pc.words("device")
    finally:
        pc.set([(hive, key, name, None) for hive, key, name, _ in written])
    found = state["pc"]
    # Wine has no dsregcmd.
    equal((found["dsregcmd"], state["status"], state["join"]), ("absent", None, "unknown"), "no dsregcmd")
    services = {service["name"]: service["state"] for service in found["services"]}
    equal(list(services), ["NcdAutoSetup", "netprofm", "NlaSvc", "EventLog"], "services")
    equal(services["NcdAutoSetup"], "absent", "a service that Wine lacks")
    values = {value["name"]: value["value"] for value in found["registry"]}
    equal({name: values.get(name) for name in ("EnableActiveProbing", "Enabled", "EnableADAL")},
          {"EnableActiveProbing": 0, "Enabled": 0, "EnableADAL": 0}, "registry values")
    contains(json.dumps(found["proxies"]), ["proxy.corp.example:8080"], "the proxy of the machine")
    if "not-asked-for" in json.dumps(state):
        fail("a value that nobody asks for is left alone", json.dumps(state))
    said = ["dsregcmd is not there", "TLS 1.2 is off", "turns the supported way to sign in off"]
    contains(text, said, "the device in words")
    saved = pc.drive / "device.json"
    saved.write_text(json.dumps(state))
    equal(pc.json("device", "--from", r"C:\device.json"), state, "the saved state is read again")


def connectivity_test(pc):
    """The rows of Windows' connectivity test by id; nothing on this machine answers them."""
    found = pc.json("check", "--group", "ncsi", "--dns", "127.0.0.1:9", "--timeout", "1", "--quiet", expect=None)
    return {row["id"]: row for row in found["endpoints"]}


def connectivity_test_goes_where_the_registry_sends_it(pc):
    pc.write()
    pc.write_ncsi({})
    web = connectivity_test(pc)["ncsi-web"]
    equal((web["host"], "probe" in web["verdict"]["facts"]), ("www.msftconnecttest.com", False), "the built-in test")

    windows = {"ActiveWebProbeHost": "www.msftconnecttest.com", "ActiveWebProbePath": "connecttest.txt", "EnableActiveProbing": 1}
    pc.write_ncsi(windows, policy=0)
    web = connectivity_test(pc)["ncsi-web"]
    equal((web["host"], "probe" in web["verdict"]["facts"]), ("www.msftconnecttest.com", False), "the values of Windows")

    own = {"ActiveWebProbeHost": "ncsi.corp.example", "ActiveWebProbePath": "ok.txt", "ActiveWebProbeContent": "corp ok"}
    pc.write_ncsi({**own, "ActiveDnsProbeContent": "192.0.2.7"})
    found = connectivity_test(pc)
    web, name = found["ncsi-web"], found["ncsi-dns"]
    equal((web["host"], web["path"]), ("ncsi.corp.example", "/ok.txt"), "the host and path of the registry")
    contains(web["verdict"]["facts"]["probe"], ["redirected by the registry", "http://ncsi.corp.example/ok.txt"], "the fact")
    contains(name["verdict"]["facts"]["probe"], ["192.0.2.7"], "the answer that the registry expects")

    for values, policy, name in [({"EnableActiveProbing": 0}, None, "EnableActiveProbing"), ({}, 1, "NoActiveProbe")]:
        pc.write_ncsi(values, policy)
        for row in connectivity_test(pc).values():
            verdict = row["verdict"]
            equal((verdict["outcome"], verdict["code"]), ("skipped", None), f"{row['id']} with {name}")
            if row["id"] != "ncsi-web-ipv6":
                contains(verdict["summary"], [name, "switched off"], row["id"])
    pc.write_ncsi({})


def missing_counters_change_no_code(pc):
    """Wine neither counts nor keeps ICMP messages: a closed port is a closed port all the same."""
    pc.write()
    report = pc.json("check", "127.0.0.1:9", "--timeout", "2", "--quiet", expect=None)
    (row,) = report["endpoints"]
    equal(row["verdict"]["code"], "tcp-refused", "a closed port")
    for attempt in row["evidence"]["attempts"]:
        equal(attempt.get("icmp"), None, "an ICMP message that nobody sent")


class Office:
    """Hosts on loopback with a resolver and certificates of their own, and a proxy that knows them."""

    def __init__(self, hosts):
        serve = ["cargo", "test", "--quiet", "--bench", "network", "--", "serve", "healthy", str(hosts)]
        self.process = subprocess.Popen(serve, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.directory = self.process.stdout.readline().strip()
        self.resolver = self.process.stdout.readline().strip()
        self.names = [f"host{number}.office.example" for number in range(1, hosts + 1)]
        self.proxy = LoopbackProxy(self._addresses())

    def _addresses(self):
        """Where the hosts really are, which the servers write down for curl."""
        known = {}
        for line in pathlib.Path(self.directory, "curl.conf").read_text().splitlines():
            if line.startswith("resolve"):
                name, port, address = line.split('"')[1].split(":")
                known[f"{name}:{port}"] = (address, int(port))
        return known

    def close(self):
        self.process.stdin.close()
        self.process.wait()

    def check(self, pc, *more, expect=0):
        """A report of all hosts."""
        files = {"endpoints": "endpoints.toml", "public-roots": "public-roots.pem", "os-roots": "os-roots.pem"}
        arguments = ["check", "--group", "all", "--dns", self.resolver, "--quiet"]
        for option, name in files.items():
            arguments += [f"--{option}", f"Z:{self.directory}/{name}"]
        return pc.json(*arguments, *more, expect=expect)


def rows(report):
    return {row["host"]: row for row in report["endpoints"]}


def ways(report):
    return {host: (row["verdict"]["outcome"], row["via"], row["route"]["origin"]) for host, row in rows(report).items()}


def proxy_of_the_registry_carries(pc, office):
    one, two, three = office.names
    office.proxy.forget()
    pc.write(None, connection_settings(MANUAL, office.proxy.address, two))
    report = office.check(pc)
    proxied, direct = ("reachable", "proxy", "user"), ("reachable", "direct", "user")
    equal(ways(report), {one: proxied, two: direct, three: proxied}, "hosts through the proxy of the registry")
    asked = {target.split(":")[0] for target in office.proxy.connects}
    equal(asked, {one, three}, "tunnels that the proxy was asked for")


def proxy_of_the_machine_carries(pc, office):
    """Services take WinHTTP's default; on the user's way without a proxy it is compared."""
    office.proxy.forget()
    pc.write(winhttp_settings(office.proxy.address), connection_settings(0))
    report = office.check(pc, "--compare-paths")
    for host, row in rows(report).items():
        views = [way["view"] for way in row["evidence"]["ways"]]
        equal(views[:2], ["user", "machine"], f"views of {host}")
    equal(len(set(office.proxy.connects)), len(office.names), "hosts that were tried by the machine's proxy")


def script_of_the_registry_is_shown(pc, office):
    """The URL of a script and its answer; what stands beside it in the registry is no answer."""
    office.proxy.forget()
    office.proxy.scripts["/proxy.pac"] = """
        function FindProxyForURL(url, host) { return "PROXY edge.corp.example:8080; DIRECT"; }"""
    url = f"http://{office.proxy.address}/proxy.pac"
    settings = connection_settings(PAC | MANUAL, "late.example:80", "", url)
    pc.write(None, settings, {"AutoConfigURL": url, "ProxyEnable": 1, "ProxyServer": "late.example:80"})
    text = pc.words("proxy", SIGN_IN)
    contains(text, [f"PAC URL {url}", f"the PAC script {url} answered"], "the script in words")
    if "says otherwise" in text:
        fail("the flat values agree with the binary one", text)
    equal(decisions(pc, SIGN_IN)["user"], ["PROXY edge.corp.example:8080", "DIRECT"], "the script's answer")


def proxy_of_a_script_carries(pc, office):
    one, two, three = office.names
    office.proxy.forget()
    office.proxy.scripts["/proxy.pac"] = f"""
        function FindProxyForURL(url, host) {{
            if (dnsDomainIs(host, "{two}")) return "DIRECT";
            if (isInNet(dnsResolve(host), "127.0.0.0", "255.0.0.0")) return "PROXY {office.proxy.address}";
            return "PROXY nowhere.example:1";
        }}"""
    url = f"http://{office.proxy.address}/proxy.pac"
    pc.write(None, connection_settings(PAC, script=url), {"AutoConfigURL": url})
    report = office.check(pc)
    proxied, direct = ("reachable", "proxy", "pac"), ("reachable", "direct", "pac")
    equal(ways(report), {one: proxied, two: direct, three: proxied}, "hosts by the script's answers")
    equal(office.proxy.fetches, ["/proxy.pac"], "the script is fetched once")


def scripts_in_files_are_read(pc, office):
    (pc.drive / "corp").mkdir(exist_ok=True)
    script = f'function FindProxyForURL(u, h) {{ return "PROXY {office.proxy.address}"; }}'
    (pc.drive / "corp" / "proxy.pac").write_text(script)
    for name in (r"C:\corp\proxy.pac", "C:/corp/proxy.pac", "file:///C:/corp/proxy.pac"):
        answer = pc.json("pac", "eval", name, "--url", SIGN_IN)
        equal(answer["hops"], [f"PROXY {office.proxy.address}"], f"the answer of {name}")
    report = office.check(pc, "--proxy", "pac:file:///C:/corp/proxy.pac")
    equal({via for _, via, _ in ways(report).values()}, {"proxy"}, "hosts by a script in a file")


def denial_is_named(pc, office):
    one, two, three = office.names
    office.proxy.forget()
    office.proxy.denied.add(two)
    pc.write(None, connection_settings(MANUAL, office.proxy.address))
    found = rows(office.check(pc, expect=1))
    equal({host: row["verdict"]["code"] for host, row in found.items()}, {one: None, two: "proxy-denied", three: None}, "codes")
    contains(json.dumps(found[two]["verdict"]), ["Branch Policy"], "the title of the proxy's page")


def a_closed_proxy_is_named(pc, office):
    pc.write(None, connection_settings(MANUAL, "127.0.0.1:9"))
    report = office.check(pc, expect=1)
    codes = [finding["code"] for finding in report["findings"]]
    contains(codes, ["proxy-refused"], "one finding for all hosts")


def the_hosts_file_is_read(pc, office):
    one = office.names[0]
    file = pc.drive / "windows" / "system32" / "drivers" / "etc" / "hosts"
    before = file.read_bytes() if file.exists() else b""
    pc.write(None, connection_settings(0))
    try:
        file.write_bytes(before + f"\r\n127.0.0.1 {one}\r\n".encode())
        found = rows(office.check(pc, expect=1))
    finally:
        file.write_bytes(before)
    equal(found[one]["verdict"]["code"], "dns-hosts-file", "the cause of a wrong line in the hosts file")


def detection_asks_for_the_suffix_alone(pc, office):
    pc.write(None, connection_settings(DETECT), suffix="emea.office.example")
    report = office.check(pc)
    scripts = [script["url"] for script in report["run"]["evidence"]["scripts"]]
    equal(scripts, ["http://wpad.emea.office.example/wpad.dat"], "where a script was looked for")
    equal({outcome for outcome, _, _ in ways(report).values()}, {"reachable"}, "hosts without a script")


CHECKS = [
    settings_are_shown,
    settings_per_scheme_are_shown,
    detection_is_shown,
    flat_values_are_noted,
    marks_fit_the_reader,
    the_system_is_read,
    the_device_is_read,
    connectivity_test_goes_where_the_registry_sends_it,
    missing_counters_change_no_code,
]
CHECKS_WITH_SERVERS = [
    proxy_of_the_registry_carries,
    proxy_of_the_machine_carries,
    script_of_the_registry_is_shown,
    proxy_of_a_script_carries,
    scripts_in_files_are_read,
    denial_is_named,
    a_closed_proxy_is_named,
    the_hosts_file_is_read,
    detection_asks_for_the_suffix_alone,
]


def main():
    pc = Pc(sys.argv[1])
    for check in CHECKS:
        print(check.__name__.replace("_", " "), flush=True)
        check(pc)
    with contextlib.closing(Office(3)) as office:
        for check in CHECKS_WITH_SERVERS:
            print(check.__name__.replace("_", " "), flush=True)
            check(pc, office)
    pc.write()


if __name__ == "__main__":
    main()
