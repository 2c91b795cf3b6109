"""Runs `reach365 fix` under Wine, and compares registry, folders, services and credentials before,
after, and after undo. Every check stops the run with what was expected and what came.

    python3 tests/wine/windows_fixes.py target/x86_64-pc-windows-gnu/debug/reach365.exe
"""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

from windows_checks import Pc, contains, equal, fail

OFFICE = r"HKCU\Software\Microsoft\Office\16.0\Common"
IDENTITY = OFFICE + r"\Identity"
CACHE = OFFICE + r"\Internet\WebServiceCache\AllUsers\officeclient.microsoft.com"
NETWORK = r"HKLM\SOFTWARE\Policies\Microsoft\Windows\NetworkConnectivityStatusIndicator"
CONNECTIONS = r"HKLM\Software\Microsoft\Windows\CurrentVersion\Internet Settings\Connections"
# Every type that the registry has, the default value, none, and types that do not fit their data.
VALUES = """
@="default"
"Text"="with \\"quotes\\" and \\\\"
"Empty"=""
"Number"=dword:00000007
"OddNumber"=hex(4):01,02
"Binary"=hex:00,ff,00
"NoBytes"=hex:
"None"=hex(0):
"Expand"=hex(2):25,00,54,00,25,00,00,00
"Unterminated"=hex(1):41,00
"List"=hex(7):61,00,00,00,62,00,00,00,00,00
"Long"=hex(b):01,02,03,04,05,06,07,08
"Strange"=hex(1234):09
"Grüße"=hex(1):fc,00,00,00
"""


class Fixes(Pc):
    """The PC, with what a fix touches."""

    def __init__(self, exe):
        super().__init__(exe)
        (user,) = (path for path in (self.drive / "users").iterdir() if path.name != "Public")
        self.local = user / "AppData" / "Local"
        self.journals = self.local / "reach365" / "fixes"

    def wine(self, *words, expect=0):
        # A file and no pipe: services that start with a program would hold its end.
        with tempfile.TemporaryFile() as said:
            result = subprocess.run(["wine", *words], stdin=subprocess.DEVNULL, stdout=said, stderr=said, timeout=60)
            said.seek(0)
            text = said.read().decode("utf-8", "replace")
        if expect is not None and result.returncode != expect:
            fail(f"{' '.join(words)}: exit code {result.returncode}", text)
        return text

    def load(self, text):
        """Writes a registry file into the registry."""
        file = self.drive / "load.reg"
        file.write_text("Windows Registry Editor Version 5.00\n\n" + text, encoding="utf-16")
        self.wine("reg", "import", r"C:\load.reg")

    def forget(self, key):
        self.wine("reg", "delete", key, "/f", expect=None)

    def exported(self, key):
        """A key as a registry file, byte for byte; nothing where it is absent."""
        file = self.drive / "export.reg"
        file.unlink(missing_ok=True)
        self.wine("reg", "export", key, r"C:\export.reg", "/y", expect=None)
        return file.read_bytes() if file.exists() else b""

    def fix(self, *words, expect=0):
        return self.run("fix", *words, expect=expect).decode()

    def newest(self):
        return sorted(self.journals.iterdir())[-1]

    def steps(self):
        return [step["state"] for step in json.loads((self.newest() / "journal.json").read_text())["steps"]]


def there_and_back(pc, key, fix, states):
    """Runs a remedy and takes it back. Gives what the key was in between."""
    before = pc.exported(key)
    text = pc.fix("run", *fix, "--yes")
    contains(text, ["To revert it: reach365 fix undo"], " ".join(fix))
    equal(pc.steps(), states, f"what the journal says of {fix[0]}")
    after = pc.exported(key)
    if after == before:
        fail(f"{fix[0]} changed nothing in {key}")
    contains(pc.fix("undo"), ["Undone."], f"undo of {fix[0]}")
    equal(pc.exported(key), before, f"{key} after {fix[0]} was undone")
    return before, after


def a_value_is_set_and_given_back(pc):
    pc.forget(OFFICE)
    for text in ("", f"[{full(OFFICE)}]\n{VALUES}", f'[{full(OFFICE)}]\n"autoorgidgetkey"=hex(7):61,00,00,00,00,00\n'):
        pc.load(text)
        _, after = there_and_back(pc, OFFICE, ["federated-sign-in"], ["done", "for-you"])
        contains(after.decode("utf-16").lower(), ['"autoorgidgetkey"=dword:00000001'], "the value that was set")


