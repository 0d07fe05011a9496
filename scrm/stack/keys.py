"""RSA keys of the message archive: private ones for us, public ones for WeCom's side."""

from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa


def ensure(private_dir: Path, public_dir: Path, version: int = 1) -> None:
    """Makes <version>.pem in both folders unless the private one exists."""
    private_file, public_file = private_dir / f"{version}.pem", public_dir / f"{version}.pem"
    if private_file.exists() and public_file.exists():
        return
    private_dir.mkdir(parents=True, exist_ok=True)
    public_dir.mkdir(parents=True, exist_ok=True)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    private_file.chmod(0o600)
    public_file.write_bytes(
        key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )
