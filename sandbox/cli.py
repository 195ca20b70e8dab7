"""The command line behind `./portal`."""

import typer

from sandbox.run.console import complain
from sandbox.run.problem import ProblemError

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)


@app.command()
def assets() -> None:
    """Fetch Bootstrap Italia and its fonts into build/."""
    from sandbox.run import assets as files

    files.prepare()


@app.command(hidden=True)
def version() -> None:
    """Keep the commands a group while there is only one."""


def main() -> None:
    """Run a command; a problem is one sentence and exit code 1."""
    try:
        app(prog_name="./portal")
    except ProblemError as problem:
        complain(str(problem))
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
