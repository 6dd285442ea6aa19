"""A traced program loads modules under the same names as without the tracer."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from redhanded.lab.services import node_environment
from redhanded.lab.tracers import environment

PROGRAM = """
require('first');
require('second');
console.log(Object.keys(require.cache).join('\\n'));
"""


def test_links_to_installed_packages_are_followed(tmp_path: Path) -> None:
    installed = tmp_path / "installed" / "node_modules"
    for name in ("first", "second"):
        (installed / name).mkdir(parents=True)
        (installed / name / "index.js").write_text("")
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "node_modules").symlink_to(installed)
    program = tmp_path / "tree" / "main.js"
    program.write_text(PROGRAM)
    reading, writing = os.pipe()
    traced = environment(dict(os.environ), trace_fd=writing, ports=[1])
    done = subprocess.run(
        ["node", str(program)],
        env=traced | node_environment(traced),
        pass_fds=(writing,),
        capture_output=True,
        text=True,
        check=True,
    )
    os.close(reading)
    os.close(writing)
    wanted = [program, installed / "first" / "index.js", installed / "second" / "index.js"]
    loaded = [line for line in done.stdout.splitlines() if not line.endswith(".cjs")]
    assert loaded == [str(path.resolve()) for path in wanted]
