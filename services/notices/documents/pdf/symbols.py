"""QR code and Data Matrix as rows of black and white cells, without their quiet zones."""

from collections.abc import Sequence
from typing import Final

import segno
import zxingcpp

Cells = Sequence[Sequence[bool]]

_BLACK: Final = 0


def qr_cells(text: str) -> Cells:
    """Make the notice's QR code: version 4 (33 x 33), error correction M, byte mode (pagopa.md section 2.4)."""
    symbol = segno.make_qr(text, version=4, error="m", mode="byte", boost_error=False)
    return [[bool(cell) for cell in row] for row in symbol.matrix]


def data_matrix_cells(text: str) -> Cells:
    """Make the smallest square Data Matrix (ECC 200) of an ASCII text; a postal slip's gives 48 x 48 to 64 x 64."""
    symbol = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.DataMatrix, options="forceSquare")
    picture = symbol.to_image(scale=1, add_quiet_zones=False)
    image = memoryview(picture)  # type: ignore[arg-type]  # -- its stubs do not tell that it is a buffer
    side = image.shape[0] if image.shape else 0
    cells = image.tobytes()
    return [[cell == _BLACK for cell in cells[start : start + side]] for start in range(0, side * side, side)]
