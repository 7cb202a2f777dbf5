"""A dry run of a policy on a log: what each rule would have touched, and what would change."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rich.table import Table

from sidedoor import Analysis, Decision, Message, Policy
from sidedoor_evaluation.gold import GoldSpan
from sidedoor_evaluation.mistakes import mask


@dataclass(frozen=True, slots=True)
class Example:
    """A message under both policies; `before` is None where there is only one."""

    id: str
    text: str
    before: Decision | None
    after: Decision

    def to_dict(self) -> dict[str, Any]:
        """As a JSON object."""
        return {
            "id": self.id,
            "text": self.text,
            "before": None if self.before is None else _decision(self.before),
            "after": _decision(self.after),
        }


@dataclass(frozen=True, slots=True)
class Replay:
    """Counts over a log; a change is (action before, rule before, action after, rule after).

    Without an old policy `before` is None and nothing changes; examples are then of each rule.
    """

    messages: int
    rules: dict[str, int]
    actions: dict[str, int]
    before: dict[str, int] | None
    changes: dict[tuple[str, str, str, str], int]
    examples: tuple[Example, ...]

    @property
    def changed(self) -> int:
        """How many messages would be treated otherwise: another action."""
        return sum(n for (old, _, new, _), n in self.changes.items() if old != new)

    def to_dict(self) -> dict[str, Any]:
        """As a JSON object."""
        keys = ("action_before", "rule_before", "action_after", "rule_after")
        return {
            "messages": self.messages,
            "rules": self.rules,
            "actions": self.actions,
            "actions_before": self.before,
            "changed": self.changed,
            "changes": [
                {**dict(zip(keys, change, strict=True)), "messages": number}
                for change, number in self.changes.items()
            ],
            "examples": [example.to_dict() for example in self.examples],
        }


def replay(
    pairs: Iterable[tuple[Message, Analysis]],
    policy: Policy,
    against: Policy | None,
    *,
    examples: int,
    masked: bool,
) -> Replay:
    """Decides on each message anew; keeps `examples` messages a rule, or a change."""
    rules: Counter[str] = Counter({rule.name: 0 for rule in policy.rules} | {"default": 0})
    actions: Counter[str] = Counter()
    before: Counter[str] = Counter()
    changes: Counter[tuple[str, str, str, str]] = Counter()
    kept: dict[object, list[Example]] = {}
    messages = 0
    for message, analysis in pairs:
        messages += 1
        new = policy.decide(message, analysis.intents, analysis.pii)
        old = None if against is None else against.decide(message, analysis.intents, analysis.pii)
        rules[new.rule] += 1
        actions[new.action] += 1
        key: tuple[str, ...] = (new.rule,)
        if old is not None:
            before[old.action] += 1
            change = old.action, old.rule, new.action, new.rule
            if old.action == new.action:
                continue
            changes[change] += 1
            key = change
        if len(kept.setdefault(key, [])) < examples:
            text = _text(message, analysis, masked=masked)
            kept[key].append(Example(message.id or f"message {messages}", text, old, new))
    return Replay(
        messages=messages,
        rules=dict(rules),
        actions=dict(actions.most_common()),
        before=None if against is None else dict(before.most_common()),
        changes=dict(changes.most_common()),
        examples=tuple(example for part in kept.values() for example in part),
    )


def tables(found: Replay) -> Iterator[Table]:
    """What each rule touched, what changes, and examples."""
    yield _counts("Rules", "rule", found.rules, found.messages)
    if found.before is None:
        yield _counts("Actions", "action", found.actions, found.messages)
    else:
        yield _actions(found, found.before)
        yield _changes(found)
    if found.examples:
        yield _examples(found.examples)


def _counts(title: str, first: str, counts: dict[str, int], messages: int) -> Table:
    table = _table(f"{title}, {messages} messages", first, "messages", "share")
    for name, number in counts.items():
        table.add_row(name, str(number), _share(number, messages), style=None if number else "dim")
    return table


def _actions(found: Replay, before: dict[str, int]) -> Table:
    table = _table(
        f"Actions: {found.changed} of {found.messages} messages would be treated otherwise",
        "action", "before", "after", "difference",
    )  # fmt: skip
    for action in dict.fromkeys((*before, *found.actions)):
        old, new = before.get(action, 0), found.actions.get(action, 0)
        table.add_row(action, str(old), str(new), f"{new - old:+d}")
    return table


def _changes(found: Replay) -> Table:
    table = _table("Changes", "before", "after", "messages", "share")
    for (old_action, old_rule, new_action, new_rule), number in found.changes.items():
        table.add_row(
            f"{old_action} ({old_rule})",
            f"{new_action} ({new_rule})",
            str(number),
            _share(number, found.messages),
        )
    return table


def _examples(examples: Sequence[Example]) -> Table:
    table = Table("message", "decision", "text", title="Examples", title_justify="left")
    for example in examples:
        arrow = "" if example.before is None else f"{example.before.action} → "
        decision = f"{arrow}{example.after.action} ({example.after.rule})"
        table.add_row(example.id, decision, example.text[:200])
    return table


def _table(title: str, first: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column(first)
    for column in columns:
        table.add_column(column, justify="left" if column == "after" else "right")
    return table


def _text(message: Message, analysis: Analysis, *, masked: bool) -> str:
    spans = [GoldSpan(span.type, span.start, span.end) for span in analysis.pii]
    return mask(message.text, spans) if masked else message.text


def _share(number: int, messages: int) -> str:
    return f"{number / messages:.1%}" if messages else "–"


def _decision(decision: Decision) -> dict[str, str]:
    return {"action": decision.action, "rule": decision.rule}
