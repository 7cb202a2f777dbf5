"""The text of the model card, section by section, each number taken from the figures."""

from collections.abc import Callable, Iterator
from typing import Any

from sidedoor.model_folder import ModelConfig
from sidedoor_evaluation.bootstrap import Figure
from sidedoor_evaluation.counts import SOLICIT
from sidedoor_evaluation.figures import percent, plain

Json = dict[str, Any]


def card(config: ModelConfig, result: Json, int8: Json | None, speed: Json | None) -> str:
    """The card's text."""
    parts = (
        _head(config),
        _use(config),
        _figures(result),
        _slices(result),
        _robustness(result),
        _limits(result),
        _data(config, result),
        _int8(int8),
        _speed(speed),
        _making(config, result),
    )
    return "\n".join(line for part in parts for line in part) + "\n"


def _head(config: ModelConfig) -> Iterator[str]:
    intents = ", ".join(f"`{intent.name}`" for intent in config.intents)
    types = ", ".join(f"`{name}`" for name in config.pii_types)
    yield f"# {config.name}"
    yield ""
    yield (
        f"Reads one message of a marketplace and gives independent intents ({intents}) and the "
        f"personal data in it ({types}). ONNX for one CPU core."
    )


def _use(config: ModelConfig) -> Iterator[str]:
    yield from (
        "",
        "## Use",
        "",
        "For moderation in English, with a person behind every block. Surface, sender and up to "
        "three earlier messages change the answer: give them where you have them. Not for "
        "decisions about people beyond the one message, and not for searching private "
        "correspondence.",
        "",
        "| intent | labelled from a calibrated score of |",
        "|---|---|",
        *(f"| `{intent.name}` | {intent.threshold} |" for intent in config.intents),
    )


def _figures(result: Json) -> Iterator[str]:
    about, figures = result["about"], result["figures"]
    yield from (
        "",
        "## Figures",
        "",
        f"On {about['messages']} messages ({about['gold']}), written apart from the training "
        "messages and never trained or tuned on. In brackets: 95 % intervals, "
        f"{about['draws']} bootstrap draws over messages.",
        "",
        "| intent | precision | recall | F1 | average precision | calibration error | messages |",
        "|---|---|---|---|---|---|---|",
        *(
            f"| `{name}` | {_scores(scores)} | {_named(figures, 'average_precision', name)} | "
            f"{_named(figures, 'calibration_error', name)} | {_support(scores)} |"
            for name, scores in figures["intents"].items()
        ),
        "",
        f"Macro F1 {_plain(figures['macro_f1'])}; all intents of a message right: "
        f"{_percent(figures['exact_match'])}.",
        "",
        "| personal data | precision | recall | F1 | F1, IoU ≥ 0.5 | F1, characters | spans |",
        "|---|---|---|---|---|---|---|",
        *(
            f"| {'all' if kind == 'all' else f'`{kind}`'} | {_scores(scores)} | "
            f"{_plain(figures['spans']['overlap'][kind]['f1'])} | "
            f"{_plain(figures['spans']['characters'][kind]['f1'])} | {_support(scores)} |"
            for kind, scores in figures["spans"]["strict"].items()
        ),
        "",
        f"| what the message is | messages | labelled `{SOLICIT}` | share |",
        "|---|---|---|---|",
        *(
            f"| {kind} | {flags['messages']} | {flags['flagged']} | {_percent(flags['rate'])} |"
            for kind, flags in figures["flags"].items()
        ),
    )


def _slices(result: Json) -> Iterator[str]:
    yield from (
        "",
        "### By part",
        "",
        "| part | messages | macro F1 | all intents right | span F1 | false flags |",
        "|---|---|---|---|---|---|",
    )
    for part in result["slices"]:
        yield (
            f"| {part['field']}: {part['value']} | {part['messages']} | {_plain(part['macro_f1'])} "
            f"| {_percent(part['exact_match'])} | {_plain(part['span_f1'])} | "
            f"{_percent(part['false_flags'])} |"
        )


def _robustness(result: Json) -> Iterator[str]:
    found = result["robustness"]
    if found is None:
        return
    yield from (
        "",
        "### By disguise",
        "",
        "The test messages' own contact data, hidden by each family in turn.",
        "",
        f"| family | items | item found (IoU ≥ 0.5) | `{SOLICIT}` recalled |",
        "|---|---|---|---|",
        *(
            f"| {family['name']} | {family['items']} | {_percent(family['overlap'])} | "
            f"{_percent(family['flagged'])} |"
            for family in found["families"]
        ),
        "",
        "Innocent messages that are flagged once they are retyped:",
        "",
        "| retyped | messages | flagged |",
        "|---|---|---|",
        *(
            f"| {flips['name']} | {flips['messages']} | {_percent(flips['rate'])} |"
            for flips in found["flips"]
        ),
    )


