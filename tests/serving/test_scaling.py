"""What can be tested of scaling without a cluster: the page's figures, and the job files."""

import re
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from benchmarks.scaling import PAGE, with_tables
from tests.serving.test_service_deployment import KNOWN

ROOT: Final = Path(__file__).parents[2]
REPLICAS: Final = ROOT / "serving" / "sidedoor" / "api" / "replicas.py"


def _pods(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []

    def look(node: Any) -> None:
        if isinstance(node, dict):
            if "containers" in node:
                found.append(node)
            for value in node.values():
                look(value)
        elif isinstance(node, list):
            for value in node:
                look(value)

    look(list(yaml.safe_load_all((ROOT / name).read_text(encoding="utf-8"))))
    return found


def test_the_pages_tables_are_those_of_the_committed_results() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert with_tables(page) == page, "run python -m benchmarks.scaling"


def test_a_page_without_its_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="lacks the marks"):
        with_tables("nothing")


def test_the_cluster_file_sets_what_the_program_sets() -> None:
    code = dict(re.findall(r'setdefault\("(\w+)", "([^"]+)"\)', REPLICAS.read_text("utf-8")))
    assert len(code) >= 5
    for pod in _pods("deploy/ray-service.yaml"):
        assert pod["enableServiceLinks"] is False
        (container,) = pod["containers"]
        variables = {entry["name"]: entry.get("value") for entry in container["env"]}
        assert {name: variables.get(name) for name in code} == code
        assert {name for name in variables if name.startswith("SIDEDOOR_")} <= set(KNOWN)


def test_the_cluster_file_names_the_builder_and_its_arguments() -> None:
    (service,) = yaml.safe_load_all((ROOT / "deploy/ray-service.yaml").read_text(encoding="utf-8"))
    config = yaml.safe_load(service["spec"]["serveConfigV2"])
    (application,) = config["applications"]
    assert application["import_path"] == "sidedoor.api.replicas:build"
    assert set(application["args"]) <= set(
        re.findall(r"^    (\w+): ", REPLICAS.read_text("utf-8").split("class Scale")[1], re.M)
    )


def test_the_job_files_start_the_trainer_resumably() -> None:
    script = ROOT / "deploy" / "training" / "slurm.sh"
    subprocess.run(["bash", "-n", script], check=True)
    (pod,) = _pods("deploy/training/kubernetes.yaml")
    (container,) = pod["containers"]
    words = {"slurm": script.read_text().split(), "kubernetes": container["args"]}
    for command in words.values():
        after = command[command.index("--no-python") + 1 :]
        assert after[:2] == ["sidedoor", "train"]
        assert "--resume" in after
    mounts = {mount["name"] for mount in container["volumeMounts"]}
    assert mounts == {volume["name"] for volume in pod["volumes"]}
