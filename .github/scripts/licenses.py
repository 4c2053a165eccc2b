#!/usr/bin/env python3
"""The licences of what a binary of one target is made of, as their terms ask: licenses.py TARGET.

Prints each crate that Cargo.lock has for the target, but for build scripts and tests, with the texts it came with.
"""

import json
import subprocess
import sys
from pathlib import Path

NAMES = ("licen", "copying", "copyright", "notice", "unlicense")


def crates(target):
    words = ["cargo", "metadata", "--format-version=1", "--locked", "--filter-platform", target]
    told = json.loads(subprocess.run(words, check=True, stdout=subprocess.PIPE).stdout)
    packages = {package["id"]: package for package in told["packages"]}
    nodes = {node["id"]: node for node in told["resolve"]["nodes"]}
    found, ahead = set(), [told["resolve"]["root"]]
    while ahead:
        for needed in nodes[ahead.pop()]["deps"]:
            # A kind of null is a dependency that is linked.
            linked = any(kind["kind"] is None for kind in needed["dep_kinds"])
            if linked and needed["pkg"] not in found:
                found.add(needed["pkg"])
                ahead.append(needed["pkg"])
    return sorted((packages[one] for one in found), key=lambda one: (one["name"], one["version"]))


def texts(crate):
    folder = Path(crate["manifest_path"]).parent
    files = [path for path in folder.iterdir() if path.is_file() and path.name.lower().startswith(NAMES)]
    return [path.read_text("utf-8", "replace").replace("\r\n", "\n").strip() for path in sorted(files)]


def main():
    listed, of_text = [], {}
    for crate in crates(sys.argv[1]):
        name = f"{crate['name']} {crate['version']}"
        authors = ", ".join(crate["authors"])
        listed.append(f"{name}: {crate['license'] or 'see its text'}" + (f" ({authors})" if authors else ""))
        for text in texts(crate):
            of_text.setdefault(text, []).append(name)
    if not listed:
        sys.exit("refused: Cargo names no crate")
    parts = ["amictl is made of these crates:\n\n" + "\n".join(listed)]
    # Many crates have the same text: once is enough.
    parts += [", ".join(names) + ":\n\n" + text for text, names in of_text.items()]
    sys.stdout.buffer.write((f"\n\n{'=' * 80}\n\n".join(parts) + "\n").encode())


main()