def keys_that_were_made_go_again(pc):
    pc.forget(NETWORK)
    before, _ = there_and_back(pc, NETWORK, ["use-global-dns"], ["done", "for-you"])
    equal(before, b"", "the key before")


def values_are_deleted_and_given_back(pc):
    pc.forget(IDENTITY)
    pc.load(f'[{full(IDENTITY)}]\n{VALUES}"enableADAL"=hex(2):30,00,00,00\n"DisableAADWAM"=dword:00000001\n')
    _, after = there_and_back(pc, IDENTITY, ["enable-wam"], ["done", "already-so", "done", "for-you"])
    if "adal" in after.decode("utf-16").lower():
        fail("the values are gone", after.decode("utf-16"))


def a_key_with_all_below_is_given_back(pc):
    pc.forget(CACHE)
    below = f"[{full(CACHE)}]\n{VALUES}\n[{full(CACHE)}\\Empty]\n\n[{full(CACHE)}\\One\\Two]\n{VALUES}"
    pc.load(below)
    before, after = there_and_back(pc, CACHE, ["clear-service-cache"], ["done", "for-you"])
    equal(after, b"", "the key after")
    # The file for people gives the same.
    pc.fix("run", "clear-service-cache", "--yes")
    pc.wine("reg", "import", "Z:" + str(pc.newest() / "backup" / "1.reg"))
    equal(pc.exported(CACHE), before, "the key after the registry file of the backup was imported")
    contains(pc.fix("undo"), ["Already so."], "undo of what is back already")


def a_key_is_renamed_and_back(pc):
    # Wine 8 loses the next key when one is renamed to a name that comes right behind its own.
    between = CONNECTIONS + ".a"
    pc.load(f"[{full(between)}]\n\n[{full(CONNECTIONS)}]\n{VALUES}\n[{full(CONNECTIONS)}\\Below]\n{VALUES}")
    refused = pc.fix("run", "rename-connections-key", "--yes", expect=2)
    contains(refused, ["Rename the key"], "what is shown before it is refused")
    words = ["rename-connections-key", "--i-am-the-admin"]
    there_and_back(pc, CONNECTIONS, words, ["for-you", "done", "for-you"])
    equal(pc.exported(CONNECTIONS + ".old"), b"", "the other name after undo")
    pc.forget(between)


def what_has_changed_is_not_overwritten(pc):
    pc.forget(CACHE)
    pc.load(f"[{full(CACHE)}]\n{VALUES}")
    before = pc.exported(CACHE)
    pc.fix("run", "clear-service-cache", "--yes")
    pc.load(f'[{full(CACHE)}]\n"later"="x"\n')
    later = pc.exported(CACHE)
    pc.fix("undo", expect=1)
    equal(pc.exported(CACHE), later, "what came later")
    pc.fix("undo", "--force")
    equal(pc.exported(CACHE), before, "the key after undo --force")
    contains((pc.newest() / "backup" / "1-replaced.reg").read_text("utf-16"), ['"later"'], "what was replaced")
    pc.fix("undo", expect=2)


def folders_are_emptied_and_filled_again(pc):
    packages = pc.local / "Packages" / "Microsoft.AAD.BrokerPlugin_cw5n1h2txyewy"
    accounts = packages / "AC" / "TokenBroker" / "Accounts"
    shutil.rmtree(packages, ignore_errors=True)
    (accounts / "sub" / "sub").mkdir(parents=True)
    (accounts / "a.tbacct").write_bytes(b"\0token\xff")
    (accounts / "with a blank.tbacct").write_bytes(b"")
    (accounts / "sub" / "sub" / "b").write_bytes(b"b" * 100_000)
    before = contents(accounts)
    pc.fix("run", "empty-broker-cache", "--yes")
    equal(contents(accounts), {}, "the folder after")
    equal(pc.steps(), ["done", "already-so", "for-you"], "the folder that is there and the one that is not")
    (accounts / "new.tbacct").write_bytes(b"new")
    pc.fix("undo", expect=1)
    equal(list(contents(accounts)), ["new.tbacct"], "a file that came later")
    pc.fix("undo", "--force")
    equal(contents(accounts), before, "the folder after undo")
    kept = pc.newest() / "backup" / "1-replaced" / "new.tbacct"
    equal(kept.read_bytes(), b"new", "what was moved out of the way")
    shutil.rmtree(packages)


