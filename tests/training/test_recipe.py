from pathlib import Path

import pytest

from sidedoor import ConfigurationError
from sidedoor_training.base_model import resolve
from sidedoor_training.recipe import read_labels, read_recipe

ROOT = Path(__file__).parents[2]
RECIPES = sorted(
    path
    for path in (ROOT / "configs").glob("*.yaml")
    if path.stem not in ("labels", "policy", "keywords")
)
MINIMAL = """\
name: tiny
base_model: base
data: {corpus: corpus, labels: labels.yaml}
optimisation: {epochs: 1}
"""


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_the_shipped_recipes_are_well_formed(path: Path) -> None:
    recipe = read_recipe(path)
    assert recipe.data.corpus == ROOT / "training" / "corpus"
    assert read_labels(recipe.data.labels).intents[0] == "solicit-contact"


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text(MINIMAL)
    assert read_recipe(tmp_path / "r.yaml").data.corpus == tmp_path / "corpus"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("epochs: 1", "epochs: 0"), "optimisation.epochs"),
        (("epochs: 1", "epochs: 1, momentum: 2"), "optimisation.momentum"),
        (("name: tiny", "name: Tiny Model"), "name"),
        (("base_model: base\n", ""), "base_model"),
        (("labels.yaml}", "labels.yaml, typing_noise: 3}"), "data.typing_noise"),
        (("name: tiny", "name: [tiny"), "no YAML"),
    ],
)
def test_a_broken_recipe_is_refused(tmp_path: Path, change: tuple[str, str], says: str) -> None:
    (tmp_path / "r.yaml").write_text(MINIMAL.replace(*change))
    with pytest.raises(ConfigurationError, match=says):
        read_recipe(tmp_path / "r.yaml")


def test_labels_named_twice_are_refused(tmp_path: Path) -> None:
    (tmp_path / "l.yaml").write_text("intents: [a, a]\npii_types: [B]\n")
    with pytest.raises(ConfigurationError, match="twice"):
        read_labels(tmp_path / "l.yaml")


def test_a_base_model_is_a_folder_a_package_or_a_hub_id(tmp_path: Path) -> None:
    assert resolve(str(tmp_path)) == str(tmp_path)
    packaged = Path(resolve("sentence-transformers/all-MiniLM-L6-v2"))
    assert (packaged / "model.safetensors").is_file()
    assert resolve("someone/some-model") == "someone/some-model"
    with pytest.raises(ConfigurationError, match="does not exist"):
        resolve("./nowhere")
