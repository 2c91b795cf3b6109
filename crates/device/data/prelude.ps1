[CmdletBinding()]
param(
    # Do it. Without this the script only shows what it would do.
    [switch]$Apply,
    # Revert what an earlier run did: the folder that it named.
    [string]$Undo,
    # Do it on a managed device too, and where it is unknown whether that is allowed.
    [switch]$IAmTheAdmin
)

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'
if ([Environment]::Is64BitOperatingSystem -and -not [Environment]::Is64BitProcess) {
    throw 'Start the 64-bit PowerShell: this one is shown another registry.'
}

$script:Backup = $null
$script:Count = 0
# What -Undo may do: anything else in a journal is rejected.
$script:Known = @{}

function Test-Elevated {
    $identity = [Security.Principal.WindowsIdentity]::GetCurrent()
    $principal = New-Object Security.Principal.WindowsPrincipal($identity)
    $principal.IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)
}

# The output of dsregcmd; empty where there is none.
function Get-DeviceStatus {
    $lines = @()
    try { $lines = @(& dsregcmd.exe /status) } catch { $lines = @() }
    $status = @{}
    foreach ($line in $lines) {
        if ($line -match '^\s*(\w+)\s*:\s*(.*?)\s*$' -and -not $status.ContainsKey($Matches[1])) {
            $status[$Matches[1]] = $Matches[2]
        }
    }
    $status
}

# $true, $false; $null where it is unknown.
function Test-Need {
    param([string]$Need, [hashtable]$Status)
    foreach ($field in 'AzureAdJoined', 'DomainJoined') {
        if (-not $Status.ContainsKey($field)) { return $null }
    }
    $joined = $Status['AzureAdJoined'] -eq 'YES'
    $domain = $Status['DomainJoined'] -eq 'YES'
    switch ($Need) {
        'joined' { return $joined }
        'not-joined' { return -not $joined }
        'hybrid' { return $joined -and $domain }
        'not-hybrid' { return -not ($joined -and $domain) }
        'managed' { if ($domain -or $Status['MdmUrl'] -or $Status['WorkplaceMdmUrl']) { return $true } }
        'not-managed' { if ($domain -or $Status['MdmUrl'] -or $Status['WorkplaceMdmUrl']) { return $false } }
        'registered' { if ($Status.ContainsKey('WorkplaceJoined')) { return $Status['WorkplaceJoined'] -eq 'YES' } }
    }
    $null
}

# Everything is checked before anything is done.
function Test-Fix {
    param([string]$Id, [bool]$Elevated, [bool]$Forbidden, [string[]]$Needs)
    if (-not $Apply) { return }
    if ($Elevated -and -not (Test-Elevated)) {
        throw "$Id needs an administrator: start PowerShell with 'Run as administrator'."
    }
    if ($Forbidden) { $Needs = @($Needs) + 'not-managed' }
    if (@($Needs).Count -eq 0) { return }
    $status = Get-DeviceStatus
    foreach ($need in $Needs) {
        $holds = Test-Need $need $status
        if ($holds -eq $true) { continue }
        if ($holds -eq $false -and $need -ne 'not-managed') { throw "$Id is not for this device: $need" }
        if (-not $IAmTheAdmin) {
            throw "$Id is only for devices that are $need; its administrators add -IAmTheAdmin."
        }
    }
}

function Start-Backup {
    $time = [DateTime]::UtcNow.ToString('yyyyMMddTHHmmssfffZ')
    $script:Backup = Join-Path $env:LOCALAPPDATA "reach365\scripts\$time"
    [void](New-Item -ItemType Directory -Path $script:Backup)
    [void](New-Item -ItemType File -Path (Join-Path $script:Backup 'journal.jsonl'))
    [void](Start-Transcript -Path (Join-Path $script:Backup 'transcript.txt'))
    Write-Host "For the user $env:USERNAME. To revert it: -Undo '$($script:Backup)'"
}

# Written before the action is done, so that a run that was cut off can be reverted.
function Add-Journal {
    param([hashtable]$Entry)
    $line = ConvertTo-Json -InputObject $Entry -Compress -Depth 4
    Add-Content -LiteralPath (Join-Path $script:Backup 'journal.jsonl') -Value $line -Encoding UTF8
}

function Get-BackupName {
    param([string]$Suffix)
    $script:Count += 1
    '{0:d2}{1}' -f $script:Count, $Suffix
}

function Get-FixValue {
    param([string]$Path, [string]$Name)
    if (-not (Test-Path -LiteralPath $Path)) { return @{ present = $false } }
    $key = Get-Item -LiteralPath $Path
    if ($key.GetValueNames() -notcontains $Name) { return @{ present = $false } }
    $raw = [Microsoft.Win32.RegistryValueOptions]::DoNotExpandEnvironmentNames
    @{
        present = $true
        kind = $key.GetValueKind($Name).ToString()
        data = $key.GetValue($Name, $null, $raw)
    }
}

