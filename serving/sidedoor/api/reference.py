"""The API reference as one HTML page, made from the OpenAPI description; it needs no script."""

import json
from html import escape
from typing import Any

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Sidedoor · API reference</title>
<link rel="icon" href="icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="style.css">
</head>
<body>
<header>
  <img src="icon.svg" alt="" width="36" height="36">
  <div><h1>Sidedoor API</h1><p>{description}</p></div>
  <nav><a href="openapi.json">OpenAPI</a></nav>
</header>
<main class="reference">
{sections}
</main>
</body>
</html>
"""


def reference(openapi: dict[str, Any]) -> str:
    """The page for an OpenAPI description."""
    operations = [
        _operation(method, path, operation)
        for path, methods in openapi["paths"].items()
        for method, operation in methods.items()
    ]
    schemas = [_schema(name, part) for name, part in openapi["components"]["schemas"].items()]
    return _PAGE.format(
        description=escape(openapi["info"]["description"]),
        sections="\n".join([*operations, *schemas]),
    )


def _operation(method: str, path: str, operation: dict[str, Any]) -> str:
    parts = [
        f'<h2><span class="method">{method.upper()}</span> <code>{escape(path)}</code></h2>',
        f"<p>{escape(operation.get('description', ''))}</p>",
    ]
    if parameters := operation.get("parameters"):
        rows = [
            [f"<code>{escape(entry['name'])}</code>", _type(entry["schema"]), _about(entry)]
            for entry in parameters
        ]
        parts += ["<h3>Query</h3>", _table(rows)]
    if body := operation.get("requestBody"):
        schema = body["content"]["application/json"]["schema"]
        parts += ["<h3>Body</h3>", f"<p>{_type(schema)}</p>"]
    answers = [
        [f"<code>{status}</code>", _answer_type(answer), _about(answer)]
        for status, answer in operation["responses"].items()
    ]
    parts += ["<h3>Answers</h3>", _table(answers)]
    return "<section>\n" + "\n".join(parts) + "\n</section>"


def _schema(name: str, schema: dict[str, Any]) -> str:
    required = schema.get("required", [])
    rows = [
        [
            f"<code>{escape(field)}</code>" + (" *" if field in required else ""),
            _type(part),
            escape(_limits(part)),
        ]
        for field, part in schema.get("properties", {}).items()
    ]
    parts = [
        f'<h2 id="{escape(name)}"><code>{escape(name)}</code></h2>',
        f"<p>{escape(schema.get('description', ''))}</p>",
        _table(rows),
    ]
    for example in schema.get("examples", []):
        text = escape(json.dumps(example, indent=2, ensure_ascii=False))
        parts += ["<h3>Example</h3>", f'<pre tabindex="0"><code>{text}</code></pre>']
    return "<section>\n" + "\n".join(parts) + "\n</section>"


def _answer_type(answer: dict[str, Any]) -> str:
    content = answer.get("content", {})
    return " ".join(_type(entry["schema"]) for entry in content.values() if "schema" in entry)


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f'<a href="#{name}">{name}</a>'
    if "anyOf" in schema:
        return " or ".join(_type(part) for part in schema["anyOf"])
    if "enum" in schema:
        return " or ".join(f"<code>{escape(str(value))}</code>" for value in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_type(schema['items'])}"
    if isinstance(values := schema.get("additionalProperties"), dict):
        return f"object of {_type(values)}"
    return escape(str(schema.get("const", schema.get("type", "anything"))))


def _limits(schema: dict[str, Any]) -> str:
    parts = [schema, *schema.get("anyOf", [])]
    names = {
        "maxLength": "at most {} code points",
        "maxItems": "at most {}",
        "minItems": "at least {}",
    }
    return ", ".join(
        text.format(part[key]) for part in parts for key, text in names.items() if key in part
    )


def _about(entry: dict[str, Any]) -> str:
    return escape(entry.get("description", ""))


def _table(rows: list[list[str]]) -> str:
    lines = "\n".join(
        "<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f'<div class="wide"><table>\n{lines}\n</table></div>'
