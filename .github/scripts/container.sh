#!/usr/bin/env bash
# The file tree of the container for one platform: container.sh ARCHIVE TREE [ROOTS].
#
# ARCHIVE is an unpacked archive. Into the tree go its binary and its licences, and the roots that the binary trusts. It
# needs no other file: the binary of musl is static, the journal goes to stderr, and nothing is written that the user did
# not name.
set -euo pipefail

if [ $# -lt 2 ] || [ $# -gt 3 ]; then
    echo "usage: container.sh ARCHIVE TREE [ROOTS]" >&2
    exit 2
fi
# Where Debian and Ubuntu keep the bundle, and where amictl looks for one.
bundle=/etc/ssl/certs/ca-certificates.crt
archive=$1 tree=$2 roots=${3:-$bundle}

if [ -e "$tree" ]; then
    echo "refused: $tree is there already; what is in it would go into the image" >&2
    exit 1
fi
if ! grep -q "BEGIN CERTIFICATE" "$roots"; then
    echo "refused: $roots has no certificate: no call to AWS would work (Debian: ca-certificates)" >&2
    exit 1
fi
install -D -m 755 "$archive/amictl" "$tree/usr/local/bin/amictl"
for document in LICENSE LICENSES-THIRD-PARTY.txt; do
    install -D -m 644 "$archive/$document" "$tree/usr/share/doc/amictl/$document"
done
install -D -m 644 "$roots" "$tree$bundle"
