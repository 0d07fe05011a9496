"""Ways to tamper with the archive, with the database in hand but none of the keys outside it.

Each takes the world and a random source, does its harm, and returns what a verification must name:
the leaf's index, or words of the sentence. `World.rows` reads plain tuples past the ORM.
"""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import connection

from compliance.archive.log import anchor_file, heads, leaves, merkle, rows, tree
from compliance.archive.log.canonical import moment
from compliance.archive.log.heads import Head, SignedHead
from compliance.models import ArchivedMessage, LogHead, LogLeaf
from compliance.models.content import Content
from scrm.core import crypto
from tests.factories.compliance import as_superuser

Expected = int | str
Harm = Callable[["World", random.Random], Expected]
MESSAGE, LEAF = "compliance_archivedmessage", "compliance_logleaf"


@dataclass
class World:
    """A logged and anchored archive. `yesterday`: size of the log at an earlier anchor."""

    anchor: Path
    blobs: Path
    yesterday: int
    leaves: list[LogLeaf] = field(default_factory=list)

    def load(self) -> None:
        self.leaves = list(LogLeaf.objects.order_by("index"))

    def pick(self, rng: random.Random, kind: str) -> LogLeaf:
        return rng.choice([leaf for leaf in self.leaves if leaf.kind == kind])

    def files(self) -> dict[Path, bytes]:
        """Everything outside the database."""
        blobs = [path for path in self.blobs.rglob("*") if path.is_file()]
        return {path: path.read_bytes() for path in [self.anchor, *blobs]}

    @property
    def lines(self) -> list[anchor_file.Line]:
        return [line for line in anchor_file.read(self.anchor) if line is not None]

    def write(self, lines: list[anchor_file.Line]) -> None:
        self.anchor.write_text("".join(line.text() + "\n" for line in lines))


def sql(statement: str, *values: Any) -> None:
    as_superuser(statement, *values)


def one(statement: str, *values: Any) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchone()[0]


def edit_body(world: World, rng: random.Random) -> Expected:
    """By somebody who has the field keys too, so that it still opens."""
    leaf = world.pick(rng, "message")
    envelope = one(f"SELECT envelope_id FROM {MESSAGE} WHERE id = %s", leaf.ref)
    kept, words = ArchivedMessage.objects.get(pk=leaf.ref), f"改过的话 {rng.random()}"
    edited = [Content.of(words, kept.text), Content.of(kept.body, words), words]
    sealed = crypto.encrypt(rng.choice(edited), f"{MESSAGE}.content|{envelope}")
    sql(f"UPDATE {MESSAGE} SET content = %s WHERE id = %s", sealed, leaf.ref)
    return leaf.index


def flip_ciphertext(world: World, rng: random.Random) -> Expected:
    leaf = world.pick(rng, "message")
    stored = one(f"SELECT content FROM {MESSAGE} WHERE id = %s", leaf.ref)
    at = rng.randrange(stored.index(".") + 1, len(stored) - 4)
    other = "A" if stored[at] != "A" else "B"
    sql(
        f"UPDATE {MESSAGE} SET content = %s WHERE id = %s",
        stored[:at] + other + stored[at + 1 :],
        leaf.ref,
    )
    return leaf.index


COLUMNS = {
    "sender": "sender = sender || 'x'",
    "receivers": "receivers = receivers || '[\"mallory\"]'",
    "msgtype": "msgtype = CASE msgtype WHEN 'image' THEN 'file' ELSE 'image' END",
    "direction": "from_staff = NOT from_staff",
    "conversation": "conversation = 'x|y'",
    "msgid": "msgid = msgid || 'x'",
    "action": "action = 'switch'",
    "staff": "user_id = CASE WHEN user_id IS NULL THEN 1 END",
}


def edit_sender(world: World, rng: random.Random) -> Expected:
    leaf = world.pick(rng, "message")
    change = COLUMNS[rng.choice(list(COLUMNS))]
    sql(f"UPDATE {MESSAGE} SET {change} WHERE id = %s", leaf.ref)
    return leaf.index


