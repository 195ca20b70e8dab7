"""How well a colour is read on another one (WCAG 2.2, success criterion 1.4.3)."""

from typing import Final

CONTRAST_MIN: Final = 4.5
# What the portal's pages write on and beside: white, and the tint of cards.
WHITE: Final = "#ffffff"
TINT: Final = "#f2f7fc"
_DARKEST: Final = 0.05


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours (#rrggbb), from 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + _DARKEST) / (darker + _DARKEST)


def least_contrast(colour: str) -> float:
    """Return the contrast of a colour with what pages have behind it or write on it, whichever is less."""
    return min(contrast(colour, WHITE), contrast(colour, TINT))


def _luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
