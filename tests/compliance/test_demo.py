"""What compliance adds to the demo bank."""

from random import Random

from compliance.demo import seed
from compliance.models import LexiconVersion
from compliance.scanning import scan_text
from tests.factories.cast import Cast
from tests.factories.compliance import RISKY


def test_one_lexicon_in_force_however_often(cast: Cast) -> None:
    for _ in range(2):
        seed(Random(1))
    assert LexiconVersion.objects.get().state == "active"
    assert scan_text(RISKY).severity >= 3
