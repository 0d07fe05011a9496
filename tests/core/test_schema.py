"""The API describes itself, and what it describes answers without server errors."""

import schemathesis
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from tests.factories.cast import Cast


def test_the_schema_is_served_and_complete(cast: Cast, sign_in) -> None:
    answer = sign_in(cast.alice).get("/api/schema/?format=json")
    assert answer.status_code == 200
    paths = answer.json()["paths"]
    assert {"/api/customers/", "/api/campaigns/", "/api/deliveries/", "/api/alerts/"} <= set(paths)


def test_strange_parameters_are_answered(cast: Cast, sign_in) -> None:
    """Every parameter of every read operation with rubbish: an answer, never a 5xx."""
    schema = SchemaGenerator().get_schema(request=None, public=True)
    assert schemathesis.openapi.from_dict(schema)
    client: Client = sign_in(cast.admin)
    for path, operations in schema["paths"].items():
        for parameter in operations.get("get", {}).get("parameters", []):
            if parameter["in"] != "query":
                continue
            for rubbish in ("", "'", "-1", "99999999999999999999", "\x00", "测试", "[]", "%"):
                answer = client.get(path, {parameter["name"]: rubbish})
                assert answer.status_code < 500, (path, parameter["name"], rubbish)
