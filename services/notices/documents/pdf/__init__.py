"""From content to PDF bytes: fonts, text fitting, drawings and one module per layout. Pure but for the fonts."""
