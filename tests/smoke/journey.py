"""What every stage of the main job shares: the people, the figures, and waiting."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.smoke.stack import Person, Stack


@dataclass
class Journey:
    stack: Stack
    figures: dict[str, Any] = field(default_factory=dict)
    notes: dict[str, Any] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)

    def person(self, username: str) -> Person:
        if username not in self.people:
            self.people[username] = self.stack.person(username)
        return self.people[username]


def wait_until(what: str, probe: Callable[[], Any], seconds: float = 40) -> Any:
    """Repeats probe until it gives something true; AssertionError names what did not happen."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := probe():
            return found
        time.sleep(0.25)
    raise AssertionError(f"within {seconds:.0f} s not: {what}")


def pk_of(url: str, pattern: str) -> int:
    found = re.search(pattern, url)
    assert found, f"{url} does not match {pattern}"
    return int(found[1])


def message_of(html: str) -> str:
    """Texts of the alerts on a page."""
    return " ".join(re.findall(r'class="alert alert-[a-z]+"[^>]*>([^<]*)', html))
