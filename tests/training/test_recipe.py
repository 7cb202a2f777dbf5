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


def test_a_recipe_extends_another_section_by_section(tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text(MINIMAL)
    (tmp_path / "s.yaml").write_text(
        "extends: r.yaml\nstart_from: run\noptimisation: {seed: 2}\n"
        "distillation: {teachers: [first, ../second]}\n"
    )
    (tmp_path / "t.yaml").write_text("extends: s.yaml\nname: third\nstart_from: null\n")
    recipe = read_recipe(tmp_path / "t.yaml")
    assert (recipe.name, recipe.start_from, recipe.base_model) == ("third", None, "base")
    assert (recipe.optimisation.seed, recipe.optimisation.epochs) == (2, 1)
    assert recipe.distillation is not None
    assert recipe.distillation.teachers == [tmp_path / "first", tmp_path.parent / "second"]


@pytest.mark.parametrize("below", ["s.yaml", "t.yaml", "folder/r.yaml", "7"])
def test_a_recipe_that_extends_itself_or_no_neighbour_is_refused(
    tmp_path: Path, below: str
) -> None:
    (tmp_path / "s.yaml").write_text("extends: t.yaml\n")
    (tmp_path / "t.yaml").write_text(f"extends: {below}\n")
    with pytest.raises(ConfigurationError, match="extends: must name another recipe"):
        read_recipe(tmp_path / "s.yaml")


def test_a_recipe_below_that_is_missing_is_named(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text("extends: r.yaml\n")
    with pytest.raises(ConfigurationError, match=r"r\.yaml can't be read"):
        read_recipe(tmp_path / "s.yaml")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("epochs: 1", "epochs: 0"), "optimisation.epochs"),
        (("epochs: 1", "epochs: 1, momentum: 2"), "optimisation.momentum"),
        (("name: tiny", "name: Tiny Model"), "name"),
        (("base_model: base\n", ""), "base_model"),
        (("labels.yaml}", "labels.yaml, typing_noise: 3}"), "data.typing_noise"),
        (("name: tiny", "name: [tiny"), "no YAML"),
        (("data:", "distillation: {teachers: []}\ndata:"), "distillation.teachers"),
        (("data:", "distillation: {teachers: [a], hidden_weight: -1}\ndata:"), "hidden_weight"),
        (
            ("data:", "narrow_to: {hidden_size: 64, heads: 3, intermediate_size: 9}\ndata:"),
            "narrow_to: .*a multiple of heads",
        ),
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
