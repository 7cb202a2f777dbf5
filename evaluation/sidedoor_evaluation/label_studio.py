"""Label Studio's tasks: spans as `labels`, intents as `choices`, everything else in `data`.

`INTERFACE` is the labelling interface that such tasks are shown with.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from sidedoor.errors import InputError
from sidedoor_evaluation.gold import GoldRow, GoldSpan, gold_row
from sidedoor_evaluation.utf16 import from_utf16, to_utf16


def interface(intents: Sequence[str], types: Sequence[str]) -> str:
    """The labelling interface (XML) for these labels."""
    choices = "\n".join(f'    <Choice value="{name}"/>' for name in intents)
    labels = "\n".join(f'    <Label value="{name}"/>' for name in types)
    return f"""<View>
  <Header value="$surface / $sender"/>
  <Paragraphs name="before" value="$context" nameKey="sender" textKey="text" layout="dialogue"/>
  <Labels name="pii" toName="text">
{labels}
  </Labels>
  <Text name="text" value="$text"/>
  <Choices name="intents" toName="text" choice="multiple">
{choices}
  </Choices>
</View>
"""


def tasks(rows: Sequence[GoldRow], *, proposed: bool = False) -> list[dict[str, Any]]:
    """Rows as tasks; `proposed` labels are shown to be corrected, others count as done."""
    return [_task(row, "predictions" if proposed else "annotations") for row in rows]


def read(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of an exported file (JSON), in the annotation format.

    Raises:
        InputError: the file is no export, or a task is unlabelled, malformed, or has offsets
            that do not fit its text; the error names the task.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path} can't be read: {error.strerror}") from None
    except ValueError as error:
        raise InputError(f"{path} is no JSON: {error}; export with the format JSON") from None
    if not isinstance(content, list):
        raise InputError(f"{path} is no list of tasks; export with the format JSON")
    for number, task in enumerate(content, 1):
        try:
            yield _row(task)
        except InputError as error:
            raise InputError(f"{path}: task {number}: {error}") from None
        except (KeyError, TypeError, AttributeError, IndexError) as error:
            raise InputError(
                f"{path}: task {number} is none of this interface ({type(error).__name__}: "
                f"{error}); make the project with `sidedoor labels interface`"
            ) from None


def _task(row: GoldRow, kind: str) -> dict[str, Any]:
    data = {key: value for key, value in row.fields.items() if key not in ("intents", "pii")}
    for key, empty in (("context", []), ("surface", None), ("sender", None)):
        data.setdefault(key, empty)
    result = [_region(index, row, span) for index, span in enumerate(row.pii)]
    labels = [name for name in row.fields["intents"] if name in row.intents]
    if labels:
        choices = {"choices": labels}
        names = {"id": "intents", "from_name": "intents", "to_name": "text", "type": "choices"}
        result.append({**names, "value": choices})
    return {"data": data, "meta": {"row_keys": list(row.fields)}, kind: [{"result": result}]}


def _region(index: int, row: GoldRow, span: GoldSpan) -> dict[str, Any]:
    text = row.message.text
    return {
        "id": f"span-{index}",
        "from_name": "pii",
        "to_name": "text",
        "type": "labels",
        "value": {
            "start": to_utf16(text, span.start),
            "end": to_utf16(text, span.end),
            "text": text[span.start : span.end],
            "labels": [span.type],
        },
    }


def _row(task: dict[str, Any]) -> dict[str, Any]:
    done = [entry for entry in task.get("annotations", ()) if not entry.get("was_cancelled")]
    if not done:
        raise InputError("no one has labelled it; finish the project or export labelled tasks only")
    data, result = task["data"], done[-1]["result"]
    intents = [
        name
        for entry in result
        if entry["from_name"] == "intents"
        for name in entry["value"]["choices"]
    ]
    spans = [_span(data["text"], entry["value"]) for entry in result if entry["type"] == "labels"]
    spans.sort(key=lambda span: int(span["start"]))
    fields = {**data, "intents": intents, "pii": spans}
    fields.setdefault("id", str(task.get("id")))
    keys = task.get("meta", {}).get("row_keys") or list(fields)
    row = {key: fields[key] for key in keys}
    gold_row(row)
    return row


def _span(text: str, value: dict[str, Any]) -> dict[str, Any]:
    """A region's span. Its copy of the text tells whether its offsets are what they should be."""
    start, end = from_utf16(text, value["start"]), from_utf16(text, value["end"])
    copied = value.get("text")
    if copied is not None and "".join(copied.split()) != "".join(text[start:end].split()):
        raise InputError(
            f"the region {value['start']}…{value['end']} does not hold the text that it was drawn "
            "over; was the text changed after the import?"
        )
    return {"type": value["labels"][0], "start": start, "end": end}
