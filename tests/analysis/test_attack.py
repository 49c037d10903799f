import re

from triptych import resources
from triptych.rules.book import RULES


def test_every_id_that_a_rule_names_is_in_the_list() -> None:
    table = resources.table("attack.json")
    assert table["version"]
    for rule in RULES:
        assert set(rule.attack) <= set(table["techniques"]), rule.id


def test_ids_names_and_renamings() -> None:
    table = resources.table("attack.json")
    for number, technique in table["techniques"].items():
        assert re.fullmatch(r"T\d{4}(\.\d{3})?", number)
        assert technique["name"]
        assert technique["tactics"]
    assert list(table["techniques"]) == sorted(table["techniques"])
    assert set(table["renamed"]) | set(table["renamed"].values()) <= set(table["techniques"])
