"""wrk, a load generator that costs so little that it does not sit on the figure."""

import re
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.harness.turns import Turn, processor_s

_DONE: Final = re.compile(r"(\d+) requests in ([\d.]+)(s|m)")


def turn(
    url: str,
    pids: Iterable[int],
    *,
    clients: int,
    seconds: float = 3.0,
    headers: Mapping[str, str] | None = None,
    script: str | None = None,
) -> Turn:
    """Let keep-alive clients ask for `url`, each again as soon as it is answered.

    The processor time is that of `pids` and of what they have started. `script` is Lua of wrk's. Raises RuntimeError
    where an answer was no success.
    """
    serving = list(pids)
    with TemporaryDirectory() as folder:
        command = ["wrk", "--threads", "1", "--connections", str(clients), "--duration", f"{seconds:g}s"]
        command += [f"--header={name}: {value}" for name, value in (headers or {}).items()]
        if script is not None:
            file = Path(folder) / "requests.lua"
            file.write_text(script)
            command += ["--script", str(file)]
        used_s = processor_s(serving)
        said = subprocess.run([*command, url], capture_output=True, text=True, check=True).stdout
        used_s = processor_s(serving) - used_s
    return _read(said, used_s)


def _read(said: str, used_s: float) -> Turn:
    found = _DONE.search(said)
    if not found or "Non-2xx" in said or "Socket errors" in said:
        raise RuntimeError(said)
    took_s = float(found[2]) * (60 if found[3] == "m" else 1)
    return Turn(int(found[1]), took_s, used_s)
