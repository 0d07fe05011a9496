"""Time stamps by RFC 3161 from the authority that the settings name (TSA_URL, TSA_CA_PATH).

Only a hash leaves the bank. An answer is checked against the authority's certificates and our own
nonce before it is believed; later checks need no network. TSA_CA_PATH holds root, intermediate and
signing certificate, in any order.
"""

import datetime
from pathlib import Path

import requests
from cryptography import x509
from django.conf import settings
from rfc3161_client import (
    HashAlgorithm,
    TimeStampRequest,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    Verifier,
    VerifierBuilder,
    decode_timestamp_response,
)

from channels.providers.base import ErrorClass, ProviderError

_TIMEOUT = 10


class TokenInvalid(Exception):
    """The token is not the authority's word about this data."""


def _certificates() -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(Path(settings.TSA_CA_PATH).read_bytes())
    except (OSError, ValueError) as error:
        raise ProviderError(
            "时间戳：TSA_CA_PATH 不是可用的证书文件。", ErrorClass.CONFIGURATION
        ) from error


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        found = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    except x509.ExtensionNotFound:
        return False
    return bool(found.value.ca)


def _verifier(builder: VerifierBuilder) -> Verifier:
    """Sorts the file: self-signed certificates are roots, the one that is no CA is the signer."""
    for certificate in _certificates():
        if certificate.subject == certificate.issuer:
            builder = builder.add_root_certificate(certificate)
        elif _is_authority(certificate):
            builder = builder.add_intermediate_certificate(certificate)
        else:
            builder = builder.tsa_certificate(certificate)
    return builder.build()


def _request(data: bytes) -> TimeStampRequest:
    # Certificates are not asked for: we have them, and authorities built on OpenSSL give them in an
    # order that is not DER, which the strict parser refuses.
    builder = TimestampRequestBuilder().data(data).hash_algorithm(HashAlgorithm.SHA256)
    return builder.cert_request(cert_request=False).build()


def stamp(data: bytes) -> bytes:
    """The authority's whole answer (DER of a TimeStampResp) about SHA-256 of data.

    Raises ProviderError when it cannot be reached, refuses, or answers about something else.
    """
    request = _request(data)
    answer = _post(request.as_bytes())
    response = _decoded(answer)
    try:
        _verifier(VerifierBuilder.from_request(request)).verify_message(response, data)
    except (VerificationError, ValueError) as error:
        raise ProviderError(f"时间戳：回答不可信（{error}）。", ErrorClass.PERMANENT) from error
    return answer


def _post(body: bytes) -> bytes:
    headers = {"Content-Type": "application/timestamp-query"}
    try:
        answer = requests.post(settings.TSA_URL, data=body, headers=headers, timeout=_TIMEOUT)
        answer.raise_for_status()
    except requests.RequestException as error:
        raise ProviderError(
            f"时间戳：{type(error).__name__}，服务器没有给出时间戳。", ErrorClass.TRANSIENT
        ) from error
    return answer.content


def _decoded(answer: bytes) -> TimeStampResponse:
    try:
        return decode_timestamp_response(answer)
    except ValueError as error:
        raise ProviderError("时间戳：回答无法解析。", ErrorClass.PERMANENT) from error


def check(token: bytes, data: bytes) -> datetime.datetime:
    """When the authority saw the data; raises TokenInvalid, or ProviderError without its root."""
    try:
        response = decode_timestamp_response(token)
        _verifier(VerifierBuilder()).verify_message(response, data)
        return response.tst_info.gen_time
    except (VerificationError, ValueError) as error:
        raise TokenInvalid(str(error)) from error
