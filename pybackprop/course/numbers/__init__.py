"""Your own numbers: a network in a reader's hands. An address holds it, and Python answers."""
