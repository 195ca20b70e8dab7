"""The table of connections in docs/operations.md, made from the rendered chart.

./portal generate
"""

import re

from tests.unit.deploy.rendered_chart import ROOT, merged_values, of_kind

PAGE = ROOT / "docs" / "operations.md"
BEGINS, ENDS = "<!-- connections -->", "<!-- end -->"
SHAPES = ("one-body", "ten-bodies")


def most_replicas(shape: str) -> dict[str, int]:
    """Deployments with a database to the most pods they may have."""
    scaled = of_kind(shape, "ScaledObject")
    return {
        name: scaled[name]["spec"]["maxReplicaCount"] if name in scaled else one["spec"]["replicas"]
        for name, one in of_kind(shape, "Deployment").items()
        if "portal/database" in one["spec"]["template"]["metadata"]["labels"]
    }


def row(shape: str) -> str:
    replicas = most_replicas(shape)
    relays = sum(count for name, count in replicas.items() if name.endswith("-relay"))
    [cluster] = of_kind(shape, "Cluster").values()
    allowed = int(cluster["spec"]["postgresql"]["parameters"]["max_connections"])
    most = allowed - merged_values(shape)["postgres"]["spareConnections"]
    return f"| {shape.replace('-', ' ')} | {sum(replicas.values()) - relays} | {relays} | {most} | {allowed} |"


def section() -> str:
    header = "| shape | service processes | relays | connections at most | `max_connections` |"
    return "\n".join([BEGINS, header, "| --- | --- | --- | --- | --- |", *map(row, SHAPES), ENDS])


def main() -> None:
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(re.sub(rf"{BEGINS}.*?{ENDS}", section(), text, flags=re.DOTALL), encoding="utf-8")


if __name__ == "__main__":
    main()
