"""A tracked link is random letters: it must not look like a word, and must not hide one."""

import random
import string

import pytest

from compliance.lexicon import Engine, starter_lexicon

ENGINE = Engine(starter_lexicon())
LETTERS = string.ascii_letters + string.digits + "-_"


def _link(rng: random.Random) -> str:
    token = "".join(rng.choices(LETTERS, k=22))
    return f"http://127.0.0.1:{rng.randint(30000, 60000)}/t/{token}/"


def test_random_links_in_a_harmless_text_are_clean() -> None:
    rng = random.Random(5)
    for _ in range(3000):
        link = _link(rng)
        text = f"您好，我是江城分行的陈静怡。您有产品近期到期，说明在这里：{link} 理财非存款，投资须谨慎。"
        assert ENGINE.scan(text).action == "pass", link


@pytest.mark.parametrize(
    "text", ["保本保息，看这里：http://bank.example/t/x", "http://a.b/c 验证码发我"]
)
def test_a_link_hides_nothing(text: str) -> None:
    assert ENGINE.scan(text).action != "pass"
