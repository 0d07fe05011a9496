"""Which acts of the audit trail become leaves of the log: all that touch evidence or judge it."""

# First word of an action's name. Others (sign-ins, campaigns) stay in the trail alone, so that
# busy pages do not queue for the log's lock.
SUBJECTS = frozenset(
    {
        "alert",
        "archive",
        "autorule",
        "benign",
        "case",
        "containment",
        "evidence",
        "export",
        "hold",
        "lexicon",
        "parameter",
        "purge",
        "retention",
        "review",
        "sampling",
        "transfer",
    }
)


def logged(action: str) -> bool:
    return action.partition(".")[0] in SUBJECTS
