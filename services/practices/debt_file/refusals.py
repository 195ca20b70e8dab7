"""Why a row is refused."""

from contracts.errors import ErrorCode


class RowRefused(Exception):
    """Why a row is refused, the column at fault (None where it is the whole row), and what its value looks like."""

    def __init__(self, code: ErrorCode, column: str | None, value_shape: str | None = None) -> None:
        self.code = code
        self.column = column
        self.value_shape = value_shape
        super().__init__(code.value)
