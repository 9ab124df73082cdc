"""One color for each role, everywhere: plots, steppers, tables and key equations read it here.

A role's first color is for a light page, its second for a dark one; both reach a contrast of
4.5 : 1 or better against the page. A saved figure cannot know the page it will stand on, so it
takes a mid-tone with 3 : 1 or better on both. In each set the five colors stay apart for readers
with protanopia, deuteranopia or tritanopia, too (a test simulates all three), and shape or dash
always says the same.
"""

ROLES: dict[str, tuple[str, str]] = {
    "activation": ("#0f4cf2", "#5596ff"),
    "weight": ("#343b4c", "#dfe3e9"),
    "delta": ("#b05506", "#ff8724"),
    "gradient": ("#a524b0", "#c87bb8"),
    "updated": ("#0a6b43", "#2ee59a"),
}
"""Role -> (color on a light page, color on a dark page)."""

FIGURE: dict[str, str] = {
    "activation": "#2563f5",
    "weight": "#646b78",
    "delta": "#d5380c",
    "gradient": "#c05cc8",
    "updated": "#12a067",
}
"""Role -> the mid-tone that figures use on any page."""

INK = "#6e6e6e"
"""Text and axes of figures: 4.5 : 1 or better on white and in tinted boxes. No gray has that on a
dark page, too: there the book's style sheet brightens figures."""
