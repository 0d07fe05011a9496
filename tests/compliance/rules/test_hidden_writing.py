"""What was written to be hidden is doubted sooner than the same words in plain writing."""

from __future__ import annotations

import pytest

from compliance.lexicon import Engine
from compliance.lexicon.surroundings import hides
from compliance.rules.examples import BAD, sentences
from tests.compliance.rules.ordinary_messages import messages

ZERO_WIDTH = "\u200b"


@pytest.mark.parametrize(
    "text",
    [
        f"这款保{ZERO_WIDTH}本",
        "给您保*本",
        "保-本的产品",
        "这是包·赔",
        "稳 赚 不 赔的",
        "扫ｑｑ群",
        "這款產品",
        "刚+兑",
    ],
)
def test_hidden_writing_is_told(text):
    assert hides(text)


@pytest.mark.parametrize(
    "text",
    [
        "您好，明天上午9:30-11:00都在",
        "手机银行-安全中心-修改支付密码",
        "我的—设置—长辈模式，点一下就行",
        "周一/周二都可以",
        "三月-五月",
        "固收+不是固定收益",
        "[捂脸]又忘带身份证",
        "好的 明天见 谢谢",
        "A股T+1，港股通T+2",
        "谢谢您😊 周末愉快",
        f"谢谢{ZERO_WIDTH}，周末愉快",
    ],
)
def test_usual_writing_is_not(text):
    assert not hides(text)


def test_generated_ordinary_talk_hides_nothing():
    texts = list(messages(3000, seed=12))
    assert sum(map(hides, texts)) / len(texts) <= 0.01


def test_the_same_words_are_found_sooner_when_hidden(engine: Engine):
    """Examples of violations that no rule knows and whose wording alone is not enough."""
    texts = [text for _, text in sentences(BAD)][::40]
    quiet = [text for text in texts if not engine.scan(text).findings]
    doubtful = [text for text in quiet if engine.wording.suspicious(text)]
    hidden = [engine.scan(ZERO_WIDTH.join(text)) for text in doubtful]
    assert len(doubtful) >= 10
    assert sum((result.severity or 0) >= 1 for result in hidden) >= 0.8 * len(hidden)
