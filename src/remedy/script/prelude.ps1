[CmdletBinding()]
param(
    # Do it. Without this the script only shows what it would do.
    [switch]$Apply,
    # Take back what an earlier run did: the folder that it named.
    [string]$Undo,
    # Do it on a managed device too.
    [switch]$IAmTheAdmin
)

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'

$script:Backup = $null
$script:Count = 0

function Test-Elevated {
    $identity = [Security.Principal.WindowsIdentity]::GetCurrent()
    $principal = New-Object Security.Principal.WindowsPrincipal($identity)
    $principal.IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)
}

# $true or $false; $null where nobody knows.
function Test-Managed {
    $status = @()
    try { $status = & dsregcmd.exe /status } catch { return $null }
    if (-not ($status -match '^\s*AzureAdJoined\s*:')) { return $null }
    if ($status -match '^\s*(DomainJoined\s*:\s*YES|(Workplace)?MdmUrl\s*:\s*\S)') { return $true }
    # Only a device in the directory lists who manages it.
    if ($status -match '^\s*AzureAdJoined\s*:\s*YES') { return $false }
    $null
}

function Start-Fix {
    param([string]$Id, [bool]$Elevated, [bool]$Forbidden)
    if ($Apply -and $Elevated -and -not (Test-Elevated)) {
        throw "$Id needs an administrator: start PowerShell with 'Run as administrator'."
    }
    if ($Apply -and $Forbidden -and -not $IAmTheAdmin -and (Test-Managed) -ne $false) {
        throw "$Id must not be done on a managed device: its administrators add -IAmTheAdmin."
    }
    if ($Apply -and $null -eq $script:Backup) {
        $time = [DateTime]::UtcNow.ToString('yyyyMMddTHHmmssZ')
        $script:Backup = Join-Path $env:LOCALAPPDATA "reach365\scripts\$time"
        [void](New-Item -ItemType Directory -Path $script:Backup -Force)
        [void](Start-Transcript -Path (Join-Path $script:Backup 'transcript.txt'))
    }
}

# Written before the action is done, so that a run that was cut off can be taken back.
function Add-Journal {
    param([hashtable]$Entry)
    $line = ConvertTo-Json -InputObject $Entry -Compress -Depth 4
    Add-Content -LiteralPath (Join-Path $script:Backup 'journal.jsonl') -Value $line -Encoding UTF8
}

function Get-BackupPath {
    param([string]$Suffix)
    $script:Count += 1
    Join-Path $script:Backup ('{0:d2}{1}' -f $script:Count, $Suffix)
}

function Get-FixValue {
    param([string]$Path, [string]$Name)
    $key = Get-Item -LiteralPath $Path -ErrorAction SilentlyContinue
    if ($null -eq $key -or $key.GetValueNames() -notcontains $Name) { return @{ present = $false } }
    $raw = [Microsoft.Win32.RegistryValueOptions]::DoNotExpandEnvironmentNames
    @{
        present = $true
        kind = $key.GetValueKind($Name).ToString()
        data = $key.GetValue($Name, $null, $raw)
    }
}

function Set-FixValue {
    param([string]$Path, [string]$Name, [string]$Kind, $Data)
    $old = Get-FixValue $Path $Name
    if (-not $Apply) { return }
    $made = -not (Test-Path -LiteralPath $Path)
    Add-Journal @{ do = 'value'; path = $Path; name = $Name; old = $old; made = $made }
    if ($made) { [void](New-Item -Path $Path -Force) }
    [void](New-ItemProperty -LiteralPath $Path -Name $Name -PropertyType $Kind -Value $Data -Force)
}

function Remove-FixValue {
    param([string]$Path, [string]$Name)
    $old = Get-FixValue $Path $Name
    if (-not $old.present) { Write-Host '   already so'; return }
    if (-not $Apply) { return }
    Add-Journal @{ do = 'value'; path = $Path; name = $Name; old = $old; made = $false }
    Remove-ItemProperty -LiteralPath $Path -Name $Name
}

function Remove-FixKey {
    param([string]$Path, [string]$Native)
    if (-not (Test-Path -LiteralPath $Path)) { Write-Host '   already so'; return }
    if (-not $Apply) { return }
    $file = Get-BackupPath '.reg'
    & reg.exe export $Native $file /y | Out-Null
    if ($LASTEXITCODE -ne 0) { throw "no backup of $Native could be made; nothing was deleted" }
    Add-Journal @{ do = 'import'; file = $file }
    Remove-Item -LiteralPath $Path -Recurse
}

