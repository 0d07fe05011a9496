"""What compliance adds to the demo bank: a lexicon in force, and a second officer for four eyes."""

from random import Random

from django.contrib.auth.hashers import make_password

from compliance.lexicons import lexicon_install_starter
from scrm.accounts.demo import PASSWORD
from scrm.accounts.models import Branch, Role, User

SECOND_OFFICER = "officer2"


def seed(rng: Random) -> None:
    """Called once by the demo bank's maker; nothing here is drawn by chance."""
    lexicon_install_starter()
    head = Branch.objects.get(parent=None)
    # Branch officers made under running numbers cannot sign in; the name is wanted for one who can.
    taken = User.objects.filter(username=SECOND_OFFICER).exclude(branch=head).first()
    if taken:
        User.objects.filter(pk=taken.pk).update(username=f"officer_{taken.branch.code}")
    User.objects.update_or_create(
        username=SECOND_OFFICER,
        defaults={
            "name": "何清扬",
            "role": Role.COMPLIANCE,
            "branch": head,
            "password": make_password(PASSWORD),
            "is_demo": True,
        },
    )
