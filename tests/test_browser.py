"""The built site in a browser: every page, wide and narrow, light and dark, served and in a folder.

`read` visits a page and says in sentences what is wrong with it. The faults planted at the end show
that it notices each kind.
"""

import base64
import io
import json
import os
import re
from urllib.parse import unquote, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import DESKTOP, PHONE, opened, serving
from conftest import ROOT
from PIL import Image
from pypdf import PdfReader
from test_site import CHAPTERS, LISTED

from tools.browser import find_browser

PAGES = [*LISTED, "search", "genindex"]
MOST_BYTES = 600_000  # with every picture of one theme
MOST_STOPS = {"notebooks/02_architecture": 100}  # of the tab key, where it is less than elsewhere
AXE = Axe()

pytestmark = pytest.mark.browser

# What the page itself knows about its faults, as sentences.
LOOK = """async () => {
  await document.fonts.ready;
  const problems = [];
  const name = e => e.outerHTML.slice(0, 120);
  const style = e => getComputedStyle(e);
  const within = (e, test) => { for (; e; e = e.parentElement) if (test(e)) return true; };
  const say = (sentence, elements) => {
    if (elements.length) problems.push(`${sentence} (${elements.length}): ${name(elements[0])}`);
  };
  const all = selector => [...document.querySelectorAll(selector)];

  const root = document.scrollingElement;
  const width = document.documentElement.clientWidth;
  if (root.scrollWidth > width)
    problems.push(`the page scrolls sideways: ${root.scrollWidth} pixels in ${width}`);
  const drawn = all("body *").filter(e =>
    e.checkVisibility({visibilityProperty: true}) && !e.closest("mjx-assistive-mml"));
  const scrolls = e => e !== root && e !== document.body && /auto|scroll/.test(style(e).overflowX);
  say("it reaches beyond the screen", drawn.filter(e => {
    const box = e.getBoundingClientRect();
    if (box.width <= 1 || box.height <= 1) return false;
    return (box.right > width + 1 || box.left < -1) && !within(e, scrolls);
  }));
  const out = e => e.getBoundingClientRect().right;
  say("what it holds is cut off", drawn.filter(e =>
    e.clientWidth > 1 && e.scrollWidth > e.clientWidth + 1
    && /hidden|clip/.test(style(e).overflowX)
    && (!e.childElementCount || drawn.some(inner => e.contains(inner) && out(inner) > out(e) + 1))
  ));

  const images = all("img").filter(e => e.checkVisibility());
  for (const image of images) image.loading = "eager";
  await Promise.all(images.map(image => image.complete || new Promise(done => {
    image.onload = image.onerror = done;
  })));
  say("the image does not load", images.filter(e => !(e.complete && e.naturalWidth)));
  say("the image has no alt text", images.filter(e =>
    !e.hasAttribute("alt") || (!e.alt.trim() && e.closest("article"))));

  say("the picture has no size", all("img").filter(e =>
    !e.getAttribute("width") || !e.getAttribute("height")));
  say("the page waits for a script", all("script[src]").filter(e =>
    !e.defer && !e.async && e.type !== "module"));
  say("a filter alters the picture", images.filter(e => style(e).filter !== "none"));
  const tables = all("article table:not(.indextable)");
  say("a table has no header", tables.filter(e => !e.querySelector("th")));
  say("a claim has no anchor", all(".claim").filter(e => !/^claim-.*[0-9]{2}$/.test(e.id)));

  say("the formula has an error", all("mjx-merror, merror, [data-mjx-error]"));
  say("the formula is not typeset", all(".math").filter(e => !e.querySelector("mjx-container")));
  for (const font of document.fonts)
    if (font.status === "error") problems.push(`a font does not load: ${font.family}`);
  return problems;
}"""

# Figures are dark ink on a light ground. Where the ground is transparent, it has to come from CSS.
FIGURES = """() => {
  const light = e => {
    for (; e; e = e.parentElement) {
      const [r, g, b, a = 1] = getComputedStyle(e).backgroundColor.match(/[\\d.]+/g).map(Number);
      if (a > 0.5) return 0.2126 * r + 0.7152 * g + 0.0722 * b > 200;
    }
    return true;
  };
  const seen = image => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
    const pen = canvas.getContext("2d", {willReadFrequently: true});
    pen.drawImage(image, 0, 0);
    const right = canvas.width - 1, bottom = canvas.height - 1;
    return [[0, 0], [right, 0], [0, bottom], [right, bottom]].some(
      ([x, y]) => pen.getImageData(x, y, 1, 1).data[3] < 128);
  };
  return [...document.querySelectorAll("article img")]
    .filter(e => e.checkVisibility() && e.naturalWidth && seen(e) && !light(e))
    .map(e => `the dark page shows through the figure: ${e.outerHTML.slice(0, 120)}`);
}"""

