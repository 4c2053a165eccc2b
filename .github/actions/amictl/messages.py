"""What the scripts of the action say to the runner, and how they end."""

import os
import sys


class Refused(Exception):
    """The step cannot be carried out as it is asked for."""


def annotated(kind, text):
    """One line on stderr that the runner shows beside the step: an error or a warning."""
    text = str(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    print(f"::{kind} title=amictl::{text}", file=sys.stderr, flush=True)


def variable(name):
    """A variable that the runner sets."""
    value = os.environ.get(name)
    if not value:
        raise Refused(f"{name} is not set: this script is a step of the action, and needs the variables of a runner")
    return value


def added(name, text):
    """Adds to the file that a variable of the runner names."""
    with open(variable(name), "a", encoding="utf-8") as file:
        file.write(text)
