"""QR code and Data Matrix as rows of black and white cells, without their quiet zones."""

from collections.abc import Sequence

import segno
from pystrich.datamatrix import DataMatrixData, DataMatrixEncoder

Cells = Sequence[Sequence[bool]]


def qr_cells(text: str) -> Cells:
    """Make the notice's QR code: version 4 (33 x 33), error correction M, byte mode (pagopa.md section 2.4)."""
    symbol = segno.make_qr(text, version=4, error="m", mode="byte", boost_error=False)
    return [[bool(cell) for cell in row] for row in symbol.matrix]


def data_matrix_cells(text: str) -> Cells:
    """Make the smallest square Data Matrix (ECC 200) of an ASCII text; a postal slip's gives 48 x 48 to 64 x 64."""
    encoder = DataMatrixEncoder(DataMatrixData(text, encoding="ascii"), quiet_zone=0)
    # The encoder's own matrix has the data alone; the renderer's adds the finder borders.
    return [[bool(cell) for cell in row] for row in encoder.init_renderer().matrix]
