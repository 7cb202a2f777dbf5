"""The report: one HTML page that holds its charts, and beside it the JSON and the charts."""

import base64
import json
from collections.abc import Iterable, Iterator
from html import escape
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure as Chart

from sidedoor.errors import InputError
from sidedoor_evaluation import charts
from sidedoor_evaluation.bootstrap import Bootstrap
from sidedoor_evaluation.comparison import SHOWN, Comparison
from sidedoor_evaluation.figures import percent, plain
from sidedoor_evaluation.metrics import Evaluation
from sidedoor_evaluation.mistake_html import mistake_html
from sidedoor_evaluation.mistakes import mistake as at
from sidedoor_evaluation.page import STYLE
from sidedoor_evaluation.result import Result
from sidedoor_evaluation.run import Outcome

PAGE = "report.html"
FIGURES = "report.json"

_EXPLAINED = {
    "precision-recall": "Moving a threshold moves its dot along the line. The area under the line "
    "is the average precision.",
    "reliability": "On the dotted line a score is the share of messages that really have the "
    "intent. Below: how many messages got such a score.",
    "confusion": "A message can have several intents, or none; each row is one set of labels.",
    "types": "",
    "slices": "",
    "flagged": "Flags on refusals and work details are what makes people avoid innocent words.",
    "families": "The gold's own contact data, hidden by each family; the rest of the message "
    "stays.",
    "length": "",
}


