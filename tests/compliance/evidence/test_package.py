"""What lies in a package proves itself; whatever is changed in it is found."""

import hashlib
import io
import json
import random
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from types import ModuleType
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance.archive.log import keys
from compliance.archive.log.merkle import SM3
from compliance.archive.log.purges import purge_note
from compliance.evidence import services
from compliance.evidence.package import DATA, File, zipped
from compliance.models import ArchivedMessage, Case, EvidencePackage
from compliance.selectors.search import Query
from tests.factories.cast import Cast
from tests.factories.compliance import as_superuser


def problems(verifier: ModuleType, folder: Path) -> list[str]:
    return verifier.Package(str(folder), verifier.choose_sm3(False)).verify()


def run(script: Path, *arguments: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-I", str(script), *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "PYTHONIOENCODING": "utf-8"},
    )


def test_plain_python_verifies_the_extracted_package(folder: Path) -> None:
    for pure in ([], ["--pure-sm3"]):
        done = run(folder / "verify.py", *pure, cwd=folder)
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stdout.endswith("结论：证据包完整，与存档一致。\n")
    assert keys.public_key(keys.signing_key_id()).hex() in done.stdout


def test_the_key_and_the_banks_anchor_file_can_be_given(folder: Path, anchor_file: Path) -> None:
    key = keys.public_key(keys.signing_key_id()).hex()
    script = folder / "verify.py"
    good = run(script, "--key", key, "--anchors", str(anchor_file), cwd=folder)
    assert good.returncode == 0, good.stdout
    other = Ed25519PrivateKey.generate().public_key().public_bytes_raw().hex()
    assert run(script, "--key", other, cwd=folder).returncode == 1
    empty = folder.parent / "empty.jsonl"
    empty.touch()
    missing = run(script, "--anchors", str(empty), cwd=folder)
    assert (missing.returncode, "不在所给的锚文件里" in missing.stdout) == (1, True)


def test_what_lies_in_it(package: EvidencePackage, folder: Path, cast: Cast) -> None:
    with zipfile.ZipFile(services.build.path(package)) as archive:
        names = archive.namelist()
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}
    assert names[:3] == ["manifest.json", "manifest.sig", "messages.jsonl"]
    assert names[-3:] == ["rendered.html", "verify.py", "README.txt"]
    manifest = json.loads((folder / "manifest.json").read_text())
    assert [entry["name"] for entry in manifest["files"]] == names[2:]
    assert (manifest["messages"], manifest["gaps"]) == (11, 0)
    assert manifest["requested_by"] == cast.officer.display_name
    kinds = [
        json.loads(line)["kind"] for line in (folder / "events.jsonl").read_text().split("\n")[:-1]
    ]
    assert {"scan", "decision", "audit"} <= set(kinds)
    assert sum(name.startswith("raw/") for name in names) == 11
    assert any(name.startswith("policy/") for name in names)
    assert "承诺保本" in (folder / "events.jsonl").read_text()
    assert "保本保息" in (folder / "rendered.html").read_text()


def test_random_flips_in_every_file_are_found(folder: Path, verifier: ModuleType) -> None:
    assert problems(verifier, folder) == []
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    rng = random.Random(7)
    for n in range(256):
        path = files[n % len(files)]
        data = path.read_bytes()
        at = rng.randrange(len(data))
        path.write_bytes(data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :])
        assert problems(verifier, folder), f"{path.name} at {at}"
        path.write_bytes(data)
    assert problems(verifier, folder) == []


def test_added_removed_and_renamed_files_are_found(folder: Path, verifier: ModuleType) -> None:
    (folder / "raw" / "999.bin").write_bytes(b"x")
    assert "多出文件 raw/999.bin" in problems(verifier, folder)
    (folder / "raw" / "999.bin").unlink()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        away = path.with_name(path.name + ".moved")
        path.rename(away)
        assert problems(verifier, folder), path.name
        away.rename(path)
    assert problems(verifier, folder) == []


def test_the_order_of_the_zip_does_not_matter(
    package: EvidencePackage, tmp_path: Path, verifier: ModuleType
) -> None:
    again, out = tmp_path / "shuffled.zip", tmp_path / "shuffled"
    with zipfile.ZipFile(services.build.path(package)) as source:
        names = source.namelist()
        random.Random(3).shuffle(names)
        with zipfile.ZipFile(again, "w", zipfile.ZIP_DEFLATED) as target:
            for name in names:
                target.writestr(name, source.read(name))
    shutil.unpack_archive(again, out)
    assert problems(verifier, out) == []


def test_the_same_files_give_the_same_bytes() -> None:
    files = [File("events.jsonl", b"1"), File("messages.jsonl", b"2"), File("raw/10.bin", b"3")]
    one = zipped({"a": 1}, files, lambda data: hashlib.sha256(data).hexdigest())
    two = zipped({"a": 1}, files[::-1], lambda data: hashlib.sha256(data).hexdigest())
    assert one == two
    assert zipfile.ZipFile(io.BytesIO(one)).namelist()[2] == "messages.jsonl"


