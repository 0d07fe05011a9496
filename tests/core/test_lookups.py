"""Thousands of values as one array select what IN and its negation select."""

import pytest

from compliance.models import ArchiveEnvelope
from scrm.core import bulk


@pytest.mark.django_db
def test_arrays_select_like_in() -> None:
    bulk.copy_in(
        [ArchiveEnvelope(corp_id=f"c{n % 3}", seq=n, publickey_ver=1) for n in range(1, 10)]
    )
    rows = ArchiveEnvelope.objects.order_by("seq").values_list("seq", flat=True)
    assert list(rows.filter(corp_id__any_of={"c1", "c2'"})) == [1, 4, 7]
    assert list(rows.filter(seq__none_of=range(2, 9))) == [1, 9]
    assert list(rows.filter(corp_id__any_of=[])) == []
    assert rows.filter(corp_id__none_of=[]).count() == 9
