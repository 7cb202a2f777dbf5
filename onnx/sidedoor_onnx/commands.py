"""The command `sidedoor export`; heavy imports wait for the call."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from sidedoor.errors import MissingExtraError

app = typer.Typer()


@app.command()
def export(
    checkpoint: Annotated[Path, typer.Argument(help="Folder that `sidedoor train` named.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Model folder to write.")],
    fp32: Annotated[bool, typer.Option("--fp32", help="Keep the weights in float.")] = False,
) -> None:
    """Makes a model folder: ONNX, fused, int8, verified against the checkpoint, calibrated."""
    try:
        from sidedoor_onnx.export import export_checkpoint
    except ImportError as error:
        raise MissingExtraError("export", error.name or "onnx") from None
    report = export_checkpoint(checkpoint, output, int8=not fp32)
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"torch to ONNX in float: largest difference {report.torch_difference:.1e}")
    if report.int8_agreement:
        console.print(
            f"float to int8 on the validation split: {report.int8_agreement.labels:.2%} of the "
            f"messages get the same labels, spans agree with F1 {report.int8_agreement.spans:.2%}"
        )
    for intent in report.intents:
        console.print(
            f"{intent.name}: temperature {intent.temperature:.3f}, bias {intent.bias:+.3f}, "
            f"threshold {intent.threshold:.3f}"
        )
    console.print(f"{output}: {report.size_bytes / 1e6:.1f} MB")
