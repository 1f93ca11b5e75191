"""The built site: what a reader finds on each page, and what a page fetches."""

import functools
import json
import re
import shutil
import subprocess
import sys
from urllib.parse import unquote, urlsplit

import pytest
import yaml
from bs4 import BeautifulSoup
from conftest import ROOT
from sphinx.search.en import SearchEnglish
from typesetting import typeset

CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
TOC = yaml.safe_load((ROOT / "book" / "_toc.yml").read_text(encoding="utf-8"))
CHAPTERS = [f"notebooks/{path.stem}" for path in sorted((ROOT / "notebooks").glob("*.ipynb"))]
ENTRIES = [entry for part in TOC["parts"] for entry in part["chapters"]]
LISTED = [
    TOC["root"],
    *(each["file"] for entry in ENTRIES for each in (entry, *entry.get("sections", []))),
]


@functools.cache
def parsed(path):
    """A page, read once; nothing changes it."""
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def soup(site, name):
    return parsed(site / f"{name}.html")


@functools.cache
def places(path):
    """What the links to a page may name."""
    return {tag["id"] for tag in parsed(path).select("[id]")}


def test_every_chapter_is_in_the_table_of_contents():
    assert set(CHAPTERS) <= set(LISTED)


@pytest.mark.parametrize("name", LISTED)
def test_page_has_title_language_description_and_open_graph_tags(site, name):
    page = soup(site, name)
    title = page.find("h1").get_text().removesuffix("#").strip()
    assert page.html["lang"] == "en"
    assert page.title.get_text().strip()
    tags = {tag["property"]: tag["content"] for tag in page.select("meta[property^='og:']")}
    assert title in tags["og:title"]
    assert tags["og:url"] == f"{CONFIG['html']['baseurl']}{name}.html"
    assert tags["og:image"].startswith(CONFIG["html"]["baseurl"])
    assert (site / tags["og:image"].removeprefix(CONFIG["html"]["baseurl"])).is_file()
    assert len(tags["og:image:alt"]) > 20
    description = page.select("meta[name=description]")
    assert [tag["content"] for tag in description] == [tags["og:description"]]
    assert 30 < len(tags["og:description"]) <= 200
    assert tags["og:description"][-1] in ".?!…"
    # What it says is on the page, whose buttons, lists and tables it leaves out.
    everything = " ".join(page.select_one("article.bd-article").get_text(" ").split())
    first = re.split(r"(?<=[.?!]) ", tags["og:description"])[0]
    assert re.sub(r"\W", "", first) in re.sub(r"\W", "", everything)
    assert "Run this chapter" not in tags["og:description"]
    if name in CHAPTERS:
        assert tags["og:image"].endswith(f"/chapters/{name.partition('/')[2]}.png")


@pytest.mark.parametrize("name", LISTED)
def test_page_can_be_searched_and_read_in_the_dark(site, name):
    page = soup(site, name)
    assert page.select("form[action$='search.html']")
    assert page.select("button.theme-switch-button")


@pytest.mark.parametrize("name", [*LISTED, "index", "search"])
def test_page_fetches_nothing_from_another_host(site, name):
    page = soup(site, name)
    fetched = [tag[key] for key in ("src", "srcset", "poster") for tag in page.select(f"[{key}]")]
    fetched += [tag["href"] for tag in page.select("link[rel~=stylesheet], link[rel~=preload]")]
    fetched += [tag["href"] for tag in page.select("link[rel~=icon], link[rel~=preconnect]")]
    scripts = " ".join(tag.get_text() for tag in page.select("script:not([src]), style"))
    fetched += re.findall(r"https?://[^\s\"')]+", scripts)
    other = [address for address in fetched if re.match(r"(?:https?:)?//", address)]
    assert not other


@pytest.mark.parametrize("name", LISTED)
def test_links_images_and_anchors_within_the_site_lead_somewhere(site, name):
    page = soup(site, name)
    here = site / f"{name}.html"
    for tag in page.select("a[href], img[src], script[src], link[rel~=stylesheet]"):
        address = urlsplit(tag.get("href") or tag.get("src"))
        if address.scheme or address.netloc or not (address.path or address.fragment):
            continue
        target = (here.parent / unquote(address.path)).resolve() if address.path else here
        assert target.is_file(), f"{tag} leads nowhere"
        if address.fragment and target.suffix == ".html":
            assert unquote(address.fragment) in places(target), f"{tag} leads to no place there"


@pytest.mark.parametrize("name", LISTED)
def test_every_image_says_what_it_shows(site, name):
    for image in soup(site, name).select("img"):
        assert image.get("alt") is not None, image
        assert image["alt"] or image.get("role") == "presentation" or "logo" in str(image), image
        assert not re.search(r"[0-9a-f]{16}", image["alt"]), image


