"""House rules about packages: an image has those its processes import, and no others."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from dev.locks import IMAGES as LOCKED_IMAGES
from dev.locks import NARROWER, WIDEST, lock_of
from tests.image_contents import IMAGES, Image, declared

# Asked for and never imported by our own code.
NOT_IMPORTED = {
    "gunicorn",  # a program: it runs the application
    "redis",  # a driver: limits imports it by the name in RATE_LIMIT_STORAGE
    "tzdata",  # data: zoneinfo reads it
    "psycopg2-binary",  # the driver: SQLAlchemy imports it by the name in DATABASE_URL
}
# Imports the modules it is given where only the packages of one lock file are to be had.
IMPORTER = """
import importlib.metadata as metadata, json, re, sys
from importlib import import_module
from importlib.abc import MetaPathFinder

packages, modules = json.loads(sys.argv[1])

def is_hidden(name):
    return re.sub(r"[-_.]+", "-", name).lower() not in packages

hidden = {top for top, names in metadata.packages_distributions().items() if all(map(is_hidden, names))}
find_distribution = metadata.Distribution.from_name.__func__

def distribution(cls, name):
    if is_hidden(name):
        raise metadata.PackageNotFoundError(name)
    return find_distribution(cls, name)

class OnlyLocked(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top in hidden:
            raise ModuleNotFoundError(f"{top} is not in the lock file", name=top)

for name in list(sys.modules):
    if name.partition(".")[0] in hidden:
        del sys.modules[name]
metadata.Distribution.from_name = classmethod(distribution)  # some packages ask for the version of another first
sys.meta_path.insert(0, OnlyLocked())
for module in modules:
    import_module(module)
"""


def by_name(image: Image) -> str:
    return image.name


def import_in(folder: Path, packages: set[str], modules: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", IMPORTER, json.dumps([sorted(packages), modules])],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "SECRET_KEY": "of no worth but long as a real one"},
        capture_output=True,
        text=True,
        check=False,
    )


def pins(lock: Path) -> set[str]:
    """Name, version and condition of each package."""
    return set(re.findall(r"^[A-Za-z][^\n\\]*", lock.read_text(), re.MULTILINE))


def test_every_image_has_a_lock_file_of_its_own() -> None:
    assert {image.lock for image in IMAGES} == {lock_of(name) for name in LOCKED_IMAGES}


@pytest.mark.parametrize("image", IMAGES, ids=by_name)
def test_what_the_code_of_an_image_imports_is_asked_for_by_name(image: Image) -> None:
    asked = declared(image.lock.stem)
    missing = {package: min(modules) for package, modules in image.imported_packages().items() if package not in asked}
    assert not missing, f"add them to requirements/{image.lock.stem}.in and run python -m dev.locks"


@pytest.mark.parametrize("image", IMAGES, ids=by_name)
def test_what_is_asked_for_is_imported(image: Image) -> None:
    assert declared(image.lock.stem) - NOT_IMPORTED <= set(image.imported_packages())


@pytest.mark.parametrize("image", IMAGES, ids=by_name)
def test_what_is_asked_for_is_locked(image: Image) -> None:
    assert declared(image.lock.stem) <= image.packages


@pytest.mark.parametrize("image", IMAGES, ids=by_name)
def test_files_and_packages_of_an_image_are_enough_for_its_processes(image: Image, tmp_path: Path) -> None:
    image.copy_files(tmp_path)
    # A service's own program comes first: it makes the process green.
    modules = sorted(image.entry_modules, key=lambda name: (not name.endswith(".run"), name))
    if "gunicorn" in image.packages:
        modules += ["gunicorn.app.wsgiapp", "gunicorn.workers.gthread"]
    done = import_in(tmp_path, image.packages, modules)
    assert done.returncode == 0, done.stderr


def test_a_package_that_is_not_locked_is_missed(tmp_path: Path) -> None:
    [cart] = [image for image in IMAGES if image.name == "cart"]
    cart.copy_files(tmp_path)
    done = import_in(tmp_path, cart.packages - {"sqlalchemy"}, ["services.cart.service"])
    assert done.returncode == 1
    assert "sqlalchemy is not in the lock file" in done.stderr


def test_the_gateway_has_no_database_and_cart_no_xml() -> None:
    packages = {image.name: image.packages for image in IMAGES}
    assert not packages["gateway"] & {"sqlalchemy", "psycopg2-binary", "alembic", "nameko", "eventlet", "reportlab"}
    assert not packages["cart"] & {"lxml", "signxml", "reportlab", "falcon", "gunicorn", "pikepdf"}
    assert not packages["notices"] & {"signxml", "falcon", "gunicorn", "pikepdf"}


@pytest.mark.parametrize("name", NARROWER)
def test_all_lock_files_agree(name: str) -> None:
    assert pins(lock_of(name)) <= pins(lock_of(WIDEST))
