"""Renews the screenshots of the playground in `docs/images`.

python -m tests.serving.screenshots [--model DIR]
"""

import argparse
import tempfile
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser
from tests.serving.chromium import chromium
from tests.serving.service import running

from sidedoor.model_folder import DEFAULT

FOLDER = Path(__file__).parents[2] / "docs" / "images"
EXAMPLE = "Invitation with a number"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=DEFAULT)
    parser.add_argument("-o", "--output", type=Path, default=FOLDER)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:  # noqa: SIM117  (the order matters)
        with running(options.model, Path(work) / "log") as service, chromium() as browser:
            address = f"http://127.0.0.1:{service.port}"
            for theme in ("light", "dark"):
                _picture(browser, address, theme, 1240, options.output / f"playground-{theme}.png")
            _picture(browser, address, "light", 390, options.output / "playground-phone.png")


def _picture(
    browser: Browser, address: str, theme: Literal["light", "dark"], width: int, path: Path
) -> None:
    page = browser.new_page(
        color_scheme=theme, viewport={"width": width, "height": 800}, device_scale_factor=1
    )
    page.goto(address)
    page.get_by_label("Example").select_option(label=EXAMPLE)
    page.locator("#result").wait_for()
    page.locator("#decision").scroll_into_view_if_needed()
    page.mouse.move(0, 0)
    page.screenshot(path=path, full_page=True)
    page.close()


if __name__ == "__main__":
    main()
