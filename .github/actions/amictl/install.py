#!/usr/bin/env python3
"""Installs the amictl of a release, or takes the one given, if its checksum is right. Sets the output `binary`.

Reads INPUT_VERSION, INPUT_CHECKSUM, INPUT_BINARY and INPUT_REPOSITORY, and the variables of the runner.
"""

import hashlib
import http.client
import io
import os
import re
import sys
import tarfile
import time
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

# Python with -I looks for modules in its own folders only.
sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))
from messages import Refused, added, annotated, variable

# The musl build has no needs, so that it also runs in a small container.
TARGETS = {
    ("Linux", "X64"): "x86_64-unknown-linux-musl",
    ("Linux", "ARM64"): "aarch64-unknown-linux-musl",
    ("macOS", "X64"): "x86_64-apple-darwin",
    ("macOS", "ARM64"): "aarch64-apple-darwin",
    ("Windows", "X64"): "x86_64-pc-windows-msvc",
}
TRIES = 3


def given(name):
    return os.environ.get(f"INPUT_{name}", "").strip()


def downloaded(url):
    for left in reversed(range(TRIES)):
        try:
            with urllib.request.urlopen(url, timeout=60) as answer:
                return answer.read()
        except (OSError, http.client.HTTPException) as why:
            # An answer such as 404 stays what it is.
            if isinstance(why, urllib.error.HTTPError) and why.code < 500 or not left:
                raise Refused(f"{url}: {why}; see the inputs 'version' and 'repository', or give 'binary'")
            time.sleep(2)


def check(data, wanted, what):
    if not re.fullmatch(r"[0-9a-fA-F]{64}", wanted):
        raise Refused(f"the checksum of {what} is {wanted!r}: it must have 64 hexadecimal digits (SHA-256)")
    found = hashlib.sha256(data).hexdigest()
    if found != wanted.lower():
        raise Refused(f"the SHA-256 of {what} is {found}, and must be {wanted.lower()}")


def unpacked(archive, name):
    """The contents of one file of an archive; nothing else of it is written anywhere."""
    try:
        if zipfile.is_zipfile(io.BytesIO(archive)):
            return zipfile.ZipFile(io.BytesIO(archive)).read(name)
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as files:
            return files.extractfile(name).read()
    except (KeyError, AttributeError, OSError, EOFError, tarfile.TarError, zipfile.BadZipFile) as why:
        raise Refused(f"the archive has no file {name}: {why}")


def installed(version):
    version = version.removeprefix("v")
    if not re.fullmatch(r"\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?", version):
        raise Refused(f"'version' is {version!r}: give the number of a release, e.g. 0.1.0")
    repository = given("REPOSITORY")
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", repository):
        raise Refused(f"'repository' is {repository!r}: give owner/name")
    system, processor = os.environ.get("RUNNER_OS", ""), os.environ.get("RUNNER_ARCH", "")
    if (system, processor) not in TARGETS:
        raise Refused(f"there is no release for {system} on {processor}: build amictl there, and give 'binary'")
    target = TARGETS[system, processor]
    windows = system == "Windows"
    folder = f"amictl-{version}-{target}"
    server = os.environ.get("GITHUB_SERVER_URL", "https://github.com")
    url = f"{server}/{repository}/releases/download/v{version}/{folder}.{'zip' if windows else 'tar.gz'}"
    archive = downloaded(url)
    wanted = given("CHECKSUM") or downloaded(f"{url}.sha256").decode(errors="replace").partition(" ")[0].strip()
    check(archive, wanted, url)
    program = "amictl.exe" if windows else "amictl"
    home = Path(variable("RUNNER_TEMP")) / folder
    home.mkdir(parents=True, exist_ok=True)
    binary = home / program
    # Under another name first: an amictl that still runs cannot be written.
    new = home / f"{program}.new"
    new.write_bytes(unpacked(archive, f"{folder}/{program}"))
    new.chmod(0o755)
    new.replace(binary)
    # Later steps can run it, too.
    added("GITHUB_PATH", f"{home}\n")
    return binary


def taken(binary):
    path = Path(binary).absolute()
    if not path.is_file():
        raise Refused(f"'binary' is {binary}: there is no such file")
    if given("CHECKSUM"):
        check(path.read_bytes(), given("CHECKSUM"), binary)
    return path


def main():
    version, binary = given("VERSION"), given("BINARY")
    try:
        if bool(version) == bool(binary):
            raise Refused("give 'version' or 'binary', one of them")
        path = str(taken(binary) if binary else installed(version))
        if "\n" in path:
            raise Refused("there is a line break in the path of the binary")
        added("GITHUB_OUTPUT", f"binary={path}\n")
    except (Refused, OSError) as why:
        annotated("error", why)
        return 1
    return 0


sys.exit(main())
