"""Random keys are opened by helper processes as they would be here, whatever becomes of those."""

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from compliance.archive.keys import KeyMissing
from compliance.archive.unwrap import Opened, Sealed, Unwrapper
from tests.factories.compliance import PUBLIC_KEY, write_key

NAMES = [f"key-{number}" for number in range(70)]


def _sealed(name: str, version: int = 1) -> Sealed:
    wrapped = PUBLIC_KEY.encrypt(name.encode(), padding.PKCS1v15())
    return version, base64.b64encode(wrapped).decode()


@pytest.fixture(scope="module")
def items() -> list[Sealed]:
    return [_sealed(name) for name in NAMES]


@pytest.fixture
def unwrapper(tmp_path: Path) -> Iterator[Unwrapper]:
    write_key(tmp_path)
    helpers = Unwrapper(str(tmp_path), helpers=1)
    yield helpers
    helpers.end()


def _opened(unwrapper: Unwrapper, items: list[Sealed]) -> list[Opened]:
    return unwrapper.open(items).result()


def test_a_helper_opens_what_it_can_and_says_what_it_cannot(
    unwrapper: Unwrapper, items: list[Sealed]
) -> None:
    odd = [_sealed("of a key that is not here", 9), (1, base64.b64encode(b"damaged").decode())]
    opened = _opened(unwrapper, [*items, *odd])
    assert opened[:-2] == NAMES
    assert isinstance(opened[-2], KeyMissing)
    assert opened[-1] is None
    assert unwrapper.idle.qsize() == 1
    # What would break the talk with a helper is never said to it.
    assert _opened(unwrapper, [*items, (1, "not base64\n9")])[:-1] == NAMES
    assert unwrapper.idle.qsize() == 1


def test_a_helper_stays_for_the_next_batch_and_ends_with_its_input(
    unwrapper: Unwrapper, items: list[Sealed]
) -> None:
    _opened(unwrapper, items)
    helper = unwrapper.idle.get()
    unwrapper.idle.put(helper)
    assert _opened(unwrapper, items) == NAMES
    assert helper.poll() is None
    unwrapper.end()
    assert helper.returncode == 0


def test_the_keys_of_a_helper_that_died_are_opened_here(
    unwrapper: Unwrapper, items: list[Sealed]
) -> None:
    _opened(unwrapper, items)
    helper = unwrapper.idle.get()
    helper.kill()
    unwrapper.idle.put(helper)
    assert _opened(unwrapper, items) == NAMES
    assert helper.returncode is not None
    assert _opened(unwrapper, items) == NAMES
    assert unwrapper.idle.qsize() == 1


@pytest.mark.parametrize("count", [3, len(NAMES)])
def test_a_key_file_that_is_replaced_is_read_again(
    unwrapper: Unwrapper, items: list[Sealed], tmp_path: Path, count: int
) -> None:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "1.pem").write_bytes(pem)
    assert not set(_opened(unwrapper, items[:count])) & set(NAMES)
    write_key(tmp_path)
    assert _opened(unwrapper, items[:count]) == NAMES[:count]