def edit_time(world: World, rng: random.Random) -> Expected:
    leaf = world.pick(rng, "message")
    by = f"interval '{rng.choice([-1, 1]) * rng.randrange(1, 10**9)} microseconds'"
    if rng.random() < 0.5:
        sql(f"UPDATE {MESSAGE} SET sent_at = sent_at + {by} WHERE id = %s", leaf.ref)
    else:
        sql(
            f"UPDATE compliance_archiveenvelope SET received_at = received_at + {by} WHERE id ="
            f" (SELECT envelope_id FROM {MESSAGE} WHERE id = %s)",
            leaf.ref,
        )
    return leaf.index


def edit_raw(world: World, rng: random.Random) -> Expected:
    leaf = world.pick(rng, "message")
    change = rng.choice(
        [
            "publickey_ver = publickey_ver + 1",
            "encrypt_random_key = reverse(encrypt_random_key)",
            "encrypt_chat_msg = reverse(encrypt_chat_msg)",
        ]
    )
    sql(
        f"UPDATE compliance_archiveenvelope SET {change} WHERE id ="
        f" (SELECT envelope_id FROM {MESSAGE} WHERE id = %s)",
        leaf.ref,
    )
    return leaf.index


def edit_policy_version(world: World, rng: random.Random) -> Expected:
    kind, table = rng.choice(
        [("scan", "compliance_messagescan"), ("decision", "compliance_decision")]
    )
    column = rng.choice(["lexicon_version", "engine_version", "lexicon_digest"])
    leaf = world.pick(rng, kind)
    sql(f"UPDATE {table} SET {column} = left({column} || '9', 19) WHERE id = %s", leaf.ref)
    if column == "lexicon_digest":
        sql(f"UPDATE {table} SET {column} = 'f' WHERE id = %s", leaf.ref)
    return leaf.index


def edit_decision(world: World, rng: random.Random) -> Expected:
    leaf = world.pick(rng, "decision")
    change = rng.choice(
        ["decision = 'dismissx'", "reason = reason || '。'", "by_id = by_id + 1", "severity = 0"]
    )
    sql(f"UPDATE compliance_decision SET {change} WHERE id = %s", leaf.ref)
    return leaf.index


def edit_outcome(world: World, rng: random.Random) -> Expected:
    """The desk's row, which is not append-only, says something else than was decided."""
    key = one("SELECT min(id) FROM compliance_alert WHERE decided_by_id IS NOT NULL")
    change = rng.choice(
        ["state = 'dismissed'", "state = 'new'", "decided_by_id = decided_by_id + 1"]
    )
    sql(f"UPDATE compliance_alert SET {change} WHERE id = %s", key)
    return f"预警 {key} "


def edit_scan(world: World, rng: random.Random) -> Expected:
    leaf = world.pick(rng, "scan")
    given = rng.choice(["given = NULL", "given = '{\"age\": 9}'"])
    change = rng.choice(["severity = 0", "findings = '[1]'", "at = at + interval '1 s'", given])
    sql(f"UPDATE compliance_messagescan SET {change} WHERE id = %s", leaf.ref)
    return leaf.index


def edit_audit(world: World, rng: random.Random) -> Expected:
    leaf = world.pick(rng, "audit")
    change = rng.choice(
        ["actor_name = '别人'", "action = 'alert.claim2'", "after = '{\"x\": 1}'", "reason = 'x'"]
    )
    sql(f"UPDATE audit_auditevent SET {change} WHERE id = %s", leaf.ref)
    return leaf.index


def delete_middle(world: World, rng: random.Random) -> Expected:
    leaf = world.pick(rng, rng.choice(["message", "scan", "audit", "decision"]))
    tables = {
        "message": MESSAGE,
        "scan": "compliance_messagescan",
        "audit": "audit_auditevent",
        "decision": "compliance_decision",
    }
    sql(f"DELETE FROM {tables[leaf.kind]} WHERE id = %s", leaf.ref)
    if rng.random() < 0.5:
        sql(f"DELETE FROM {LEAF} WHERE index = %s", leaf.index)
    return leaf.index


