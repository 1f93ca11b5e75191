"""Say how long the lab takes to answer, on a page as narrow as a phone's and a slowed processor.

    python -m tools.lab_speed [SLOWER]

In each section, with those around it that are in sight, the shared picture is changed and the time
until the browser has drawn a frame is taken; the first line is that of a frame alone, in which
nothing changed. SLOWER is by how much the processor is slowed, 4 unless said otherwise. `make book`
first.
"""

import sys

from playwright.sync_api import sync_playwright

from tools.browser import find_browser
from tools.digests import ROOT

PAGE = ROOT / "_build" / "html" / "book" / "lab.html"
PHONE = (390, 844)
CHANGES = 60
ANSWER = """async ([changes, change]) => {
  const milliseconds = [];
  for (let n = 0; n < changes; n++) {
    const begun = performance.now();
    if (change) autoencoderLab.change({ picture: n % 20, strokes: [] });
    await new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)));
    milliseconds.push(performance.now() - begun);
  }
  return milliseconds.sort((a, b) => a - b);
}"""


def main() -> None:
    """Measure each section."""
    slower = float(sys.argv[1]) if len(sys.argv) > 1 else 4
    with sync_playwright() as playwright:
        program = find_browser(playwright.chromium.executable_path)
        browser = playwright.chromium.launch(executable_path=program)
        width, height = PHONE
        page = browser.new_page(viewport={"width": width, "height": height})
        page.goto(PAGE.as_uri())
        sections = page.locator("[data-lab]").all()
        for section in sections:
            section.scroll_into_view_if_needed()
            page.wait_for_function(
                "e => e.matches('.lab-live')", arg=section.element_handle(), timeout=60_000
            )
        throttle = page.context.new_cdp_session(page)
        throttle.send("Emulation.setCPUThrottlingRate", {"rate": slower})
        print(f"{'milliseconds':12} median   95 %")
        say("a frame", page.evaluate(ANSWER, [CHANGES, False]))
        for section in sections:
            section.scroll_into_view_if_needed()
            say(section.get_attribute("data-lab"), page.evaluate(ANSWER, [CHANGES, True]))
        browser.close()


def say(what: str | None, times: list[float]) -> None:
    """A line of sorted times."""
    print(f"{what:12} {times[CHANGES // 2]:6.0f} {times[CHANGES * 95 // 100]:6.0f}", flush=True)


if __name__ == "__main__":
    main()
