#!/usr/bin/env python3
"""Runs amictl once with the words of INPUT_ARGS, and sets the outputs and the summary of the step.

The words go to the program as they are, without a shell. What it writes on stdout goes into a file and not into the log,
where the runner would look for commands in it; amictl itself defuses what it says on stderr.
"""

import itertools
import json
import os
import re
import secrets
import shlex
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

# Python with -I looks for modules in its own folders only.
sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))
from messages import Refused, added, annotated, variable

# A later step that has the document in a variable must still start: Linux allows 128 KiB each.
LONGEST_OUTPUT = 100_000
# GitHub shows at most 1 MiB.
LONGEST_SUMMARY = 1_000_000
# The options that may stand before the command and have a value of their own. A test compares them with the program.
WITH_VALUE = (
    "--aws-retry-mode", "--color", "--config", "--endpoint-url", "--external-id", "--max-attempts", "--org-role",
    "--output", "--profile", "--query", "--region", "--request-limits", "--role-arn", "--timeout",
)
SHORT_WITH_VALUE = "o"


def words(args):
    try:
        found = shlex.split(args)
    except ValueError as why:
        raise Refused(f"'args' are no shell words: {why}")
    if not found:
        raise Refused("'args' are empty: give a command, e.g. list")
    return found


def command_of(found):
    """The command among the words: the first that is neither an option nor the value of one."""
    rest = iter(found)
    for word in rest:
        if word == "--":
            return next(rest, "")
        if not word.startswith("-"):
            return word
        # In `-qo json` the last letter has the next word, in `-ojson` the rest of its own.
        letter = re.fullmatch(f"-[^-{SHORT_WITH_VALUE}]*[{SHORT_WITH_VALUE}]", word)
        if word in WITH_VALUE or letter:
            next(rest, None)
    return ""


def environment(command, summary):
    env = {name: value for name, value in os.environ.items() if not name.startswith("INPUT_")}
    env.update(AMICTL_OUTPUT="json", AMICTL_STEP_SUMMARY=str(summary))
    # The disk of a runner goes with the job, and its log stays. `restore` reads a journal, and cannot read that one.
    if command != "restore" and not env.get("AMICTL_JOURNAL"):
        env["AMICTL_JOURNAL"] = "-"
    return env


def ran(binary, command, env, answer):
    """The exit code, and the last line on stderr, which is passed on at once line by line."""
    child, signals, sent = None, [], itertools.count()

    def pass_on():
        # The first alone: amictl reports and ends. A second would end it at once, and the runner sends one after seconds.
        if child and signals and next(sent) == 0:
            child.send_signal(signals[0])

    def received(number, _frame):
        signals.append(number)
        pass_on()

    posix = os.name == "posix"
    if posix:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, received)
    with open(answer, "wb") as stdout:
        # In a session of its own: a signal to the whole group must not count as the second, which ends it at once.
        child = subprocess.Popen(
            [binary, *command], stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE, env=env,
            start_new_session=posix,
        )
        pass_on()
        last = b""
        for line in child.stderr:
            sys.stderr.buffer.write(line)
            sys.stderr.buffer.flush()
            last = line
        code = child.wait()
    return (128 - code if code < 0 else code), last


def parsed(text):
    try:
        return json.loads(text)
    except ValueError:
        return None


def image_id(command, document):
    """The image that was made, or the only one that the document is about."""
    if not isinstance(document, dict):
        return ""
    lists = [document.get(name) for name in ("images", "tests")]
    rows = [row for rows in lists if isinstance(rows, list) for row in rows if isinstance(row, dict)]
    if isinstance(document.get("image"), dict):
        rows = [document["image"]]
    found = [str(row.get("image_id") or row.get("id") or "") for row in rows]
    found = [word for word in dict.fromkeys(found) if re.fullmatch(r"ami-[0-9a-f]{8,17}", word)]
    return found[0] if len(found) == 1 or found and command == "create" else ""


def summarized(path, code, last):
    """The Markdown that amictl wrote, and the error that ended it. Left in the file, too."""
    text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
    if code:
        error = (parsed(last.decode("utf-8", "replace")) or {})
        error = error.get("error") if isinstance(error, dict) else None
        said = [error.get("message"), error.get("hint") and f"hint: {error['hint']}"] if isinstance(error, dict) else []
        said = "\n".join(str(line) for line in said if line)
        fence = "`" * max([3, *(len(run) + 1 for run in re.findall("`+", said))])
        text += f"**amictl ended with exit code {code}**\n\n" + (f"{fence}text\n{said}\n{fence}\n\n" if said else "")
    path.write_text(text, encoding="utf-8")
    if len(text.encode()) > LONGEST_SUMMARY:
        return "The summary is longer than GitHub shows: it is in the file of the output `summary-file`.\n\n"
    return text


def set_outputs(values):
    rows = ((name, value, secrets.token_hex(16)) for name, value in values.items())
    added("GITHUB_OUTPUT", "".join(f"{name}<<{end}\n{value}\n{end}\n" for name, value, end in rows))


def refused(why):
    """Ends the step before the program has run."""
    code = 2 if isinstance(why, Refused) else 1
    annotated("error", why)
    if os.environ.get("GITHUB_OUTPUT"):
        try:
            set_outputs({"exit-code": code})
        except OSError as other:
            annotated("error", other)
    return code


def kept(summary, code, last):
    """Writes the summary of the step. The command has run: what is wrong here is a warning."""
    try:
        text = summarized(summary, code, last)
        if os.environ.get("GITHUB_STEP_SUMMARY"):
            added("GITHUB_STEP_SUMMARY", text)
    except OSError as why:
        annotated("warning", f"the summary could not be written: {why}")


def main():
    try:
        found, binary = words(os.environ.get("INPUT_ARGS", "")), variable("INPUT_BINARY")
        # Whoever needs the outputs must get them: not known afterwards is worse than not begun.
        added("GITHUB_OUTPUT", "")
        # A folder that only this user can read.
        folder = Path(tempfile.mkdtemp(prefix="amictl-", dir=os.environ.get("RUNNER_TEMP") or None))
        answer, summary = folder / "answer.json", folder / "summary.md"
        command = command_of(found)
        code, last = ran(binary, found, environment(command, summary), answer)
    except (Refused, OSError) as why:
        return refused(why)
    data = answer.read_text(encoding="utf-8", errors="replace").removesuffix("\n")
    document = parsed(data)
    is_json = document is not None or data.strip() == "null"
    if data and not is_json:
        annotated("warning", "the output is no JSON document, so the output `json` is empty: leave -o out of 'args'")
    kept(summary, code, last)
    try:
        set_outputs({
            "json": data if is_json and len(data.encode()) <= LONGEST_OUTPUT else "",
            "json-file": answer,
            "summary-file": summary,
            "image-id": image_id(command, document),
            "exit-code": code,
        })
    except OSError as why:
        annotated("error", f"the outputs could not be set, and the command has run: {why}")
        return code or 1
    return code


sys.exit(main())
