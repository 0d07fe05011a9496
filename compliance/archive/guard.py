"""SQL of the triggers that let an archived row lose its content in two ways only.

Blank, when a purge that two people decided lists the message; or the same content under another key
(which the database cannot tell, but the log's leaf can). Every other change stays refused.
"""

_PURGED = """EXISTS (
        SELECT 1 FROM compliance_purgeitem i JOIN compliance_purgerequest r ON r.id = i.request_id
        WHERE i.message_id = {message} AND i.state = 'waiting' AND r.state = 'running'
          AND r.approved_by_id <> r.proposed_by_id)"""

_MESSAGE_OF_ENVELOPE = "(SELECT id FROM compliance_archivedmessage WHERE envelope_id = OLD.id)"

MESSAGE_GUARD = f"""
CREATE OR REPLACE FUNCTION compliance_guard_message() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF to_jsonb(NEW) - 'content' = to_jsonb(OLD) - 'content' THEN
        IF NEW.content = '' AND {_PURGED.format(message="OLD.id")} THEN
            RETURN NEW;
        END IF;
        IF OLD.content <> '' AND NEW.content <> ''
           AND split_part(NEW.content, '.', 1) <> split_part(OLD.content, '.', 1) THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'insufficient_privilege';
END $$;
"""
_ENVELOPE_GUARD = f"""
CREATE FUNCTION compliance_guard_envelope() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF to_jsonb(NEW) - 'encrypt_random_key' - 'encrypt_chat_msg'
           = to_jsonb(OLD) - 'encrypt_random_key' - 'encrypt_chat_msg'
       AND NEW.encrypt_random_key = '' AND NEW.encrypt_chat_msg = ''
       AND {_PURGED.format(message=_MESSAGE_OF_ENVELOPE)} THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'insufficient_privilege';
END $$;
"""


def replace(table: str, function: str) -> str:
    """UPDATE asks the guard; DELETE stays refused as before."""
    return f"""
DROP TRIGGER {table}_no_change ON {table};
CREATE TRIGGER {table}_no_change BEFORE UPDATE ON {table}
    FOR EACH ROW EXECUTE FUNCTION {function}();
CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION scrm_refuse_change();
"""


FORWARD = (
    MESSAGE_GUARD
    + _ENVELOPE_GUARD
    + replace("compliance_archivedmessage", "compliance_guard_message")
    + replace("compliance_archiveenvelope", "compliance_guard_envelope")
)
BACKWARD = "".join(
    f"""
DROP TRIGGER {table}_no_delete ON {table};
DROP TRIGGER {table}_no_change ON {table};
CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION scrm_refuse_change();
DROP FUNCTION {function}();
"""
    for table, function in (
        ("compliance_archivedmessage", "compliance_guard_message"),
        ("compliance_archiveenvelope", "compliance_guard_envelope"),
    )
)
