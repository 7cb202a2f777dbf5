"""Finds what can never happen under a policy: dead rules, unreachable actions, idle bounds.

All situations that the policy can tell apart are gone through: which of the intents, types,
surfaces and senders it names are there, and where each score stands among the bounds. Types that
the rules treat alike count as one.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from sidedoor import Intent, Message, Policy, PolicyError, Span
from sidedoor.message import SENDERS, SURFACES
from sidedoor.model_folder import ModelConfig
from sidedoor.policy import Rule

MAX_SITUATIONS: Final = 200_000


@dataclass(frozen=True, slots=True)
class Situation:
    """A kind of message, as far as the policy can tell."""

    message: Message
    intents: tuple[Intent, ...]
    pii: tuple[Span, ...]


def check(policy: Policy, config: ModelConfig) -> list[str]:
    """All problems of the policy with this model's labels; empty where there are none.

    Raises:
        PolicyError: a rule names a label that the model does not know; or the policy tells too
            many situations apart to go through them.
    """
    policy.check_labels([intent.name for intent in config.intents], config.pii_types)
    everything = list(situations(policy, config))
    return [*_dead_rules(policy, everything), *_idle_bounds(policy, config)]


def situations(policy: Policy, config: ModelConfig) -> Iterator[Situation]:
    """All situations that the policy can tell apart, likely ones or not.

    Raises:
        PolicyError: there are more than `MAX_SITUATIONS`.
    """
    groups = _type_groups(policy)
    levels = [_levels(policy, intent.name, intent.threshold) for intent in config.intents]
    places = [*_named(policy, "surface", SURFACES)]
    people = [*_named(policy, "sender", SENDERS)]
    total = 2 ** len(groups) * len(places) * len(people)
    for level in levels:
        total *= len(level)
    if total > MAX_SITUATIONS:
        raise PolicyError(
            f"the policy tells {total} situations apart, at most {MAX_SITUATIONS} are gone "
            "through; split it, or name fewer types in `all` and `none`"
        )
    for scores in itertools.product(*levels):
        intents = tuple(
            Intent(intent.name, score, intent.threshold)
            for intent, score in zip(config.intents, scores, strict=True)
        )
        for there in itertools.product((False, True), repeat=len(groups)):
            pii = tuple(
                Span(name, 0, 1, 1.0, "x")
                for present, group in zip(there, groups, strict=True)
                for name in group[:1]
                if present
            )
            for surface, sender in itertools.product(places, people):
                yield Situation(Message("x", surface, sender), intents, pii)


def _dead_rules(policy: Policy, everything: Sequence[Situation]) -> Iterator[str]:
    fired = {_decide(policy, situation) for situation in everything}
    live = {rule.action for rule in policy.rules if rule.name in fired}
    if "default" in fired:
        live.add(policy.default.action)
    for rule in policy.rules:
        if rule.name not in fired:
            yield _why_dead(policy, rule, everything)
    if "default" not in fired:
        yield "the default is never reached: some rule always fires"
    for action in dict.fromkeys(rule.action for rule in policy.rules):
        if action not in live:
            yield f"the action {action!r} is never taken: all of its rules are dead"


def _why_dead(policy: Policy, rule: Rule, everything: Sequence[Situation]) -> str:
    alone = policy.model_copy(update={"rules": (rule,)})
    holding = [situation for situation in everything if _decide(alone, situation) == rule.name]
    if not holding:
        return f"the rule {rule.name!r} is dead: its conditions contradict each other"
    earlier = dict.fromkeys(_decide(policy, situation) for situation in holding)
    names = ", ".join(repr(name) for name in earlier)
    return f"the rule {rule.name!r} is dead: wherever it holds, {names} fires before it"


def _idle_bounds(policy: Policy, config: ModelConfig) -> Iterator[str]:
    thresholds = {intent.name: intent.threshold for intent in config.intents}
    for rule in policy.rules:
        needed = rule.when.intents.all if rule.when.intents else ()
        for name, bound in rule.when.at_least.items():
            if name in needed and bound <= thresholds[name]:
                yield (
                    f"the rule {rule.name!r}: at_least {bound} for {name!r} adds nothing, the "
                    f"model's own threshold is {thresholds[name]}"
                )


def _decide(policy: Policy, situation: Situation) -> str:
    return policy.decide(situation.message, situation.intents, situation.pii).rule


def _levels(policy: Policy, name: str, threshold: float) -> list[float]:
    """A score from each range between the bounds; one only where no rule asks for the intent."""
    bounds = {rule.when.at_least[name] for rule in policy.rules if name in rule.when.at_least}
    named = any(rule.when.intents and name in rule.when.intents.names() for rule in policy.rules)
    if named:
        bounds.add(threshold)
    return sorted({0.0, *bounds})


def _type_groups(policy: Policy) -> list[tuple[str, ...]]:
    """The types named, those together that stand in the same conditions and in no `all`."""
    conditions = [rule.when.pii for rule in policy.rules if rule.when.pii]
    names = dict.fromkeys(name for condition in conditions for name in condition.names())
    groups: dict[object, list[str]] = {}
    for name in names:
        places = tuple(
            (index, part)
            for index, condition in enumerate(conditions)
            for part in ("any", "none")
            if name in getattr(condition, part)
        )
        alone = any(name in condition.all for condition in conditions)
        groups.setdefault((name if alone else None, places), []).append(name)
    return [tuple(group) for group in groups.values()]


def _named(policy: Policy, field: str, choices: Sequence[str]) -> Iterator[str | None]:
    """The places (or people) that some rule asks for, and one that none does."""
    asked = {name for rule in policy.rules for name in getattr(rule.when, field)}
    rest = [name for name in (*choices, "unknown") if name not in asked][:1]
    for name in (*sorted(asked), *rest):
        yield None if name == "unknown" else name