# Remembers how everything looks before the keyboard reaches it.
UNTOUCHED = """() => {
  window.appearance = e => {
    const {outline, boxShadow, backgroundColor, textDecoration, borderColor} = getComputedStyle(e);
    return [/none/.test(outline) ? "" : outline, boxShadow, backgroundColor, textDecoration,
      borderColor].join();
  };
  window.untouched = new Map([...document.querySelectorAll("*")].map(e => [e, appearance(e)]));
}"""

# The places where the keyboard is, of these names, and whether a reader sees that it is there.
FOCUSED = """places => {
  const e = document.activeElement;
  if (e === document.body) return null;
  return {
    places: Object.keys(places).filter(name => e.matches(places[name])),
    seen: appearance(e) !== untouched.get(e),
    element: e.outerHTML.slice(0, 120),
  };
}"""
PLACES = {
    "skip link": "a[href='#main-content']",
    "search": "button.search-button-field",
    "navigation": ".bd-links a[href$='.html']",
    "theme switch": "button.theme-switch-button",
    "link in the text": "article p a",
    "solution": "div.solution button.toggle-button",
    "next page": "a.right-next",
}

# Code has thousands of coloured words and a handful of colours: each look is measured once.
ONE_OF_EACH_LOOK = """() => {
  const looks = new Map();
  const words = [...document.querySelectorAll("pre span")].filter(word => !word.children.length);
  for (const word of words) {
    const style = getComputedStyle(word), block = getComputedStyle(word.closest("pre"));
    const look = [style.color, style.backgroundColor, block.backgroundColor].join();
    looks.set(look, [...looks.get(look) ?? [], word]);
  }
  for (const [, ...again] of looks.values())
    for (const word of again) word.replaceWith(word.textContent);
}"""


def look(page, address):
    """What is wrong with a page apart from accessibility, in sentences."""
    problems = []
    home = address[: address.index("/", len("http://"))]  # "file://" for a page in a folder

    def hear(message):
        if message.type in ("error", "warning"):
            problems.append(f"the console says: {message.text}")

    def ask(request):
        if not request.url.startswith((home, "data:", "blob:")):
            problems.append(f"another host is asked: {request.url}")

    def answer(response):
        if response.status >= 400:
            problems.append(f"the answer is {response.status}: {response.url}")

    page.on("console", hear)
    page.on("pageerror", lambda error: problems.append(f"a script fails: {error}"))
    page.on("request", ask)
    page.on("requestfailed", lambda request: problems.append(f"not fetched: {request.url}"))
    page.on("response", answer)
    page.goto(address)
    problems += page.evaluate(LOOK)
    return problems


def read(page, address):
    """What is wrong with a page that is served, accessibility included, in sentences."""
    requests = []
    page.on("request", lambda request: requests.append(request))
    problems = look(page, address)
    weight = sum(request.sizes()["responseBodySize"] for request in requests if request.response())
    if weight > MOST_BYTES:
        problems.append(f"the page weighs {weight:,} bytes, more than {MOST_BYTES:,}")
    problems += page.evaluate(FIGURES)
    page.evaluate(ONE_OF_EACH_LOOK)
    found = AXE.run(page, options={"resultTypes": ["violations"], "preload": False})
    for rule in found.response["violations"]:
        places = [node["html"][:120] for node in rule["nodes"]]
        problems.append(f"axe: {rule['impact']}: {rule['help']} ({len(places)}): {places[0]}")
    return problems


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_reads_without_a_fault(browser, address, name, size, theme):
    with opened(browser, size, theme) as page:
        problems = read(page, f"{address}{name}.html")
        assert not problems, "\n".join(problems)
        assert page.locator("html").get_attribute("data-theme") == theme


@pytest.mark.parametrize("name", PAGES)
def test_a_page_reads_without_a_fault_from_a_folder(browser, site, name):
    with opened(browser) as page:
        problems = look(page, (site / f"{name}.html").as_uri())
        assert not problems, "\n".join(problems)


@pytest.fixture(params=["served", "in a folder"])
def start(request, site, address):
    """The address of the site's top folder, served or not."""
    return address if request.param == "served" else f"{site.as_uri()}/"


