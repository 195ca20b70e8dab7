"""From content to PDF bytes: fonts, text layout, drawings and one module per document. Pure but for the fonts."""
