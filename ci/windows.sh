#!/usr/bin/env bash
# Builds for Windows on Debian, and runs what was built under Wine. It installs what it needs; a
# second run finds everything there.
set -euo pipefail
cd "$(dirname "$0")/.."

TARGET=x86_64-pc-windows-gnu
EXE="target/$TARGET/debug/reach365.exe"

# Everything of Wine lives below target/: no run meets what another program left in ~/.wine.
export WINEPREFIX="$PWD/target/wine"
export WINEDEBUG=-all WINEDLLOVERRIDES="mscoree,mshtml,winedbg.exe="
export CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER=x86_64-w64-mingw32-gcc
export CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER=wine
# Wine hands the environment on; there is no display to open windows on.
unset DISPLAY WAYLAND_DISPLAY

step() { printf '\n== Windows: %s\n' "$*"; }

step "tools"
rustup target list --installed | grep -qx "$TARGET" || rustup target add "$TARGET"
missing=()
for package in gcc-mingw-w64-x86-64-win32 python3 wine wine64; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
if [ ${#missing[@]} != 0 ]; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
fi

step "Wine's registry and drive"
mkdir -p target
# The marker is written last: a prefix that was left half-made is made anew.
if [ ! -e "$WINEPREFIX/complete" ]; then
    rm -rf "$WINEPREFIX"
    timeout 300 wineboot -i >/dev/null 2>&1
    # Wine 8 says Windows 7 otherwise.
    wine reg add 'HKCU\Software\Wine' /v Version /d win10 /f >/dev/null
    # Rust's standard library takes random numbers from a library that Wine 8 lacks.
    library="$WINEPREFIX/drive_c/windows/system32/bcryptprimitives.dll"
    [ -e "$library" ] || x86_64-w64-mingw32-gcc -O2 -shared -s -o "$library" ci/bcryptprimitives.c -ladvapi32
    wineserver -w
    touch "$WINEPREFIX/complete"
fi
# Stays for a while after the last program: starting it anew takes a second each time.
wineserver -p20
trap 'wineserver -k' EXIT

step "clippy, warnings denied"
cargo clippy --quiet --all-targets --target "$TARGET" -- -D warnings

step "unit tests under Wine"
unset http_proxy https_proxy all_proxy no_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY SSL_CERT_FILE SSL_CERT_DIR
# One build for all: tests and program share what they are made of. A test of the program brings
# the program.
cargo test --quiet --target "$TARGET" --lib --test binary --no-run
cargo test --quiet --target "$TARGET" --lib -- platform:: proxy:: probe::

step "the program under Wine"
cargo test --quiet --bench network --no-run
python3 ci/windows_checks.py "$EXE"