def write_report(folder: Path, result: Result, outcomes: list[Outcome], *, masked: bool) -> Path:
    """Writes the page, its JSON and its charts into the folder; gives the page.

    Raises:
        InputError: the folder is a file.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file; name a folder for the report")
    folder.mkdir(parents=True, exist_ok=True)
    images = {}
    for name, chart in _charts(result, outcomes[0]):
        path = folder / f"{name}.png"
        charts.save(chart, path)
        images[name] = base64.b64encode(path.read_bytes()).decode()
    content = json.dumps(result.to_dict(), indent=2, ensure_ascii=False, allow_nan=False)
    (folder / FIGURES).write_text(content + "\n", encoding="utf-8")
    page = folder / PAGE
    page.write_text("\n".join(_page(result, outcomes, images, masked=masked)), encoding="utf-8")
    return page


def _charts(result: Result, first: Outcome) -> Iterator[tuple[str, Chart]]:
    counts, bootstrap = first.counts, Bootstrap(result.about.draws, result.about.seed)
    systems = {result.about.system: result.evaluation}
    systems |= {other.name: other.evaluation for other in result.beside}
    if counts.scores is not None:
        yield "precision-recall", charts.precision_recall(counts)
        yield "reliability", charts.reliability(counts, result.evaluation)
    yield "confusion", charts.confusion(counts)
    if result.evaluation.flags:
        yield "flagged", charts.flagged(systems)
    yield "types", charts.by_type(result.evaluation)
    yield "slices", charts.by_slice(result.slices)
    if result.robustness is not None and result.robustness.families:
        yield "families", charts.by_family(result.robustness)
    yield "length", charts.by_length(result.gold, counts, bootstrap)


def _page(
    result: Result, outcomes: list[Outcome], images: dict[str, str], *, masked: bool
) -> Iterator[str]:
    title = f"{escape(result.about.system)} on {escape(result.about.gold)}"
    yield "<!doctype html>"
    yield f'<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<style>{STYLE}</style></head><body>"
    yield f"<h1>{title}</h1>"
    yield from _header(result, masked=masked)
    yield from _figures(result.evaluation)
    yield from _beside(result)
    for comparison, outcome in zip(
        result.comparisons, [o for o in outcomes[1:] if o.kind == "model"], strict=True
    ):
        yield from _comparison(comparison, result, outcomes[0], outcome, masked=masked)
    yield "<h2>Charts</h2>"
    for name, image in images.items():
        yield f'<figure><img alt="{name}" src="data:image/png;base64,{image}">'
        yield f"<figcaption>{escape(_EXPLAINED[name])}</figcaption></figure>"
    yield from _flips(result)
    yield f"<h2>The {len(result.mistakes)} worst errors</h2>"
    yield (
        "<p>In the text: <ins>found, wrongly</ins> <del>missed</del> <mark>found, rightly</mark>."
        "</p>"
    )
    for mistake in result.mistakes:
        yield from mistake_html(mistake)
    yield "</body></html>"


def _header(result: Result, *, masked: bool) -> Iterator[str]:
    about = result.about
    rows = {
        "model": f"{about.system}" + (f", SHA-256 {about.model_sha256[:16]}…" if about.model_sha256
                                      else ""),
        "data": f"{about.gold}, {about.messages} messages"
        + (f", SHA-256 {about.gold_sha256[:16]}…" if about.gold_sha256 else ""),
        "commit": about.commit or "none",
        "command": about.command,
        "intervals": f"95 %, bootstrap over messages, {about.draws} draws, seed {about.seed}",
        "version": f"sidedoor {about.version}",
    }  # fmt: skip
    yield '<table class="about">'
    for key, value in rows.items():
        yield f"<tr><th>{key}</th><td>{escape(value)}</td></tr>"
    yield "</table>"
    if masked:
        yield "<p>Personal data, digits and context are hidden in all texts below.</p>"


def _figures(evaluation: Evaluation) -> Iterator[str]:
    yield "<h2>Intents</h2>"
    header = ("intent", "precision", "recall", "F1", "average precision", "messages")
    rows: list[tuple[str, ...]] = [
        (
            name,
            plain(scores.precision),
            plain(scores.recall),
            plain(scores.f1),
            plain(evaluation.average_precision[name]) if evaluation.average_precision else "–",
            str(scores.tp + scores.fn),
        )
        for name, scores in evaluation.intents.items()
    ]
    rows.append(("macro F1", "", "", plain(evaluation.macro_f1), "", ""))
    rows.append(("exact match", "", "", plain(evaluation.exact_match), "", ""))
    yield from _table(header, rows)
    yield "<h2>Personal data</h2>"
    spans = evaluation.spans
    yield from _table(
        ("type", "precision", "recall", "F1", "F1, IoU ≥ 0.5", "F1, characters", "spans"),
        (
            (
                kind,
                *(plain(f) for f in (scores.precision, scores.recall, scores.f1)),
                plain(spans["overlap"][kind].f1),
                plain(spans["characters"][kind].f1),
                str(scores.tp + scores.fn),
            )
            for kind, scores in spans["strict"].items()
            if scores.tp + scores.fp + scores.fn
        ),
    )


def _beside(result: Result) -> Iterator[str]:
    yield "<h2>Side by side</h2>"
    systems = {result.about.system: result.evaluation}
    systems |= {other.name: other.evaluation for other in result.beside}
    kinds = list(result.evaluation.flags)
    yield from _table(
        ("system", *(f"flagged of {kind}" for kind in kinds), "span F1", "span recall"),
        (
            (
                name,
                *(percent(found.flags[k].rate) if k in found.flags else "–" for k in kinds),
                plain(found.spans["strict"]["all"].f1),
                plain(found.spans["strict"]["all"].recall),
            )
            for name, found in systems.items()
        ),
    )


def _comparison(
    comparison: Comparison, result: Result, first: Outcome, second: Outcome, *, masked: bool
) -> Iterator[str]:
    yield f"<h2>{escape(comparison.second)} against {escape(comparison.first)}</h2>"
    yield from _table(
        ("figure", comparison.first, comparison.second, "difference", "p"),
        (
            (
                row.name,
                f"{row.first:.3f}",
                f"{row.second:.3f}",
                f"{row.difference.value:+.3f} ({row.difference.low:+.3f} to "
                f"{row.difference.high:+.3f})",
                f"{row.probability:.3f}",
            )
            for row in comparison.differences
        ),
    )
    yield from _table(
        ("McNemar", f"only {comparison.first} right", f"only {comparison.second} right", "p"),
        (
            (test.name, str(test.only_first), str(test.only_second), f"{test.probability:.3f}")
            for test in comparison.tests
        ),
    )
    for word, indices in (("better", comparison.better), ("worse", comparison.worse)):
        yield f"<details><summary>{len(indices)} messages got {word}</summary>"
        for index in indices[:SHOWN]:
            row = result.gold[index]
            was = at(row, first.predictions[index], index, first.counts.intents, masked=masked)
            now = at(row, second.predictions[index], index, first.counts.intents, masked=masked)
            yield f"<h4>{escape(comparison.first)}</h4>"
            yield from mistake_html(was)
            yield f"<h4>{escape(comparison.second)}</h4>"
            yield from mistake_html(now)
        yield "</details>"


def _flips(result: Result) -> Iterator[str]:
    if result.robustness is None:
        return
    yield "<h2>Retyped</h2><p>Innocent messages that are flagged once they are typed otherwise.</p>"
    yield from _table(
        ("retyped", "messages", "flagged", "share"),
        (
            (flips.name, str(flips.messages), str(flips.flipped), percent(flips.rate))
            for flips in result.robustness.flips
        ),
    )


def _table(header: Iterable[str], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield "<table><tr>" + "".join(f"<th>{escape(name)}</th>" for name in header) + "</tr>"
    for row in rows:
        cells: Any = (f"<td>{escape(cell)}</td>" for cell in row)
        yield "<tr>" + "".join(cells) + "</tr>"
    yield "</table>"
