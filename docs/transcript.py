"""The terminal output of a real hunt, recorded and cut into the README.

    python docs/transcript.py --record make hunt    runs it, writes docs/transcript.txt, cuts it in
    python docs/transcript.py                       cuts docs/transcript.txt in as it stands

Recorded is what the command writes when it is not on a terminal, 80 columns wide, in a checkout
that is set up: what an installer says of the machine does not belong in it. Only trailing blanks
are dropped, and the checkout's and the home folder's paths are shortened.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from section import ROOT, write

TRANSCRIPT = ROOT / "docs" / "transcript.txt"
NAME = "transcript"
COLUMNS = 80
CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r(?!\n)")


def main(arguments: Sequence[str]) -> int:
    """Gives the recorded command's exit code; 2 for arguments that mean nothing."""
    code = 0
    if arguments and arguments[0] == "--record" and len(arguments) > 1:
        code = record(arguments[1:])
    elif arguments:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    write(NAME, fenced(TRANSCRIPT.read_text(encoding="utf-8")))
    return code


def record(command: Sequence[str]) -> int:
    """Runs ``command`` in the checkout, shows what it writes, keeps it; gives its exit code."""
    environment = os.environ | {"COLUMNS": str(COLUMNS), "NO_COLOR": "1", "TERM": "dumb"}
    subprocess.run(["make", "setup"], cwd=ROOT, check=True)
    lines = [f"$ {' '.join(command)}\n"]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    ) as running:
        for line in running.stdout or ():
            sys.stderr.write(line)
            lines.append(line)
    TRANSCRIPT.write_text(cleaned("".join(lines)), encoding="utf-8")
    return running.returncode


def cleaned(text: str) -> str:
    """Without control sequences, trailing blanks and the paths of this machine."""
    for folder, short in ((ROOT, "."), (Path.home(), "~")):
        text = text.replace(f"{folder}/", f"{short}/")
    lines = [line.rstrip() for line in CONTROL.sub("", text).splitlines()]
    return "\n".join(lines).strip("\n") + "\n"


def fenced(transcript: str) -> str:
    """As the README shows it."""
    return f"```console\n{transcript.rstrip()}\n```"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