function Rename-FixKey {
    param([string]$Path, [string]$To)
    if (-not (Test-Path -LiteralPath $Path)) { Write-Host '   already so'; return }
    $new = Join-Path (Split-Path $Path -Parent) $To
    if (Test-Path -LiteralPath $new) { throw "there is a key $new already" }
    if (-not $Apply) { return }
    Add-Journal @{ do = 'rename'; path = $new; to = (Split-Path $Path -Leaf) }
    Rename-Item -LiteralPath $Path -NewName $To
}

function Clear-FixFolder {
    param([string]$Folder)
    $folder = [Environment]::ExpandEnvironmentVariables($Folder)
    $children = @(Get-ChildItem -LiteralPath $folder -Force -ErrorAction SilentlyContinue)
    if ($children.Count -eq 0) { Write-Host '   already so'; return }
    if (-not $Apply) { Write-Host "   $($children.Count) entries"; return }
    $aside = Get-BackupPath ''
    [void](New-Item -ItemType Directory -Path $aside)
    Add-Journal @{ do = 'move'; from = $aside; to = $folder }
    foreach ($child in $children) { Move-Item -LiteralPath $child.FullName -Destination $aside }
}

function Remove-FixCredential {
    param([string[]]$Pattern)
    foreach ($line in @(& cmdkey.exe /list)) {
        if ($line -notmatch 'target=(?<target>.+?)\s*$') { continue }
        $target = $Matches.target
        if (-not ($Pattern | Where-Object { $target -like $_ })) { continue }
        Write-Host "   $target"
        if ($Apply) { & cmdkey.exe "/delete:$target" | Out-Null }
    }
}

function Start-FixService {
    param([string]$Name)
    $service = Get-Service -Name $Name -ErrorAction SilentlyContinue
    if ($null -eq $service) { Write-Warning "there is no service $Name"; return }
    if ($service.Status -eq 'Running') { Write-Host '   already so'; return }
    if (-not $Apply) { return }
    Add-Journal @{ do = 'stop'; service = $Name }
    Start-Service -Name $Name
}

function Invoke-FixProgram {
    param([string]$Program, [string[]]$Arguments, [string[]]$Back)
    if (-not $Apply) { return }
    Add-Journal @{ do = 'run'; program = $Program; arguments = @($Back) }
    & $Program @Arguments
    if ($LASTEXITCODE -ne 0) { throw "$Program ended with $LASTEXITCODE" }
}

function Write-Fix {
    param([string]$Text)
    Write-Host " - $Text"
}

function Undo-Fix {
    param([string]$Folder)
    $journal = Join-Path $Folder 'journal.jsonl'
    $lines = @(Get-Content -LiteralPath $journal -Encoding UTF8)
    [array]::Reverse($lines)
    foreach ($line in $lines) { Undo-Entry (ConvertFrom-Json $line) }
    Rename-Item -LiteralPath $journal -NewName 'journal.undone.jsonl'
    Write-Host 'Everything that can be taken back was taken back.'
}

function Remove-EmptyKey {
    param([string]$Path)
    $key = Get-Item -LiteralPath $Path -ErrorAction SilentlyContinue
    if ($null -eq $key -or $key.ValueCount -or $key.SubKeyCount) { return }
    Remove-Item -LiteralPath $Path
}

function Undo-Entry {
    param($Entry)
    switch ($Entry.do) {
        'value' {
            if (-not $Entry.old.present) {
                Remove-ItemProperty -LiteralPath $Entry.path -Name $Entry.name -ErrorAction SilentlyContinue
                if ($Entry.made) { Remove-EmptyKey $Entry.path }
                break
            }
            $data = $Entry.old.data
            if ($Entry.old.kind -eq 'Binary') { $data = [byte[]]@($data) }
            if ($Entry.old.kind -eq 'MultiString') { $data = [string[]]@($data) }
            [void](New-ItemProperty -LiteralPath $Entry.path -Name $Entry.name -PropertyType $Entry.old.kind -Value $data -Force)
        }
        'import' { & reg.exe import $Entry.file }
        'rename' { Rename-Item -LiteralPath $Entry.path -NewName $Entry.to }
        'move' {
            foreach ($child in @(Get-ChildItem -LiteralPath $Entry.from -Force)) {
                Move-Item -LiteralPath $child.FullName -Destination $Entry.to
            }
        }
        'stop' { Stop-Service -Name $Entry.service }
        'run' {
            if (@($Entry.arguments).Count -eq 0) {
                Write-Warning "$($Entry.program) cannot be taken back"
                break
            }
            & $Entry.program @($Entry.arguments)
        }
        default { Write-Warning "unknown entry of the journal: $($Entry.do)" }
    }
}

if ($Undo) { Undo-Fix $Undo; return }
if (-not $Apply) { Write-Host 'Nothing is changed: this only shows what would be done. -Apply does it.' }