def contents(folder):
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def services_are_started_and_stopped_again(pc):
    make_services(pc, "netprofm", "NlaSvc")
    pc.fix("run", "start-services", "--yes")
    equal(pc.steps(), ["done", "done", "already-so", "for-you"], "three services")
    contains(pc.wine("sc", "query", "NlaSvc"), ["RUNNING"], "a service that was started")
    pc.fix("undo")
    contains(pc.wine("sc", "query", "NlaSvc"), ["STOPPED"], "a service that was stopped again")
    contains(pc.wine("sc", "query", "EventLog"), ["RUNNING"], "a service that ran before")
    remove_services(pc, "netprofm", "NlaSvc")


def make_services(pc, *names):
    """Wine lacks these services; its print spooler takes their place."""
    for name in names:
        pc.wine("sc", "create", name, "binPath=", r"C:\windows\system32\spoolsv.exe", "type=", "own", "start=", "demand", expect=None)
        pc.wine("sc", "stop", name, expect=None)


def remove_services(pc, *names):
    for name in names:
        pc.wine("sc", "delete", name)


def credentials_of_office_alone_are_deleted(pc):
    source = pathlib.Path(__file__).with_name("credentials.c")
    program = pc.drive / "credentials.exe"
    subprocess.run(["x86_64-w64-mingw32-gcc", "-s", "-o", program, source, "-ladvapi32"], check=True)
    others = ["TERMSRV/server", "XMicrosoftOffice16"]
    ours = ["MicrosoftOffice16_Data:ADAL:one", "microsoftoffice16_data:two", "OneDrive Cached Credential"]
    pc.wine(r"C:\credentials.exe", "write", *others, *ours)
    text = pc.fix("run", "remove-credentials", "--yes")
    contains(text, [*ours, "no password back"], "the credentials that are deleted")
    equal(sorted(pc.wine(r"C:\credentials.exe", "list").splitlines()), sorted(others), "the credentials that are left")
    contains(pc.fix("undo"), ["Cannot be reverted", *ours], "what cannot be undone")


def a_missing_program_stops_it(pc):
    """Programs are those of Windows, whatever lies beside this one."""
    make_services(pc, "w32time")
    text = pc.fix("run", "set-clock", "--yes", expect=1)
    contains(text, ["FAILED: w32tm.exe is not in", "what follows was not done"], "a program that Wine lacks")
    pc.fix("undo")
    contains(pc.wine("sc", "query", "w32time"), ["STOPPED"], "what was done before the failure")
    remove_services(pc, "w32time")


def a_missing_service_stops_it(pc):
    text = pc.fix("run", "set-clock", "--yes", expect=1)
    contains(text, ["FAILED: this Windows has no such service", "There is nothing to revert"], "a service that Wine lacks")


def nothing_is_done_without_a_yes(pc):
    pc.forget(OFFICE)
    for words in ([], ["--dry-run"]):
        text = pc.fix("run", "federated-sign-in", *words)
        contains(text, ["is absent now, becomes 1"], "a dry run")
        equal(pc.exported(OFFICE), b"", "the key after a dry run")
    journal = r"C:\fixes\mine"
    pc.fix("run", "federated-sign-in", "--yes", "--journal", journal)
    pc.fix("run", "federated-sign-in", "--yes", "--journal", journal, expect=2)
    pc.fix("undo", journal)
    equal(pc.exported(OFFICE), b"", "the key after undo of a named journal")
    shutil.rmtree(pc.drive / "fixes")


def full(key):
    return key.replace("HKCU", "HKEY_CURRENT_USER").replace("HKLM", "HKEY_LOCAL_MACHINE")


CHECKS = [
    nothing_is_done_without_a_yes,
    a_value_is_set_and_given_back,
    keys_that_were_made_go_again,
    values_are_deleted_and_given_back,
    a_key_with_all_below_is_given_back,
    a_key_is_renamed_and_back,
    what_has_changed_is_not_overwritten,
    folders_are_emptied_and_filled_again,
    services_are_started_and_stopped_again,
    credentials_of_office_alone_are_deleted,
    a_missing_program_stops_it,
    a_missing_service_stops_it,
]


def main():
    pc = Fixes(sys.argv[1])
    shutil.rmtree(pc.journals, ignore_errors=True)
    for check in CHECKS:
        print(check.__name__.replace("_", " "), flush=True)
        check(pc)
    for key in (OFFICE, NETWORK, CONNECTIONS):
        pc.forget(key)


if __name__ == "__main__":
    main()
