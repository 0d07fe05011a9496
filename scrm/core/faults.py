"""Named points at which tests let a process die. Inert unless the environment names one.

SCRM_FAULT=F2 ends the process at the first pass of reach("F2"), as kill -9 would; F2:3 at the third.
"""

import os
import signal
from itertools import count

_passes = count(1)


def reach(name: str) -> None:
    wanted, _, nth = os.environ.get("SCRM_FAULT", "").partition(":")
    if wanted == name and next(_passes) >= int(nth or 1):
        os.kill(os.getpid(), signal.SIGKILL)
