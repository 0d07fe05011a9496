"""Carries the difference between the rules we want and those WeCom has over to WeCom.

Calls are made outside of any transaction. Making a rule is noted before it is asked for; where the
answer never came, WeCom is read by the rule's name before anything else is tried.
"""

import datetime
import logging

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from channels import intercept as wecom
from channels.providers.base import ErrorClass, ProviderError
from compliance.intercept.plan import kind_of_rule, plan
from compliance.intercept.policy import departments, limits
from compliance.lexicons import lexicon_data
from compliance.models import InterceptRule, LexiconVersion
from scrm.accounts.models import User
from scrm.audit.services import record
from scrm.core import bell
from scrm.core.actors import SYSTEM

logger = logging.getLogger(__name__)
State = InterceptRule.State
_LEASE = datetime.timedelta(seconds=60)
# What a person has to mend is tried again now and then: the mend may be made at WeCom's side.
_HOPELESS = datetime.timedelta(minutes=30)
_MOST_PAUSE = 300


def ring() -> None:
    # Imported here: the task calls back into this module.
    from compliance.tasks import intercept_push

    bell.ring(intercept_push)


def run() -> int:
    """Brings the wanted rules up to date and pushes what is due; returns how many were taken up."""
    refresh()
    count = 0
    while rule := _claim():
        _guarded(rule)
        count += 1
    return count


@transaction.atomic
def refresh() -> None:
    """What is wanted, from the lexicon version in force. Without one nothing changes."""
    active = LexiconVersion.objects.select_for_update().filter(state=LexiconVersion.State.ACTIVE)
    version = active.first()
    if version is None:
        return
    rules = {rule.name: rule for rule in InterceptRule.objects.select_for_update()}
    where = departments()
    wanted = _wanted(version, rules) if where else {}
    for name in sorted(rules.keys() | wanted.keys()):
        _want(rules.get(name) or InterceptRule(name=name), wanted.get(name, []), where)


def _wanted(version: LexiconVersion, rules: dict[str, InterceptRule]) -> dict[str, list[str]]:
    terms = lexicon_data(version).on(timezone.localdate()).terms
    held = {name: rule.words for name, rule in rules.items()}
    return plan(terms, held, limits(), settings.INTERCEPT_MAX_RULES).rules


def _want(rule: InterceptRule, words: list[str], where: list[int]) -> None:
    if rule.pk and rule.words == words and (not words or rule.departments == where):
        return
    rule.words, rule.departments = words, where
    rule.state, rule.push_at = State.WAITING, timezone.now()
    rule.save()


@transaction.atomic
def _claim() -> InterceptRule | None:
    """The next rule that is due. Deletions come first: an empty list sorts before all others, and
    they make room under WeCom's limit."""
    due = InterceptRule.objects.select_for_update(skip_locked=True)
    rule = due.filter(push_at__lte=timezone.now()).order_by("words", "name").first()
    if rule:
        rule.push_at = timezone.now() + _LEASE
        rule.save(update_fields=["push_at"])
    return rule


def _guarded(rule: InterceptRule) -> None:
    try:
        _push(rule)
    except ProviderError as error:
        _failed(rule, error)
    except Exception:
        # Found again when its lease ends; the others go on.
        logger.exception("pushing intercept rule %s", rule.pk)


def _push(rule: InterceptRule) -> None:
    if not rule.rule_id and rule.adding_since is not None:
        _look_for(rule)
    if not rule.words:
        _remove(rule)
    elif not rule.rule_id:
        _add(rule)
    elif not rule.settled:
        had = rule.pushed_departments
        wecom.rule_update(rule.rule_id, rule.words, had=had, departments=rule.departments)
    _done(rule)


def _look_for(rule: InterceptRule) -> None:
    """Whether the call whose answer never came has made the rule, and with what."""
    found = wecom.rule_find(rule.name)
    if found:
        rule.rule_id, rule.pushed = found.rule_id, found.words
        rule.pushed_departments = found.departments
    rule.adding_since = None
    _save(rule, "rule_id", "pushed", "pushed_departments", "adding_since")