def _cut(size: int) -> None:
    """The database as it was when it had that many leaves."""
    kinds = {
        "message": MESSAGE,
        "scan": "compliance_messagescan",
        "audit": "audit_auditevent",
        "decision": "compliance_decision",
        "media": "compliance_archivedmedia",
    }
    for kind, table in kinds.items():
        sql(
            f"DELETE FROM {table} WHERE id IN"
            f" (SELECT ref FROM {LEAF} WHERE kind = %s AND index >= %s)",
            kind,
            size,
        )
    sql(
        "DELETE FROM compliance_loganchor USING compliance_loghead h WHERE head_id = h.id AND h.size > %s",
        size,
    )
    sql("DELETE FROM compliance_loghead WHERE size > %s", size)
    sql("DELETE FROM compliance_logsubtree WHERE (index + 1) << height > %s", size)
    sql(f"DELETE FROM {LEAF} WHERE index >= %s", size)
    sql(
        "DELETE FROM compliance_archiveenvelope WHERE id NOT IN"
        f" (SELECT envelope_id FROM {MESSAGE})"
    )
    sql(
        "UPDATE compliance_archivecursor SET seq ="
        " (SELECT coalesce(max(seq), 0) FROM compliance_archiveenvelope)"
    )
    sql(
        "UPDATE compliance_alert SET state = 'new', decided_by_id = NULL WHERE id NOT IN (SELECT alert_id FROM compliance_decision)"
    )


def delete_tail(world: World, rng: random.Random) -> Expected:
    size = rng.randrange(1, len(world.leaves))
    _cut(size)
    return size


def restore_backup(world: World, rng: random.Random) -> Expected:
    """Yesterday's database; at times the system has gone on since, over the anchored size."""
    _cut(world.yesterday)
    if rng.random() < 0.5:
        return world.yesterday
    from compliance.archive.log.append import append_events

    missing = len(world.leaves) - world.yesterday
    append_events([("test.later", {"n": n}) for n in range(missing + rng.randrange(3))])
    return world.yesterday


def truncate(world: World, rng: random.Random) -> Expected:
    sql("SET CONSTRAINTS ALL IMMEDIATE")  # pending checks of the test's own rows forbid it
    sql("ALTER TABLE compliance_logleaf DISABLE TRIGGER USER")
    sql(
        "TRUNCATE compliance_logleaf, compliance_logsubtree, compliance_loganchor, compliance_loghead"
    )
    sql("ALTER TABLE compliance_logleaf ENABLE TRIGGER USER")
    return 0


def insert(world: World, rng: random.Random) -> Expected:
    """A message that was never sent, with or without a leaf squeezed in."""
    leaf = world.pick(rng, "message")
    sql(
        "INSERT INTO compliance_archiveenvelope (corp_id, seq, msgid, publickey_ver,"
        " encrypt_random_key, encrypt_chat_msg, received_at) SELECT corp_id, -seq, msgid || 'i',"
        " publickey_ver, encrypt_random_key, encrypt_chat_msg, received_at"
        f" FROM compliance_archiveenvelope WHERE id = (SELECT envelope_id FROM {MESSAGE} WHERE id = %s)",
        leaf.ref,
    )
    envelope = one("SELECT max(id) FROM compliance_archiveenvelope")
    columns = (
        "msgid, action, msgtype, sender, receivers, room_id, sent_at, from_staff, user_id,"
        " contact_id, customer_id, conversation, recalls, error"
    )
    sql(
        f"INSERT INTO {MESSAGE} (envelope_id, content, {columns})"
        f" SELECT %s, '', {columns} FROM {MESSAGE} WHERE id = %s",
        envelope,
        leaf.ref,
    )
    key = one(f"SELECT max(id) FROM {MESSAGE}")
    if rng.random() < 0.5:
        return f"消息 {key} 没有入链"
    sql(f"UPDATE {LEAF} SET index = -index - 2 WHERE index > %s", leaf.index)
    sql(f"UPDATE {LEAF} SET index = -index - 1 WHERE index < 0")
    sql(
        f"INSERT INTO {LEAF} (index, kind, ref, facts, salt, sha256, sm3, created_at)"
        f" SELECT index + 1, kind, %s, '', salt, sha256, sm3, created_at FROM {LEAF} WHERE index = %s",
        key,
        leaf.index,
    )
    forge_leaf(leaf.index + 1)
    return leaf.index + 1


