"""The work behind the pages: queues, what a worker promises, and when the sweepers run."""

from celery.schedules import crontab

from scrm import env

# Queues by urgency: what WeCom waits for, what customers wait for, what officers wait for, the rest.
CELERY_TASK_ROUTES = {
    # A lane of its own: a greeting is due within twenty seconds, whatever else there is to do.
    "channels.tasks.welcome_*": {"queue": "welcome"},
    "channels.tasks.inbox_*": {"queue": "callback"},
    "channels.tasks.outbox_*": {"queue": "dispatch"},
    "channels.tasks.results_*": {"queue": "dispatch"},
    "channels.tasks.codes_*": {"queue": "dispatch"},
    "channels.tasks.media_*": {"queue": "dispatch"},
    "campaigns.tasks.*": {"queue": "dispatch"},
    "compliance.tasks.*": {"queue": "audit"},
}
CELERY_TASK_DEFAULT_QUEUE = "bulk"
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_IGNORE_RESULT = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_TIME_LIMIT = 600
# Redis is only the bell: who rings does not wait for one that is gone. Workers and beat, which need
# it, go on trying for themselves.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 900,
    "max_retries": 0,
    "socket_connect_timeout": 0.5,
    "socket_timeout": 1,
}

# Sweepers find by row state what a lost bell left lying; the schedule lives in code.
_SWEEP = env.number("SWEEP_SECONDS", 30)
CELERY_BEAT_SCHEDULE = {
    name: {"task": name, "schedule": seconds, "options": {"expires": max(seconds, 10)}}
    for name, seconds in {
        "channels.tasks.inbox_drain": _SWEEP,
        "channels.tasks.welcome_sweep": 5,
        "channels.tasks.outbox_sweep": _SWEEP,
        "channels.tasks.results_poll": min(_SWEEP, 10),
        "channels.tasks.sync_sweep": 60,
        "channels.tasks.tags_push": _SWEEP,
        "channels.tasks.codes_tick": 60,
        "channels.tasks.codes_push": _SWEEP,
        "channels.tasks.media_refresh": 60,
        "campaigns.tasks.campaigns_sweep": _SWEEP,
        "compliance.tasks.archive_sweep": _SWEEP,
        # Three looks at a missing number must be over before the watch may call it an alarm.
        "compliance.tasks.archive_recheck": 5,
        "compliance.tasks.archive_watch": 15,
        "compliance.tasks.archive_agreements": 60,
        "compliance.tasks.media_fetch": _SWEEP,
        "compliance.tasks.purges_run": 60,
        "compliance.tasks.unanswered_find": 60,
        "compliance.tasks.behaviour_find": min(_SWEEP, 60),
        "compliance.tasks.behaviour_find_slow": 300,
        "compliance.tasks.alerts_escalate": 60,
        "compliance.tasks.lexicon_runs_resume": 60,
        "compliance.tasks.transfers_work": 60,
        "compliance.tasks.lexicons_promote": min(_SWEEP, 30),
        "compliance.tasks.alerts_auto_review": _SWEEP,
        "compliance.tasks.evidence_sweep": 60,
        "compliance.tasks.intercept_push": 60,
        "compliance.tasks.intercept_check": 3600,
        "compliance.tasks.log_anchor": env.number("ANCHOR_SECONDS", 300),
        "contacts.tasks.partitions_ensure": 24 * 3600,
    }.items()
} | {
    # Codes that somebody deleted or made at WeCom's side.
    "channels.tasks.codes_check": {
        "task": "channels.tasks.codes_check",
        "schedule": crontab(hour=4, minute=20),
    },
    # At night: it only makes room.
    "channels.tasks.callbacks_forget": {
        "task": "channels.tasks.callbacks_forget",
        "schedule": crontab(hour=3, minute=10),
    },
    # Before the first RM opens the workbench.
    "contacts.tasks.duties_find": {
        "task": "contacts.tasks.duties_find",
        "schedule": crontab(hour=6, minute=0),
    },
}
