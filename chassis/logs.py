"""JSON logs, one line per happening, with the correlation id and without personal data.

Callers never log personal data; the redaction below is the belt to those braces.
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, Final

# structlog draws tracebacks for a terminal with rich, where that is installed. Ours are JSON; rich would be 4 MB of
# every process, and a tenth of a second of its start.
_rich = sys.modules.get("rich")
sys.modules["rich"] = None  # type: ignore[assignment]  # -- importing it fails, as where it is not installed

import structlog  # noqa: E402 -- see above

if _rich is None:
    del sys.modules["rich"]
else:
    sys.modules["rich"] = _rich

from chassis import correlation  # noqa: E402 -- see above

_FISCAL_CODE = r"[A-Z]{6}[0-9LMNP-V]{2}[A-EHLMPR-T][0-9LMNP-V]{2}[A-Z][0-9LMNP-V]{3}[A-Z]"
_PATTERNS: Final = (
    (re.compile(rf"(?<![A-Z0-9]){_FISCAL_CODE}(?![A-Z0-9])", re.IGNORECASE), "[fiscal code]"),
    (re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])", re.IGNORECASE), "[token]"),
    (re.compile(r"(?<![\w-])(?=[\w-]*\d)(?=[\w-]*[A-Z])(?=[\w-]*[a-z])[A-Za-z0-9_-]{43}=?(?![\w-])"), "[token]"),
    (re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)*\.[A-Za-z]{2,}"), "[email]"),
    (re.compile(r"(?<=://)[^/@\s:]+:[^/@\s]+(?=@)"), "[credentials]"),
)
# Their lines either repeat ours or come per message.
_QUIET_LOGGERS: Final = {"nameko.containers": logging.CRITICAL, "amqp": logging.WARNING, "kombu": logging.WARNING}


def redacted(value: Any) -> Any:
    """Return `value` with anything that looks like a fiscal code, a secret token or an address taken out."""
    if isinstance(value, str):
        for pattern, replacement in _PATTERNS:
            value = pattern.sub(replacement, value)
        return value
    if isinstance(value, dict):
        return {redacted(key): redacted(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [redacted(item) for item in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return redacted(str(value))


def _redact(_logger: Any, _method: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {key: value if key.startswith("_") else redacted(value) for key, value in entry.items()}


def _add_correlation_id(_logger: Any, _method: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    current = correlation.get()
    if current:
        entry.setdefault("correlation_id", current)
    return entry


def configure(process_name: str, level: str = "INFO") -> None:
    """Send every log line of this process, the libraries' included, to stdout as JSON."""

    def add_process_name(_logger: Any, _method: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        entry["process"] = process_name
        return entry

    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_correlation_id,
        add_process_name,
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.PositionalArgumentsFormatter(), *shared],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _redact,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name, quiet_level in _QUIET_LOGGERS.items():
        logging.getLogger(name).setLevel(quiet_level)


def get_logger(name: str | None = None) -> structlog.stdlib.BoundLogger:
    """Return a logger; its events are short snake_case words, facts go into keyword arguments."""
    logger: structlog.stdlib.BoundLogger = structlog.get_logger(name)
    return logger
