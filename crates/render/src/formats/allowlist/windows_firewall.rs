//! A PowerShell script for the firewall of Windows.

use std::fmt::Write as _;

use super::{Rules, fnv, purpose};
use reach365_model::catalog::{Allowed, AllowedHost, Allowlist};

const FUNCTIONS: &str = r"$ErrorActionPreference = 'Stop'
$KnowsNames = [bool](Get-Command -Name New-NetFirewallDynamicKeywordAddress -ErrorAction SilentlyContinue)
if (-not $KnowsNames) {
    Write-Warning 'This Windows has no dynamic keywords: only hosts with published addresses are opened.'
}
# An earlier run is replaced.
Get-NetFirewallRule -Group 'reach365' -ErrorAction SilentlyContinue | Remove-NetFirewallRule

function Add-NameRule([string]$Name, [string]$Id, [string[]]$Ports) {
    if (-not $KnowsNames) {
        Write-Warning ('not opened: ' + $Name)
        return
    }
    Remove-NetFirewallDynamicKeywordAddress -Id $Id -ErrorAction SilentlyContinue
    New-NetFirewallDynamicKeywordAddress -Id $Id -Keyword $Name -AutoResolve $true | Out-Null
    New-NetFirewallRule -Group 'reach365' -DisplayName ('reach365 ' + $Name) -Direction Outbound -Action Allow -Protocol TCP -RemotePort $Ports -RemoteDynamicKeywordAddresses $Id | Out-Null
}

function Add-AddressRule([string]$Name, [string[]]$Addresses, [string[]]$Ports) {
    New-NetFirewallRule -Group 'reach365' -DisplayName ('reach365 ' + $Name + ' (addresses)') -Direction Outbound -Action Allow -Protocol TCP -RemotePort $Ports -RemoteAddress $Addresses | Out-Null
}

";

pub(super) fn rules(list: &Allowlist) -> Rules {
    let calls: String = list.entries.iter().map(calls).collect();
    Rules {
        what: "Script for the firewall of Windows",
        comment: Some("#"),
        notes: vec![
            "Names need dynamic keywords (New-NetFirewallDynamicKeywordAddress -AutoResolve): Windows 11 or Windows Server 2025,".to_owned(),
            "Microsoft Defender Antivirus with network protection in block or audit mode, and no DNS over HTTPS.".to_owned(),
            "Windows allows what goes out unless a policy blocks it: these rules matter only there. Run it as administrator.".to_owned(),
        ],
        left_out: Vec::new(),
        body: format!("{FUNCTIONS}{calls}"),
    }
}

fn calls(entry: &Allowed) -> String {
    let ports = quoted(entry.numbers());
    let mut text = purpose("#", entry);
    let addresses = entry.addresses();
    if !addresses.is_empty() {
        let addresses = quoted(addresses);
        let _ = writeln!(
            text,
            "Add-AddressRule -Name '{}' -Addresses {addresses} -Ports {ports}",
            entry.host
        );
    }
    if !matches!(entry.host, AllowedHost::Address(_)) {
        let _ = writeln!(
            text,
            "Add-NameRule -Name '{}' -Id '{}' -Ports {ports}",
            entry.host,
            id(&entry.host)
        );
    }
    text
}

fn quoted(items: impl IntoIterator<Item = impl std::fmt::Display>) -> String {
    let items: Vec<String> = items.into_iter().map(|item| format!("'{item}'")).collect();
    format!("@({})", items.join(", "))
}

/// A GUID that is made from the name, so that two runs name the same keyword alike: version 8 of
/// RFC 9562.
fn id(host: &AllowedHost) -> String {
    let number = fnv(format!("reach365 {host}").as_bytes());
    let id = uuid::Builder::from_custom_bytes(number.to_be_bytes()).into_uuid();
    id.braced().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_guids_of_version_8() {
        let id = id(&AllowedHost::Name("login.microsoftonline.com".to_owned()));
        assert_eq!(id.len(), 38);
        assert_eq!(id.as_bytes()[15], b'8', "{id}");
        assert!(b"89ab".contains(&id.as_bytes()[20]), "{id}");
    }
}