def test_left_out_messages_show_as_gaps(
    case: Case, cast: Cast, tmp_path: Path, verifier: ModuleType
) -> None:
    query = Query(direction="out")
    row = services.evidence_request_search(query=query, reason="核查", actor=cast.officer)
    assert services.evidence_build(row.pk)
    row.refresh_from_db()
    out = tmp_path / "part"
    shutil.unpack_archive(services.build.path(row), out)
    assert problems(verifier, out) == []
    gaps = json.loads((out / "proofs.json").read_text())["gaps"]
    left_out = ArchivedMessage.objects.exclude(pk__in=row.messages).count()
    assert 0 < len(gaps) <= left_out
    assert "注意：同一会话同一时段另有" in run(out / "verify.py", cwd=out).stdout
    assert "回 0" not in (out / "messages.jsonl").read_text()


def test_a_tampered_archive_is_not_exported(case: Case, cast: Cast) -> None:
    row = services.evidence_request_case(case=case, reason="监管函", actor=cast.officer)
    as_superuser("UPDATE compliance_archivedmessage SET sender = 'bob' WHERE msgid = 'm2_external'")
    assert not services.evidence_build(row.pk)
    row.refresh_from_db()
    assert row.state == "failed"
    assert "m2_external" in row.error
    assert "不能导出" in row.error
    assert not row.file


def test_a_log_behind_its_anchor_is_not_exported(case: Case, cast: Cast) -> None:
    services.build.anchors.anchor()
    row = services.evidence_request_case(case=case, reason="监管函", actor=cast.officer)
    as_superuser("UPDATE compliance_logleaf SET sha256 = sm3 WHERE index = 0")
    assert not services.evidence_build(row.pk)
    row.refresh_from_db()
    assert row.state == "failed"
    assert "锚定" in row.error


def test_a_purged_message_is_proven_without_its_body(
    case: Case, cast: Cast, tmp_path: Path, verifier: ModuleType
) -> None:
    gone = ArchivedMessage.objects.select_related("envelope").get(msgid="m2_external")
    purge_note(
        messages=[gone],
        requested_by=cast.officer.pk,
        approved_by=cast.officer_head.pk,
        reason="期满",
    )
    as_superuser("UPDATE compliance_archivedmessage SET content = '' WHERE id = %s", gone.pk)
    as_superuser(
        "UPDATE compliance_archiveenvelope SET encrypt_random_key = '', encrypt_chat_msg = ''"
        " WHERE id = %s",
        gone.envelope_id,
    )
    row = services.evidence_request_case(case=case, reason="监管函", actor=cast.officer)
    assert services.evidence_build(row.pk), EvidencePackage.objects.get().error
    row.refresh_from_db()
    out = tmp_path / "purged"
    shutil.unpack_archive(services.build.path(row), out)
    assert problems(verifier, out) == []
    assert not (out / "raw" / f"{gone.envelope.seq}.bin").exists()
    assert "archive.purge" in (out / "events.jsonl").read_text()


@given(st.binary(max_size=300))
def test_the_scripts_sm3_is_sm3(verifier: ModuleType, data: bytes) -> None:
    assert verifier.pure_sm3(data) == SM3.hash(data)


@settings(max_examples=20, deadline=None)
@given(st.binary(max_size=100), st.integers(0, 511))
def test_the_scripts_ed25519_is_ed25519(verifier: ModuleType, data: bytes, bit: int) -> None:
    key = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(data).digest())
    public, signature = key.public_key().public_bytes_raw(), key.sign(data)
    assert verifier.signed(public, data, signature)
    assert not verifier.signed(public, data + b"x", signature)
    broken = bytearray(signature)
    broken[bit // 8] ^= 1 << bit % 8
    assert not verifier.signed(public, data, bytes(broken))


def test_the_script_knows_rfc_8032(verifier: ModuleType) -> None:
    """Section 7.1, TEST 2, and a signature whose scalar is not reduced."""
    public = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
    signature = bytes.fromhex(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )
    assert verifier.signed(public, b"\x72", signature)
    scalar = int.from_bytes(signature[32:], "little") + verifier.L
    assert not verifier.signed(public, b"\x72", signature[:32] + scalar.to_bytes(32, "little"))


def test_the_script_imports_the_standard_library_only() -> None:
    words: list[Any] = (DATA / "verify.py").read_text().split("\n")
    imported = {line.split()[1] for line in words if line.startswith(("import ", "from "))}
    assert imported <= set(sys.stdlib_module_names)
    assert not imported & {"socket", "urllib", "http", "ssl", "subprocess"}
