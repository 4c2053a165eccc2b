# Cleans a Windows build machine before an image is made of it:
#   amictl create web --instance tag:Role=web-build --stop --prepare clean.ps1
#
# It refuses to run unless AMICTL_BUILD_MACHINE is 1, because the machine itself is changed and stays so: at its next boot
# EC2Launch v2 sets it up as on a new instance: password, name, user data. amictl sends the file as it is, and SSM runs
# it with the environment of its agent. So say it in a copy of this file, in a line before the others:
#   $env:AMICTL_BUILD_MACHINE = '1'
# Not in the environment of the machine: that would be in the image too, and so would every instance made of it.
#
# $env:AMICTL_DRY_RUN = '1' only says what would be done. Running it again does no harm.
#
# Sysprep is not run: it shuts the machine down while SSM still waits for the script. Instances of the image therefore
# have the security identifier of this machine. Where that matters, run 'EC2Launch.exe sysprep --shutdown' by hand, and
# make the image of the stopped instance.
$ErrorActionPreference = 'Stop'

if ($env:AMICTL_BUILD_MACHINE -ne '1') {
    Write-Error 'refused: AMICTL_BUILD_MACHINE is not 1: this would clean a machine that may live on, see the head of this script' -ErrorAction Continue
    exit 2
}
$dryRun = $env:AMICTL_DRY_RUN -eq '1'
$launch = Join-Path $env:ProgramFiles 'Amazon\EC2Launch\EC2Launch.exe'
if (-not (Test-Path $launch)) {
    Write-Error "refused: there is no EC2Launch v2 ($launch), without which instances of the image are not set up" -ErrorAction Continue
    exit 2
}

function Remove-All([string[]] $Paths) {
    foreach ($found in Get-Item -Path $Paths -Force -ErrorAction SilentlyContinue) {
        if ($dryRun) { Write-Output "would remove $($found.FullName)"; continue }
        Write-Output "removes $($found.FullName)"
        # What is in use stays.
        Remove-Item -LiteralPath $found.FullName -Recurse -Force -ErrorAction SilentlyContinue
    }
}

Write-Output 'temporary files'
Remove-All @("$env:SystemRoot\Temp\*", "$env:SystemDrive\Users\*\AppData\Local\Temp\*")

Write-Output 'shell history'
Remove-All @("$env:SystemDrive\Users\*\AppData\Roaming\Microsoft\Windows\PowerShell\PSReadLine\*_history.txt")

Write-Output 'event logs'
foreach ($log in 'Application', 'Security', 'Setup', 'System') {
    if ($dryRun) { Write-Output "would clear $log"; continue }
    wevtutil.exe clear-log $log
    if ($LASTEXITCODE -ne 0) { exit $LASTEXITCODE }
}

Write-Output 'EC2Launch v2'
if ($dryRun) {
    Write-Output "would run $launch reset --clean"
} else {
    & $launch reset --clean
    if ($LASTEXITCODE -ne 0) { exit $LASTEXITCODE }
}
Write-Output 'done'
