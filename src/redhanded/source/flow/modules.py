"""The modules of a program: kept packed, unpacked when they are asked for."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping

import msgspec
import zstandard

from redhanded.source.flow.kept import Lowered
from redhanded.source.flow.module import Module

UNPACKED_BYTES_MAX = 48_000_000
"""Of MessagePack; about five times as much as values. 5,000 files of 5 KB fit in."""


class Modules(Mapping[str, Module]):
    """Modules by path. Those used last stay unpacked, within a bound."""

    def __init__(self, lowered: Mapping[str, Lowered]) -> None:
        self._lowered = dict(lowered)
        self._unpacked: OrderedDict[str, Module] = OrderedDict()
        self._bytes = 0
        self._all_bytes = sum(one.size for one in self._lowered.values())
        self._decoder = msgspec.msgpack.Decoder(Module)
        self._decompressor = zstandard.ZstdDecompressor()

    def __getitem__(self, path: str) -> Module:
        known = self._unpacked.get(path)
        if known is not None:
            self._unpacked.move_to_end(path)
            return known
        lowered = self._lowered[path]
        module = self._decoder.decode(self._decompressor.decompress(lowered.data))
        if module.path != path:
            module = msgspec.structs.replace(module, path=path)
        self._unpacked[path] = module
        self._bytes += lowered.size
        while self._bytes > UNPACKED_BYTES_MAX and len(self._unpacked) > 1:
            gone, _ = self._unpacked.popitem(last=False)
            self._bytes -= self._lowered[gone].size
        return module

    def forget(self) -> None:
        """For where others come next: none stays unpacked, unless there is room for all."""
        if self._all_bytes > UNPACKED_BYTES_MAX:
            self._unpacked.clear()
            self._bytes = 0

    def __iter__(self) -> Iterator[str]:
        return iter(self._lowered)

    def __len__(self) -> int:
        return len(self._lowered)

    def __contains__(self, path: object) -> bool:
        return path in self._lowered


def packed(hash: bytes, module: Module) -> Lowered:
    """A module as it is kept."""
    raw = msgspec.msgpack.encode(module)
    data = zstandard.ZstdCompressor(level=1, write_checksum=True).compress(raw)
    return Lowered(hash, module.damaged_at, len(raw), data)
