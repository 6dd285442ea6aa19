"""The linked program: what names, imports and exports mean across its files.

The top of a file is run once, when something of the file is needed first; what it binds is what
its functions see.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import cached_property

from redhanded.source.flow import importing
from redhanded.source.flow.form import Expression, Name
from redhanded.source.flow.forms import Forms
from redhanded.source.flow.framework import FoundEntry, Framework, Mount
from redhanded.source.flow.module import Export, Import, Module, Type
from redhanded.source.flow.python_modules import submodule
from redhanded.source.flow.schema import Schema
from redhanded.source.flow.values import Kind, Library, Procedure, Record, Unknown, Value
from redhanded.source.flow.walking import classes, loading, looking
from redhanded.source.flow.walking.opened import Opened
from redhanded.source.flow.walking.run import Run
from redhanded.source.flow.walking.scope import Scope, hash_of

NO_SCHEMA = Schema(tables={}, has_migrations=False)
CHAIN_MAX = 30
"""Re-exports followed one after another."""


class Program(Forms):
    """Modules by path. It implements `framework.Surroundings`."""

    def __init__(
        self,
        modules: Mapping[str, Module],
        frameworks: Iterable[Framework] = (),
        *,
        resolving: importing.Resolving | None = None,
        schema: Schema = NO_SCHEMA,
        stands_for: Mapping[str, str] | None = None,
        own: Collection[str] | None = None,
        package: str = "",
        declared: Collection[str] = (),
    ) -> None:
        super().__init__(modules)
        self._own = modules if own is None else own
        self.frameworks = tuple(frameworks)
        self._resolving = resolving or importing.Unlinked()
        self.stands_for = dict(stands_for or {})
        self.schema = schema
        self.relations: dict[tuple[str, int, str], Value | None] = {}
        """What attributes of instances lead to, by class and name."""
        self.scopes: dict[str, Scope] = {}
        self.class_scopes: dict[tuple[str, int], Scope] = {}
        self.instances: dict[tuple[str, int], Record] = {}
        """What is made once and handed to all who ask: singletons of dependency injection."""
        self.registered: list[FoundEntry | Mount] = []
        self._registered_at: set[tuple[object, ...]] = set()
        self.active_at_load: dict[str, None] = {}
        """Files whose top does something to the world."""
        self.loading: set[str] = set()
        """Files whose top is being run: what they will bind later is not there yet."""
        self.aside: Run | None = None
        """What is being evaluated beside all paths."""
        self.limits: dict[str, None] = {}
        self.singletons: dict[int, Record] = {}
        """Instances that stay from one request to the next, by identity."""
        self.class_parts: dict[tuple[str, int], dict[str, Value]] = {}
        """What classes themselves hold."""
        self.added: dict[str, dict[str, Value]] = {}
        """What objects of a package were given by the program, see `Meaning.adds`."""
        self.carried: dict[str, list[tuple[str, int, Expression]]] | None = None
        """What is put on an application's ``state``, by name, until it is asked for."""
        self.carried_values: dict[str, Value] = {}
        self.shapes: dict[tuple[str, str], Value | None] = {}
        """What values of a type hold, by the type's file and name."""
        self.function_parts: dict[tuple[str, int], dict[str, Value]] = {}
        self.linearised: dict[tuple[str, int], tuple[Value, ...]] = {}
        self.decorated: dict[tuple[str, int], tuple[Value, ...]] = {}
        self.assigning: set[tuple[str, int, str]] = set()
        """Attributes whose assigned values are being looked for."""
        self._exports: dict[str, dict[str, Export]] = {}
        self._for_package: dict[str, tuple[Framework, ...]] = {}
        self._assigned: dict[tuple[str, str], list[Value]] = {}
        self._exporting: list[tuple[str, str]] = []
        self._function_scopes: dict[tuple[str, int], Scope] = {}
        self.opened = Opened(self, package, declared) if package else None
        """Set for a package that is read as a library: what its own files tell."""

    # What frameworks ask.

    def bases(self, kind: Kind) -> tuple[Value, ...]:
        return classes.linearised(self, kind)[1:]

    def evaluate(self, expression: Expression, path: str, function: int = 0) -> Value:
        return loading.evaluated(self, expression, self.inside(path, function))

    def decorators(self, of: Procedure | Kind) -> tuple[Value, ...]:
        return classes.decorators(self, of)

    # What the walker asks.

    @cached_property
    def reaching(self) -> tuple[str, ...]:
        """Files from which imports lead to a library that is known: only there something happens
        by itself."""
        known = {package for one in self.frameworks for package in one.packages} - {"global"}
        importers: dict[str, list[str]] = {}
        found: dict[str, None] = {}
        for path, module in self._modules.items():
            links: list[Import | Export] = [*module.imports, *module.exports]
            for one in links:
                for target in self._targets(one, path) if one.specifier else ():
                    importers.setdefault(target, []).append(path)
                if one.specifier and self._package_of(one.specifier, path) in known:
                    found[path] = None
        waiting = list(found)
        while waiting:
            for importer in importers.get(waiting.pop(), ()):
                if importer not in found:
                    found[importer] = None
                    waiting.append(importer)
        return tuple(path for path in self._modules if path in found and path in self._own)

    def _targets(self, one: Import | Export, path: str) -> list[str]:
        found = [self.find(one.specifier, path)]
        if path.endswith(".py") and one.name not in ("", "*"):
            found.append(self.find(submodule(one.specifier, one.name), path))
        return [each for each in found if each is not None]

    def _package_of(self, specifier: str, path: str) -> str:
        target = self._resolving.resolve(specifier, path)
        if target is not None:
            return self.stands_for.get(target, "")
        whole = importing.library(specifier, path.endswith(".py"))
        return whole.package if whole is not None else ""

    def assigned_values(self, path: str, name: str) -> list[Value]:
        """What functions of a file assign to a variable at its top."""
        key = (path, name)
        if key not in self._assigned:
            self._assigned[key] = []
            found = looking.assignments(self._modules[path], name)[:4]
            self._assigned[key] = [
                self.evaluate(one, path, function) for function, one in found if function
            ]
        return self._assigned[key]

    def variable_behind(self, name: str, path: str) -> tuple[str, str] | None:
        """The file and variable that an imported name is, if it is one that changes."""
        one = self.import_of(name, path)
        if one is None or one.name in ("*", "="):
            return None
        target = self.find(one.specifier, path)
        if target is None:
            return None
        wanted = one.name
        for export in self._modules[target].exports:
            if export.exported == wanted and isinstance(export.value, Name):
                wanted = export.value.name
        if wanted in self.changed_names(target) and wanted in self.scope_of(target).variables:
            return target, wanted
        return None

    def frameworks_of(self, package: str) -> tuple[Framework, ...]:
        """Those that speak for a package."""
        if package not in self._for_package:
            self._for_package[package] = tuple(
                one for one in self.frameworks if package in one.packages
            )
        return self._for_package[package]

    def register(self, found: Iterable[FoundEntry | Mount]) -> None:
        """Keeps what a call registers, once for each router that it is registered on."""
        for one in found:
            if isinstance(one, FoundEntry):
                place = one.entry.location
                key: tuple[object, ...] = (one.entry.name, one.path, place, hash_of(one.on))
            else:
                key = ("", one.prefix, one.location, hash_of(one.on), hash_of(one.what))
            if key not in self._registered_at:
                self._registered_at.add(key)
                self.registered.append(one)

    def scope_of(self, path: str) -> Scope:
        """The variables at the top of a file, which is run if it was not yet."""
        scope = self.scopes.get(path)
        if scope is None:
            scope = self.scopes[path] = Scope(path, 0)
            loading.load(self, self._modules[path], scope)
        return scope

    def inside(self, path: str, function: int) -> Scope:
        """The variables that an expression in a function sees, without a call of it."""
        if function == 0:
            return self.scope_of(path)
        key = (path, function)
        if key not in self._function_scopes:
            parent = self.inside(path, max(self._modules[path].functions[function].parent, 0))
            scope = self._function_scopes[key] = Scope(path, function, parent)
            loading.populate(self, self._modules[path], scope)
        return self._function_scopes[key]

    def named(self, name: str, path: str) -> Value | None:
        """What a name means at the top of a file beyond its variables: an import."""
        if path not in self._modules:
            return None
        found = self.import_of(name, path)
        if found is not None and name != "*":
            return self.imported(found.specifier, found.name, path)
        if "*" in self._imports[path]:
            for one in self._modules[path].imports:
                if one.local == "*":
                    value = self._starred(one.specifier, name, path)
                    if value is not None:
                        return value
        return None

    def _starred(self, specifier: str, name: str, path: str) -> Value | None:
        target = self.find(specifier, path)
        return self.exported(target, name) if target and target != path else None

    def type_named(self, name: str, path: str, depth: int = CHAIN_MAX) -> tuple[Type, str] | None:
        """The type that a name means in a file, and the file that declares it."""
        if depth == 0 or path not in self._modules:
            return None
        own = self.types_of(path).get(name)
        if own is not None:
            return own, path
        one = self.import_of(name, path)
        target = self.find(one.specifier, path) if one is not None else None
        if one is None or target is None:
            return None
        return self._type_given(one.name, target, depth - 1)

    def _type_given(self, name: str, path: str, depth: int) -> tuple[Type, str] | None:
        """The type that a file gives away under a name."""
        own = self.types_of(path).get(name)
        if own is not None or depth == 0:
            return (own, path) if own is not None else None
        for one in self._modules[path].exports:
            if one.exported == name and isinstance(one.value, Name):
                return self.type_named(one.value.name, path, depth - 1)
            if one.specifier and one.exported in (name, "*"):
                target = self.find(one.specifier, path)
                wanted = name if one.exported == "*" else one.name
                found = self._type_given(wanted, target, depth - 1) if target else None
                if found is not None:
                    return found
        return None

    @cached_property
    def implementing(self) -> dict[tuple[str, str], list[Kind]]:
        """The classes that say they have an interface, by its file and name."""
        found: dict[tuple[str, str], list[Kind]] = {}
        for path, module in self._modules.items():
            for index, of in enumerate(module.classes):
                for one in of.implements:
                    known = self.type_named(one.name, path) if isinstance(one, Name) else None
                    if known is not None:
                        key = (known[1], known[0].name)
                        found.setdefault(key, []).append(Kind(path, index, of.name))
        return found

    def find(self, specifier: str, importer: str) -> str | None:
        """The file of the program that an import names; None: a library, or not read."""
        target = self._resolving.resolve(specifier, importer)
        return target if target in self._modules else None

    def imported(self, specifier: str, name: str, importer: str) -> Value:
        """What a name of a module is; ``*`` and ``=`` as in `Import`."""
        target = self._resolving.resolve(specifier, importer)
        is_python = importer.endswith((".py", ".pyi"))
        if target is not None and target not in self._modules:
            package = self.stands_for.get(target)
            if package is None:
                return Unknown(f"{name} of {target}" if name not in "*=" else target)
            return _of_library(Library(package), name)
        if target is None and is_python and name not in "*=":
            target = self.find(submodule(specifier, name), importer)
            if target is not None:
                return self.namespace(target)
        if target is None:
            whole = importing.library(specifier, is_python)
            return Unknown(specifier) if whole is None else _of_library(whole, name)
        if name == "*":
            return self.namespace(target)
        if name == "=":
            whole_file = self.exported(target, "=")
            return self.namespace(target) if whole_file is None else whole_file
        found = self.exported(target, name)
        return Unknown(f"{name} of {target}") if found is None else found

    def namespace(self, path: str) -> Record:
        return Record(Namespace(self, path), is_complete=False)

    def exported(self, path: str, name: str) -> Value | None:
        """What a file gives under a name; None: nothing of that name."""
        if (path, name) in self._exporting or len(self._exporting) > CHAIN_MAX:
            return None
        self._exporting.append((path, name))
        try:
            if path.endswith((".py", ".pyi")):
                return self._python_member(path, name)
            return self._ecmascript_member(path, name)
        finally:
            self._exporting.pop()

    def _python_member(self, path: str, name: str) -> Value | None:
        found = self.scope_of(path).variables.get(name)
        if found is None:
            found = self.named(name, path)
        if found is None and path.endswith("__init__.py"):
            inner = self.find(f".{name}", path)
            return self.namespace(inner) if inner else None
        return found

    def _ecmascript_member(self, path: str, name: str) -> Value | None:
        exports = self._exports.get(path)
        if exports is None:
            exports = {}
            for one in self._modules[path].exports:
                exports[one.exported] = one
            self._exports[path] = exports
        export = exports.get(name)
        if export is not None:
            return self._given(export, path)
        if name != "=" and "=" in exports:
            whole = self._given(exports["="], path)
            if name == "default" or whole is None:
                return whole
            return loading.attribute(self, whole, name)
        if name == "=":
            return None
        for one in self._modules[path].exports:
            if one.specifier and one.exported == "*" and name != "default":
                target = self.find(one.specifier, path)
                found = self.exported(target, name) if target else None
                if found is not None:
                    return found
        return None

    def _given(self, export: Export, path: str) -> Value | None:
        if export.specifier:
            return self.imported(export.specifier, export.name or "*", path)
        if export.value is None:
            return None
        key = f"<export {export.exported} at {export.line}>"
        scope = self.scope_of(path)
        if key not in scope.variables:
            value = loading.evaluated(self, export.value, scope)
            if path not in self.loading:
                scope.variables[key] = value
            return value
        return scope.variables[key]

    def exported_names(self, path: str) -> list[str]:
        """The names a file gives, in order."""
        if path.endswith((".py", ".pyi")):
            return [one for one in self.scope_of(path).variables if not one.startswith(("_", "<"))]
        return [one.exported for one in self._modules[path].exports if one.exported not in "*="]


def _of_library(whole: Library, name: str) -> Library:
    if name in ("*", "=", "default"):
        return whole
    return Library(whole.package, (*whole.steps, name))


class Namespace(Mapping[str, Value]):
    """What a file gives, looked up when it is asked for."""

    def __init__(self, program: Program, path: str) -> None:
        self.program = program
        self.path = path

    def __getitem__(self, name: str) -> Value:
        found = self.program.exported(self.path, name)
        if found is None:
            raise KeyError(name)
        return found

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.program.exported(self.path, name) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(self.program.exported_names(self.path))

    def __len__(self) -> int:
        return len(self.program.exported_names(self.path))

    def __reduce__(self) -> tuple[Callable[[], object], tuple[()]]:
        return dict, ()
