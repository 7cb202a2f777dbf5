from pathlib import Path
from typing import Any

import pytest

from sidedoor import Policy, PolicyError
from sidedoor.model_folder import ModelConfig, read_config
from sidedoor_evaluation.policy_check import check, situations


@pytest.fixture(scope="module")
def config(model_folder: Path) -> ModelConfig:
    return read_config(model_folder)


def _policy(*rules: dict[str, Any]) -> Policy:
    named = [{"name": f"r{k}", "reason": "because", **rule} for k, rule in enumerate(rules)]
    default = {"action": "allow", "reason": "nothing"}
    return Policy.model_validate({"version": 1, "rules": named, "default": default})


def _rule(action: str = "block", **when: Any) -> dict[str, Any]:
    return {"action": action, "when": when}


S = {"all": ["solicit-contact"]}


@pytest.mark.parametrize(
    ("rules", "problems"),
    [
        ([_rule(intents=S)], []),
        ([_rule("block", intents=S), _rule("nudge", intents=S, surface=["inbox"])],
         ["the rule 'r1' is dead: wherever it holds, 'r0' fires before it",
          "the action 'nudge' is never taken: all of its rules are dead"]),
        ([_rule(intents={"all": ["solicit-contact"], "none": ["solicit-contact"]})],
         ["the rule 'r0' is dead: its conditions contradict each other",
          "the action 'block' is never taken: all of its rules are dead"]),
        ([_rule("block"), _rule("block", intents=S)],
         ["the rule 'r1' is dead: wherever it holds, 'r0' fires before it",
          "the default is never reached: some rule always fires"]),
        ([_rule("nudge", sender=["buyer"]), _rule("nudge", sender=["seller", "unknown"]),
          _rule("block", pii={"any": ["URL"]})],
         ["the rule 'r2' is dead: wherever it holds, 'r0', 'r1' fires before it",
          "the default is never reached: some rule always fires",
          "the action 'block' is never taken: all of its rules are dead"]),
        ([_rule(intents=S, at_least={"solicit-contact": 0.4})],
         ["the rule 'r0': at_least 0.4 for 'solicit-contact' adds nothing, the model's own "
          "threshold is 0.5"]),
        ([_rule("block", intents=S, at_least={"solicit-contact": 0.9}), _rule("nudge", intents=S)],
         []),
        ([_rule("block", pii={"any": ["URL", "HANDLE"]}), _rule("mask", pii={"all": ["URL"]})],
         ["the rule 'r1' is dead: wherever it holds, 'r0' fires before it",
          "the action 'mask' is never taken: all of its rules are dead"]),
        ([_rule("block", pii={"all": ["URL", "HANDLE"]}), _rule("mask", pii={"any": ["URL"]})], []),
        ([_rule("block", surface=["inbox", "order", "requirements", "listing"]),
          _rule("mask", surface=["unknown"])],
         ["the default is never reached: some rule always fires"]),
    ],
)  # fmt: skip
def test_what_can_never_happen_is_found(
    config: ModelConfig, rules: list[dict[str, Any]], problems: list[str]
) -> None:
    assert check(_policy(*rules), config) == problems


def test_the_shipped_policy_has_no_problems(config: ModelConfig) -> None:
    assert check(Policy.load(), config) == []


def test_unknown_labels_are_errors(config: ModelConfig) -> None:
    with pytest.raises(PolicyError, match="'flirt', which the model does not know"):
        check(_policy(_rule(intents={"any": ["flirt"]})), config)


def test_types_that_are_treated_alike_count_as_one(config: ModelConfig) -> None:
    policy = _policy(_rule(pii={"any": list(config.pii_types)}))
    assert len(list(situations(policy, config))) == 2


def test_a_policy_that_tells_too_much_apart_is_refused(config: ModelConfig) -> None:
    rules = [
        _rule(pii={"all": [kind]}, surface=["inbox", "order", "listing"], sender=["buyer"],
              at_least={"solicit-contact": k / 20 + 0.01})
        for k, kind in enumerate(config.pii_types)
    ]  # fmt: skip
    many = [_rule(at_least={"explain-policy": k / 40}) for k in range(40)]
    with pytest.raises(PolicyError, match="situations apart"):
        check(_policy(*rules, *many), config)
