"""The commands `sidedoor policy check` and `sidedoor policy replay`."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track

from sidedoor import Analysis, Analyzer, Message, Policy
from sidedoor.errors import InputError
from sidedoor.model_folder import DEFAULT, read_config
from sidedoor.rows import STANDARD, Rows, written_whole

app = typer.Typer(help="Checks a policy, and tries it on a log.", no_args_is_help=True)

ModelOption = Annotated[Path, typer.Option("--model", help="Model folder.")]


@app.command()
def check(
    policy: Annotated[Path, typer.Argument(metavar="POLICY.yaml", help="Policy file.")],
    model: ModelOption = DEFAULT,
) -> None:
    """Finds dead rules, unreachable actions and unknown labels."""
    from sidedoor_evaluation.policy_check import check as problems_of

    problems = problems_of(Policy.load(policy), read_config(model))
    console = Console(highlight=False, markup=False, soft_wrap=True)
    for problem in problems:
        console.print(problem)
    if problems:
        raise typer.Exit(2)
    console.print("no problems found")


@app.command()
def replay(
    log: Annotated[str, typer.Argument(metavar="LOG.jsonl", help="Messages, one a line.")],
    policy: Annotated[Path, typer.Option("--policy", help="The policy to try.")],
    against: Annotated[
        Path | None, typer.Option("--against", help="The policy that holds now.")
    ] = None,
    model: ModelOption = DEFAULT,
    examples: Annotated[int, typer.Option(help="Messages shown a rule, or a change.", min=0)] = 2,
    mask: Annotated[bool, typer.Option("--mask", help="Hide personal data in them.")] = False,
    json_file: Annotated[
        str | None, typer.Option("--json", metavar="FILE", help="Write all as JSON; or -.")
    ] = None,
) -> None:
    """Counts what each rule would have touched, and what would change."""
    from sidedoor_evaluation.policy_replay import replay as replayed
    from sidedoor_evaluation.policy_replay import tables

    new, old = Policy.load(policy), Policy.load(against) if against else None
    analyzer = Analyzer.load(model, policy=new)
    if old is not None:
        config = analyzer.config
        old.check_labels([intent.name for intent in config.intents], config.pii_types)
    found = replayed(_analysed(log, analyzer), new, old, examples=examples, masked=mask)
    if not found.messages:
        raise InputError(f"{log} holds no messages; give a file with one message a line")
    if json_file is not None:
        with written_whole(json_file) as file:
            json.dump(found.to_dict(), file, indent=2, ensure_ascii=False)
            file.write("\n")
    if json_file != STANDARD:
        for table in tables(found):
            Console(markup=False).print(table)


def _analysed(log: str, analyzer: Analyzer) -> Iterator[tuple[Message, Analysis]]:
    messages = list(Rows(log))
    analyses = track(
        analyzer.analyze_many(messages),
        description="analysing",
        total=len(messages),
        console=Console(stderr=True),
        transient=True,
    )
    return zip(messages, analyses, strict=True)
