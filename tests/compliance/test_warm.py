"""A fresh worker process builds its engine before the first message, beside its start."""

import threading

from celery.signals import worker_process_init

from compliance import lexicons
from compliance.gate import receivers
from tests.factories.cast import Cast


def _warmed() -> bool:
    thread = threading.Thread(target=receivers.warm)
    thread.start()
    thread.join()
    return bool(lexicons._held.engines)


def test_the_engine_is_there_before_the_first_message(transactional_db: None, cast: Cast) -> None:
    lexicons._held.engines = {}
    lexicons.forget()
    assert _warmed()


def test_a_bank_without_a_lexicon_starts_all_the_same(transactional_db: None) -> None:
    lexicons._held.engines = {}
    lexicons.forget()
    assert not _warmed()


def test_worker_processes_do_it() -> None:
    names = [getattr(ref(), "__name__", "") for _, ref in worker_process_init.receivers]
    assert "_warm_beside" in names
