"""Runs the programs beside this file and keeps what each writes for one failure.

``python tests/logs/traces/record.py`` needs Node.js, Python and a JDK. Go's are written by hand
after its runtime's sources, since no compiler is at hand.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROGRAMS = HERE / "programs"
KINDS = {
    "v8": (["node", "crash.cjs"], ("cause", "aggregate", "crash", "throw")),
    "cpython": (
        [sys.executable, "crash.py"], ("chained", "handling", "deep", "group", "thread"),
    ),
    "jvm": (["java", "Crash.java"], ("caused", "suppressed", "crash")),
}  # fmt: skip


def main() -> None:
    for language, (command, kinds) in KINDS.items():
        for kind in kinds:
            done = subprocess.run(
                [*command, kind], cwd=PROGRAMS, capture_output=True, text=True, check=False
            )
            written = done.stderr.replace(str(PROGRAMS), "/srv/app")
            written = written.replace(str(Path(sys.base_prefix)), "/usr")
            (HERE / f"{language}_{kind}.txt").write_text(written, encoding="utf-8")


if __name__ == "__main__":
    main()
