from __future__ import annotations

import pytest

from compliance.rules.structured import id_number_ok, luhn_ok

ID = "11010519491231002X".lower()  # the worked example of GB 11643-1999


@pytest.mark.parametrize("digit", "0123456789")
def test_id_checksum_rejects_other_digits(digit):
    assert id_number_ok(ID)
    assert not id_number_ok(ID[:-1] + digit)


def test_luhn():
    assert luhn_ok("4111111111111111")
    assert not luhn_ok("4111111111111112")
    assert not luhn_ok("1111111111111117")


@pytest.mark.parametrize("gap", ["", " ", "-", "\u200b"])
def test_numbers_are_found_with_separators(engine, gap):
    text = "证件 " + gap.join(["110105", "19491231", "002X"]) + " 请核对"
    found = [f for f in engine.scan(text).findings if f.rule_id == "ST-id"]
    assert found and text[found[0].start : found[0].end] == found[0].excerpt


def test_fullwidth_digits_and_masked_numbers(engine):
    assert engine.scan("１１０１０５１９４９１２３１００２Ｘ").severity == 3
    assert engine.scan("您的卡尾号6688，手机138****5678").clean


def test_code_beside_a_code_word(engine):
    assert engine.scan("验证码是482913").severity == 4
    assert engine.scan("您的验证码482913，请勿告知他人").clean
