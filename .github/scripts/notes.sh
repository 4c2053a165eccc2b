#!/usr/bin/env bash
# Whether a tag can be released from this checkout, and what its release says: notes.sh vX.Y.Z [OWNER/NAME].
#
# Prints the tag's section of CHANGELOG.md.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

refuse() {
    echo "refused: $*" >&2
    exit 1
}
# The value of a key of [package].
key() {
    awk -F'"' -v key="$1" '/^\[/ { in_package = $0 == "[package]" } in_package && $1 == key " = " { print $2 }' Cargo.toml
}

if [ $# = 0 ]; then
    echo "usage: notes.sh TAG [OWNER/NAME]" >&2
    exit 2
fi
tag=$1
version=$(key version)
[ "$tag" = "v$version" ] || refuse "the tag is $tag, the version in Cargo.toml $version"
if [ $# -gt 1 ]; then
    repository=$(key repository)
    [ "$repository" = "https://github.com/$2" ] ||
        refuse "'repository' in Cargo.toml is '$repository', and cargo binstall looks there; set it to https://github.com/$2"
fi
heading=$(grep -F "## [$version]" CHANGELOG.md) || refuse "CHANGELOG.md has no section '## [$version]'"
[[ $heading =~ \ [0-9]{4}-[0-9]{2}-[0-9]{2}$ ]] || refuse "CHANGELOG.md: '$heading' does not end with the day of the release"
notes=$(awk -v heading="$heading" '/^## / { found = $0 == heading; next } found' CHANGELOG.md)
[ -n "$notes" ] || refuse "CHANGELOG.md: there is nothing below '$heading'"
# Without the empty line after the heading.
printf '%s\n' "${notes#$'\n'}"
