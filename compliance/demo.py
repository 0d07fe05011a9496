"""What compliance adds to the demo bank: a lexicon in force."""

from random import Random

from compliance.lexicons import lexicon_install_starter


def seed(rng: Random) -> None:
    """Called once by the demo bank's maker; nothing here is drawn by chance."""
    lexicon_install_starter()