def test_the_front_address_leads_to_the_introduction(browser, start):
    with opened(browser) as page:
        page.goto(f"{start}index.html")
        page.wait_for_url(f"{start}{LISTED[0]}.html")


def test_formulas_need_no_script_and_have_the_books_own_fonts(browser, start):
    with opened(browser) as page:
        assert look(page, f"{start}book/notation.html") == []
        assert page.locator("mjx-container").count() == page.locator(".math").count() > 20
        assert not page.locator("script[src*='mathjax']").count()
        fonts = page.evaluate("[...document.fonts].map(font => `${font.family} ${font.status}`)")
        assert any(re.fullmatch("MJX.* loaded", font) for font in fonts)


def test_a_search_for_sparse_finds_the_chapter_on_sparse_codes(browser, site, start):
    with opened(browser) as page:
        errors = []
        page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
        page.goto(f"{start}{LISTED[0]}.html")
        page.keyboard.press("Control+k")
        page.keyboard.type("sparse")
        page.keyboard.press("Enter")
        page.get_by_text(re.compile("found .* matching the search query")).wait_for()
        found = page.locator("ul.search li a").evaluate_all("links => links.map(link => link.href)")
        names = [urlsplit(link.removeprefix(start)).path for link in found]
        assert all((site / unquote(name)).is_file() for name in names)
        assert {f"{name}.html" for name in CHAPTERS if "sparse" in name} <= set(names)
        from_a_folder = page.get_by_text("Opened from a folder").count()
        if start.startswith("file:"):
            assert from_a_folder == 1
        else:
            page.locator("p.context").first.wait_for()
            assert from_a_folder == 0
        assert errors == []


GREY = 128
# Puts another picture in the place of a chapter's first figure, and says where its middle is.
REPLACE = """async source => {
  const figures = [...document.querySelectorAll("div.cell_output img")];
  const figure = figures.find(e => e.checkVisibility());
  figure.loading = "eager";
  await new Promise(shown => {
    figure.onload = shown;
    figure.src = source;
  });
  figure.scrollIntoView({block: "center", behavior: "instant"});
  const box = figure.getBoundingClientRect();
  return [box.x + box.width / 2, box.y + box.height / 2];
}"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_picture_of_grey_keeps_its_grey(browser, address, theme):
    image = io.BytesIO()
    Image.new("RGB", (40, 40), (GREY, GREY, GREY)).save(image, "PNG")
    source = "data:image/png;base64," + base64.b64encode(image.getvalue()).decode()
    with opened(browser, DESKTOP, theme) as page:
        page.goto(f"{address}{CHAPTERS[0]}.html")
        x, y = page.evaluate(REPLACE, source)
        seen = Image.open(io.BytesIO(page.screenshot())).convert("RGB").getpixel((int(x), int(y)))
    assert seen == (GREY, GREY, GREY)


SHOWN = """selector =>
  [...document.querySelectorAll(selector)].filter(e => e.checkVisibility()).length"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_each_theme_shows_its_own_copy_of_a_figure(browser, address, theme):
    with opened(browser, DESKTOP, theme) as page:
        page.goto(f"{address}{CHAPTERS[0]}.html")
        other = {"light": "dark", "dark": "light"}[theme]
        assert page.evaluate(SHOWN, f"article img.only-{theme}") > 5
        assert page.evaluate(SHOWN, f"article img.only-{other}") == 0


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_page_has_the_readers_theme_before_any_script_comes(browser, address, theme):
    with opened(browser, theme=theme) as page:
        page.route("**/*.js*", lambda route: route.abort())
        page.goto(f"{address}/{CHAPTERS[0]}.html")
        assert page.evaluate("document.documentElement.dataset.theme") == theme


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_table_stands_on_the_ground_of_its_page(browser, address, theme):
    with opened(browser, DESKTOP, theme) as page:
        page.goto(f"{address}{CHAPTERS[0]}.html")
        output = page.locator(".cell_output .output:has(table.measured)").first
        assert output.evaluate("e => getComputedStyle(e).backgroundColor") == "rgba(0, 0, 0, 0)"


def test_a_claim_is_linked_to_and_its_code_opens_by_keyboard(browser, address):
    with opened(browser) as page:
        page.goto(f"{address}notebooks/01_properties.html#claim-1-02")
        page.wait_for_function(
            "() => document.querySelector('#claim-1-02').getBoundingClientRect().top < innerHeight"
        )
        cell = page.locator("div.cell:has(#claim-1-02)")
        assert not cell.locator("pre").is_visible()
        cell.locator("summary").focus()
        page.keyboard.press("Enter")
        assert cell.locator("pre").is_visible()
        assert "claim(" in cell.locator("pre").inner_text()


