"""Makes the pictures of the README anew, from the demo: `bin/pictures`.

What is shown is the demo's open retro: first while the two write alone, then opened, with a card on the table.
"""

from __future__ import annotations

import base64
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from tests.browser import CHROMIUM_FLAGS, SETTLED, chromium
from tests.served import ROOT, Served

FOLDER = ROOT / "docs" / "pictures"
SIZE: ViewportSize = {
    "width": 1120,
    "height": 760,
}  # pixels; the README shows them half as wide, so they are sharp on fine screens
QUALITY = 85  # of WebP, of 100
SCHEMES: tuple[Any, ...] = ("light", "dark")


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    expect.set_options(timeout=30_000)  # ms
    with tempfile.TemporaryDirectory(prefix="twofold-pictures-") as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_FLAGS)
        served = Served(Path(folder), TWOFOLD_DEMO="1")
        served.url = served.env["TWOFOLD_BASE_URL"] = f"http://localhost:{served.port}"
        served.prepare()
        served.manage("demo")
        served.start()
        try:
            priya, daniel = (in_the_room(browser, served, name) for name in ("priya", "daniel"))
            show_alone(priya)
            show_the_table(priya, daniel)
        finally:
            served.stop()
            browser.close()


def in_the_room(browser: Browser, served: Served, name: str) -> Page:
    page = browser.new_page(viewport=SIZE, reduced_motion="reduce")
    page.goto(f"http://{name}.localhost:{served.port}/")
    page.goto(page.url.replace("/partnerships/", "/together/"))
    expect(page.locator("html")).to_have_attribute("data-connection", "live")
    return page


def show_alone(priya: Page) -> None:
    priya.reload()  # while the two write alone, who came is seen with the next look
    expect(priya.get_by_text("Here", exact=True)).to_have_count(2)
    keep(priya, "alone")


def show_the_table(priya: Page, daniel: Page) -> None:
    priya.get_by_role("button", name="I’m ready").click()
    daniel.get_by_role("button", name="Ready, and open both").click()
    daniel.get_by_role("button", name="Pick").first.click()
    priya.get_by_role("button", name="Put on the table").first.click()
    expect(priya.get_by_label("What came up").first).to_be_visible()
    keep(priya, "together")


def keep(page: Page, name: str) -> None:
    """The window as it stands, light and dark."""
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.evaluate(SETTLED)
        taken = page.context.new_cdp_session(page).send(
            "Page.captureScreenshot", {"format": "webp", "quality": QUALITY}
        )
        (FOLDER / f"{name}-{scheme}.webp").write_bytes(base64.b64decode(taken["data"]))


if __name__ == "__main__":
    main()
