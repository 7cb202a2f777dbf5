from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.conftest import INTENTS, TYPES

from sidedoor import Intent, Message, Policy, PolicyError, Span


def _policy(*rules: dict[str, Any]) -> Policy:
    default = {"action": "allow", "reason": "nothing"}
    return Policy.model_validate({"version": 1, "rules": list(rules), "default": default})


def _intents(**scores: float) -> list[Intent]:
    by_name = {name.replace("_", "-"): score for name, score in scores.items()}
    return [Intent(name, by_name.get(name, 0.0), 0.5) for name in INTENTS]


def _span(kind: str) -> Span:
    return Span(kind, 0, 1, 0.9, "x")


def test_the_first_rule_that_holds_decides() -> None:
    first = {"name": "first", "when": {"pii": {"any": ["URL"]}}, "action": "mask", "reason": "a"}
    second = {"name": "second", "when": {}, "action": "review", "reason": "b"}
    policy = _policy(first, second)
    assert policy.decide(Message("x"), _intents(), [_span("URL")]).rule == "first"
    assert policy.decide(Message("x"), _intents(), []).rule == "second"


@pytest.mark.parametrize(
    ("when", "holds"),
    [
        ({"intents": {"all": ["solicit-contact"]}}, True),
        ({"intents": {"all": ["solicit-contact", "explain-policy"]}}, False),
        ({"intents": {"any": ["explain-policy", "solicit-contact"]}}, True),
        ({"intents": {"none": ["solicit-contact"]}}, False),
        ({"pii": {"any": ["URL", "HANDLE"]}}, True),
        ({"pii": {"all": ["URL", "HANDLE"]}}, False),
        ({"surface": ["order"]}, True),
        ({"surface": ["listing", "unknown"]}, False),
        ({"sender": ["buyer"]}, False),
        ({"sender": ["unknown"]}, True),
        ({"at_least": {"solicit-contact": 0.7}}, True),
        ({"at_least": {"solicit-contact": 0.8}}, False),
    ],
)
def test_conditions(when: dict[str, Any], holds: bool) -> None:
    policy = _policy({"name": "rule", "when": when, "action": "block", "reason": "r"})
    intents = _intents(solicit_contact=0.75)
    decision = policy.decide(Message("x", surface="order"), intents, [_span("URL")])
    assert (decision.rule == "rule") is holds


@pytest.mark.parametrize("surface", ["inbox", "order", "requirements", "listing", None])
@pytest.mark.parametrize("other", ["explain_policy", "share_requirement_info"])
@pytest.mark.parametrize("solicits", [0.0, 1.0])
@pytest.mark.parametrize("kind", TYPES)
def test_the_default_never_blocks_a_refusal_or_a_work_detail(
    surface: str | None, other: str, solicits: float, kind: str
) -> None:
    intents = _intents(**{other: 0.9, "solicit_contact": solicits})
    decision = Policy.load().decide(Message("x", surface=surface), intents, [_span(kind)])
    assert decision.action != "block"


def test_the_default_blocks_a_plain_invitation() -> None:
    decision = Policy.load().decide(
        Message("x"), _intents(solicit_contact=0.99), [_span("EMAIL_ADDRESS")]
    )
    assert (decision.action, decision.rule) == ("block", "invitation-with-contact-details")
    assert decision.reason


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"rules": [{"name": "a", "when": {}, "action": "burn", "reason": "r"}]}, "action"),
        ({"rules": [{"name": "a b", "when": {}, "action": "allow", "reason": "r"}]}, "name"),
        ({"rules": [{"name": "a", "when": {"intents": {}}, "action": "allow", "reason": "r"}]},
         "at least one"),
        ({"rules": 2 * [{"name": "a", "when": {}, "action": "allow", "reason": "r"}]}, "twice"),
        ({"surprise": 1}, "surprise"),
        ({"version": 2}, "version"),
    ],
)  # fmt: skip
def test_a_broken_policy_is_refused(tmp_path: Path, change: dict[str, Any], says: str) -> None:
    default = {"action": "allow", "reason": "nothing"}
    file = tmp_path / "policy.yaml"
    file.write_text(yaml.safe_dump({"version": 1, "rules": [], "default": default, **change}))
    with pytest.raises(PolicyError, match=says):
        Policy.load(file)


def test_no_yaml_and_no_file_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_text("rules: [")
    with pytest.raises(PolicyError, match="no YAML"):
        Policy.load(tmp_path / "broken.yaml")
    with pytest.raises(PolicyError, match=r"missing\.yaml can't be read"):
        Policy.load(tmp_path / "missing.yaml")


@pytest.mark.parametrize(
    "when",
    [{"intents": {"any": ["flirt"]}}, {"pii": {"none": ["SHOE"]}}, {"at_least": {"flirt": 0.1}}],
)
def test_unknown_labels_are_named(when: dict[str, Any]) -> None:
    policy = _policy({"name": "rule", "when": when, "action": "block", "reason": "r"})
    with pytest.raises(PolicyError, match=r"'rule' names the .* '(flirt|SHOE)'"):
        policy.check_labels(INTENTS, TYPES)
