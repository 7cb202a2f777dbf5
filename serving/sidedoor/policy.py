"""The policy: ordered rules that turn intents, spans and the surface into an action.

The first rule whose conditions all hold decides; where none does, the default does.
"""

from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from sidedoor.analysis import Decision, Intent, Span
from sidedoor.errors import PolicyError
from sidedoor.message import Message

DEFAULT: Final = Path(__file__).parent / "policy.yaml"
Action = Literal["allow", "nudge", "mask", "review", "block"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Labels(_Strict):
    """A condition on a set of labels; each part that is given must hold."""

    all: tuple[str, ...] = ()
    any: tuple[str, ...] = ()
    none: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _is_not_empty(self) -> "Labels":
        if not (self.all or self.any or self.none):
            raise ValueError("give at least one of all, any, none")
        return self

    def hold(self, present: Collection[str]) -> bool:
        """Whether the condition holds for the labels that are present."""
        return (
            all(label in present for label in self.all)
            and (not self.any or any(label in present for label in self.any))
            and not any(label in present for label in self.none)
        )

    def names(self) -> tuple[str, ...]:
        """All labels that the condition names."""
        return (*self.all, *self.any, *self.none)


class Condition(_Strict):
    """What a rule asks for; what is left out is not asked for."""

    intents: Labels | None = None
    pii: Labels | None = None
    surface: tuple[Literal["inbox", "order", "requirements", "listing", "unknown"], ...] = ()
    sender: tuple[Literal["buyer", "seller", "unknown"], ...] = ()
    at_least: dict[str, Annotated[float, Field(ge=0, le=1)]] = {}
    """Lowest score by intent, for rules stricter than the model's own threshold."""


class Rule(_Strict):
    """A rule: where `when` holds, `action` is taken, for `reason`."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    when: Condition
    action: Action
    reason: Annotated[str, Field(min_length=1)]


class Default(_Strict):
    """What holds where no rule fires."""

    action: Action
    reason: Annotated[str, Field(min_length=1)]


class Policy(_Strict):
    """An ordered list of rules and a default."""

    version: Literal[1]
    rules: tuple[Rule, ...]
    default: Default

    @model_validator(mode="after")
    def _names_are_unique(self) -> "Policy":
        names = [rule.name for rule in self.rules]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"rule name used twice: {', '.join(twice)}")
        if "default" in names:
            raise ValueError("no rule may be called 'default'")
        return self

    @classmethod
    def load(cls, path: Path = DEFAULT) -> "Policy":
        """Reads a policy from YAML.

        Raises:
            PolicyError: the file is missing, is no YAML, or breaks the schema.
        """
        try:
            content: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
            return cls.model_validate(content)
        except (OSError, UnicodeDecodeError) as error:
            raise PolicyError(f"the policy {path} can't be read: {error}") from None
        except yaml.YAMLError as error:
            raise PolicyError(f"the policy {path} is no YAML: {error}") from None
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or "the whole file"
            raise PolicyError(f"the policy {path}: {where}: {first['msg']}") from None

    def check_labels(self, intents: Collection[str], types: Collection[str]) -> None:
        """Checks that the policy names only labels that the model has.

        Raises:
            PolicyError: a rule names an intent or a type that the model does not know.
        """
        for rule in self.rules:
            when = rule.when
            for name in (*(when.intents.names() if when.intents else ()), *when.at_least):
                _check_label(rule, "intent", name, intents)
            for name in when.pii.names() if when.pii else ():
                _check_label(rule, "PII type", name, types)

    def decide(
        self, message: Message, intents: Collection[Intent], pii: Collection[Span]
    ) -> Decision:
        """The decision on a message with these intents and spans."""
        present = {intent.name for intent in intents if intent.present}
        scores = {intent.name: intent.score for intent in intents}
        types = {span.type for span in pii}
        for rule in self.rules:
            when = rule.when
            if (
                (when.intents is None or when.intents.hold(present))
                and (when.pii is None or when.pii.hold(types))
                and (not when.surface or (message.surface or "unknown") in when.surface)
                and (not when.sender or (message.sender or "unknown") in when.sender)
                and all(scores[name] >= least for name, least in when.at_least.items())
            ):
                return Decision(rule.action, rule.name, rule.reason)
        return Decision(self.default.action, "default", self.default.reason)


ALLOW_ALL: Final = Policy(
    version=1, rules=(), default=Default(action="allow", reason="There is no policy.")
)
"""The policy of where nothing is decided; it names no labels, so it fits any model."""


def _check_label(rule: Rule, kind: str, name: str, known: Collection[str]) -> None:
    if name not in known:
        raise PolicyError(
            f"the policy's rule {rule.name!r} names the {kind} {name!r}, which the model does "
            f"not know; it knows: {', '.join(known)}"
        )
