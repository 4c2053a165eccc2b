#!/usr/bin/env python3
"""The files of a release for one target: an archive, with --lambda also the function's zip, each with its checksum.

    package.py BINARY TARGET LICENSES OUT [--lambda]

LICENSES is what licenses.py says of the target.

Python, as the tar of macOS cannot sort and Windows has no zip. The same binary gives the same bytes: names are sorted,
owners are 0, and every time is SOURCE_DATE_EPOCH, that of the commit.
"""

import argparse
import gzip
import hashlib
import io
import os
import re
import subprocess
import sys
import tarfile
import time
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# The first time that a zip can hold: 1980-01-01.
EPOCH = int(os.environ.get("SOURCE_DATE_EPOCH") or 315532800)
COMPLETIONS = {
    "bash": "amictl.bash",
    "elvish": "amictl.elv",
    "fish": "amictl.fish",
    "powershell": "_amictl.ps1",
    "zsh": "_amictl",
}
LICENSES = "LICENSES-THIRD-PARTY.txt"
# What AWS Lambda calls the architectures.
ARCHITECTURES = {"x86_64": "x86_64", "aarch64": "arm64"}


def version_of(binary, target):
    """The version that the binary says, if it is of this target and of the commit that the build was told."""
    lines = run(binary, "--version").decode().split("\n")
    first = re.fullmatch(r"amictl (\d+\.\d+\.\d+\S*)", lines[0].strip())
    if not first:
        sys.exit(f"refused: {binary} --version says {lines[0]!r}")
    wanted = [f"target {target}"]
    if os.environ.get("AMICTL_COMMIT"):
        wanted.append(f"commit {os.environ['AMICTL_COMMIT']}")
    for line in wanted:
        if line not in (said.strip() for said in lines):
            sys.exit(f"refused: {binary} --version does not say '{line}'")
    return first[1]


def run(binary, *words):
    # Without the user's settings; Windows starts nothing without SYSTEMROOT.
    env = {name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}
    ended = subprocess.run([binary, *words], env=env, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    if ended.returncode:
        sys.exit(f"refused: {binary} {' '.join(words)} ended with {ended.returncode}")
    return ended.stdout


def contents(binary, name, licenses):
    """Path in the archive to bytes and mode."""
    files = {name: (binary.read_bytes(), 0o755)}
    for document in ("CHANGELOG.md", "LICENSE", "README.md"):
        files[document] = ((ROOT / document).read_bytes(), 0o644)
    files[LICENSES] = (licenses.read_bytes(), 0o644)
    for shell, file in COMPLETIONS.items():
        files[f"completions/{file}"] = (run(binary, "completions", shell), 0o644)
    page = run(binary, "man")
    files["man/amictl.1"] = (page, 0o644)
    # The page of amictl lists those of its commands.
    commands = [name.replace("\\-", "-") for name in re.findall(r"amictl\\-([a-z\\-]+)\(1\)", page.decode())]
    if "list" not in commands:
        sys.exit("refused: the manual page of amictl names no page of 'list'")
    for command in commands:
        if command != "help":
            files[f"man/amictl-{command}.1"] = (run(binary, "man", command), 0o644)
    return files


def tar_gz(files):
    data = io.BytesIO()
    # The header of gzip: no name, a fixed time.
    with gzip.GzipFile(filename="", mode="wb", fileobj=data, mtime=EPOCH) as packed:
        with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive:
            for name, (content, mode) in sorted(files.items()):
                info = tarfile.TarInfo(name)
                info.size, info.mode, info.mtime = len(content), mode, EPOCH
                archive.addfile(info, io.BytesIO(content))
    return data.getvalue()


def zipped(files):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, (content, mode) in sorted(files.items()):
            info = zipfile.ZipInfo(name, time.gmtime(max(EPOCH, 315532800))[:6])
            info.compress_type = zipfile.ZIP_DEFLATED
            # Made on Unix, a regular file: Lambda takes the mode of `bootstrap` from here, also if Windows packs.
            info.create_system, info.external_attr = 3, (0o100000 | mode) << 16
            archive.writestr(info, content)
    return data.getvalue()


def write(out, name, data):
    """Writes a file, and beside it its checksum as sha256sum has it."""
    (out / name).write_bytes(data)
    digest = hashlib.sha256(data).hexdigest()
    (out / f"{name}.sha256").write_text(f"{digest}  {name}\n", newline="\n")
    print(f"{digest}  {out / name}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("binary", type=Path)
    parser.add_argument("target")
    parser.add_argument("licenses", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--lambda", dest="function", action="store_true", help="also make amictl-lambda-ARCH.zip")
    args = parser.parse_args()
    binary = args.binary.resolve()
    version = version_of(binary, args.target)
    arch = args.target.split("-")[0]
    if args.function and ("-linux-" not in args.target or arch not in ARCHITECTURES):
        sys.exit(f"refused: AWS Lambda does not run {args.target}")
    windows = "-windows-" in args.target
    folder = f"amictl-{version}-{args.target}"
    files = contents(binary, "amictl.exe" if windows else "amictl", args.licenses)
    files = {f"{folder}/{name}": file for name, file in files.items()}
    args.out.mkdir(parents=True, exist_ok=True)
    pack, ending = (zipped, "zip") if windows else (tar_gz, "tar.gz")
    write(args.out, f"{folder}.{ending}", pack(files))
    if args.function:
        function = {name: files[f"{folder}/{name}"] for name in ("LICENSE", LICENSES)}
        function["bootstrap"] = (binary.read_bytes(), 0o755)
        write(args.out, f"amictl-lambda-{ARCHITECTURES[arch]}.zip", zipped(function))


main()
