"""What is in an image, as CycloneDX 1.6: the base image, each locked package with its hashes, the pages' npm package.

Made from the lock files and the version alone: the same release gives the same bytes.
"""

import json
from collections.abc import Sequence
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from deploy.release.locked_packages import ROOT, BaseImage, LockedPackage, base_image, packages_of

Json = dict[str, Any]
_ASSETS: Final = "bootstrap-italia"


def bill_of(image: str, version: str) -> Json:
    """Return the bill of materials of one image."""
    packages = packages_of(image)
    components = [_of_base(base_image()), *map(_of_package, packages), _of_assets()]
    name = f"portal-{image}"
    own = f"pkg:oci/{name}?tag={version}"
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": uuid5(NAMESPACE_URL, json.dumps([name, version, components])).urn,
        "version": 1,
        "metadata": {
            "component": {
                "type": "container",
                "bom-ref": own,
                "name": name,
                "version": version,
                "purl": own,
                "licenses": [{"license": {"id": "EUPL-1.2"}}],
            }
        },
        "components": components,
        "dependencies": _dependencies(own, packages, [components[0]["bom-ref"], components[-1]["bom-ref"]]),
    }


def text_of(bill: Json) -> str:
    """Return the content of a bill's file."""
    return json.dumps(bill, indent=2, ensure_ascii=False) + "\n"


def _of_base(base: BaseImage) -> Json:
    purl = f"pkg:docker/{base.name}@{base.tag}"
    return {"type": "container", "bom-ref": purl, "name": base.name, "version": base.tag, "purl": purl}


def _of_package(package: LockedPackage) -> Json:
    made: Json = {
        "type": "library",
        "bom-ref": package.purl,
        "name": package.name,
        "version": package.version,
        "purl": package.purl,
        # Of each file the lock allows: which one is installed depends on the machine.
        "hashes": [{"alg": "SHA-256", "content": content} for content in package.sha256],
    }
    if package.licence:
        made["licenses"] = [{"license": {"name": package.licence}}]
    return made


def _of_assets() -> Json:
    locked = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))["packages"][f"node_modules/{_ASSETS}"]
    purl = f"pkg:npm/{_ASSETS}@{locked['version']}"
    return {
        "type": "library",
        "bom-ref": purl,
        "name": _ASSETS,
        "version": locked["version"],
        "purl": purl,
        "licenses": [{"license": {"name": locked["license"]}}],
    }


def _dependencies(own: str, packages: Sequence[LockedPackage], others: Sequence[str]) -> list[Json]:
    """Say what stands on what. What no other package needs, our own code asks for."""
    asked = [package.purl for package in packages if not package.needed_by]
    needs: dict[str, list[str]] = {own: sorted([*asked, *others]), **{purl: [] for purl in others}}
    of_name = {package.name: package.purl for package in packages}
    for package in packages:
        needs.setdefault(package.purl, [])
        for name in package.needed_by:
            if name in of_name:
                needs.setdefault(of_name[name], []).append(package.purl)
    return [{"ref": ref, "dependsOn": sorted(set(found))} for ref, found in needs.items()]
