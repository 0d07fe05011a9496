"""The lexicon in the database: drafted by one person, put in force by another, used by all."""

from compliance.lexicons.activation import (
    lexicon_activate,
    lexicon_install_starter,
    lexicon_withdraw,
    lexicons_promote,
)
from compliance.lexicons.drafts import (
    LexiconRefused,
    lexicon_draft,
    lexicon_import_aliases,
    lexicon_import_csv,
)
from compliance.lexicons.engines import (
    NoLexicon,
    _held,
    active_engine,
    active_version,
    complaint_words,
    engine_of,
    forget,
    lexicon_data,
    pending_version,
    whole_engine,
)

__all__ = [
    "LexiconRefused",
    "NoLexicon",
    "_held",
    "active_engine",
    "active_version",
    "complaint_words",
    "engine_of",
    "forget",
    "lexicon_activate",
    "lexicon_data",
    "lexicon_draft",
    "lexicon_import_aliases",
    "lexicon_import_csv",
    "lexicon_install_starter",
    "lexicon_withdraw",
    "lexicons_promote",
    "pending_version",
    "whole_engine",
]