def test_print_shows_all_code(browser, address):
    with opened(browser) as page:
        page.goto(f"{address}{CHAPTERS[0]}.html")
        code = page.locator("details.fold pre")
        assert not code.first.is_visible()
        page.emulate_media(media="print")
        assert all(block.bounding_box()["height"] > 10 for block in code.all())


@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_the_recipe_is_printed_on_one_sheet(browser, address, paper):
    with opened(browser) as page:
        page.goto(f"{address}book/recipe.html")
        sides = dict.fromkeys(("top", "bottom", "left", "right"), "1cm")
        printed = page.pdf(format=paper, margin=sides)
    assert len(PdfReader(io.BytesIO(printed)).pages) == 1


STOPS = """() => [...document.querySelectorAll("a[href], button, input, summary, [tabindex]")]
  .filter(e => e.tabIndex >= 0 && e.checkVisibility({visibilityProperty: true})
    && (e.matches("summary") || !e.closest("details:not([open])"))).length"""


DEFINITION = "e => getComputedStyle(e, '::after').content"


def test_a_term_shows_its_definition_to_mouse_and_keyboard(browser, address):
    with opened(browser, PHONE) as page:
        page.goto(f"{address}{CHAPTERS[0]}.html")
        term = page.locator("a.term[href$='#term-lossy']").first
        assert term.evaluate(DEFINITION) == "none"
        term.focus()
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Tab")
        assert "image" in term.evaluate(DEFINITION)
        page.keyboard.press("Tab")
        assert term.evaluate(DEFINITION) == "none"
        term.hover()
        assert "image" in term.evaluate(DEFINITION)


TABLES = """async left => {
  const tables = [...document.querySelectorAll(".output.text_html:has(> table)")];
  tables.forEach(e => { e.scrollLeft = left; });
  for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);
  return tables.map(e => [
    e.scrollWidth > e.clientWidth,
    parseFloat(getComputedStyle(e).getPropertyValue("--fade")),
  ]);
}"""


def test_a_table_fades_towards_columns_beyond_the_screen_until_they_are_scrolled_to(
    browser, address
):
    with opened(browser, PHONE) as page:
        page.goto(f"{address}notebooks/05_sparse.html")
        at_first, scrolled = (page.evaluate(TABLES, left) for left in (0, 9999))
        assert {wide for wide, _ in at_first} == {True, False}
        assert all((fade > 10) == wide for wide, fade in at_first)
        assert all(fade == 0 for _, fade in scrolled)


@pytest.mark.parametrize("name", CHAPTERS)
def test_the_tab_key_stops_seldom(browser, address, name):
    with opened(browser) as page:
        page.goto(f"{address}{name}.html")
        assert page.evaluate(STOPS) < MOST_STOPS.get(name, 120)


@pytest.mark.parametrize("name", CHAPTERS[:1])
def test_a_chapter_gives_its_notebook_to_whoever_asks(browser, address, name):
    with opened(browser) as page:
        page.goto(f"{address}{name}.html")
        page.get_by_role("button", name="Download this page").click()
        with page.expect_download() as download:
            page.locator("a.btn-download-source-button").click()
        notebook = download.value.path().read_text(encoding="utf-8")
        assert json.loads(notebook) == json.loads(
            (ROOT / f"{name}.ipynb").read_text(encoding="utf-8")
        )


@pytest.mark.parametrize("name", CHAPTERS[:1])
def test_a_chapter_can_be_read_by_keyboard(browser, address, name):
    with opened(browser) as page:
        look(page, f"{address}{name}.html")
        page.evaluate(UNTOUCHED)
        reached, unseen = set(), []
        for _ in range(1000):
            page.keyboard.press("Tab")
            focused = page.evaluate(FOCUSED, PLACES)
            if not focused:
                break
            reached.update(focused["places"])
            if not focused["seen"]:
                unseen.append(focused["element"])
        assert focused is None, "the keyboard does not leave the page"
        assert reached == set(PLACES)
        assert unseen == []


@pytest.mark.parametrize("name", CHAPTERS[:1])
def test_enter_opens_a_solution_switches_the_theme_and_turns_the_page(browser, address, name):
    with opened(browser) as page:
        look(page, f"{address}{name}.html")
        solution = page.locator("div.solution").first
        answer = solution.locator("div.cell").first
        assert not answer.is_visible()
        solution.locator("button.toggle-button").press("Enter")
        assert answer.is_visible()

        themes = []
        for _ in range(3):
            page.locator("button.theme-switch-button").press("Enter")
            themes.append(page.locator("html").get_attribute("data-theme"))
        assert set(themes) == {"light", "dark"}

        page.locator("a.right-next").press("Enter")
        page.wait_for_url(f"{address}{LISTED[LISTED.index(name) + 1]}.html")


