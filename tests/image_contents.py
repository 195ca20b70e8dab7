"""What each image of the Dockerfile holds: files, packages, and the modules its processes start from."""

import ast
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SERVICES = ("identity", "practices", "cart", "payments", "notices")
OURS = ("contracts", "chassis", "services", "gateway", "sandbox", "dev")
OPTION = re.compile(r"--\w+=\S+")


@dataclass
class Stage:
    """A stage of the Dockerfile: what it is made from, and what it copies."""

    parent: str = ""
    files: list[str] = field(default_factory=list)
    venv_from: str = ""


def stages(service: str = "") -> dict[str, Stage]:
    """Read the Dockerfile; of what is copied from other stages only the environment counts."""
    found: dict[str, Stage] = {}
    text = (ROOT / "Dockerfile").read_text().replace("${SERVICE}", service)
    for line in text.splitlines():
        match line.split():
            case ["FROM", parent, "AS", name]:
                stage = found[name] = Stage(parent)
            case ["COPY", source, "/venv", "/venv"]:
                stage.venv_from = source.removeprefix("--from=")
            case ["COPY", *files, _] if not OPTION.match(files[0]):
                stage.files += files
    return found


@dataclass(frozen=True)
class Image:
    """One image: `identity`, `gateway`, `sandbox` or, for the stage that builds the assets, `assets`."""

    name: str

    @property
    def target(self) -> str:
        """The stage of the Dockerfile."""
        return "service" if self.name in SERVICES else self.name

    @property
    def files(self) -> list[str]:
        """Files and folders of the project that are copied into it."""
        all_stages = stages(self.name)
        found: list[str] = []
        name = self.target
        while name in all_stages:
            found = [*all_stages[name].files, *found]
            name = all_stages[name].parent
        return [name for name in found if not name.endswith((".lock", ".json"))]

    @property
    def lock(self) -> Path:
        """The lock file its packages come from."""
        all_stages = stages(self.name)
        stage = all_stages[all_stages[self.target].venv_from or self.target]
        [lock] = [name for name in stage.files if name.endswith(".lock")]
        return ROOT / lock

    @property
    def packages(self) -> set[str]:
        """Names of the packages in its lock file, normalised."""
        return {normalised(name) for name in re.findall(r"^([A-Za-z][\w.-]*)==", self.lock.read_text(), re.MULTILINE)}

    @property
    def modules(self) -> dict[str, Path]:
        """Every module in it, by dotted name, but for migrations, which are scripts."""
        paths = [path for name in self.files for path in ([ROOT / name] if (ROOT / name).is_file() else walk(name))]
        return {dotted(path): path for path in paths if path.suffix == ".py" and "migrations" not in path.parent.parts}

    @property
    def entry_modules(self) -> set[str]:
        """What its processes start from: its own code whole, and of the chassis the programs it runs."""
        modules = self.modules
        if self.name == "assets":
            return {"dev.assets"}
        if self.name == "sandbox":
            jobs = {"dev.launcher.jobs", "services.practices.__main__"}
            return jobs | {name for name in modules if name.startswith("sandbox.")}
        if self.name == "gateway":
            return {name for name in modules if name.startswith("gateway.")}
        programs = {name for name, path in modules.items() if name.startswith("chassis.") and is_program(path)}
        return programs | {name for name in modules if name.startswith("services.")}

    def copy_files(self, folder: Path) -> None:
        """Copy its files, and nothing else, into `folder`."""
        for name in self.files:
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if (ROOT / name).is_dir():
                ignored = shutil.ignore_patterns("__pycache__")
                shutil.copytree(ROOT / name, target, ignore=ignored, dirs_exist_ok=True)
            else:
                shutil.copyfile(ROOT / name, target)

    def imported_packages(self) -> Mapping[str, set[str]]:
        """Package that our code in this image imports, at the top of a module or later, to the modules that do."""
        modules = self.modules
        found: dict[str, set[str]] = {}
        waiting, seen = list(self.entry_modules), set[str]()
        while waiting:
            name = waiting.pop()
            if name in seen or name not in modules:
                continue
            seen.add(name)
            for imported in imports_of(modules[name]):
                top = imported.partition(".")[0]
                if top in OURS:
                    waiting += parents_and_self(imported)
                elif top not in sys.stdlib_module_names:
                    found.setdefault(package_of(top), set()).add(name)
        return found


IMAGES = tuple(Image(name) for name in ("gateway", *SERVICES, "sandbox", "assets"))


def walk(folder: str) -> Iterator[Path]:
    """Python files below a folder of the project."""
    return (ROOT / folder).rglob("*.py")


def dotted(path: Path) -> str:
    """The name a file is imported by."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def parents_and_self(name: str) -> list[str]:
    """The packages on the way to a module, and itself."""
    parts = name.split(".")
    return [".".join(parts[:count]) for count in range(1, len(parts) + 1)]


@cache
def is_program(path: Path) -> bool:
    """Return whether a module is one to run: `python -m`."""
    return 'if __name__ == "__main__":' in path.read_text()


@cache
def imports_of(path: Path) -> frozenset[str]:
    """Every dotted name a module imports, wherever in it; `from a import b` may mean the module a.b."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return frozenset(found)


@cache
def _owners() -> Mapping[str, list[str]]:
    return packages_distributions()


def package_of(top: str) -> str:
    """The package an importable name comes from, normalised; the name itself where nobody owns it."""
    return normalised(_owners().get(top, [top])[0])


def normalised(name: str) -> str:
    """A package's name as registries compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def declared(name: str) -> set[str]:
    """Packages that `requirements/NAME.in` asks for by name, with the files it builds on; normalised."""
    found = set()
    for line in (ROOT / "requirements" / f"{name}.in").read_text().splitlines():
        if line.startswith("-r "):
            found |= declared(line.removeprefix("-r ").removesuffix(".in"))
        elif line and not line.startswith("#"):
            found.add(normalised(re.split(r"[=<>~! ;]", line, maxsplit=1)[0]))
    return found