def swap(world: World, rng: random.Random) -> Expected:
    first, second = rng.sample([leaf for leaf in world.leaves if leaf.kind == "message"], 2)
    if rng.random() < 0.5:
        # The leaves change places with everything that belongs to them.
        for old, new in ((first.index, -1), (second.index, first.index), (-1, second.index)):
            sql(f"UPDATE {LEAF} SET index = %s WHERE index = %s", new, old)
    else:
        for old, new in ((first.ref, -1), (second.ref, first.ref), (-1, second.ref)):
            sql(f"UPDATE {LEAF} SET ref = %s WHERE kind = 'message' AND ref = %s", new, old)
    return first.index


def duplicate(world: World, rng: random.Random) -> Expected:
    """One message takes the place of another: contents copied, ciphertext sealed anew."""
    first, second = rng.sample([leaf for leaf in world.leaves if leaf.kind == "message"], 2)
    source = ArchivedMessage.objects.get(pk=first.ref)
    target = ArchivedMessage.objects.get(pk=second.ref)
    sealed = crypto.encrypt(source.content, f"{MESSAGE}.content|{target.envelope_id}")
    sql(f"UPDATE {MESSAGE} SET content = %s WHERE id = %s", sealed, second.ref)
    sql(f"UPDATE {MESSAGE} SET msgid = %s WHERE id = %s", source.msgid, second.ref)
    return second.index


def forge_leaf(index: int) -> None:
    """The leaf hash that the row gives now: anybody with the database can compute it."""
    leaf = LogLeaf.objects.get(index=index)
    message = ArchivedMessage.objects.select_related("envelope").get(pk=leaf.ref)
    [tails] = rows.message_tails([message], [bytes(leaf.salt)])
    ((sha256, sm3),) = leaves.leaf_hashes([(moment(leaf.created_at), tails)])
    sql(f"UPDATE {LEAF} SET sha256 = %s, sm3 = %s WHERE index = %s", sha256, sm3, index)


