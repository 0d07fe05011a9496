"""Database triggers that make a table append-only, whatever code runs against it."""

from django.db import migrations

_FUNCTION = """
CREATE OR REPLACE FUNCTION scrm_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'insufficient_privilege';
END $$;
"""


def append_only(table: str) -> migrations.RunSQL:
    """Migration operation: UPDATE, DELETE and TRUNCATE of `table` fail."""
    return migrations.RunSQL(
        sql=f"""{_FUNCTION}
        CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION scrm_refuse_change();
        CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION scrm_refuse_change();""",
        reverse_sql=f"""
        DROP TRIGGER {table}_no_change ON {table};
        DROP TRIGGER {table}_no_truncate ON {table};""",
    )
