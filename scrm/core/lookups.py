"""Lookups of the house, registered with the app."""

from typing import Any

from django.db.models import Field, Lookup


class _Listed(Lookup):  # type: ignore[type-arg]
    """Against thousands of values, given as one array: Django's IN makes a parameter of each, which
    costs more than the query."""

    prepare_rhs = False
    comparison = ""

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        column, params = self.process_lhs(compiler, connection)
        return f"{column} {self.comparison}(%s)", (*params, list(self.rhs))


class AnyOf(_Listed):
    """`name__any_of=[…]`: one of them; an empty list matches nothing."""

    lookup_name = "any_of"
    comparison = "= ANY"


class NoneOf(_Listed):
    """`name__none_of=[…]`: none of them, and not NULL."""

    lookup_name = "none_of"
    comparison = "<> ALL"


def register() -> None:
    Field.register_lookup(AnyOf)
    Field.register_lookup(NoneOf)