function Set-FixValue {
    param([string]$Path, [string]$Name, [string]$Kind, $Data)
    $script:Known["value $Path $Name"] = $true
    if (-not $Apply) { return }
    $old = Get-FixValue $Path $Name
    $made = -not (Test-Path -LiteralPath $Path)
    Add-Journal @{ do = 'value'; path = $Path; name = $Name; old = $old; made = $made }
    if ($made) { [void](New-Item -Path $Path -Force) }
    [void](New-ItemProperty -LiteralPath $Path -Name $Name -PropertyType $Kind -Value $Data -Force)
}

function Remove-FixValue {
    param([string]$Path, [string]$Name)
    $script:Known["value $Path $Name"] = $true
    if (-not $Apply) { return }
    $old = Get-FixValue $Path $Name
    if (-not $old.present) { Write-Host '   already so'; return }
    Add-Journal @{ do = 'value'; path = $Path; name = $Name; old = $old; made = $false }
    Remove-ItemProperty -LiteralPath $Path -Name $Name
}

function Remove-FixKey {
    param([string]$Path, [string]$Native)
    $script:Known["import $Path"] = $true
    if (-not $Apply) { return }
    if (-not (Test-Path -LiteralPath $Path)) { Write-Host '   already so'; return }
    $name = Get-BackupName '.reg'
    & reg.exe export $Native (Join-Path $script:Backup $name) /y | Out-Null
    if ($LASTEXITCODE -ne 0) { throw "no backup of $Native could be made; nothing was deleted" }
    Add-Journal @{ do = 'import'; path = $Path; file = $name }
    Remove-Item -LiteralPath $Path -Recurse
}

function Rename-FixKey {
    param([string]$Path, [string]$To)
    $script:Known["rename $Path $To"] = $true
    if (-not $Apply) { return }
    if (-not (Test-Path -LiteralPath $Path)) { Write-Host '   already so'; return }
    $new = "$($Path.Substring(0, $Path.LastIndexOf('\')))\$To"
    if (Test-Path -LiteralPath $new) { throw "there is a key $new already" }
    Add-Journal @{ do = 'rename'; path = $Path; to = $To }
    Rename-Item -LiteralPath $Path -NewName $To
}

function Clear-FixFolder {
    param([string]$Folder)
    $place = [Environment]::ExpandEnvironmentVariables($Folder)
    $script:Known["move $place"] = $true
    if (-not (Test-Path -LiteralPath $place)) { Write-Host '   already so'; return }
    $link = [IO.FileAttributes]::ReparsePoint
    if ((Get-Item -LiteralPath $place -Force).Attributes -band $link) { throw "$place is a link" }
    $children = @(Get-ChildItem -LiteralPath $place -Force)
    if ($children.Count -eq 0) { Write-Host '   already so'; return }
    Write-Host "   $($children.Count) entries"
    if (-not $Apply) { return }
    $name = Get-BackupName ''
    [void](New-Item -ItemType Directory -Path (Join-Path $script:Backup $name))
    Add-Journal @{ do = 'move'; from = $name; to = $place }
    foreach ($child in $children) {
        Move-Item -LiteralPath $child.FullName -Destination (Join-Path $script:Backup $name)
    }
}

function Remove-FixCredential {
    param([string[]]$Pattern)
    foreach ($line in @(& cmdkey.exe /list)) {
        if ($line -notmatch 'target=(?<target>.+?)\s*$') { continue }
        $target = $Matches['target']
        if (-not ($Pattern | Where-Object { $target -like $_ })) { continue }
        Write-Host "   $target"
        if (-not $Apply) { continue }
        Add-Journal @{ do = 'credential'; target = $target }
        & cmdkey.exe "/delete:$target" | Out-Null
        if ($LASTEXITCODE -ne 0) { throw "the credential $target could not be deleted" }
    }
}

function Start-FixService {
    param([string]$Name)
    $script:Known["stop $Name"] = $true
    if (-not $Apply) { return }
    $service = Get-Service -Name $Name -ErrorAction SilentlyContinue
    if ($null -eq $service) { throw "there is no service $Name" }
    if ($service.Status -eq 'Running') { Write-Host '   already so'; return }
    Add-Journal @{ do = 'stop'; service = $Name }
    Start-Service -Name $Name
}

function Invoke-FixProgram {
    param([string]$Program, [string[]]$Arguments, [string[]]$Back)
    $script:Known["run $Program $($Back -join ' ')"] = $true
    if (-not $Apply) { return }
    Add-Journal @{ do = 'run'; program = $Program; arguments = @($Back) }
    & $Program @Arguments
    if ($LASTEXITCODE -ne 0) { throw "$Program ended with $LASTEXITCODE" }
}

function Write-Fix {
    param([string]$Text)
    Write-Host " - $Text"
}

# A manual step that must be done before the next ones.
function Wait-Fix {
    if ($Apply) { [void](Read-Host '   Do that now, then press Enter; Ctrl+C ends here') }
}

# Reverts the last entry first, and removes each that is done, so that it can be called again.
function Undo-Fix {
    param([string]$Place)
    $journal = Join-Path $Place 'journal.jsonl'
    $lines = @(Get-Content -LiteralPath $journal -Encoding UTF8)
    for ($last = $lines.Count - 1; $last -ge 0; $last--) {
        Undo-Entry (ConvertFrom-Json $lines[$last]) $Place
        $rest = @()
        if ($last -gt 0) { $rest = $lines[0..($last - 1)] }
        Set-Content -LiteralPath $journal -Value $rest -Encoding UTF8
    }
    Write-Host 'What can be reverted was reverted.'
}

