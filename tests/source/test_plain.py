"""Only plain files of a size that is wanted are read."""

from __future__ import annotations

import os
from pathlib import Path

from redhanded.source.plain import plain_bytes, plain_text


def test_a_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"caf\xe9")
    (tmp_path / "link").symlink_to("a")
    assert plain_bytes(tmp_path / "a") == b"caf\xe9"
    assert plain_text(tmp_path / "link") == "caf\ufffd"


def test_what_is_no_file_or_too_large_is_not(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "endless").symlink_to("/dev/zero")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "large").write_bytes(b"x" * 11)
    for name in ("pipe", "endless", "loop", "gone", "."):
        assert plain_bytes(tmp_path / name) is None
    assert plain_bytes(tmp_path / "large", 10) is None
    assert plain_bytes(tmp_path / "large", 11) is not None
