#!/usr/bin/env bash
# Builds for Windows on Debian, and runs what was built under Wine. It installs what it needs; a
# second run finds everything there.
set -euo pipefail
cd "$(dirname "$0")/../.."

TARGET=x86_64-pc-windows-gnu
TESTS=(--lib --test fix --test proxy --test pac --test device --test binary)

# Everything of Wine lives below target/: no run meets what another program left in ~/.wine.
export WINEPREFIX="$PWD/target/wine"
export WINEDEBUG=-all WINEDLLOVERRIDES="mscoree,mshtml,winedbg.exe="
export CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER=x86_64-w64-mingw32-gcc
export CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER=wine
# Nobody looks at windows.
unset DISPLAY WAYLAND_DISPLAY

step() { printf '\n== Windows: %s\n' "$*"; }

step "tools"
command -v rustup >/dev/null || { echo "the Windows target comes with rustup: https://rustup.rs"; exit 1; }
rustup target list --installed | grep -qx "$TARGET" || rustup target add "$TARGET"
missing=()
for package in ca-certificates gcc-mingw-w64-x86-64-win32 python3 wine wine64; do
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
    [ -e "$library" ] || x86_64-w64-mingw32-gcc -O2 -shared -s -o "$library" tests/wine/bcryptprimitives.c -ladvapi32
    wineserver -w
    touch "$WINEPREFIX/complete"
fi

step "clippy, warnings denied"
cargo clippy --quiet --all-targets --target "$TARGET" -- -D warnings

step "build"
# One build for all: tests of the program bring the program, made of the same parts as they.
cargo test --quiet --target "$TARGET" "${TESTS[@]}" --no-run
# The servers that the program is run against stay on this side.
cargo test --quiet --bench network --no-run

# Wine hands the environment on, and Windows programs have nothing to do with these.
unset http_proxy https_proxy all_proxy no_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY
unset SSL_CERT_FILE SSL_CERT_DIR
# Windows' services start with the first program. They must not hold the pipes of a later one, and
# not restart between two programs: that would write the computer's name and domain anew.
wineserver -k || true
wineserver -p300
trap 'wineserver -k || true' EXIT
wine cmd /c exit </dev/null >/dev/null 2>&1

tests() { timeout 600 cargo test --quiet --target "$TARGET" "${TESTS[@]}" 2>&1 | tee target/wine-tests.log; }

step "tests under Wine"
# Wine 8 now and then cannot start a program (error 1359), and no test is to blame for that.
if ! tests; then
    grep -q 'code: 1359' target/wine-tests.log || exit 1
    step "tests under Wine, once more: Wine could not start a program"
    tests
fi

step "the program under Wine"
timeout 300 python3 tests/wine/windows_checks.py "target/$TARGET/debug/reach365.exe"

step "remedies under Wine"
timeout 300 python3 tests/wine/windows_fixes.py "target/$TARGET/debug/reach365.exe"