def test_without_a_browser_it_is_said_how_to_get_one(monkeypatch, tmp_path):
    monkeypatch.delenv("BROWSER_PATH", raising=False)
    with pytest.raises(FileNotFoundError, match=r"apt install chromium.* BROWSER_PATH"):
        find_browser(own=tmp_path / "none", path=tmp_path)
    monkeypatch.setenv("BROWSER_PATH", str(tmp_path / "mine"))
    with pytest.raises(FileNotFoundError, match=r"there is none at .*mine"):
        find_browser(own=tmp_path / "none")


PLANTED = """<!DOCTYPE html>
<html lang="en">
<head>
<title>A page</title>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<link rel="icon" href="data:,">
</head>
<body style="background: {ground}"><main><article>
<h1>A page</h1>
{content}
</article></main></body>
</html>
"""
IMG = '<img width="40" height="20"'
FAULTS = {
    f'{IMG} src="figure.png" alt="A bar">': None,
    "<script>console.error('oh')</script>": "the console says: oh",
    "<script>console.warn('oh')</script>": "the console says: oh",
    "<script>throw Error('oh')</script>": "a script fails: oh",
    f'{IMG} src="https://other.invalid/a.png" alt="A bar">': "another host is asked: https://other",
    '<script src="gone.js"></script>': "the answer is 404: ",
    '<script src="data:,"></script>': "the page waits for a script (1): <script",
    f'{IMG} src="figure.png" alt="A bar" style="filter: contrast(1.2)">': (
        "a filter alters the picture (1): <img"
    ),
    '<img src="figure.png" height="20" alt="A bar">': "the picture has no size (1): <img",
    '<img src="figure.png" alt="A bar">': "the picture has no size (1): <img",
    "<table><tr><td>error<td>7.99</table>": "a table has no header (1): <table",
    '<div class="claim">✓ It holds.</div>': "a claim has no anchor (1): <div",
    '<div class="claim" id="claim-1">✓ It holds.</div>': "a claim has no anchor (1): <div",
    f'{IMG} src="gone.png" alt="A bar">': "the image does not load (1): <img",
    f'{IMG} src="figure.png">': "the image has no alt text (1): <img",
    f'{IMG} src="figure.png" alt="">': "the image has no alt text (1): <img",
    '<div style="width: 30rem">wide</div>': "the page scrolls sideways: ",
    '<p style="position: relative; left: -3rem">out</p>': "it reaches beyond the screen (1): <p",
    '<p style="overflow: hidden; white-space: nowrap">' + "cut " * 50: "what it holds is cut off",
    '<span class="math">x</span>': "the formula is not typeset (1): <span",
    "<mjx-container><mjx-merror>x</mjx-merror></mjx-container>": "the formula has an error",
    "<style>@font-face {font-family: G; src: url(gone)} p {font-family: G}</style><p>x": (
        "a font does not load: G"
    ),
    f'{IMG} src="heavy.png" alt="Noise">': "the page weighs ",
    f'{IMG} src="clear.png" alt="A bar">': "the dark page shows through the figure: <img",
    '<p style="color: #333">dark</p>': "axe: serious: Elements must meet minimum color contrast",
    "<button></button>": "axe: critical: Buttons must have discernible text",
}


@pytest.mark.slow
@pytest.mark.parametrize(("content", "fault"), FAULTS.items(), ids=range(len(FAULTS)))
def test_a_planted_fault_is_noticed(browser, tmp_path, content, fault):
    ground = "#111; color: #eee" if "dark" in f"{content}{fault}" else "white"
    page = PLANTED.format(ground=ground, content=content)
    (tmp_path / "page.html").write_text(page, encoding="utf-8")
    Image.new("RGB", (40, 20), "white").save(tmp_path / "figure.png")
    Image.new("RGBA", (40, 20), "#0000").save(tmp_path / "clear.png")
    if "heavy" in content:
        Image.frombytes("RGB", (900, 800), os.urandom(900 * 800 * 3)).save(tmp_path / "heavy.png")
    with serving(tmp_path) as address, opened(browser, PHONE) as page:
        problems = read(page, f"{address}page.html")
    if fault is None:
        assert problems == []
    else:
        assert any(problem.startswith(fault) for problem in problems), problems