def _add(rule: InterceptRule) -> None:
    rule.adding_since = timezone.now()
    _save(rule, "adding_since")
    try:
        kind = kind_of_rule(rule.name)
        rule.rule_id = wecom.rule_add(rule.name, rule.words, kind, rule.departments)
    except ProviderError as error:
        # A taken name is a rule of ours whose making we never heard of: it is looked up as well.
        if not error.uncertain and error.errcode != wecom.NAME_TAKEN:
            rule.adding_since = None
            _save(rule, "adding_since")
        raise
    rule.adding_since = None
    _save(rule, "rule_id", "adding_since")


def _remove(rule: InterceptRule) -> None:
    if not rule.rule_id:
        return
    try:
        wecom.rule_delete(rule.rule_id)
    except ProviderError as error:
        if error.errcode not in wecom.NO_SUCH_RULE:
            raise


def _save(rule: InterceptRule, *names: str) -> None:
    InterceptRule.objects.filter(pk=rule.pk).update(**{n: getattr(rule, n) for n in names})


@transaction.atomic
def _done(sent: InterceptRule) -> None:
    """WeCom has what was sent; pushed again at once when something else is wanted by now."""
    rule = InterceptRule.objects.select_for_update().get(pk=sent.pk)
    record("intercept.push", actor=SYSTEM, obj=rule, after={"words": len(sent.words)})
    rule.pushed, rule.pushed_departments = sent.words, sent.departments
    rule.pushed_at, rule.attempts, rule.error = timezone.now(), 0, ""
    if not sent.words:
        rule.rule_id, rule.pushed = "", None
        if not rule.words:
            rule.delete()
            return
    rule.state = State.PUSHED if rule.settled else State.WAITING
    rule.push_at = None if rule.settled else timezone.now()
    rule.save()


def _failed(rule: InterceptRule, error: ProviderError) -> None:
    logger.warning("pushing intercept rule %s: %s", rule.pk, error.message)
    if error.errcode in wecom.NO_SUCH_RULE:
        # Somebody deleted it at WeCom's side: it is made anew.
        _lost(rule)
        return
    hopeless = error.kind in {ErrorClass.PERMANENT, ErrorClass.CONFIGURATION}
    pause = datetime.timedelta(seconds=min(2 ** (rule.attempts + 1), _MOST_PAUSE))
    InterceptRule.objects.filter(pk=rule.pk).update(
        state=_after_failure(rule, hopeless),
        error=error.message[:300],
        attempts=min(rule.attempts + 1, 8),
        push_at=timezone.now() + (_HOPELESS if hopeless and not rule.adding_since else pause),
    )


def _after_failure(rule: InterceptRule, hopeless: bool) -> str:
    if rule.adding_since is not None:
        return State.UNCERTAIN
    return State.FAILED if hopeless else State.WAITING


def _lost(rule: InterceptRule) -> None:
    InterceptRule.objects.filter(pk=rule.pk).update(
        rule_id="", pushed=None, adding_since=None, state=State.WAITING, push_at=timezone.now()
    )


def check() -> int:
    """Finds rules that somebody deleted at WeCom's side and has them made anew; returns how many."""
    known = InterceptRule.objects.exclude(rule_id="")
    if not known.exists():
        return 0
    there = wecom.rule_ids()
    gone = [rule for rule in known if rule.rule_id not in there]
    for rule in gone:
        _lost(rule)
    if gone:
        ring()
    return len(gone)


@transaction.atomic
def intercept_retry(*, actor: User) -> int:
    """Tries at once what failed or waits; returns how many rules that are."""
    rules = InterceptRule.objects.exclude(push_at=None)
    count = rules.update(push_at=timezone.now(), attempts=0)
    version = LexiconVersion.objects.filter(state=LexiconVersion.State.ACTIVE).first()
    record("intercept.retry", actor=actor, obj=version, after={"rules": count})
    ring()
    return count
