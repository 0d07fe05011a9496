"""Sensitive words that WeCom's client blocks or warns of; it reports no hit."""

from channels.providers.wecom.api.family import Family, Range, Row, given

BLOCK, WARN = 1, 2
MOBILE, EMAIL, RED_PACKET = 1, 2, 3


class Intercept(Family):
    def add(
        self,
        name: str,
        words: list[str],
        kind: int,
        who: Range,
        *,
        semantics: list[int] | None = None,
    ) -> str:
        """rule_id; at most 100 rules of 300 words of 32 characters."""
        fields = given(semantics_list=semantics)
        data = self.client.write(
            "externalcontact/add_intercept_rule",
            rule_name=name,
            word_list=words,
            intercept_type=kind,
            applicable_range=who,
            **fields,
        )
        return str(data["rule_id"])

    def rows(self) -> list[Row]:
        """{rule_id, rule_name, create_time}"""
        return list(self.client.look("externalcontact/get_intercept_rule_list")["rule_list"])

    def one(self, rule_id: str) -> Row:
        path = "externalcontact/get_intercept_rule"
        return dict(self.client.read(path, rule_id=rule_id)["rule"])

    def update(
        self,
        rule_id: str,
        *,
        name: str | None = None,
        words: list[str] | None = None,
        kind: int | None = None,
        semantics: list[int] | None = None,
        add: Range | None = None,
        remove: Range | None = None,
    ) -> None:
        """Here the semantics lie under extra_rule, unlike in add."""
        fields = given(
            rule_name=name,
            word_list=words,
            intercept_type=kind,
            extra_rule=None if semantics is None else {"semantics_list": semantics},
            add_applicable_range=add,
            remove_applicable_range=remove,
        )
        self.client.write("externalcontact/update_intercept_rule", rule_id=rule_id, **fields)

    def delete(self, rule_id: str) -> None:
        self.client.write("externalcontact/del_intercept_rule", rule_id=rule_id)
