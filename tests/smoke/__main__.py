"""`make smoke`: the main job, headless, from an empty database; one JSON line at the end."""

import json
import sys
import time

from tests.smoke import control, stages
from tests.smoke.journey import Journey
from tests.smoke.stack import Stack

STAGES = (
    stages.sync,
    stages.segment,
    stages.content,
    stages.content_review,
    stages.campaign,
    stages.campaign_review,
    stages.launch,
    stages.confirm,
    stages.ledger,
    stages.click,
    stages.reply,
    control.archive,
    control.alert,
    control.decide,
    control.case,
    control.proof,
    control.boards,
)


def main() -> int:
    start, name = time.monotonic(), "start"
    try:
        with Stack() as stack:
            journey = Journey(stack)
            for stage in STAGES:
                name = stage.__name__
                stage(journey)
                print(f"· {name} ({time.monotonic() - start:.1f} s)", flush=True)
    except Exception as error:
        print(f"smoke failed at stage {name}: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    print(json.dumps({**journey.figures, "seconds": round(time.monotonic() - start, 1)}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
