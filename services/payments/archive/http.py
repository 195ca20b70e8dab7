"""One HTTP call to a REST service of pagoPA's, whose answer is looked at whole: nothing is raised for what it says."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import requests

from chassis import correlation

# No answer came, or none that can be read.
NO_ANSWER: Final = 0
WAIT_MAX_S: Final = 3_600.0
_OK: Final = 200
_MOVED: Final = 300


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `body` is {} where it is no JSON object; `retry_after_s` None where the service does not say."""

    status: int
    body: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    retry_after_s: float | None = None

    @property
    def is_ok(self) -> bool:
        """Return whether it was done."""
        return _OK <= self.status < _MOVED

    @property
    def title(self) -> str:
        """The title of a problem; its detail is not for programs."""
        return str(self.body.get("title") or "")


class PagopaClient:
    """A service under one address, with one key; each thread has its connections."""

    def __init__(self, url: str, subscription_key: str | None, timeout_s: float) -> None:
        self._url = url
        self._headers = {"Ocp-Apim-Subscription-Key": subscription_key} if subscription_key else {}
        self._timeout_s = (min(3.0, timeout_s), timeout_s)
        self._of_thread = threading.local()

    def call(self, method: str, path: str, **options: Any) -> Answer:
        """Call, and return the answer; NO_ANSWER where none came. `options` are those of requests."""
        headers = {**self._headers, "X-Request-Id": correlation.get() or correlation.new()}
        try:
            answer = self._session.request(
                method,
                f"{self._url}{path}",
                headers=headers,
                timeout=self._timeout_s,
                allow_redirects=False,
                **options,
            )
        except requests.RequestException:
            return Answer(NO_ANSWER)
        return Answer(answer.status_code, _object(answer), dict(answer.headers), _retry_after_s(answer))

    @property
    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._of_thread, "session", None)
        if session is None:
            session = self._of_thread.session = requests.Session()
        return session


def _object(answer: requests.Response) -> Mapping[str, Any]:
    try:
        body = answer.json()
    except (requests.JSONDecodeError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _retry_after_s(answer: requests.Response) -> float | None:
    """Read how long to wait, where it is said in seconds."""
    text = answer.headers.get("Retry-After", "")
    return min(float(text), WAIT_MAX_S) if text.isascii() and text.isdigit() else None
