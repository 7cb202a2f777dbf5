"""A keyword filter as marketplaces use it: words that flag, and patterns that flag and mark."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sidedoor import Message
from sidedoor.errors import ConfigurationError
from sidedoor_evaluation.baselines.found import flag, without_overlaps
from sidedoor_evaluation.counts import SOLICIT
from sidedoor_evaluation.gold import GoldSpan
from sidedoor_evaluation.prediction import Prediction

DEFAULT: Final = Path(__file__).parent / "keywords.yaml"


class _Keywords(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    words: Annotated[list[str], Field(min_length=1)]
    patterns: dict[str, str]


@dataclass(frozen=True, slots=True)
class KeywordFilter:
    """Flags a message in which a word or a pattern of the list occurs; case does not matter."""

    name: str
    intents: tuple[str, ...]
    types: tuple[str, ...]
    words: re.Pattern[str]
    patterns: tuple[tuple[str, re.Pattern[str]], ...]

    @classmethod
    def load(cls, path: Path = DEFAULT) -> "KeywordFilter":
        """Reads a list.

        Raises:
            ConfigurationError: the file is missing, is no YAML, or breaks the schema.
        """
        keywords = _read(path)
        words = "|".join(map(re.escape, sorted(keywords.words, key=len, reverse=True)))
        return cls(
            name="keyword filter",
            intents=(SOLICIT,),
            types=tuple(keywords.patterns),
            words=re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE),
            patterns=tuple(
                (kind, re.compile(pattern, re.IGNORECASE))
                for kind, pattern in keywords.patterns.items()
            ),
        )

    def predict(self, messages: Iterable[Message]) -> Iterator[Prediction]:
        for message in messages:
            spans = without_overlaps(
                GoldSpan(kind, *match.span())
                for kind, pattern in self.patterns
                for match in pattern.finditer(message.text)
            )
            yield flag(spans, flagged=bool(spans) or bool(self.words.search(message.text)))


def _read(path: Path) -> _Keywords:
    try:
        keywords = _Keywords.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
        for pattern in keywords.patterns.values():
            re.compile(pattern)
    except OSError as error:
        raise ConfigurationError(f"{path} can't be read: {error.strerror}") from None
    except (yaml.YAMLError, re.error) as error:
        raise ConfigurationError(f"{path} is no list of keywords: {error}") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ConfigurationError(f"{path}: {where}: {first['msg']}") from None
    return keywords