@pytest.mark.parametrize("name", CHAPTERS)
def test_chapter_opens_in_colab_and_downloads_as_a_notebook(site, name):
    page = soup(site, name)
    path = CONFIG["repository"]["url"].removeprefix("https://github.com/")
    branch = CONFIG["repository"]["branch"]
    colab = f"https://colab.research.google.com/github/{path}/blob/{branch}/{name}.ipynb"
    assert page.select(f"a[href='{colab}']")
    download = next(
        tag for tag in page.select("a[href$='.ipynb']") if not tag["href"].startswith("http")
    )
    sources = (site / f"{name}.html").parent / download["href"]
    assert json.loads(sources.read_text(encoding="utf-8")) == json.loads(
        (ROOT / f"{name}.ipynb").read_text(encoding="utf-8")
    )


@pytest.mark.parametrize("name", CHAPTERS)
def test_chapter_shows_its_claims_and_folds_its_solutions(site, name):
    page = soup(site, name)
    notebook = json.loads((ROOT / f"{name}.ipynb").read_text(encoding="utf-8"))
    stored = re.findall(r"✓ [^\n\"\\]+", json.dumps(notebook, ensure_ascii=False))
    text = page.get_text()
    assert stored
    assert all(typeset(claim) in text for claim in stored)
    solutions = page.select("div.solution")
    assert len(solutions) == len(page.select("div.exercise")) > 0
    for solution in solutions:
        assert "dropdown" in solution["class"]
        assert solution.select("div.cell")


# Words in italics that are stressed or cited. A term belongs into the glossary instead.
STRESSED = {
    *("without labels", "printed letters", "photographs", "clean", "not cut", "cut off"),
    *("grey alone", "two"),
    *("can", "rounded up", "noisy", "both", "then", "the start", "et al."),
    *("not a number", "per pixel", "one", "all", "names", "brief"),
}


@pytest.mark.parametrize("name", CHAPTERS)
def test_each_term_in_italics_links_to_the_glossary(site, name):
    article = soup(site, name).select_one("article")
    terms = article.select("a.term em")
    assert terms
    for term in terms:
        assert "notation.html#term-" in term.parent["href"]
        entry = soup(site, "book/notation").find(id=term.parent["href"].partition("#")[2])
        meaning = entry.find_next("dd").get_text()
        assert term.parent["data-definition"].split() == meaning.split()
    loose = [
        " ".join(tag.get_text().split())
        for tag in article.select("em")
        if not tag.find_parent("a") and tag.parent.get_text() != tag.get_text()
    ]
    assert set(loose) - STRESSED == set()


@pytest.mark.parametrize("name", LISTED)
def test_every_page_has_a_next_one_and_the_last_leads_back(site, name):
    page = soup(site, name)
    if name == LISTED[-1]:
        assert page.select("article a[href$='intro.html']")
    else:
        target = page.select_one("a.right-next")["href"]
        following = (site / f"{name}.html").parent / target
        assert following.resolve() == site / f"{LISTED[LISTED.index(name) + 1]}.html"


def test_exercises_number_through(site):
    for number, name in enumerate(CHAPTERS, 1):
        labels = [tag.get_text().strip() for tag in soup(site, name).select(".caption-number")]
        labels = [label for label in labels if label.startswith("Exercise")]
        assert labels == [f"Exercise {number}.{count + 1}" for count in range(len(labels))]


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_chapter_says_how_long_it_takes_and_the_front_page_says_the_same(site, name):
    section = BeautifulSoup(str(soup(site, name).select_one("article section")), "html.parser")
    for folded in section.select("details"):
        folded.decompose()  # which nobody sees who has not asked
    opening = section.get_text()[:2500]
    said = r"(about \w+ (?:minutes?|seconds))"
    here = re.search(rf"runs in {said} on\s+two\s+processor cores", opening)
    cards = soup(site, LISTED[0]).select(".sd-card")
    card = next(card for card in cards if card.select(f"a[href$='{name}.html']"))
    assert re.search(f"Runs in {said}", card.get_text())[1] == here[1]


@pytest.mark.parametrize("name", CHAPTERS)
def test_under_its_title_a_chapter_can_be_run_and_says_what_to_remember(site, name):
    section = soup(site, name).select_one("article section")
    title, run, remember = section.find_all(recursive=False)[:3]
    repository = CONFIG["repository"]["url"].removeprefix("https://github.com/")
    notebook = f"{repository}/blob/{CONFIG['repository']['branch']}/{name}.ipynb"
    assert title.name == "h1"
    assert run.a["href"] == f"https://colab.research.google.com/github/{notebook}"
    assert remember.name == "details"
    assert remember.summary.get_text().strip() == "What to remember"
    points = [point.get_text() for point in remember.select("li")]
    assert points == [point.get_text() for point in section.select("#what-to-remember > ul li")]
    assert len(points) > 2


