"""What compliance adds to the demo bank."""

from random import Random

from django.contrib.auth import authenticate

from compliance.demo import seed
from compliance.models import LexiconVersion
from compliance.scanning import scan_text
from scrm.accounts.demo import PASSWORD
from scrm.accounts.models import User
from tests.factories.cast import Cast
from tests.factories.compliance import RISKY


def test_a_second_officer_and_one_lexicon(cast: Cast) -> None:
    """A branch officer made under the same running number keeps existing under another name."""
    User.objects.filter(username="officer2").update(branch=cast.shanghai)
    for _ in range(2):
        seed(Random(1))
    officer = authenticate(username="officer2", password=PASSWORD)
    assert (officer.name, officer.role, officer.branch) == ("何清扬", "compliance", cast.head)
    assert User.objects.filter(role="compliance", branch=cast.shanghai).count() == 2
    assert LexiconVersion.objects.get().state == "active"
    assert scan_text(RISKY).severity >= 3