function Assert-Known {
    param([string]$Action)
    if (-not $script:Known.ContainsKey($Action)) { throw "this script does not do that: $Action" }
}

# A name in the folder of the backup; no path may lead out of it.
function Get-BackupPath {
    param([string]$Place, [string]$Name)
    if ($Name -notmatch '^\d\d(\.reg)?$') { throw "the journal names a wrong place: $Name" }
    Join-Path $Place $Name
}

function Undo-Entry {
    param($Entry, [string]$Place)
    switch ($Entry.do) {
        'value' {
            Assert-Known "value $($Entry.path) $($Entry.name)"
            Restore-FixValue $Entry
        }
        'import' {
            Assert-Known "import $($Entry.path)"
            Restore-FixKey $Entry (Get-BackupPath $Place $Entry.file)
        }
        'rename' {
            Assert-Known "rename $($Entry.path) $($Entry.to)"
            $new = "$($Entry.path.Substring(0, $Entry.path.LastIndexOf('\')))\$($Entry.to)"
            if (-not (Test-Path -LiteralPath $new)) { return }
            if (Test-Path -LiteralPath $Entry.path) { throw "Windows has made $($Entry.path) anew: rename or delete it first" }
            Rename-Item -LiteralPath $new -NewName (Split-Path $Entry.path -Leaf)
        }
        'move' {
            Assert-Known "move $($Entry.to)"
            Restore-FixFolder $Entry.to (Get-BackupPath $Place $Entry.from)
        }
        'stop' {
            Assert-Known "stop $($Entry.service)"
            try { Stop-Service -Name $Entry.service } catch { Write-Warning "$($Entry.service) goes on: $_" }
        }
        'run' {
            $back = @($Entry.arguments)
            Assert-Known "run $($Entry.program) $($back -join ' ')"
            if ($back.Count -eq 0) { Write-Warning "$($Entry.program) cannot be reverted"; return }
            & $Entry.program @back
            if ($LASTEXITCODE -ne 0) { throw "$($Entry.program) ended with $LASTEXITCODE" }
        }
        'credential' { Write-Warning "the credential $($Entry.target) cannot be given back" }
        default { throw "unknown entry of the journal: $($Entry.do)" }
    }
}

function Restore-FixValue {
    param($Entry)
    if (-not $Entry.old.present) {
        if (-not (Test-Path -LiteralPath $Entry.path)) { return }
        Remove-ItemProperty -LiteralPath $Entry.path -Name $Entry.name -ErrorAction SilentlyContinue
        if ($Entry.made) { Remove-EmptyKey $Entry.path }
        return
    }
    $data = $Entry.old.data
    if ($Entry.old.kind -eq 'Binary') { $data = [byte[]]@($data) }
    if ($Entry.old.kind -eq 'MultiString') { $data = [string[]]@($data) }
    if (-not (Test-Path -LiteralPath $Entry.path)) { [void](New-Item -Path $Entry.path -Force) }
    [void](New-ItemProperty -LiteralPath $Entry.path -Name $Entry.name -PropertyType $Entry.old.kind -Value $data -Force)
}

# The file must hold the key that this script deletes, and nothing else.
function Restore-FixKey {
    param($Entry, [string]$File)
    $key = $Entry.path.Substring('Registry::'.Length)
    foreach ($line in @(Get-Content -LiteralPath $File)) {
        if ($line -notmatch '^\[-?(?<key>[^\]]*)\]$') { continue }
        $named = $Matches['key']
        $inside = $named -eq $key -or $named.StartsWith("$key\", [StringComparison]::OrdinalIgnoreCase)
        if (-not $inside) { throw "$File holds another key: $named" }
    }
    & reg.exe import $File
    if ($LASTEXITCODE -ne 0) { throw "$File could not be imported" }
}

function Restore-FixFolder {
    param([string]$To, [string]$From)
    if (-not (Test-Path -LiteralPath $To)) { [void](New-Item -ItemType Directory -Path $To -Force) }
    foreach ($child in @(Get-ChildItem -LiteralPath $From -Force)) {
        $new = Join-Path $To $child.Name
        if (Test-Path -LiteralPath $new) {
            $aside = "$From-replaced"
            if (-not (Test-Path -LiteralPath $aside)) { [void](New-Item -ItemType Directory -Path $aside) }
            Move-Item -LiteralPath $new -Destination $aside
        }
        Move-Item -LiteralPath $child.FullName -Destination $To
    }
}

function Remove-EmptyKey {
    param([string]$Path)
    $key = Get-Item -LiteralPath $Path
    if ($key.ValueCount -or $key.SubKeyCount) { return }
    Remove-Item -LiteralPath $Path
}

if ($Undo) { $Apply = $false }
elseif (-not $Apply) { Write-Host 'Nothing is changed: this only shows what would be done. -Apply does it.' }
