"""What comes from the environment in every deployment: stores, keys, the WeCom application."""

from scrm import env
from scrm.settings.base import *  # noqa: F403

SECRET_KEY = env.text("SECRET_KEY")
DATABASES = {"default": env.database(env.text("DATABASE_URL"))}
REDIS_URL = env.text("REDIS_URL")
CELERY_BROKER_URL = REDIS_URL
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "127.0.0.1,localhost")
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS")
PUBLIC_URL = env.text("PUBLIC_URL")

# Field encryption: "key-id:base64 of 32 bytes", the first one encrypts, all of them decrypt.
FIELD_KEYS = env.words("FIELD_KEYS")
INDEX_KEY = env.text("INDEX_KEY")
SEAL_KEY = env.text("SEAL_KEY")

# The archive's log. "key-id:secret" for heads, "key-id:base64 of 32 bytes" (Ed25519 seed) for
# signatures; the first one of each is in use, the others still verify.
CHAIN_KEYS = env.words("CHAIN_KEYS")
SIGNING_KEYS = env.words("SIGNING_KEYS")
# Signed heads leave the database's trust zone through this append-only file.
ANCHOR_PATH = env.text("ANCHOR_PATH")
# Where evidence packages lie until they are fetched; they hold plain chats.
EVIDENCE_DIR = env.text("EVIDENCE_DIR")
# RFC 3161 time stamp authority and its certificates; without an address there are no stamps.
TSA_URL = env.text("TSA_URL", "")
TSA_CA_PATH = env.text("TSA_CA_PATH", "")

WECOM_API_URL = env.text("WECOM_API_URL", "https://qyapi.weixin.qq.com")
WECOM_OAUTH_URL = env.text("WECOM_OAUTH_URL", "https://open.weixin.qq.com")
WECOM_LOGIN_URL = env.text("WECOM_LOGIN_URL", "https://login.work.weixin.qq.com")
WECOM_CORP_ID = env.text("WECOM_CORP_ID")
WECOM_AGENT_ID = env.number("WECOM_AGENT_ID", 0)
WECOM_NAME = env.text("WECOM_NAME", "主应用")
# JSON list of further applications and corporations; see channels/providers/wecom/applications.py.
WECOM_APPLICATIONS = env.text("WECOM_APPLICATIONS", "")
WECOM_AGENT_SECRET = env.text("WECOM_AGENT_SECRET")
WECOM_CALLBACK_TOKEN = env.text("WECOM_CALLBACK_TOKEN")
WECOM_CALLBACK_AES_KEY = env.text("WECOM_CALLBACK_AES_KEY")
WECOM_ARCHIVE_SECRET = env.text("WECOM_ARCHIVE_SECRET")
# The vendor's library, needed by the driver "sdk" only.
WECOM_ARCHIVE_SDK_PATH = env.text("WECOM_ARCHIVE_SDK_PATH", "")
WECOM_ARCHIVE_DRIVER = env.text("WECOM_ARCHIVE_DRIVER", "sandbox")
# Folder of <publickey_ver>.pem private keys; old versions are kept for ever.
WECOM_ARCHIVE_KEYS_DIR = env.text("WECOM_ARCHIVE_KEYS_DIR")
# Folder of the archive's files (images, voice, documents), encrypted, named by their hash.
BLOB_DIR = env.text("BLOB_DIR")
