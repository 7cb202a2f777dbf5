"""The description of the API against the real process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.serving.service import running

PROGRAM = Path(sys.executable).with_name("schemathesis")


@pytest.mark.slow
def test_the_service_keeps_what_its_description_promises(
    model_folder: Path, tmp_path: Path
) -> None:
    with running(model_folder, tmp_path / "log") as service:
        done = subprocess.run(
            [
                PROGRAM,
                "run",
                f"http://127.0.0.1:{service.port}/openapi.json",
                "--max-examples=40",
                "--seed=1",
                "--generation-database=none",
                "--no-color",
            ],
            cwd=tmp_path,
            env={**os.environ, "PYTHONWARNINGS": "ignore"},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
        assert service.metric("sidedoor_requests_total") > 200
        assert "sidedoor.crash" not in service.written
