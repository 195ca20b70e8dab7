"""Settings of practices, from the environment: how the entities' own software is asked for amounts."""

from dataclasses import dataclass
from typing import Final

from marshmallow.validate import Range

from chassis import https_post
from chassis.https_post import Network
from chassis.settings import environment

_TIMEOUT_MAX_S: Final = 3.0


@dataclass(frozen=True)
class Settings:
    """How the entities' software is asked for the amounts it says.

    `question_keys`: each entity's secret is derived from each of them; the first is the newest. None: nobody is asked.
    `question_timeout_s`: so long it has to answer, whoever waits. `question_networks` are private and may be asked all
    the same, without TLS too. `questions_at_once`: how many workers of a process may be waiting for answers.
    """

    question_keys: tuple[str, ...]
    question_timeout_s: float
    question_networks: tuple[Network, ...]
    questions_at_once: int

    @classmethod
    def load(cls) -> "Settings":
        """Read the environment. Raises EnvError."""
        env = environment()
        networks: list[str] = env.list("AMOUNT_PRIVATE_NETWORKS", [])
        return cls(
            question_keys=tuple(env.list("AMOUNT_QUESTION_KEYS", [])),
            question_timeout_s=env.float("AMOUNT_TIMEOUT_S", 2.0, validate=Range(0.1, _TIMEOUT_MAX_S)),
            question_networks=https_post.networks("AMOUNT_PRIVATE_NETWORKS", networks),
            questions_at_once=max(1, env.int("MAX_WORKERS", 10) // 2),
        )
