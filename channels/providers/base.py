"""What every provider of an outward channel promises."""

from enum import Enum


class ErrorClass(Enum):
    PERMANENT = "permanent"
    TRANSIENT = "transient"
    RATE = "rate"
    CONFIGURATION = "configuration"


class ProviderError(Exception):
    """A call failed. `uncertain`: the request may have had its effect; read before trying again."""

    def __init__(
        self, message: str, kind: ErrorClass, *, errcode: int | None = None, uncertain: bool = False
    ) -> None:
        super().__init__(message)
        self.message = message
        self.kind = kind
        self.errcode = errcode
        self.uncertain = uncertain

    @property
    def permanent(self) -> bool:
        return self.kind is ErrorClass.PERMANENT