def _rebuild() -> None:
    """Subtrees and roots of heads over the leaves as they are now."""
    size = tree.size()
    pairs = tree.hashes(0, 0, size)
    for number in range(size // tree.WIDTH):
        pair = tree.root_pair(pairs[number * tree.WIDTH : (number + 1) * tree.WIDTH])
        sql(
            "UPDATE compliance_logsubtree SET sha256 = %s, sm3 = %s WHERE height = 8 AND index = %s",
            *pair,
            number,
        )
    for head in LogHead.objects.all():
        roots = [
            merkle.fold(a, [p[n] for p in pairs[: head.size]])
            for n, a in enumerate(merkle.ALGORITHMS)
        ]
        sql("UPDATE compliance_loghead SET sha256 = %s, sm3 = %s WHERE id = %s", *roots, head.pk)


def recompute(world: World, rng: random.Random) -> Expected:
    """Superuser rights and all the arithmetic, but not the chain key."""
    index = edit_sender(world, rng) if rng.random() < 0.5 else edit_body(world, rng)
    assert isinstance(index, int)
    forge_leaf(index)
    _rebuild()
    return index


def recompute_with_file(world: World, rng: random.Random) -> Expected:
    """The same, and the anchor file is rewritten to agree, signed with a key of one's own."""
    expected = recompute(world, rng)
    assert isinstance(expected, int)
    hit = next(n for n, line in enumerate(world.lines) if line.signed.head.size > expected)
    rewritten, previous, start = [], "", 0
    for line, row in zip(world.lines, LogHead.objects.order_by("size"), strict=True):
        signed = SignedHead(heads.of_row(row).head, line.signed.hmac, line.signed.signature)
        prefixes = b"".join(p[0][:8] for p in tree.hashes(0, start, row.size))
        made = anchor_file.Line(line.number, previous, signed, prefixes, line.token)
        rewritten.append(made)
        previous, start = made.hash, row.size
        sql(
            "UPDATE compliance_loganchor SET line_hash = %s WHERE number = %s",
            made.hash,
            made.number,
        )
    world.write(rewritten)
    return f"锚文件第 {hit + 1} 行的校验码不符"


def replace_anchor_file(world: World, rng: random.Random) -> Expected:
    lines = world.lines
    number = rng.randrange(len(lines))
    match rng.randrange(5):
        case 0:
            world.anchor.unlink()
            return "锚文件缺少第 1 行"
        case 1:
            world.write(lines[:number])
            return f"锚文件缺少第 {number + 1} 行"
        case 2:
            world.write([*lines[:number], *lines[number + 1 :]])
            return f"锚文件缺少第 {number + 1} 行"
        case 3:
            data = bytearray(world.anchor.read_bytes())
            ends = [n for n, byte in enumerate(data) if byte == 10]
            low = ends[number - 1] + 1 if number else 0
            at = rng.randrange(low, ends[number])
            data[at] ^= 1 << rng.randrange(7)
            if data[at] == 10:
                data[at] = 0
            world.anchor.write_bytes(bytes(data))
            return f"第 {number + 1} 行"
        case _:
            line = lines[number]
            head = Head(**{**_facts(line), "size": line.signed.head.size, "sha256": "0" * 64})
            signed = SignedHead(head, "1" * 64, line.signed.signature)
            forged = anchor_file.Line(line.number, line.previous, signed, line.leaves, b"")
            world.write([*lines[:number], forged, *lines[number + 1 :]])
            return f"锚文件第 {number + 1} 行的校验码不符"


def _facts(line: anchor_file.Line) -> dict[str, Any]:
    return json.loads(line.signed.head.encode())


def swap_token(world: World, rng: random.Random) -> Expected:
    """The time stamp of another batch; chain and mirror are made to agree."""
    lines = world.lines
    one_line, other = rng.sample(range(len(lines)), 2)
    token, rewritten, previous = lines[other].token, [], ""
    assert token
    for n, line in enumerate(lines):
        kept = token if n == one_line else line.token
        made = anchor_file.Line(
            line.number, previous or line.previous, line.signed, line.leaves, kept
        )
        rewritten.append(made)
        previous = made.hash
        sql(
            "UPDATE compliance_loganchor SET line_hash = %s WHERE number = %s",
            made.hash,
            made.number,
        )
    world.write(rewritten)
    return f"锚文件第 {one_line + 1} 行的时间戳不是这一行的"


def set_clock_back(world: World, rng: random.Random) -> Expected:
    if rng.random() < 0.3:
        head = LogHead.objects.order_by("-size").first()
        assert head is not None
        sql("UPDATE compliance_loghead SET at = at - interval '1 day' WHERE id = %s", head.pk)
        return f"链头（规模 {head.size}）"
    leaf = rng.choice(world.leaves)
    back = f"interval '{rng.randrange(1, 10**10)} microseconds'"
    sql(f"UPDATE {LEAF} SET created_at = created_at - {back} WHERE index = %s", leaf.index)
    return leaf.index


def change_key(world: World, rng: random.Random) -> Expected:
    head = rng.choice(list(LogHead.objects.all()))
    column = rng.choice(["chain_key", "signing_key"])
    sql(f"UPDATE compliance_loghead SET {column} = 'other' WHERE id = %s", head.pk)
    return (
        f"链头（规模 {head.size}）使用了未登记的密钥"
        if column == "chain_key"
        else f"链头（规模 {head.size}）"
    )


def forge_head(world: World, rng: random.Random) -> Expected:
    head = rng.choice(list(LogHead.objects.all()))
    change = rng.choice(
        ["hmac = reverse(hmac)", "signature = reverse(signature)", "sha256 = sm3", "sm3 = sha256"]
    )
    sql(f"UPDATE compliance_loghead SET {change} WHERE id = %s", head.pk)
    return f"链头（规模 {head.size}）"


def reuse_seq(world: World, rng: random.Random) -> Expected:
    first, second = rng.sample([leaf for leaf in world.leaves if leaf.kind == "message"], 2)
    envelopes = [
        one(f"SELECT envelope_id FROM {MESSAGE} WHERE id = %s", leaf.ref)
        for leaf in (first, second)
    ]
    seq = one("SELECT seq FROM compliance_archiveenvelope WHERE id = %s", envelopes[1])
    sql("UPDATE compliance_archiveenvelope SET seq = -seq WHERE id = %s", envelopes[1])
    sql("UPDATE compliance_archiveenvelope SET seq = %s WHERE id = %s", seq, envelopes[0])
    return first.index


def remove_recall(world: World, rng: random.Random) -> Expected:
    key = one(f"SELECT min(id) FROM {MESSAGE} WHERE action = 'recall'")
    leaf = LogLeaf.objects.get(kind="message", ref=key)
    scan = one("SELECT coalesce(min(id), 0) FROM compliance_messagescan WHERE message_id = %s", key)
    envelope = one(f"SELECT envelope_id FROM {MESSAGE} WHERE id = %s", key)
    sql("DELETE FROM compliance_messagescan WHERE id = %s", scan)
    sql(f"DELETE FROM {MESSAGE} WHERE id = %s", key)
    sql("DELETE FROM compliance_archiveenvelope WHERE id = %s", envelope)
    return leaf.index


def blank_without_purge(world: World, rng: random.Random) -> Expected:
    leaf = world.pick(rng, "message")
    sql(f"UPDATE {MESSAGE} SET content = '' WHERE id = %s", leaf.ref)
    sql(
        "UPDATE compliance_archiveenvelope SET encrypt_random_key = '', encrypt_chat_msg = ''"
        f" WHERE id = (SELECT envelope_id FROM {MESSAGE} WHERE id = %s)",
        leaf.ref,
    )
    return leaf.index


def flip_media(world: World, rng: random.Random) -> Expected:
    """A bit of a file on disk; its name and its row stay."""
    leaf = world.pick(rng, "media")
    sha256 = one("SELECT sha256 FROM compliance_archivedmedia WHERE id = %s", leaf.ref)
    path = next(path for path in world.blobs.rglob("*") if path.name == sha256)
    data = bytearray(path.read_bytes())
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    path.write_bytes(bytes(data))
    return leaf.index


def swap_media(world: World, rng: random.Random) -> Expected:
    """Two messages change files: on disk, in the rows, or the rows' messages."""
    first, second = rng.sample([leaf for leaf in world.leaves if leaf.kind == "media"], 2)
    names = [
        one("SELECT sha256 FROM compliance_archivedmedia WHERE id = %s", leaf.ref)
        for leaf in (first, second)
    ]
    if rng.random() < 0.5:
        paths = [next(p for p in world.blobs.rglob("*") if p.name == name) for name in names]
        one_file, other = (path.read_bytes() for path in paths)
        paths[0].write_bytes(other)
        paths[1].write_bytes(one_file)
    else:
        statement = "UPDATE compliance_archivedmedia SET sha256 = %s WHERE id = %s"
        sql(statement, names[1], first.ref)
        sql(statement, names[0], second.ref)
    return first.index


def edit_leaf(world: World, rng: random.Random) -> Expected:
    leaf = rng.choice(world.leaves)
    change = rng.choice(["sha256 = sm3", "sm3 = sha256", "kind", "ref = ref + 100000"])
    if change == "kind":
        # Another number too: the database would not take one row's leaf twice.
        change = "kind = 'media', ref = ref + 100000"
    if leaf.kind == "event" or (leaf.kind == "media" and "kind" in change):
        change = "facts = facts || ' '"
    sql(f"UPDATE {LEAF} SET {change} WHERE index = %s", leaf.index)
    return leaf.index


def edit_subtree(world: World, rng: random.Random) -> Expected:
    change = rng.choice(["sha256 = sm3", "sm3 = sha256", "index = index + 7"])
    sql(f"UPDATE compliance_logsubtree SET {change} WHERE height = 8 AND index = 0")
    return "存储的子树"


HARMS: dict[str, Harm] = {
    harm.__name__: harm
    for harm in (
        edit_body,
        flip_ciphertext,
        edit_sender,
        edit_time,
        edit_raw,
        edit_policy_version,
        edit_decision,
        edit_outcome,
        edit_scan,
        edit_audit,
        delete_middle,
        delete_tail,
        insert,
        swap,
        duplicate,
        recompute,
        recompute_with_file,
        restore_backup,
        truncate,
        replace_anchor_file,
        swap_token,
        set_clock_back,
        change_key,
        forge_head,
        reuse_seq,
        remove_recall,
        blank_without_purge,
        flip_media,
        swap_media,
        edit_leaf,
        edit_subtree,
    )
}
