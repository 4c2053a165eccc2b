#!/usr/bin/env bash
# Builds the binary of a release: build.sh [TARGET]
#
# On Linux it leaves out the tables for unwinding, a tenth of the binary: with panic = "abort" nothing reads them, and
# Cargo's profiles have no key for it (-C force-unwind-tables=no leaves them in).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

target=${1:-$(rustc -vV | sed -n 's/^host: //p')}
link=()
case $target in
    *-linux-*) link=(-C "link-arg=-T$PWD/.github/scripts/no-unwind-tables.ld") ;;
esac
# Bash 3.2, which macOS has, takes an empty list for an unset one.
exec cargo rustc --release --locked --bin amictl ${1:+--target "$1"} -- ${link[@]+"${link[@]}"}
