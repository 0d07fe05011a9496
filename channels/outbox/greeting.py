"""The paper without which no greeting leaves: what the gate cleared for one welcome code."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from channels.models import Welcome
from channels.outbox.clearance import Message, seal

SOURCE = "channels.welcome"


@dataclass(frozen=True, slots=True)
class Cleared:
    """What may be said, and which rules let it pass.

    attachments: as WeCom takes them, with files named by our ids (channels.media.uploads).
    """

    text: str
    attachments: tuple[dict[str, Any], ...] = ()
    cleared_by: str = ""
    rules: dict[str, str] = field(default_factory=dict)
    # Chinese sentences: attachments that may not go along, and why.
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing is said; `why` is a Chinese sentence for the inbox page."""

    why: str


Gate = Callable[[Welcome], Cleared | Refused]
_gates: list[Gate] = []


def register_gate(gate: Gate) -> None:
    """The one who clears greetings; without it nothing is sent."""
    if gate not in _gates:
        _gates.append(gate)


def cleared(welcome: Welcome) -> Cleared | Refused:
    """Fails closed when no gate is registered."""
    answer: Cleared | Refused = Refused("没有登记发送前检查，已停止发送。")
    for gate in _gates:
        answer = gate(welcome)
        if isinstance(answer, Refused):
            return answer
    return answer


def seal_of(welcome: Welcome, words: Cleared) -> str:
    """Keyed hash of what is cleared for whom, as every outgoing row has one."""
    said = words.text + "".join(str(sorted(one.items())) for one in words.attachments)
    recipient = (welcome.external_userid,)
    return seal(Message(welcome.userid, said, recipient, "welcome", f"{SOURCE}:{welcome.pk}"))
