"""A sentence for the errors that readers meet most."""

import re

MISSING = (
    "Here are Python's standard library, NumPy and pybackprop. For other packages open the "
    "chapter as a notebook."
)
TOO_LARGE = "That is more memory than a page has. Is one of the sizes a typing error?"
SENTENCES: list[tuple[type[BaseException], str, str]] = [
    (ModuleNotFoundError, "", MISSING),
    (ImportError, "pip install", MISSING),
    (ImportError, "", "The module is there; it has nothing of this name."),
    (IndentationError, "expected an indented block", "The body of a function or loop starts with "
     "four spaces, on the line after the colon."),
    (IndentationError, "", "Lines that belong together start with the same number of spaces."),
    (SyntaxError, "never closed", "A bracket is open: look for its partner."),
    (SyntaxError, "expected ':'", "The line before a body ends in a colon."),
    (SyntaxError, "Maybe you meant '=='", "= gives a name to a value, == compares."),
    (SyntaxError, "", "Python cannot read this line, or the one before it: look for a missing "
     "bracket, comma or operator sign."),
    (UnboundLocalError, "", "A name that a function gives a value belongs to the function. Hand "
     "the value in as an argument."),
    (NameError, "'plt'", MISSING),
    (NameError, "", "Nothing has this name yet. Is it spelled as where it is made? np is NumPy, "
     "pb is pybackprop."),
    (ValueError, "Maximum allowed dimension", TOO_LARGE),
    (OverflowError, "index-sized", TOO_LARGE),
    (ValueError, "matmul|not aligned", "The shapes do not fit: in A @ B, the columns of A are as "
     "many as the rows of B. Print A.shape and B.shape; .T swaps the axes."),
    (ValueError, "broadcast", "The shapes do not fit. Print .shape of both; two axes fit where "
     "they are equal or one of them is 1."),
    (ValueError, "inhomogeneous", "The rows have different lengths: no array can hold them."),
    (ValueError, "truth value of an array", "An array has many truth values. np.where, .any() or "
     ".all() says which is meant."),
    (TypeError, "missing .* required positional", "The function asks for more arguments than it "
     "was given."),
    (TypeError, "positional arguments? but", "The function was given more arguments than it asks "
     "for."),
    (TypeError, "NoneType", "Something is None: does a function in it return nothing?"),
    (TypeError, "not callable", "The parentheses call something that is no function: is a * "
     "missing before them?"),
    (TypeError, "not subscriptable", "The brackets ask for an entry of something that has none."),
    (TypeError, "multiply sequence|can't multiply", "A list times a number repeats it. "
     "np.array(...) makes it an array, entry by entry."),
    (TypeError, "unsupported operand", "These two kinds of things have no such operation. Lists "
     "become arrays by np.array(...)."),
    (IndexError, "", "The counting starts at 0: the last of n entries is number n - 1."),
    (KeyError, "", "The dict has no such key. Layers are numbered 1, 2, ..., L."),
    (AttributeError, "NoneType", "Something is None: does a function in it return nothing?"),
    (AttributeError, "'list' object", "This is a list. np.array(...) makes it an array."),
    (ZeroDivisionError, "", "Something was divided by 0."),
    (OverflowError, "", "The number is too large: was a large z given to exp?"),
    (RecursionError, "", "The function calls itself without an end: which case returns without "
     "another call?"),
    (MemoryError, "", TOO_LARGE),
    (RuntimeError, "new thread", "A page has no threads."),
    (EOFError, "input", "A page cannot ask while it runs: give the value to a name instead."),
    (NotImplementedError, "", "The body is still to be written."),
    (SystemExit, "", "Nothing has to be ended here."),
]  # fmt: skip
"""Kind of error, what its message holds, what to say. The first that fits is said."""


def advice(error: BaseException) -> str | None:
    """Return a sentence on an error, if it is a common one.

    >>> advice(IndexError("index 3 is out of bounds for axis 0 with size 3"))
    'The counting starts at 0: the last of n entries is number n - 1.'
    """
    for kind, pattern, sentence in SENTENCES:
        if isinstance(error, kind) and re.search(pattern, str(error)):
            return sentence
    return None
