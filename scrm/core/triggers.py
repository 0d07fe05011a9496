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


def _referring_sql(table: str, column: str, parent: str) -> str:
    return f"""
    named := ARRAY(SELECT DISTINCT {column} FROM fresh WHERE {column} IS NOT NULL);
    PERFORM 1 FROM {parent} WHERE id = ANY(named) FOR KEY SHARE;
    GET DIAGNOSTICS kept = ROW_COUNT;
    IF kept < cardinality(named)
    THEN RAISE foreign_key_violation USING MESSAGE = '{table}.{column} names no row of {parent}';
    END IF;"""  # noqa: S608 - names of our own tables


def reference_check(table: str, parents: dict[str, str]) -> migrations.RunSQL:
    """Migration operation: the function that `refers_to` has run after each statement."""
    checks = "".join(_referring_sql(table, *pair) for pair in parents.items())
    return migrations.RunSQL(
        sql=f"""
        CREATE OR REPLACE FUNCTION {table}_refers() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            named bigint[];
            kept bigint;
        BEGIN {checks}
            RETURN NULL;
        END $$;""",
        reverse_sql="",
    )


def refers_to(table: str, parents: dict[str, str]) -> list[migrations.RunSQL]:
    """Migration operations: each column of `table` names a row of its parent, checked and locked
    once a statement, where a foreign key would ask once a row at commit. The columns must not be
    open to UPDATE. A parent's row that is named can be neither deleted nor renumbered."""
    child = migrations.RunSQL(
        sql=f"""
        CREATE TRIGGER {table}_refers AFTER INSERT ON {table} REFERENCING NEW TABLE AS fresh
            FOR EACH STATEMENT EXECUTE FUNCTION {table}_refers();""",
        reverse_sql=f"DROP TRIGGER {table}_refers ON {table}; DROP FUNCTION {table}_refers();",
    )
    check = reference_check(table, parents)
    return [check, child, *(_kept(table, column, parent) for column, parent in parents.items())]


def _kept(table: str, column: str, parent: str) -> migrations.RunSQL:
    name = f"{table}_{column}_kept"
    return migrations.RunSQL(
        sql=f"""
        CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF EXISTS (SELECT 1 FROM {table} WHERE {column} = OLD.id) THEN
                RAISE foreign_key_violation USING MESSAGE = '{table}.{column} names this row';
            END IF;
            RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
        END $$;
        CREATE TRIGGER {name} BEFORE DELETE OR UPDATE OF id ON {parent}
            FOR EACH ROW EXECUTE FUNCTION {name}();""",  # noqa: S608
        reverse_sql=f"DROP TRIGGER {name} ON {parent}; DROP FUNCTION {name}();",
    )
