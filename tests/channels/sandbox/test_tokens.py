"""Token life, access rules, limits and malformed requests."""

from __future__ import annotations

import requests

from .harness import ARCHIVE, CORP, SECRET, Client


def fresh_token(client: Client, secret: str = SECRET) -> dict[str, object]:
    answer: dict[str, object] = client.raw("gettoken", corpid=CORP, corpsecret=secret).json()
    return answer


def test_same_token_until_expiry_then_a_new_one(corp: Client) -> None:
    first = fresh_token(corp)
    corp.advance(3600)
    again = fresh_token(corp)
    assert again["access_token"] == first["access_token"]
    assert int(str(again["expires_in"])) <= 3600
    corp.advance(3700)
    assert (
        corp.raw("getcallbackip", access_token=str(first["access_token"])).json()["errcode"]
        == 42001
    )
    assert fresh_token(corp)["access_token"] != first["access_token"]


def test_each_refusal_of_gettoken(corp: Client) -> None:
    cases = [
        ({"corpsecret": SECRET}, 41002),
        ({"corpid": CORP}, 41004),
        ({"corpid": "wwother", "corpsecret": SECRET}, 40013),
        ({"corpid": CORP, "corpsecret": "wrong"}, 40001),
    ]
    for params, code in cases:
        assert corp.raw("gettoken", **params).json()["errcode"] == code


def test_many_wrong_secrets_block_the_address(corp: Client) -> None:
    corp.control("settings", {"wrong_secret_limit": 3})
    codes = [fresh_token(corp, "wrong")["errcode"] for _ in range(4)]
    assert codes == [40001, 40001, 40001, 45009]
    corp.advance(3700)
    assert fresh_token(corp)["errcode"] == 0


def test_missing_unknown_and_foreign_tokens(corp: Client) -> None:
    assert corp.raw("department/list").json()["errcode"] == 41001
    assert corp.raw("department/list", access_token="nonsense").json()["errcode"] == 40014
    assert corp.get("department/list", secret=ARCHIVE)["errcode"] == 48002
    assert corp.post("msgaudit/get_permit_user_list", {})["errcode"] == 48002


def test_switches_of_access(corp: Client) -> None:
    corp.control("settings", {"trusted_ips": ["10.1.1.1"]})
    assert corp.get("department/list")["errcode"] == 60020
    corp.control("settings", {"trusted_ips": [], "callable_app": False})
    assert corp.get("externalcontact/get_follow_user_list")["errcode"] == 48002
    corp.control("settings", {"callable_app": True, "disabled_apps": ["agent"]})
    assert corp.get("department/list")["errcode"] == 50003


def test_hidden_members_are_not_visible(corp: Client) -> None:
    corp.control("settings", {"hidden_members": ["bob"]})
    assert corp.get("user/get", userid="bob")["errcode"] == 60111
    assert corp.get("externalcontact/get_follow_user_list")["follow_user"] == ["Alice"]


def test_frequency_limit_blocks_one_endpoint_for_a_minute(corp: Client) -> None:
    corp.control("settings", {"per_minute": 2})
    codes = [corp.get("department/list")["errcode"] for _ in range(4)]
    assert codes[0] == 0 and codes[-1] == 45009
    assert corp.get("user/get", userid="bob")["errcode"] == 0
    corp.advance(61)
    assert corp.get("department/list")["errcode"] == 0


def test_bad_bodies_still_answer_200(corp: Client) -> None:
    url = f"{corp.base}/cgi-bin/externalcontact/remark?access_token={corp.token()}"
    broken = requests.post(url, data=b"{not json", timeout=5)
    assert broken.status_code == 200
    assert "Warning: wrong json format." in broken.json()["errmsg"]
    body = {"userid": "Alice", "external_userid": "wm00001", "remark": "王先生"}
    escaped = requests.post(url, json=body, timeout=5).json()
    assert escaped["errcode"] == 40033
    assert requests.get(url, timeout=5).json()["errcode"] == 40063
    assert corp.post("externalcontact/mark_tag", {"userid": 5})["errcode"] == 40058


def test_unknown_endpoint_is_404(corp: Client) -> None:
    assert corp.raw("no/such/thing", access_token=corp.token()).status_code == 404


def test_error_texts_vary(corp: Client) -> None:
    texts = {corp.raw("department/list").json()["errmsg"] for _ in range(3)}
    assert len(texts) == 3


def test_tickets_are_stable_and_apart(corp: Client) -> None:
    first = corp.get("get_jsapi_ticket")["ticket"]
    assert corp.get("get_jsapi_ticket")["ticket"] == first
    assert corp.get("ticket/get", type="agent_config")["ticket"] != first
    assert corp.get("ticket/get", type="other")["errcode"] == 40058
    assert "errcode" not in corp.get("getcallbackip")
