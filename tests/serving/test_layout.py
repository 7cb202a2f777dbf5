from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CODE = ("serving", "training", "onnx", "evaluation")


@pytest.mark.parametrize("folder", CODE)
def test_no_code_folder_holds_a_module_directly(folder: str) -> None:
    assert not list((ROOT / folder).glob("*.py"))


@pytest.mark.parametrize("folder", CODE)
def test_each_package_is_typed(folder: str) -> None:
    (package,) = (ROOT / folder).glob("sidedoor*")
    assert (package / "__init__.py").is_file()
    assert (package / "py.typed").is_file()


def test_onnx_is_the_library_and_not_our_folder() -> None:
    checker = pytest.importorskip("onnx.checker")
    assert ROOT / "onnx" not in Path(checker.__file__).parents
