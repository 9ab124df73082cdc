"""A text to learn letter by letter: "The House That Jack Built", a nursery rhyme printed in 1755.

Each verse repeats the one before it and adds a line, so that a small network finds much to learn in
little text. It is in the public domain.
"""

START = "This is the house that Jack built.\n"
WHO_DID = (
    ("malt", "lay in"),
    ("rat", "ate"),
    ("cat", "killed"),
    ("dog", "worried"),
    ("cow with the crumpled horn", "tossed"),
    ("maiden all forlorn", "milked"),
    ("man all tattered and torn", "kissed"),
    ("priest all shaven and shorn", "married"),
    ("cock that crowed in the morn", "waked"),
    ("farmer sowing his corn", "kept"),
)


def verses() -> list[str]:
    """Return the eleven verses.

    >>> print(verses()[2])
    This is the rat
    that ate the malt
    that lay in the house that Jack built.
    <BLANKLINE>
    """
    sung = [START]
    for who, did in WHO_DID:
        before = sung[-1].removeprefix("This is ")
        sung.append(f"This is the {who}\nthat {did} {before}")
    return sung
