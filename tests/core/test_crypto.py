"""Fields at rest: unreadable, bound to their column, searchable only by equality, rotatable."""

import base64

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from contacts.models import Customer
from scrm.core import crypto, masking
from tests.factories.cast import Cast

COLUMN = "contacts_customer.phone"


@given(st.text(min_size=1))
def test_every_text_comes_back(text: str) -> None:
    assert crypto.decrypt(crypto.encrypt(text, COLUMN), COLUMN) == text


def test_the_same_text_never_looks_the_same() -> None:
    assert crypto.encrypt("13800000000", COLUMN) != crypto.encrypt("13800000000", COLUMN)


def test_a_value_of_another_column_does_not_open() -> None:
    with pytest.raises(crypto.DecryptionFailed):
        crypto.decrypt(crypto.encrypt("x", COLUMN), "contacts_customer.id_number")


def test_a_changed_byte_and_an_unknown_key_do_not_open() -> None:
    stored = crypto.encrypt("x", COLUMN)
    key, _, body = stored.partition(".")
    raw = bytearray(base64.b64decode(body))
    raw[-1] ^= 1
    for bad in (f"{key}.{base64.b64encode(raw).decode()}", f"other.{body}"):
        with pytest.raises(crypto.DecryptionFailed):
            crypto.decrypt(bad, COLUMN)


def test_an_old_key_still_opens_after_rotation(settings) -> None:
    old = crypto.encrypt("x", COLUMN)
    settings.FIELD_KEYS = [f"k2:{base64.b64encode(b'k' * 32).decode()}", *settings.FIELD_KEYS]
    assert crypto.decrypt(old, COLUMN) == "x"
    assert crypto.encrypt("x", COLUMN).startswith("k2.")


def test_the_database_holds_no_phone_in_clear(cast: Cast) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT phone, phone_index FROM contacts_customer WHERE id = %s", [cast.wang.pk]
        )
        stored, index = cursor.fetchone()
    assert cast.wang.phone not in stored
    assert cast.wang.phone not in index
    same = crypto.phone_index("+86 138-0000-0001")
    assert Customer.objects.get(phone_index=same) == cast.wang


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("电话13812345678。", "电话138****5678。"),
        ("证件110101199003071234", "证件110101********1234"),
        ("卡6222021234567890123", "卡622202******0123"),
        ("GET /x?access_token=abc&id=1", "GET /x?access_token=***&id=1"),
        ("金额 1234567.89 元", "金额 1234567.89 元"),
    ],
)
def test_free_text_is_masked(text: str, masked: str) -> None:
    assert masking.text(text) == masked


def test_logs_leave_masked(caplog) -> None:
    import logging

    from scrm.core.logs import MaskingFormatter

    try:
        # In two pieces: the traceback quotes this very line.
        raise ValueError("boom\nDETAIL:  Failing row contains (" + "王" + "芳, x).")
    except ValueError as error:
        broken = (type(error), error, error.__traceback__)
    said = ("corpsecret=hush 13812345678",)
    line = MaskingFormatter("%(message)s").format(
        logging.LogRecord("x", 20, "f", 1, "call %s", said, broken)
    )
    assert line.startswith("call corpsecret=*** 138****5678")
    assert "boom" in line
    assert "王芳" not in line
