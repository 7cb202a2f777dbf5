"""The playground in a real Chromium: what a person sees and does, and what it must not load."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Request, expect
from tests.serving.chromium import chromium
from tests.serving.service import Service, running

pytestmark = pytest.mark.slow

KEY = "a-key-of-sixteen-or-more"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def service(model_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    output = tmp_path_factory.mktemp("browser") / "log"
    with running(model_folder, output) as service:
        yield service


class _Watched:
    """A page with all that it loaded and complained about."""

    def __init__(self, page: Page, port: int) -> None:
        self.page = page
        self.requested: list[str] = []
        self.complaints: list[str] = []
        page.on("request", self._note)
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.address = f"http://127.0.0.1:{port}/"

    def _note(self, request: Request) -> None:
        self.requested.append(request.url)

    def open(self, path: str = "") -> Page:
        self.page.goto(self.address + path)
        return self.page

    def check(self) -> None:
        assert self.complaints == []
        assert all(url.startswith((self.address, "data:")) for url in self.requested)


@pytest.fixture
def watched(browser: Browser, service: Service) -> Iterator[_Watched]:
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    watched = _Watched(context.new_page(), service.port)
    yield watched
    context.close()


def test_each_example_is_analysed_and_shown(watched: _Watched) -> None:
    page = watched.open()
    choices = page.locator("#example option").all_inner_texts()[1:]
    assert len(choices) >= 8
    for choice in choices:
        page.get_by_label("Example").select_option(label=choice)
        expect(page.locator("#reason")).not_to_be_empty()
        expect(page.locator("#intents .intent")).to_have_count(3)
        expect(page.locator("#ms")).to_have_text(re.compile(r"^[\d.]+ ms$"))
        answer = json.loads(page.locator("#json").text_content() or "")
        assert page.locator("#action").inner_text().lower() == answer["action"]
    watched.check()


def test_spans_and_evidence_stand_where_they_are_under_emoji(watched: _Watched) -> None:
    page = watched.open()
    text = "😉😉 jo 😉 07 45 👩‍👩‍👧 x"
    page.locator("#text").fill(text)
    page.keyboard.press("Control+Enter")
    page.locator("#result").wait_for()
    assert page.locator("#marked").evaluate("node => node.textContent") == text
    answer = json.loads(page.locator("#json").text_content() or "")
    assert answer["pii"]
    marked = page.locator("#marked mark").evaluate_all("nodes => nodes.map(n => n.textContent)")
    assert marked == [span["text"] for span in answer["pii"]]
    watched.check()


def test_choosing_an_intent_shows_its_evidence(watched: _Watched) -> None:
    page = watched.open()
    page.get_by_label("Example").select_option(index=1)
    page.locator("#result").wait_for()
    answer = json.loads(page.locator("#json").text_content() or "")
    for intent, words in answer["evidence"].items():
        page.locator(f"#intents input[value={intent}]").check(force=True)
        expect(page.locator("#shown")).to_have_text(intent)
        weights = page.locator("#marked .word").evaluate_all("nodes => nodes.map(n => n.title)")
        assert {f"+{word['weight']:g}" for word in words} == set(weights)
    watched.check()


def test_everything_can_be_done_by_keyboard(watched: _Watched) -> None:
    page = watched.open()
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    for _ in range(3):
        page.keyboard.press("Tab")
    expect(page.locator("#text")).to_be_focused()
    page.keyboard.type("write me at jo@fern.co")
    for name in ("#surface", "#sender", "#add"):
        page.keyboard.press("Tab")
        expect(page.locator(name)).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.type("how can I reach you?")
    page.keyboard.press("Control+Enter")
    page.locator("#result").wait_for()
    page.locator("#intents input:checked").focus()
    before = page.locator("#shown").inner_text()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#shown")).not_to_have_text(before)
    page.locator("summary", has_text="curl").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#curl")).to_contain_text("how can I reach you?")
    watched.check()


def test_the_copied_curl_gives_the_shown_answer(watched: _Watched) -> None:
    page = watched.open()
    page.locator("#text").fill('it\'s "quoted" \\ and $HOME `id` 😉')
    page.keyboard.press("Control+Enter")
    page.locator("summary", has_text="curl").click()
    page.locator("#copy").click()
    expect(page.locator("#copy")).to_have_text("Copied")
    command = page.evaluate("navigator.clipboard.readText()")
    done = subprocess.run(["bash", "-c", command], capture_output=True, check=True)
    shown = json.loads(page.locator("#json").text_content() or "")
    assert json.loads(done.stdout)["intents"] == shown["intents"]


def test_up_to_three_earlier_messages_are_sent(watched: _Watched) -> None:
    page = watched.open()
    for k in range(3):
        page.locator("#add").click()
        page.locator("#turns input").nth(k).fill(f"earlier {k}")
    expect(page.locator("#add")).to_be_hidden()
    page.locator("#turns button").nth(1).click()
    page.locator("#text").fill("and now")
    page.keyboard.press("Control+Enter")
    page.locator("#result").wait_for()
    shown = page.locator("#curl").text_content() or ""
    assert "earlier 0" in shown
    assert "earlier 1" not in shown
    assert "earlier 2" in shown
    watched.check()


def test_an_error_is_shown_and_goes_again(watched: _Watched) -> None:
    page = watched.open()
    page.locator("#text").fill("x" * 20_001)
    expect(page.get_by_role("alert")).to_contain_text("20000")
    page.locator("#text").fill("hello")
    expect(page.get_by_role("alert")).to_be_hidden()
    page.locator("#text").fill("<img src=x onerror=alert(1)>")
    expect(page.locator("#marked")).to_contain_text("onerror")
    assert page.locator("#marked img").count() == 0


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1240])
def test_the_page_fits_its_window_and_is_legible(
    browser: Browser, service: Service, theme: str, width: int
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 800})
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    page.goto(f"http://127.0.0.1:{service.port}/")
    page.get_by_label("Example").select_option(index=2)
    page.locator("#result").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for selector in ("#reason", "#action", ".hint", ".intent .name", "button[type=submit]"):
        assert _contrast(page, selector) >= 4.5, selector
    page.close()


def test_the_reference_loads_nothing_from_elsewhere(watched: _Watched) -> None:
    page = watched.open("docs")
    expect(page.locator("h2").first).to_contain_text("/v1/analyze")
    watched.check()


def test_a_page_without_a_key_asks_for_it(
    browser: Browser, model_folder: Path, tmp_path: Path
) -> None:
    with running(model_folder, tmp_path / "log", api_keys=KEY) as service:
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{service.port}/")
        page.get_by_label("API key").fill(KEY)
        page.locator("#text").fill("hello")
        page.keyboard.press("Control+Enter")
        expect(page.locator("#reason")).not_to_be_empty()
        page.close()


def _contrast(page: Page, selector: str) -> float:
    """The contrast after WCAG 2 of an element's text with what is painted behind it."""
    front, back = page.locator(selector).first.evaluate(
        """node => {
          const canvas = document.createElement("canvas").getContext("2d");
          const paint = (colours) => {
            for (const colour of colours) {
              canvas.fillStyle = colour;
              canvas.fillRect(0, 0, 1, 1);
            }
            return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
          };
          const behind = [];
          for (let n = node; n; n = n.parentElement) {
            behind.unshift(getComputedStyle(n).backgroundColor);
          }
          return [paint([...behind, getComputedStyle(node).color]), paint(behind)];
        }"""
    )
    light, dark = sorted((_luminance(front), _luminance(back)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: list[int]) -> float:
    parts = [part / 255 for part in colour]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
