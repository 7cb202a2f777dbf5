"""What can be tested of the deployment without a container engine, and the table of settings."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from tests.serving.service import environment

from sidedoor.api.settings import Settings, load_settings
from sidedoor.errors import ConfigurationError

ROOT: Final = Path(__file__).parents[2]
KNOWN: Final = {f"SIDEDOOR_{name.upper()}": field for name, field in Settings.model_fields.items()}


def _read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_the_table_of_settings_holds_all_of_them_with_their_defaults() -> None:
    rows = re.findall(r"^\| `(SIDEDOOR_\w+)` \| (.+?) \|", _read("docs/operations.md"), re.M)
    assert {name for name, _ in rows} == set(KNOWN)
    for name, default in rows:
        if default.startswith("`"):
            value = KNOWN[name].default
            shown = str(value).lower() if isinstance(value, bool) else str(value)
            assert default == f"`{shown}`", name


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SIDEDOOR_PORT", "http"),
        ("SIDEDOOR_PORT", "70000"),
        ("SIDEDOOR_QUEUE", "0"),
        ("SIDEDOOR_DEADLINE_S", "nan"),
        ("SIDEDOOR_LOG_FORMAT", "xml"),
        ("SIDEDOOR_API_KEYS", "a-long-enough-key-1,short"),
        ("SIDEDOOR_NO_SUCH", "1"),
    ],
)
def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError, match=name) as caught:
        load_settings()
    assert "short" not in str(caught.value)
    assert "a-long-enough-key-1" not in str(caught.value)


def test_an_option_goes_before_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIDEDOOR_PORT", "8001")
    assert load_settings(port=8002, host=None).port == 8002
    assert load_settings(port=None).port == 8001


@pytest.mark.parametrize(
    "name", ["deploy/Dockerfile", "deploy/compose.yaml", "deploy/kubernetes.yaml"]
)
def test_deployment_files_name_existing_settings(name: str) -> None:
    assert set(re.findall(r"\bSIDEDOOR_[A-Z_]+\b(?!=tcp)", _read(name))) <= set(KNOWN) | {
        "SIDEDOOR_PORT"
    }


def test_the_manifest_probes_existing_paths_and_gives_the_end_its_time() -> None:
    deployment: dict[str, Any] = next(yaml.safe_load_all(_read("deploy/kubernetes.yaml")))
    pod = deployment["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    probes = [container[f"{kind}Probe"]["httpGet"]["path"] for kind in ("liveness", "readiness")]
    assert probes == ["/healthz", "/readyz"]
    variables = {entry["name"]: entry.get("value") for entry in container["env"]}
    stop_s = Settings.model_fields["stop_s"].default
    assert pod["terminationGracePeriodSeconds"] > float(variables["SIDEDOOR_DRAIN_S"] or 0) + stop_s
    assert pod["enableServiceLinks"] is False
    assert container["resources"]["limits"]["memory"]


def test_compose_mounts_what_exists() -> None:
    compose = yaml.safe_load(_read("deploy/compose.yaml"))
    volumes = compose["services"]["prometheus"]["volumes"]
    assert (ROOT / "deploy" / volumes[0].split(":")[0]).is_file()
    assert compose["services"]["sidedoor"]["read_only"] is True


def test_the_image_copies_what_exists_and_installs_no_torch() -> None:
    copied = re.findall(r"^COPY ((?:[\w./]+ )+)\S+$", _read("deploy/Dockerfile"), re.M)
    for name in " ".join(copied).split():
        assert (ROOT / name).exists(), name
    assert ".[api]" in _read("deploy/Dockerfile")


@pytest.mark.slow
def test_the_images_install_step_serves_in_a_clean_environment(
    model_folder: Path, tmp_path: Path
) -> None:
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "env"], check=True)
    python = tmp_path / "env" / "bin" / "python"
    arguments = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", f"{ROOT}[api]"]
    subprocess.run([str(python), *arguments], check=True, cwd=tmp_path)
    program = (
        "import sidedoor.cli as c, sidedoor.api.pages as p, importlib.util as u, sys;"
        "assert u.find_spec('torch') is None;"
        "assert (p.FOLDER / 'playground.js').is_file();"
        "assert '/env/' in c.__file__, c.__file__;"
        "sys.argv = ['sidedoor', 'serve', '--host', '0.0.0.0']; c.main()"
    )
    done = subprocess.run(
        [python, "-c", program],
        cwd=tmp_path,
        env=environment(model=model_folder),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "SIDEDOOR_API_KEYS" in done.stderr
