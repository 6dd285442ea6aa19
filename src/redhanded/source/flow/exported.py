"""A package as a library: everything that happens from each of its functions on, whoever calls it.

Nothing is known of who uses it, so what it is handed is told by how it is used
(``walking/handed.py``).
"""

from __future__ import annotations

from redhanded.source.flow import form, package_walk, reading, walk
from redhanded.source.flow.charting import Chart
from redhanded.source.flow.frameworks import FRAMEWORKS
from redhanded.source.flow.installed import Installed, Source
from redhanded.source.flow.program import Program
from redhanded.source.flow.schema_of import schema_of
from redhanded.source.flow.schema_texts import texts_of
from redhanded.source.flow.schemas import PACKAGES as SCHEMA_PACKAGES
from redhanded.source.flow.walking import looking
from redhanded.source.garbage import collected_rarely


def names_in(chart: Chart) -> dict[str, tuple[str, ...]]:
    """The names of functions, and the names that are called or read in them; of functions of one
    name all together, what stands in no function under an empty name."""
    found: dict[str, dict[str, None]] = {}
    for module in chart.files.modules.values():
        for function in module.functions:
            name, parent = function.name, function.parent
            while not name and parent > 0:  # what has no name is a part of what it stands in
                name, parent = module.functions[parent].name, module.functions[parent].parent
            inner = found.setdefault(name, {})
            for one in looking.inside(function.body):
                if isinstance(one, form.Attribute):
                    inner[one.name] = None
                elif isinstance(one, form.Call) and isinstance(one.function, form.Name):
                    inner[one.function.name] = None
    return {name: tuple(inner) for name, inner in found.items()}


def chart_package(one: Installed, source: Source) -> Chart:
    """Reads the files of a package and follows them from every function on."""
    with collected_rarely():
        return _chart(one, source)


def _chart(one: Installed, source: Source) -> Chart:
    known = {package for each in FRAMEWORKS for package in each.packages} | set(SCHEMA_PACKAGES)
    files = reading.read(one.root, source.paths, known, everything=True, processes=1)
    schema = schema_of(files.modules, texts_of(one.root, source.paths))
    program = Program(
        files.modules,
        FRAMEWORKS,
        resolving=files,
        schema=schema,
        stands_for=files.stands_for,
        package=one.name,
        declared=one.needs,
    )
    paths = walk.walk(program, package_walk.functions)
    limits = (*files.limits, *program.limits)
    return Chart(files=files, schema=schema, paths=paths, limits=limits)
