"""What the files of a program say, by file and place, looked up once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property

from redhanded.source.flow.form import Expression, Item, Let, Name
from redhanded.source.flow.form import Mapping as MappingForm
from redhanded.source.flow.module import Class, Function, Import, Module, Type
from redhanded.source.flow.values import Kind, Procedure
from redhanded.source.flow.walking import looking


class Forms:
    """Modules by path, and what is looked for in them without running anything."""

    def __init__(self, modules: Mapping[str, Module]) -> None:
        self._modules = modules
        self._imports: dict[str, dict[str, Import]] = {}
        self._methods: dict[tuple[str, int], dict[str, int]] = {}
        self._attributes: dict[tuple[str, int], dict[str, list[tuple[int, Expression]]]] = {}
        self._changed_names: dict[str, dict[str, bool]] = {}
        self._changed_attributes: dict[tuple[str, int], frozenset[str]] = {}
        self._aliases: dict[str, dict[str, Expression]] = {}
        self._types: dict[str, dict[str, Type]] = {}
        self._providers: list[tuple[MappingForm, str]] | None = None

    def classes_named(self, name: str) -> tuple[Kind, ...]:
        """The classes of a name at the top of files, wherever they stand."""
        return tuple(self._classes.get(name, ()))

    @cached_property
    def _classes(self) -> dict[str, list[Kind]]:
        found: dict[str, list[Kind]] = {}
        for path, module in self._modules.items():
            for index, one in enumerate(module.classes):
                if one.parent <= 0:
                    found.setdefault(one.name, []).append(Kind(path, index, one.name))
        return found

    def modules(self) -> Iterable[Module]:
        return self._modules.values()

    def module(self, path: str) -> Module | None:
        return self._modules.get(path)

    def class_of(self, kind: Kind) -> Class:
        return self._modules[kind.path].classes[kind.index]

    def function_of(self, procedure: Procedure) -> Function:
        return self._modules[procedure.path].functions[procedure.function]

    @cached_property
    def folders(self) -> dict[str, dict[str, None]]:
        """What each folder of the program holds, in order."""
        found: dict[str, dict[str, None]] = {}
        for path in self._modules:
            folder, _, name = path.rpartition("/")
            while name not in found.setdefault(folder, {}):
                found[folder][name] = None
                if not folder:
                    break
                folder, _, name = folder.rpartition("/")
        return found

    def modules_by_path(self) -> Mapping[str, Module]:
        return self._modules

    def class_form(self, path: str, index: int) -> Class:
        return self._modules[path].classes[index]

    def function_form(self, path: str, index: int) -> Function:
        return self._modules[path].functions[index]

    def methods_of(self, kind: Kind) -> dict[str, int]:
        """The methods of a class itself, by name."""
        key = (kind.path, kind.index)
        found = self._methods.get(key)
        if found is None:
            module = self._modules[kind.path]
            places = module.classes[kind.index].methods
            found = self._methods[key] = {
                _method_name(module.functions[place]): place
                for place in places
                if module.functions[place].kind != "set"
            }
        return found

    def attributes_of(self, kind: Kind) -> dict[str, list[tuple[int, Expression]]]:
        key = (kind.path, kind.index)
        if key not in self._attributes:
            module = self._modules[kind.path]
            self._attributes[key] = looking.attributes(module, module.classes[kind.index])
        return self._attributes[key]

    def changed_names(self, path: str) -> dict[str, bool]:
        if path not in self._changed_names:
            self._changed_names[path] = looking.changed_names(self._modules[path])
        return self._changed_names[path]

    def changed_attributes(self, kind: Kind) -> frozenset[str]:
        key = (kind.path, kind.index)
        if key not in self._changed_attributes:
            module = self._modules[kind.path]
            one = module.classes[kind.index]
            self._changed_attributes[key] = looking.changed_attributes(module, one)
        return self._changed_attributes[key]

    def aliases_of(self, path: str) -> dict[str, Expression]:
        """Types that the top of a file gives a name to, with arguments: ``X = Annotated[…]``."""
        if path not in self._aliases:
            self._aliases[path] = {
                one.target.name: one.value
                for one in self._modules[path].functions[0].body
                if isinstance(one, Let)
                and isinstance(one.target, Name)
                and isinstance(one.value, Item)
            }
        return self._aliases[path]

    def types_of(self, path: str) -> dict[str, Type]:
        """The types that a file gives a name to."""
        if path not in self._types:
            self._types[path] = {one.name: one for one in self._modules[path].types}
        return self._types[path]

    def providers(self) -> list[tuple[MappingForm, str]]:
        """All ``{ provide: … }`` of the program and their files."""
        if self._providers is None:
            self._providers = [
                (one, module.path)
                for module in self.modules()
                if module.language != "python" and _may_inject(module)
                for one in looking.providers(module)
            ]
        return self._providers

    def import_of(self, name: str, path: str) -> Import | None:
        imports = self._imports.get(path)
        if imports is None:
            imports = self._imports[path] = {}
            for one in self._modules[path].imports:
                if one.local:
                    imports.setdefault(one.local, one)
        return imports.get(name)


def _method_name(function: Function) -> str:
    if function.kind == "constructor" and not function.name.startswith("__"):
        return "constructor"
    return function.name


def _may_inject(module: Module) -> bool:
    return any(one.specifier.startswith("@nestjs/") for one in module.imports)
