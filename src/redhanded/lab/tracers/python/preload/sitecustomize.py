"""Loads the lab's clock and the tracer, then the ``sitecustomize`` of the program itself."""

import os
import sys

FOLDER = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 (pathlib is slow to load)
NAME = "redhanded_tracer"


def _load() -> None:
    if sys.version_info < (3, 8) or NAME in sys.modules:
        return
    tracing, clock = os.environ.get("REDHANDED_TRACE_PIPE"), os.environ.get("REDHANDED_CLOCK")
    if not (tracing or clock):
        return
    try:
        from importlib import import_module
        from importlib.util import module_from_spec, spec_from_file_location

        package = os.path.dirname(FOLDER)  # noqa: PTH120
        file = os.path.join(package, "__init__.py")  # noqa: PTH118
        spec = spec_from_file_location(NAME, file, submodule_search_locations=[package])
        if spec is None or spec.loader is None:
            return
        module = module_from_spec(spec)
        sys.modules[NAME] = module
        spec.loader.exec_module(module)
        if clock:
            import_module(NAME + ".lab_time").install()
        if tracing:
            import_module(NAME + ".install").install()
    except Exception:  # noqa: BLE001 (a program must start, with the tracer or without)
        pass


def _load_the_next() -> None:
    sys.path[:] = [
        entry
        for entry in sys.path
        if os.path.abspath(entry or os.curdir) != FOLDER  # noqa: PTH100
    ]
    if __name__ != "sitecustomize":
        return
    own = sys.modules.pop("sitecustomize")
    try:
        import sitecustomize  # type: ignore[import-not-found]  # noqa: F401
    except ImportError as error:
        if error.name != "sitecustomize":
            raise
        # The import that is under way expects to find what it has begun.
        sys.modules["sitecustomize"] = own


_load()
_load_the_next()
