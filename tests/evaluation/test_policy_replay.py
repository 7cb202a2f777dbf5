import json
from typing import Any

from tests.evaluation.cases import P, S, analysis

from sidedoor import Message, Policy
from sidedoor_evaluation.policy_replay import replay, tables


def _policy(**actions: str) -> Policy:
    """A rule for each intent, in the order given; the action is its value."""
    rules: list[dict[str, Any]] = [
        {"name": name.replace("_", "-"), "action": action, "reason": "because",
         "when": {"intents": {"all": [name.replace("_", "-")]}}}
        for name, action in actions.items()
    ]  # fmt: skip
    default = {"action": "allow", "reason": "nothing"}
    return Policy.model_validate({"version": 1, "rules": rules, "default": default})


LOG = [
    (Message("mail jo@fern.co", id="a"), analysis((S,), ("EMAIL_ADDRESS", 5, 15))),
    (Message("only here"), analysis((P,))),
    (Message("both"), analysis((S, P))),
    (Message("hello"), analysis(())),
]
OLD = _policy(solicit_contact="block")
NEW = _policy(explain_policy="allow", solicit_contact="nudge")


def test_each_rule_s_messages_are_counted() -> None:
    found = replay(LOG, NEW, None, examples=1, masked=False)
    assert found.messages == 4
    assert found.rules == {"explain-policy": 2, "solicit-contact": 1, "default": 1}
    assert found.actions == {"allow": 3, "nudge": 1}
    assert found.before is None
    assert [example.id for example in found.examples] == ["a", "message 2", "message 4"]


def test_changes_against_the_old_policy_are_counted() -> None:
    found = replay(LOG, NEW, OLD, examples=5, masked=True)
    assert found.changed == 2
    assert found.changes == {
        ("block", "solicit-contact", "nudge", "solicit-contact"): 1,
        ("block", "solicit-contact", "allow", "explain-policy"): 1,
    }
    assert [example.text for example in found.examples] == ["mail ••••••••••", "both"]
    assert sum(table.row_count for table in tables(found)) == 3 + 3 + 2 + 2


def test_a_replay_is_json() -> None:
    content = json.loads(json.dumps(replay(LOG, NEW, OLD, examples=1, masked=False).to_dict()))
    assert content["changed"] == 2
    assert content["examples"][0]["before"] == {"action": "block", "rule": "solicit-contact"}
