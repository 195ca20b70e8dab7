"""The command line behind `./portal`. Heavy parts are imported only by the command that needs them."""

import dev.interrupts  # noqa: F401 -- before the imports that take time

# isort: split
import os
import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from dev.console import complain
from dev.paths import ROOT, Home
from dev.problem import ProblemError

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)

DEFAULT_HOME: Final = ROOT / "var"
HomeOption = Annotated[Path, typer.Option(envvar="PORTAL_HOME", help="Folder of data, keys and logs.")]


@app.command()
def up(
    home: HomeOption = DEFAULT_HOME,
    host: Annotated[str, typer.Option(envvar="PORTAL_HOST", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(envvar="PORTAL_PORT", help="The portal.")] = 8080,
    spid_port: Annotated[int, typer.Option(envvar="PORTAL_SPID_PORT", help="The sandbox identity provider.")] = 8088,
    pagopa_port: Annotated[int, typer.Option(envvar="PORTAL_PAGOPA_PORT", help="The sandbox pagoPA.")] = 8089,
    mail_port: Annotated[int, typer.Option(envvar="PORTAL_MAIL_PORT", help="The sandbox mail; 0: 8090, or any.")] = 0,
    *,
    processes: Annotated[bool, typer.Option(help="A process per service, on AMQP_URL and DATABASE_URL.")] = False,
    scale: Annotated[list[str] | None, typer.Option(help="With --processes: payments=3. May be repeated.")] = None,
) -> None:
    """Start the whole system and its sandbox; Ctrl-C stops it."""
    folder = Home(home.resolve())
    ports = (port, spid_port, pagopa_port, mail_port)
    if processes:
        from dev.launcher.copy import Copy
        from dev.launcher.processes import up as up_processes

        up_processes(Copy(folder, host, *ports), _scale(scale or []))
        return
    if scale:
        raise ProblemError("--scale needs --processes.")
    where = [str(folder.folder), host, *map(str, ports)]
    os.execv(sys.executable, [sys.executable, "-m", "dev.launcher.embedded", *where])


@app.command()
def assets() -> None:
    """Fetch Bootstrap Italia and its fonts into build/."""
    from dev import assets as files

    files.prepare()


@app.command()
def migrate(home: HomeOption = DEFAULT_HOME) -> None:
    """Bring the databases of DATABASE_URL to their newest revision and load the sandbox's catalogue."""
    from dev.launcher import schema

    if "DATABASE_URL" not in os.environ:
        raise ProblemError("Set DATABASE_URL; the embedded PostgreSQL is migrated at each ./portal up.")
    folder = Home(home.resolve())
    folder.create()
    schema.prepare(folder.logs / "migrations.log")


@app.command("dead-letters", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def dead_letters(context: typer.Context) -> None:
    """List the events that consumers of AMQP_URL gave up on, send them again, or discard them with a reason."""
    from chassis.messaging.dead_letters import main as run

    if "AMQP_URL" not in os.environ:
        raise ProblemError("Set AMQP_URL; without it ./portal up has its broker in its own memory.")
    raise typer.Exit(run(context.args))


@app.command()
def reset(home: HomeOption = DEFAULT_HOME, *, yes: Annotated[bool, typer.Option("--yes", "-y")] = False) -> None:
    """Forget all data, keys and logs of a copy that is not running."""
    from dev.launcher import forget

    folder = Home(home.resolve())
    if yes or typer.confirm(f"Forget everything in {folder.folder}?"):
        forget.everything(folder)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def test(context: typer.Context) -> None:
    """Lint, types and tests; with arguments only those suites (unit, contract, ...), paths or pytest options."""
    from dev.testing.suite import run

    raise typer.Exit(run(context.args))


@app.command()
def generate() -> None:
    """Write anew what is made from the code: frozen promises, the tables of docs/, dashboards."""
    from dev import generate as generated

    generated.everything()


@app.command()
def bench(
    names: Annotated[list[str] | None, typer.Argument(help="Rows of the table; none: all.")] = None,
    rounds: Annotated[int, typer.Option(help="Turns of each side; 0: as each row says.")] = 0,
) -> None:
    """Measured figures, each beside a plain baseline in the same run, with their goals."""
    from dev.bench import run

    raise typer.Exit(run(names or [], rounds or None))


def _scale(words: list[str]) -> dict[str, int]:
    wanted = {}
    for word in words:
        name, _, count = word.partition("=")
        if not count.isdigit() or int(count) < 1:
            raise ProblemError(f"--scale {word}: write it like payments=3.")
        wanted[name] = int(count)
    return wanted


def main() -> None:
    """Run a command; a problem is one sentence and exit code 1, an interrupt exit code 130."""
    try:
        app(prog_name="./portal")
    except ProblemError as problem:
        complain(str(problem))
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
