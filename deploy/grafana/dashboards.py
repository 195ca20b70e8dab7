"""The dashboards, one per audience: `./portal generate` writes them as JSON beside this file."""

import json
from pathlib import Path
from typing import Final

from deploy.grafana.body import BODY
from deploy.grafana.capacity import CAPACITY
from deploy.grafana.on_call import ON_CALL
from deploy.grafana.panels import Dashboard, to_json

FOLDER: Final = Path(__file__).parent
DASHBOARDS: Final = (ON_CALL, BODY, CAPACITY)


def text_of(dashboard: Dashboard) -> str:
    """Return the content of a dashboard's file."""
    return json.dumps(to_json(dashboard), indent=2, ensure_ascii=False) + "\n"


def file_of(dashboard: Dashboard) -> Path:
    """Return where a dashboard's file is."""
    return FOLDER / f"{dashboard.uid.removeprefix('portal-')}.json"


def main() -> None:
    """Write all files anew."""
    for dashboard in DASHBOARDS:
        file_of(dashboard).write_text(text_of(dashboard), encoding="utf-8")


if __name__ == "__main__":
    main()
