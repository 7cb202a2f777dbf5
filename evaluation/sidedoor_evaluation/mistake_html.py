"""A message with its errors, as a block of the report's page."""

from collections.abc import Iterator
from html import escape

from sidedoor_evaluation.mistakes import Mistake


def mistake_html(mistake: Mistake) -> Iterator[str]:
    """The lines of its block: where it stands, what came before, the text, both verdicts."""
    where = ", ".join(part for part in (mistake.surface, mistake.sender) if part)
    said = " + ".join(mistake.found_intents) or "none"
    right = " + ".join(mistake.gold_intents) or "none"
    scores = ", ".join(f"{name} {score:.2f}" for name, score in mistake.scores.items())
    yield f'<div class="message"><p class="id">{escape(mistake.id)} {escape(where)}</p>'
    for text in mistake.context:
        yield f'<p class="before">{escape(text)}</p>'
    yield f'<p class="text">{_marked(mistake)}</p>'
    verdict = "" if mistake.found_intents == mistake.gold_intents else ' class="wrong"'
    yield f"<p{verdict}>model: {escape(said)}; label: {escape(right)} <small>{escape(scores)}"
    yield "</small></p></div>"


def _marked(mistake: Mistake) -> str:
    """The text with each span as mark (right), ins (wrong) or del (missed)."""
    right = set(mistake.gold_pii) & set(mistake.found_pii)
    spans = sorted(
        [(span, "mark") for span in right]
        + [(span, "ins") for span in mistake.found_pii if span not in right]
        + [(span, "del") for span in mistake.gold_pii if span not in right],
        key=lambda entry: (entry[0].start, entry[0].end),
    )
    made, end, extra = "", 0, ""
    for span, tag in spans:
        label = f'<{tag} title="{span.type}">'
        if span.start < end:
            extra += f" {label}{escape(mistake.text[span.start : span.end])}</{tag}>"
            continue
        made += escape(mistake.text[end : span.start])
        shown = escape(mistake.text[span.start : span.end])
        made += f"{label}{shown}<sub>{span.type}</sub></{tag}>"
        end = span.end
    made += escape(mistake.text[end:])
    return made + (f' <span class="also">also:{extra}</span>' if extra else "")
