"""The application's own database role: it works with the data and can rewrite no history.

Tables belong to the owner, who migrates; the application's role has no UPDATE, DELETE or TRUNCATE on
append-only tables, owns nothing, and so can neither drop nor disable a trigger. Which tables are
append-only is read from their triggers, so none can be forgotten.
"""

from django.db import connection, transaction

# Columns that may be blanked or encrypted anew; a trigger of the table allows exactly that.
_NARROW = {
    "compliance_archivedmessage": ("content",),
    "compliance_archiveenvelope": ("encrypt_random_key", "encrypt_chat_msg"),
}
# Work that only an owner can do, as functions that do nothing else.
_DEFINER = ("contacts_ensure_event_partitions(date, date)",)
_APPEND_ONLY = """
SELECT DISTINCT c.relname FROM pg_trigger t
JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
WHERE p.proname = 'scrm_refuse_change' ORDER BY 1
"""


def append_only_tables() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(_APPEND_ONLY)
        return [row[0] for row in cursor.fetchall()]


@transaction.atomic
def grant_application(role: str, password: str = "") -> list[str]:
    """Makes the role where it is missing and sets its rights anew; returns append-only tables.

    To be run by the owner of the tables after every migration.
    """
    tables = append_only_tables()
    quoted = connection.ops.quote_name(role)
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
        if cursor.fetchone() is None:
            cursor.execute(f"CREATE ROLE {quoted} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE")
        if password:
            cursor.execute(f"ALTER ROLE {quoted} PASSWORD %s", [password])
        for statement in _rights(quoted, tables):
            cursor.execute(statement)
    return tables


def _rights(role: str, tables: list[str]) -> list[str]:
    return [
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        f"GRANT USAGE ON SCHEMA public TO {role}",
        f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
        f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}",
        *(f"REVOKE UPDATE, DELETE ON {table} FROM {role}" for table in tables),
        f"REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {role}",
        *(
            f"GRANT UPDATE ({', '.join(columns)}) ON {table} TO {role}"
            for table, columns in _NARROW.items()
        ),
        *(f"ALTER FUNCTION {name} SECURITY DEFINER SET search_path = public" for name in _DEFINER),
    ]