def _limits(result: Json) -> Iterator[str]:
    yield from (
        "",
        "## Limits",
        "",
        "- English, also of people whose first language is another, and mixed with it; other "
        "languages alone were not trained on.",
        "- Pictures and voice are not read, riddles hardly. A number split over several messages "
        "is seen only if the pieces are among the three messages before.",
        "- The training messages were composed for this product; real traffic differs. Measure "
        "on your own messages before you act on the scores.",
    )
    examples = list(_examples(result["mistakes"]))
    if examples:
        yield from ("", "What it got wrong in the test, one of each kind:", "")
        for kind, mistake in examples:
            before = "".join(f"“{_line(text)}” → " for text in mistake["context"][-1:])
            yield f"- {kind}: {before}“{_line(mistake['text'])}”"


def _examples(mistakes: list[Json]) -> Iterator[tuple[str, Json]]:
    kinds: dict[str, Callable[[set[str], set[str]], bool]] = {
        "an invitation that was missed": lambda gold, found: SOLICIT in gold - found,
        "talk about the rules that was flagged": lambda gold, found: (
            SOLICIT in found - gold and "explain-policy" in gold
        ),
        "a work detail that was flagged": lambda gold, found: (
            SOLICIT in found - gold and "share-requirement-info" in gold
        ),
        "an ordinary message that was flagged": lambda gold, found: SOLICIT in found and not gold,
        "talk about the rules that was not seen": lambda gold, found: (
            "explain-policy" in gold - found
        ),
        "a work detail that was not seen": lambda gold, found: (
            "share-requirement-info" in gold - found
        ),
    }
    for kind, holds in kinds.items():
        for mistake in mistakes:
            if holds(set(mistake["gold_intents"]), set(mistake["found_intents"])):
                yield kind, mistake
                break


def _data(config: ModelConfig, result: Json) -> Iterator[str]:
    intents = result["figures"]["intents"].items()
    counts = ", ".join(f"{_support(scores)} `{name}`" for name, scores in intents)
    yield from (
        "",
        "## Data",
        "",
        "Messages written by hand for this project, one situation each, with their values marked; "
        "in training the values are exchanged and some disguised anew each epoch. No message of a "
        f"real marketplace or person. Corpus: SHA-256 `{config.corpus_sha256}`.",
        "",
        f"The test: {result['about']['messages']} messages, {counts}; SHA-256 "
        f"`{result['about']['gold_sha256']}`.",
    )


def _int8(int8: Json | None) -> Iterator[str]:
    if int8 is None:
        return
    comparison = int8["comparisons"][0]
    yield from (
        "",
        "## int8 against float",
        "",
        f"The same {int8['about']['messages']} messages; the difference is float less int8, with "
        "its paired 95 % interval.",
        "",
        "| figure | int8 | float | difference |",
        "|---|---|---|---|",
        *(
            f"| {row['name']} | {row['first']:.3f} | {row['second']:.3f} | "
            f"{_signed(row['difference'])} |"
            for row in comparison["differences"]
        ),
    )


def _speed(speed: Json | None) -> Iterator[str]:
    if speed is None:
        return
    rate, latency = speed["messages_per_second"], speed["ms_per_message_one_thread"]
    machine, measured = speed["machine"], speed["measured"]
    yield from (
        "",
        "## Speed",
        "",
        f"{machine['processor']}, {machine['cores']} cores, "
        f"{'with' if machine['vnni'] else 'without'} VNNI; {measured['messages']} messages of "
        f"{measured['mean_code_points']} code points on average, text in, analysis out.",
        "",
        "| messages a second, one thread | all cores | ms a message, median | 95 % | 99 % |",
        "|---|---|---|---|---|",
        f"| {rate['one_thread']} | {rate['all_cores']} | {latency['p50']} | {latency['p95']} | "
        f"{latency['p99']} |",
    )


def _making(config: ModelConfig, result: Json) -> Iterator[str]:
    yield from (
        "",
        "## Making",
        "",
        f"- Base model: `{config.base_model}`",
        f"- Recipe: SHA-256 `{config.recipe_sha256}`",
        f"- Model: SHA-256 `{config.files['model.onnx']}`",
        *(f"- {name} {version}" for name, version in config.versions.items()),
        f"- Evaluated with sidedoor {result['about']['version']}: `{result['about']['command']}`",
    )


def _scores(scores: Json) -> str:
    return " | ".join(_plain(scores[name]) for name in ("precision", "recall", "f1"))


def _support(scores: Json) -> int:
    return int(scores["tp"] + scores["fn"])


def _named(figures: Json, kind: str, name: str) -> str:
    return _plain(figures[kind][name]) if name in figures[kind] else "–"


def _plain(content: Json) -> str:
    return plain(Figure.from_dict(content))


def _percent(content: Json) -> str:
    return percent(Figure.from_dict(content))


def _signed(content: Json) -> str:
    return f"{content['value']:+.3f} ({content['low']:+.3f} to {content['high']:+.3f})"


def _line(text: str) -> str:
    """A message on one line, its Markdown harmless."""
    escaped = "".join(
        f"\\{character}" if character in "\\`*_[]<>|" else character for character in text
    )
    return " / ".join(escaped.split("\n"))
