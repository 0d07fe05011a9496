"""Errors that a user may see. The text is one Chinese sentence: what happened, what to do."""


class BusinessError(Exception):
    """A rule of the business refused the act; views show the text, nothing was changed."""

    def __init__(self, message: str, code: str = "refused") -> None:
        super().__init__(message)
        self.message = message
        self.code = code


class IllegalTransition(BusinessError):
    """A state machine refused a move."""


class FourEyes(BusinessError):
    """The same person may not do both halves of a controlled act."""
