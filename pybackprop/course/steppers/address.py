"""What a stepper shows, as an address of the page "Your own numbers" holds it."""

import re
from typing import Any
from urllib.parse import quote


def address(show: str, **values: Any) -> str:
    """Return the name of a stepper and what it shows as an address.

    Parameters
    ----------
    show : str
        The stepper.
    **values
        Numbers and names, alone, in lists, arrays or dicts; what is None or empty is left out.

    Examples
    --------
    >>> address("convolution", x=[1.0, 0.5], stride=2)
    'show=convolution&x=1,0.5&stride=2'
    """
    texts = {name: packed(spelled(value)) for name, value in values.items()}
    return "&".join([f"show={show}", *(f"{name}={text}" for name, text in texts.items() if text)])


def spelled(value: Any) -> str:
    """Return numbers and names as a form shows them: each row a line, all digits.

    >>> spelled([[0.5, -1.0], [2.0, 0.125]]), spelled(["tanh", "relu"]), spelled({"x": 2})
    ('0.5, -1\\n2, 0.125', 'tanh, relu', 'x=2')
    """
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, dict):
        return ", ".join(f"{name}={spelled(one)}" for name, one in value.items())
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, int | float):
        return digits(float(value))
    rows = any(not isinstance(one, str | int | float) for one in value)
    return ("\n" if rows else ", ").join(map(spelled, value))


def digits(value: float) -> str:
    """Return a number with as many digits as bring it back.

    >>> digits(0.1), digits(-2.0), digits(1e-07)
    ('0.1', '-2', '1e-07')
    """
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def packed(text: str) -> str:
    """Return what a form shows as an address holds it.

    >>> packed("0.5, -1\\n2, 0.125"), packed("C = w*x + b"), packed("long bowl")
    ('0.5,-1;2,0.125', 'C=w*x+b', 'long%20bowl')
    """
    text = re.sub(r" ?([-+*/^=,]) ?", r"\1", text.strip().replace("\n", ";"))
    return quote(text, safe=",;:()+*/^=-.")
