"""The model card: the README of a model folder, made of its configuration and its figures."""

import json
from pathlib import Path
from typing import Any, Final

from sidedoor.errors import InputError
from sidedoor.model_folder import ModelConfig, read_config

CARD_FILE: Final = "README.md"


def write_card(folder: Path, evaluation_file: Path) -> Path:
    """Writes the card of the model in `folder` from the figures that `evaluate --json` wrote.

    Raises:
        ModelFolderError: the folder is damaged.
        InputError: the file holds no evaluation.
    """
    config = read_config(folder)
    try:
        evaluation = json.loads(evaluation_file.read_text(encoding="utf-8"))
        text = card(config, evaluation)
    except (OSError, json.JSONDecodeError, KeyError) as error:
        raise InputError(
            f"{evaluation_file} holds no evaluation ({type(error).__name__}); "
            "write one with `sidedoor evaluate … --json FILE`"
        ) from None
    path = folder / CARD_FILE
    path.write_text(text, encoding="utf-8")
    return path


def card(config: ModelConfig, evaluation: dict[str, Any]) -> str:
    """The card's text."""
    return "\n".join(
        [
            f"# {config.name}",
            "",
            "Reads one message of a marketplace and gives three independent intents "
            f"({', '.join(f'`{intent.name}`' for intent in config.intents)}) and the personal data "
            f"in it ({', '.join(f'`{name}`' for name in config.pii_types)}). "
            "int8 ONNX for one CPU core; the weights keep to seven bits, so that processors with "
            "and without VNNI give the same scores.",
            "",
            "## Figures",
            "",
            f"On {evaluation['messages']} messages of the project's own test split, written apart "
            "from the training messages and never trained or tuned on.",
            "",
            *_intents(evaluation),
            "",
            *_spans(evaluation),
            "",
            *_flags(evaluation),
            "",
            "## Use",
            "",
            "For moderation in English, with a person behind every block. Surface, sender and up "
            "to three earlier messages change the answer: give them where you have them.",
            "",
            "## Limits",
            "",
            "- English, also of people whose first language is another, and mixed with it; other "
            "languages alone were not trained on.",
            "- Riddles, pictures and voice are not read. A number split over several messages is "
            "seen only if the pieces are among the three messages before.",
            "- The training messages were composed for this product; real traffic differs. "
            "Measure on your own messages before you act on the scores.",
            "",
            "## Making",
            "",
            f"- Base model: `{config.base_model}`",
            f"- Corpus: SHA-256 `{config.corpus_sha256}`",
            f"- Recipe: SHA-256 `{config.recipe_sha256}`",
            *(f"- {name} {version}" for name, version in config.versions.items()),
            *(
                f"- `{intent.name}`: present from a calibrated score of {intent.threshold}"
                for intent in config.intents
            ),
            "",
        ]
    )


def _intents(evaluation: dict[str, Any]) -> list[str]:
    rows = [f"| `{name}` | {_scores(scores)} |" for name, scores in evaluation["intents"].items()]
    return [
        "| intent | precision | recall | F1 | messages |",
        "|---|---|---|---|---|",
        *rows,
        f"| macro F1 | | | {evaluation['macro_f1']:.3f} | |",
        f"| exact match | | | {evaluation['exact_match']:.3f} | |",
    ]


def _spans(evaluation: dict[str, Any]) -> list[str]:
    rows = [
        f"| `{name}` | {_scores(scores)} |" for name, scores in evaluation["span_strict"].items()
    ]
    return [
        "| span, strict | precision | recall | F1 | spans |",
        "|---|---|---|---|---|",
        *rows,
        f"| all, IoU ≥ 0.5 | {_scores(evaluation['span_overlap'])} |",
        f"| characters | {_scores(evaluation['characters'])} |",
    ]


def _flags(evaluation: dict[str, Any]) -> list[str]:
    rows = [
        f"| {kind} | {flags['messages']} | {flags['flagged']} | {flags['rate']:.1%} |"
        for kind, flags in evaluation["flags"].items()
    ]
    return [
        "| messages | count | labelled `solicit-contact` | share |",
        "|---|---|---|---|",
        *rows,
    ]


def _scores(scores: dict[str, Any]) -> str:
    support = scores["tp"] + scores["fn"]
    return f"{scores['precision']:.3f} | {scores['recall']:.3f} | {scores['f1']:.3f} | {support}"
