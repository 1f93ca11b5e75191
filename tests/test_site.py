"""The built site: what a reader finds on each page, and what a page fetches."""

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

CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
TOC = yaml.safe_load((ROOT / "book" / "_toc.yml").read_text(encoding="utf-8"))
CHAPTERS = [f"notebooks/{path.stem}" for path in sorted((ROOT / "notebooks").glob("*.ipynb"))]
LISTED = [TOC["root"], *(entry["file"] for part in TOC["parts"] for entry in part["chapters"])]


def soup(site, name):
    return BeautifulSoup((site / f"{name}.html").read_text(encoding="utf-8"), "html.parser")


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
    assert tags["og:description"]


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
            ids = BeautifulSoup(target.read_text(encoding="utf-8"), "html.parser")
            assert ids.find(id=unquote(address.fragment)), f"{tag} leads to no place on its page"


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
    assert all(claim in text for claim in stored)
    solutions = page.select("div.solution")
    assert len(solutions) == len(page.select("div.exercise")) > 0
    for solution in solutions:
        assert "dropdown" in solution["class"]
        assert solution.select("div.cell")


def test_the_search_knows_the_words_of_the_chapters(site):
    index = (site / "searchindex.js").read_text(encoding="utf-8")
    assert '"autoencod' in index


def test_the_front_page_leads_to_the_introduction(site):
    assert "book/intro.html" in (site / "index.html").read_text(encoding="utf-8")


def test_no_page_is_left_out_or_left_over(site):
    built = {str(path.relative_to(site).with_suffix("")) for path in site.rglob("*.html")}
    built = {name for name in built if not name.startswith("_static/")}  # the theme's own parts
    assert built - {"index", "search", "genindex"} == set(LISTED)


@pytest.mark.parametrize(
    ("page", "fault"),
    [
        ("book/intro.md", ""),
        ("book/notation.md", "\n{doc}`no-such-page`\n"),
        ("book/intro.md", "\n{cite:t}`Nobody1900`\n"),
        ("book/notation.md", "\n{result}`speed no.such.number`\n"),
        ("book/intro.md", "\n![](no-such-picture.png)\n"),
    ],
)
def test_a_warning_fails_the_build(tmp_path, page, fault):
    for name in ("_config.yml", "book", "notebooks"):
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, tmp_path / name)
    with (tmp_path / page).open("a", encoding="utf-8") as text:
        text.write(fault)
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    command = re.search(r"jupyter-book (build .*)", makefile)[1].split()
    done = subprocess.run(
        [sys.executable, "-c", "from jupyter_book.cli.main import main; main()", *command],
        cwd=tmp_path,
        text=True,
        capture_output=True,
        check=False,
    )
    assert (done.returncode == 0) == (fault == ""), done.stdout + done.stderr
    assert ("WARNING" in done.stdout + done.stderr) == (fault != "")