def test_the_front_page_says_at_once_what_it_is_and_leads_in(site):
    hero = soup(site, LISTED[0]).select_one(".hero")
    assert "free book that runs" in hero.get_text()
    links = [link["href"] for link in hero.select("a")]
    first = CHAPTERS[0]
    assert links[0] == f"../{first}.html"
    assert links[1].startswith("https://colab.research.google.com/github/")
    assert links[1].endswith(f"/{first}.ipynb")
    assert links[2] == "claims.html"
    rivals = soup(site, LISTED[0]).select(".rivals .sd-col")
    assert len(rivals) == 3
    for rival in rivals:
        ours, theirs = re.findall(r"\d+\.\d+", rival.p.get_text())
        assert ours != theirs
        assert rival.select("a[href*='#claim-'], a[href*='#figure-']")


TERMS = re.findall(
    r"(?m)^(?=\w)(.+)(?=\n(?:  |\w))",
    (ROOT / "book" / "notation.md")
    .read_text(encoding="utf-8")
    .partition("```{glossary}")[2]
    .partition("```")[0],
)
SOUGHT = ["loss not decreasing", "anomaly detection", "VAE", "embedding", "overfitting", "outlier"]


@pytest.mark.parametrize("words", [*SOUGHT, *TERMS])
def test_the_search_finds_a_page_for(site, words):
    """As Sphinx looks: a page must have each word, stemmed, in its text or in a title."""
    index = json.loads(
        (site / "searchindex.js")
        .read_text(encoding="utf-8")
        .removeprefix("Search.setIndex(")
        .removesuffix(")")
    )
    stem = SearchEnglish({}).stem
    found = [set(range(len(index["docnames"])))]
    for word in re.findall(r"\w+", words.lower()):
        if word in SearchEnglish.stopwords:
            continue
        places = [index[kind].get(stem(word), []) for kind in ("terms", "titleterms")]
        found.append(
            {page for each in places for page in (each if isinstance(each, list) else [each])}
        )
    assert set.intersection(*found), words


def test_the_front_page_leads_to_the_introduction(site):
    assert "book/intro.html" in (site / "index.html").read_text(encoding="utf-8")


def test_no_page_is_left_out_or_left_over(site):
    built = {str(path.relative_to(site).with_suffix("")) for path in site.rglob("*.html")}
    built = {name for name in built if not name.startswith("_static/")}  # the theme's own parts
    assert built - {"index", "search", "genindex"} == set(LISTED)


FAULTS = {
    "{doc}`no-such-page`": "no-such-page",
    "{cite:t}`Nobody1900`": "Nobody1900",
    "{result}`speed no.such.number`": "no.such.number",
    "{mean}`no_such_run error .2f`": "no_such_run",
    "{script}`no_such_script`": "no_such_script",
    "{took}`no_such_chapter seconds`": "no_such_chapter",
    "{took}`01_properties hours`": "hours",
    "{colab}`no-such-package`": "no-such-package",
    "![A picture](no-such-picture.png)": "no-such-picture.png",
}


def build_of_one_page(folder, text):
    """A book of one page, built with the Makefile's command."""
    shutil.copy(ROOT / "_config.yml", folder)
    shutil.copytree(ROOT / "book", folder / "book")
    shutil.copytree(ROOT / "tests" / "colab", folder / "tests" / "colab")
    for page in (folder / "book").glob("*.md"):
        page.unlink()
    (folder / "book" / "_toc.yml").write_text("format: jb-book\nroot: book/page\n")
    (folder / "book" / "page.md").write_text(f"# A page\n\n{text}\n", encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    command = re.search(r"jupyter-book (build .*)", makefile)[1].split()
    return subprocess.run(
        [sys.executable, "-c", "from jupyter_book.cli.main import main; main()", *command],
        cwd=folder,
        text=True,
        capture_output=True,
        check=False,
    )


@pytest.mark.slow
def test_a_page_without_fault_builds(tmp_path):
    done = build_of_one_page(tmp_path, "{mean}`speed startup.import .1f`, {script}`speed`")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "WARNING" not in done.stdout + done.stderr


@pytest.mark.slow
def test_every_warning_is_said_and_fails_the_build(tmp_path):
    done = build_of_one_page(tmp_path, "\n\n".join(FAULTS))
    assert done.returncode != 0
    warnings = [line for line in (done.stdout + done.stderr).splitlines() if "WARNING" in line]
    for fault, named in FAULTS.items():
        assert any(named in line for line in warnings), fault
