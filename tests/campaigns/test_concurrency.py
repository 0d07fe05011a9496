"""Two tabs, two clicks, two workers: real connections, one effect."""

import threading
from collections.abc import Callable

import pytest
from django.db import connection

from campaigns import running, services
from campaigns.models import Campaign, Delivery
from channels.models import OutboxTask
from scrm.core.errors import BusinessError
from tests.factories import campaign as factory
from tests.factories import cast as cast_factory

pytestmark = pytest.mark.django_db(transaction=True)


def _together(*acts: Callable[[], object]) -> list[object]:
    """Runs the acts at the same moment, each on a connection of its own."""
    start, outcomes = threading.Barrier(len(acts)), []

    def run(act: Callable[[], object]) -> None:
        try:
            start.wait()
            outcomes.append(act())
        except BusinessError as error:
            outcomes.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def test_two_tabs_launch_once() -> None:
    cast = cast_factory.make()
    factory.friends(cast)
    campaign = factory.approved(cast)

    def launch() -> object:
        return services.campaign_launch(
            campaign=Campaign.objects.get(pk=campaign.pk), actor=cast.admin
        ).state

    outcomes = _together(launch, launch, launch)
    assert sorted(map(str, outcomes)) == ["already_launched", "already_launched", "running"]


def test_two_workers_make_one_task_per_text() -> None:
    cast = cast_factory.make()
    factory.friends(cast)
    campaign = factory.approved(cast)
    services.campaign_launch(campaign=campaign, actor=cast.admin)
    _together(*[lambda: running.run(campaign.pk)] * 4)
    assert Delivery.objects.count() == 2
    recipients = [r for task in OutboxTask.objects.all() for r in task.recipients]
    assert sorted(recipients) == ["wmC00000001", "wmC00000002"]
