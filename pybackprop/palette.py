"""One color for each role, everywhere: plots, steppers, tables and key equations read it here.

Each role has a variant for light and one for dark pages. Both reach a contrast of 4.5 : 1 against
their background, and the five stay apart for readers with any of the common color-vision deficiencies
(blue, slate, vermilion, purple, bluish green, after Okabe and Ito, 2008).
"""

ROLES: dict[str, tuple[str, str]] = {
    "activation": ("#0b62a3", "#6cb6f5"),
    "weight": ("#475569", "#c3cad5"),
    "delta": ("#b3420a", "#ff9d5c"),
    "gradient": ("#8a2c8a", "#e3a0e3"),
    "updated": ("#00735c", "#4fd1b0"),
}
"""Role -> (color on a light page, color on a dark page)."""
