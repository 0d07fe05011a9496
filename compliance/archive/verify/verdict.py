"""What a verification says."""

from collections.abc import Iterable
from dataclasses import dataclass, field

SHOWN = 20


class Missing(str):
    """Why a leaf's row, or what the row needs, is not there to be hashed; ends a sentence."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is not what was logged. `index`: the leaf, where it is about one."""

    sentence: str
    index: int | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """`size` leaves were there, `anchored` of them are proven by the last anchor, the rest is
    unproven; `checked` were recomputed (fewer than size when incremental)."""

    size: int
    anchored: int
    messages: int
    checked: int
    root: str
    anchored_at: str = ""
    faults: list[Fault] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.faults

    @property
    def unproven(self) -> int:
        return max(0, self.size - self.anchored)

    @property
    def sentence(self) -> str:
        if self.faults:
            more = f"（另有 {len(self.faults) - 1} 处）" if len(self.faults) > 1 else ""
            return f"存档异常：{self.faults[0].sentence}{more}"
        if not self.size:
            return "存档为空，还没有可以核对的记录。"
        if not self.anchored:
            return f"{self.size} 片叶逐一核对相符，但还没有任何锚定：全部未证实。"
        tail = f"；其后 {self.unproven} 片尚未锚定，未证实" if self.unproven else ""
        part = "" if self.checked == self.size else f"（本次重算 {self.checked} 片）"
        return f"存档完整：已锚定的 {self.anchored} 片叶逐一核对相符{part}{tail}。"


def distinct(faults: Iterable[Fault]) -> list[Fault]:
    """Several checks may find the same leaf: the first finding, which is the closest, is kept."""
    found: dict[object, Fault] = {}
    for fault in faults:
        found.setdefault(fault.sentence if fault.index is None else fault.index, fault)
    return list(found.values())
