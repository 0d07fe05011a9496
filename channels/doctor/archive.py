"""Checks of the message archive: its secret, and a private key for every version in use."""

from pathlib import Path

from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.conf import settings

from channels.doctor.application import judged
from channels.doctor.facts import Facts
from channels.doctor.finding import Outcome, fail, ok, warn
from channels.providers.base import ErrorClass, ProviderError
from channels.providers.wecom.api import wecom
from channels.providers.wecom.archive import archive_sdk

_SAMPLE = 1000


def secret(facts: Facts) -> Outcome:
    mend = "在管理后台「会话内容存档」查看 Secret，更新 WECOM_ARCHIVE_SECRET 后重启服务。"
    if not settings.WECOM_ARCHIVE_SECRET:
        return fail("没有配置会话存档 Secret。", mend)
    return judged(_ask, {40001: mend, 40091: mend, 41004: mend})


def _ask() -> str:
    wecom().msgaudit.client.ask_token()
    return "会话存档 Secret 有效。"


def keys(facts: Facts) -> Outcome:
    """Versions that stored records and WeCom's oldest records name, against the keys we hold."""
    try:
        records = archive_sdk().get_chat_data(0, _SAMPLE)
    except ProviderError as error:
        mend = "确认会话内容存档已开通、已上传公钥，且本服务器在存档的可信 IP 中。"
        state = fail if error.kind is ErrorClass.CONFIGURATION else warn
        return state(error.message, mend)
    folder = Path(settings.WECOM_ARCHIVE_KEYS_DIR)
    seen = facts.key_versions | {int(row["publickey_ver"]) for row in records}
    missing = sorted(version for version in seen if not _is_key(folder / f"{version}.pem"))
    if missing:
        names = "、".join(map(str, missing))
        mend = "把对应版本的私钥放入存档密钥目录；旧版本必须永久保留，否则消息无法解密。"
        return fail(f"缺少第 {names} 版私钥。", mend)
    return _complete(seen, folder)


def _complete(seen: frozenset[int], folder: Path) -> Outcome:
    if seen:
        names = "、".join(map(str, sorted(seen)))
        return ok(f"消息用到的第 {names} 版私钥都在本机。")
    held = [path.stem for path in sorted(folder.glob("*.pem")) if _is_key(path)]
    if held:
        return ok(f"还没有存档消息；本机有第 {'、'.join(held)} 版私钥。")
    mend = "生成 RSA-2048 密钥对，公钥上传管理后台，私钥以「版本号.pem」放入存档密钥目录。"
    return fail("本机没有任何存档私钥。", mend)


def _is_key(path: Path) -> bool:
    try:
        load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError):
        return False
    return True
