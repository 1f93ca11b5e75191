"""The lab: its networks against Keras, its pictures against SciPy, and its page in a browser."""

import gzip
import json
import math
import re
import shutil
from contextlib import contextmanager

import keras
import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import DESKTOP, opened
from conftest import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from lab import PLACES, SCRIPTS
from scipy import ndimage

import helpers.sparsity
import helpers.variational  # noqa: F401  a file needs to know the layers
from helpers.datasets import load_letters, load_photos
from tools.digests import LAB_FACTS, lab_changes
from tools.lab_files import checksum, codes_of, images_of, pack_layer
from tools.make_lab import (
    LAB,
    MODELS,
    NETWORKS,
    errors_of,
    file_digest,
)

KEPT = json.loads(LAB_FACTS.read_text(encoding="utf-8"))
NAMES = list(NETWORKS)
CLOSE = 2e-5  # between Keras and the page, in units of a pixel's range
SHOWN = 64
FIRST_BYTES, ALL_BYTES = 120_000, 600_000  # as they are sent
NARROW = (360, 740)
AXE = Axe()


def shipped(name):
    """A network as readers can take it."""
    return keras.models.load_model(MODELS / f"{name}.keras")


# --- the files


def test_the_networks_were_made_by_the_code_that_is_here():
    # Changed helpers are the business of `make release-check`.
    assert "code" not in lab_changes(), "renew the networks of the lab: make lab"
    assert list(KEPT["networks"]) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_network_s_files_are_those_that_were_made(name):
    fact = KEPT["networks"][name]
    assert file_digest(MODELS / f"{name}.js") == fact["js_sha256"]
    assert file_digest(MODELS / f"{name}.keras") == fact["keras_sha256"]


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_network_has_the_error_that_the_page_prints(name, digits):
    network = NETWORKS[name]
    others = {"letters": load_letters, "photos": load_photos}
    images = digits if network.kind == "digits" else others[network.kind]()
    errors = errors_of(shipped(name), network, images.test)
    fact = KEPT["networks"][name]
    assert errors.mean() == pytest.approx(fact["error"], rel=1e-4)
    marks = [np.quantile(errors, share) for share in np.linspace(0, 1, len(fact["quantiles"]))]
    assert marks == pytest.approx(fact["quantiles"], rel=1e-3)
    # 91 levels cost little, and the figure of the trained network is no copy of this one.
    assert fact["trained_error"] != fact["error"]
    assert fact["error"] < 1.05 * fact["trained_error"]


ALPHABET = [chr(code) for code in range(35, 127) if chr(code) != "\\"]


@settings(deadline=None)
@given(
    arrays.arrays(
        np.float32,
        st.tuples(st.integers(1, 80), st.integers(1, 80)),
        elements=st.integers(-4000, 4000).map(lambda number: number / 1000),
    )
)
def test_a_rounded_layer_is_within_half_a_level_and_reads_back(kernel):
    inputs, outputs = kernel.shape
    layer = keras.layers.Dense(outputs)
    layer.build((None, inputs))
    layer.set_weights([kernel, np.zeros(outputs)])
    content, (rounded, _) = pack_layer(layer)
    axis = int(content["scaled"] == "inputs")
    assert content["scaled"] == ("outputs" if outputs <= inputs else "inputs")
    assert content["places"] == (2 if kernel.size < 5000 else 1)
    half = 4140 if content["places"] == 2 else 45
    step = np.abs(kernel).max(axis=axis, keepdims=True) / half
    assert np.all(np.abs(rounded - kernel) <= 0.5001 * step + 1e-4 * np.abs(kernel))
    signs = [ALPHABET.index(sign) for sign in content["kernel"]]
    levels = np.reshape(signs, (*kernel.shape, -1)) @ [[91, 1], [1]][2 - content["places"]] - half
    scale = np.expand_dims(np.asarray(content["scale"], np.float32), axis)
    assert np.array_equal(rounded, (levels * scale).astype(np.float32))


def test_weights_of_pixels_without_ink_become_0():
    layer = keras.layers.Dense(3)
    layer.build((None, 4))
    _, (rounded, _) = pack_layer(layer, np.array([True, False, True, True]))
    assert not rounded[1].any()
    assert rounded[[0, 2, 3]].all()


@pytest.mark.parametrize(
    ("text", "sum_"), {"": 0x811C9DC5, "a": 0xE40C292C, "foobar": 0xBF9CF968}.items()
)
def test_the_checksum_is_that_of_its_authors(text, sum_):
    # G. Fowler, L. Noll and K.-P. Vo, test vectors of FNV-1a, 32 bits
    assert checksum(text) == sum_


@pytest.mark.parametrize("name", NAMES)
def test_the_three_lines_of_the_page_load_each_network(name, digits, monkeypatch):
    text = (ROOT / "book" / "lab.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(code.split("\n\n")) == 2
    found = {}
    monkeypatch.chdir(MODELS)
    exec(code.replace("digits.keras", f"{name}.keras"), found)
    assert found["network"].predict(digits.test[:2], verbose=0).shape == (2, 28, 28, 1)


def packed(path):
    return len(gzip.compress(path.read_bytes()))


def test_the_first_section_and_the_whole_lab_are_small():
    code = [LAB / f"{name}.js" for name in SCRIPTS]
    first = [*code, LAB / "lab.css", MODELS / "digits.js"]
    every = {*first, *MODELS.glob("*.js")}
    assert sum(map(packed, first)) < FIRST_BYTES
    assert sum(map(packed, every)) < ALL_BYTES


def test_every_script_of_the_lab_is_loaded_and_none_is_another():
    written = {path.stem for path in LAB.glob("*.js")}
    assert written == {name for name in SCRIPTS if "/" not in name}


@pytest.mark.parametrize("path", sorted(LAB.glob("*.js")), ids=lambda path: path.stem)
def test_a_script_does_nothing_that_a_strict_policy_forbids(path):
    code = path.read_text(encoding="utf-8")
    forbidden = r"\beval\(|new Function|\bfetch\(|XMLHttpRequest|getImageData|toDataURL|innerHTML"
    assert not re.search(forbidden, code)
    assert not re.search(
        r"<[^>]+\son\w+=",
        "".join(
            part.read_text(encoding="utf-8") for part in (ROOT / "book" / "lab").glob("*.html")
        ),
    )


# --- in a browser


def begin(page, address):
    """Open the lab, scroll to each section, and wait until it runs or says that it cannot."""
    page.goto(f"{address}book/lab.html")
    for section in page.locator("[data-lab]").all():
        section.scroll_into_view_if_needed()
        page.wait_for_function(
            "e => e.matches('.lab-live') || e.querySelector('.lab-failed')",
            arg=section.element_handle(),
        )


@pytest.fixture(scope="module", params=["served", "in a folder"])
def lab(request, browser, site, address):
    """The lab's page with all sections running."""
    start = address if request.param == "served" else f"{site.as_uri()}/"
    with opened(browser) as page:
        faults = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
        page.on(
            "request",
            lambda asked: (
                None if asked.url.startswith((start, "data:")) else faults.append(asked.url)
            ),
        )
        begin(page, start)
        assert page.locator(".lab-failed").count() == 0
        yield page
        assert faults == []


RUN = """async ([name, images]) => {
  const network = await autoencoderLab.load(name);
  const codes = images.map(image => [...network.encode(Float32Array.from(image))]);
  return [codes, codes.map(code => [...network.decode(code)])];
}"""


@pytest.mark.parametrize("name", NAMES)
def test_the_page_computes_what_keras_computes(lab, name, digits):
    images = digits.test[:SHOWN]
    codes, answers = lab.evaluate(RUN, [name, images.reshape(SHOWN, -1).tolist()])
    model = shipped(name)
    wanted = codes_of(model, images)
    assert np.ptp(wanted) > 0.5
    size = np.maximum(1, np.abs(wanted))  # a code's numbers may be large
    assert np.max(np.abs(np.array(codes) - wanted) / size) < CLOSE
    wanted = images_of(model, wanted).reshape(SHOWN, -1)
    assert np.max(np.abs(np.array(answers) - wanted)) < CLOSE


PICTURES = """([way, ...given]) => {
  const { [way]: make } = autoencoderLab.pictures;
  return [...make(...given.map(each => Array.isArray(each) ? Float32Array.from(each) : each))];
}"""


def test_pictures_are_moved_and_centred_as_scipy_says(lab, digits):
    for image in digits.test[:10, ..., 0]:
        pixels = image.ravel().tolist()
        moved = np.reshape(lab.evaluate(PICTURES, ["moved", pixels, 3, -2]), (28, 28))
        assert np.array_equal(moved, ndimage.shift(image, (-2, 3), order=0))
        away = ndimage.shift(image, (2, -3), order=0)
        centred = np.reshape(lab.evaluate(PICTURES, ["centred", away.ravel().tolist()]), (28, 28))
        middle = np.array(ndimage.center_of_mass(centred)) + 0.5
        assert np.all((middle >= 14) & (middle < 15))


def test_mnist_s_digits_are_centred_where_the_page_centres(digits):
    rows, columns = np.indices((28, 28)) + 0.5
    ink = digits.train[:2000, ..., 0]
    for places in (rows, columns):
        middles = (ink * places).sum(axis=(1, 2)) / ink.sum(axis=(1, 2))
        assert np.mean((middles >= 14) & (middles < 15)) > 0.98
        assert middles.mean() == pytest.approx(14.5, abs=0.05)


def test_noise_is_normal_and_the_same_for_a_seed(lab):
    drawn = np.array(lab.evaluate(PICTURES, ["normals", 20_000, 1]))
    assert abs(drawn.mean()) < 4 / math.sqrt(20_000)
    assert drawn.std() == pytest.approx(1, abs=4 / math.sqrt(40_000))
    assert np.mean(np.abs(drawn) < 1) == pytest.approx(0.6827, abs=0.015)
    assert np.array_equal(drawn, lab.evaluate(PICTURES, ["normals", 20_000, 1]))
    assert not np.array_equal(drawn, lab.evaluate(PICTURES, ["normals", 20_000, 2]))


STROKES = "([way, strokes]) => [...autoencoderLab.pictures[way](strokes)]"


def test_a_dot_has_the_area_of_the_pen_and_a_stroke_that_of_a_rectangle_more(lab):
    # A rim that goes from 1 to 0 within a pixel adds a twelfth to the square of the radius.
    area = math.pi * (1.4**2 + 1 / 12)
    dot = np.array(lab.evaluate(STROKES, ["asDrawn", [[[0.5, 0.5]]]]))
    assert dot.sum() == pytest.approx(area, rel=0.03)
    line = np.array(lab.evaluate(STROKES, ["asDrawn", [[[0.25, 0.5], [0.75, 0.5]]]]))
    assert line.sum() == pytest.approx(area + 14 * 2.8, rel=0.03)


def test_a_drawing_comes_out_as_mnist_s_digits_do_wherever_and_however_large_it_is(lab):
    seven = [[[0.2, 0.2], [0.8, 0.2], [0.4, 0.9]]]
    small = [[[0.05 + 0.3 * x, 0.6 + 0.3 * y] for x, y in seven[0]]]
    first, second = (np.array(lab.evaluate(STROKES, ["asMnist", each])) for each in (seven, small))
    assert np.max(np.abs(first - second)) < 1e-4
    rows, columns = np.nonzero(first.reshape(28, 28) > 0.5)
    assert max(np.ptp(rows), np.ptp(columns)) + 1 == pytest.approx(20, abs=1)
    middle = np.array(ndimage.center_of_mass(first.reshape(28, 28))) + 0.5
    assert middle == pytest.approx([14.5, 14.5], abs=0.2)


ERRORS = """async ([name, inputs, targets]) => {
  const network = await autoencoderLab.load(name);
  const { squaredError } = autoencoderLab.pictures;
  return inputs.map((input, n) => squaredError(
    network.decode(network.encode(Float32Array.from(input))), Float32Array.from(targets[n])));
}"""


def flat(images):
    return [np.asarray(image, np.float64).ravel().tolist() for image in images]


def test_the_denoiser_has_less_than_half_the_error_of_the_network_for_clean_digits(lab, digits):
    clean = digits.test[:SHOWN]
    noise = np.reshape(lab.evaluate(PICTURES, ["normals", clean.size, 5]), clean.shape)
    noisy = np.clip(clean + 0.5 * noise, 0, 1)
    plain, denoised = (
        np.mean(lab.evaluate(ERRORS, [name, flat(noisy), flat(clean)]))
        for name in ("digits", "denoiser")
    )
    assert denoised < plain / 2


def test_a_photograph_has_ten_times_the_error_of_a_digit(lab, digits):
    patches = flat(load_photos().test[:SHOWN])
    shown = flat(digits.test[:SHOWN])
    photo, digit = (
        np.mean(lab.evaluate(ERRORS, ["digits", images, images])) for images in (patches, shown)
    )
    assert photo > 10 * digit


def test_off_centre_a_digit_is_another_kind_unless_it_is_centred(lab, digits):
    shown = flat(digits.test[:SHOWN])
    moved = [lab.evaluate(PICTURES, ["moved", image, 4, 0]) for image in shown]
    centred = [lab.evaluate(PICTURES, ["centred", image]) for image in moved]
    before, off, again = (
        np.mean(lab.evaluate(ERRORS, ["digits", images, images]))
        for images in (shown, moved, centred)
    )
    assert off > 2.5 * before
    assert again < 1.1 * before


NEXT_FRAMES = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


def look_at(page, section):
    """Scroll to a section; what is out of sight does not answer."""
    page.locator(f"[data-lab={section}]").scroll_into_view_if_needed()
    page.evaluate(NEXT_FRAMES)
    page.evaluate(NEXT_FRAMES)


def error_in(page, section, part):
    """The error that a section shows."""
    look_at(page, section)
    text = page.locator(f"[data-lab={section}] [data-part={part}]").inner_text()
    return float(re.match(r"error ([\d.]+)", text)[1])


def test_a_digit_can_be_drawn_by_mouse_and_answers_everywhere(lab):
    pad = lab.locator("[data-part=pad]")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    place = [(0.25, 0.2), (0.75, 0.2), (0.45, 0.85)]
    points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in place]
    lab.mouse.move(*points[0])
    lab.mouse.down()
    for point in points[1:]:
        lab.mouse.move(*point, steps=8)
    lab.mouse.up()
    assert lab.evaluate("autoencoderLab.clean.reduce((sum, ink) => sum + ink, 0)") > 40
    first = error_in(lab, "properties", "digits-error")
    assert 0 < first < 40
    assert error_in(lab, "bars", "error") == error_in(lab, "sizes", "size-32-error") == first
    look_at(lab, "sparse")
    assert lab.locator("[data-lab=sparse] [data-part=parts] button").count() == 12


def test_the_keyboard_alone_draws_drags_and_switches(lab):
    pad = lab.locator("[data-part=pad]")
    lab.locator("[data-part=clear]").press("Enter")
    pad.focus()
    for key in ("Space", *["Shift+ArrowDown"] * 3, *["Shift+ArrowRight"] * 2, "Space"):
        lab.keyboard.press(key)
    assert lab.evaluate("autoencoderLab.input.strokes.map(stroke => stroke.length)") == [6]
    assert lab.evaluate("autoencoderLab.clean.reduce((sum, ink) => sum + ink, 0)") > 20

    thumbs = lab.locator("[data-lab=properties] [data-part=pictures] button")
    thumbs.first.focus()
    for key in ("ArrowRight", "ArrowRight", "End", "Home", "ArrowRight", "Enter"):
        lab.keyboard.press(key)
    assert lab.evaluate("autoencoderLab.input.picture") == 1
    assert thumbs.nth(1).get_attribute("aria-pressed") == "true"
    assert lab.locator("[data-part=pictures] button[tabindex='0']").count() == 1

    part = "[data-lab=bars] [data-part=%s]"
    lab.locator(part % "unit").focus()
    lab.keyboard.press("ArrowRight")
    assert lab.locator(part % "unit-value").inner_text() == "2 of 32"
    before = error_in(lab, "bars", "error")
    lab.locator(part % "value").focus()
    lab.keyboard.press("End")
    assert error_in(lab, "bars", "error") != before
    lab.locator(part % "reset").press("Enter")
    assert error_in(lab, "bars", "error") == before

    plane = "[data-lab=plane] [data-part=%s]"
    was = lab.locator(plane % "axis-0-value").inner_text()
    lab.locator(plane % "axis-0").focus()
    lab.keyboard.press("Home")
    assert lab.locator(plane % "axis-0-value").inner_text() != was

    sparse = lab.locator("[data-lab=sparse] [data-part=parts] button")
    whole = error_in(lab, "sparse", "error")
    sparse.first.focus()
    lab.keyboard.press("Enter")
    assert sparse.first.get_attribute("aria-pressed") == "false"
    assert error_in(lab, "sparse", "error") > whole
    count = lab.locator("[data-lab=sparse] [data-part=count]")
    count.focus()
    lab.keyboard.press("ArrowLeft")  # what was switched by hand stays so
    switched = [each.get_attribute("aria-pressed") for each in sparse.all()]
    assert switched == ["false", *["true"] * 10, "false"]
    assert lab.locator("[data-lab=sparse] [data-part=on]").inner_text() == "10 of 128 parts"


def test_moving_shows_what_centring_would_undo(lab):
    lab.locator("[data-lab=properties] [data-part=pictures] button").nth(7).click()
    lab.locator("[data-part=centring]").check()
    before = error_in(lab, "properties", "digits-error")
    lab.locator("[data-part=right]").focus()
    for _ in range(4):
        lab.keyboard.press("ArrowRight")
    assert not lab.locator("[data-part=centring]").is_checked()
    assert error_in(lab, "properties", "digits-error") > 2 * before
    lab.locator("[data-part=centring]").check()
    assert error_in(lab, "properties", "digits-error") == before
    lab.locator("[data-part=right]").press("Home")
    for _ in range(8):
        lab.locator("[data-part=right]").press("ArrowRight")
    lab.locator("[data-part=centring]").check()


def test_an_empty_pad_has_no_error(lab):
    lab.locator("[data-part=clear]").press("Enter")
    look_at(lab, "properties")
    part = "[data-lab=properties] [data-part=%s]"
    assert lab.locator(part % "digits-error").inner_text() == "nothing is drawn"
    lab.locator(f"{part % 'pictures'} button").first.click()


def test_a_screen_reader_is_told_once_it_is_quiet(lab):
    assert lab.locator("[aria-live]:not([aria-live=off])").count() == 1
    sigma = lab.locator("[data-part=sigma]")
    sigma.focus()
    for _ in range(5):
        lab.keyboard.press("ArrowRight")
    said = lab.locator("#lab-said")
    said.get_by_text("Squared error against the clean picture").wait_for(state="attached")
    assert re.search(r"noisy [\d.]+, trained on clean digits [\d.]+", said.text_content())
    assert sigma.get_attribute("aria-valuetext") == "0.25"
    lab.keyboard.press("Home")


def test_more_noise_is_more_error_and_noise_alone_has_no_digit(lab):
    sigma = lab.locator("[data-part=sigma]")
    sigma.focus()
    lab.keyboard.press("Home")
    assert error_in(lab, "denoising", "noisy-error") == 0
    lab.keyboard.press("End")
    assert sigma.get_attribute("aria-valuetext") == "1.00"
    lab.locator("[data-part=nothing]").check()
    assert error_in(lab, "denoising", "noisy-error") > 100  # half of 784 times a half
    lab.locator("[data-part=nothing]").uncheck()


def test_random_codes_and_the_way_to_another_digit(lab):
    part = "[data-lab=generating] [data-part=%s]"
    mixed = """() => {
      const at = name => document.querySelector(`[data-lab=generating] [data-part="${name}"]`);
      return at("share-value").textContent;
    }"""
    assert lab.locator(f"{part % 'samples'} canvas").count() == 6
    lab.locator(part % "share").focus()
    lab.keyboard.press("End")
    assert lab.evaluate(mixed) == "100 %"
    lab.locator(part % "draw").press("Enter")
    lab.locator(part % "other").press("Enter")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, NARROW], ids=["desktop", "narrow"])
def test_running_it_shuts_nobody_out_and_fits_the_screen(browser, address, size, theme):
    with opened(browser, size, theme) as page:
        begin(page, address)
        page.locator("[data-part=others]").check()
        page.locator("[data-part=photos-error]").get_by_text("error").wait_for()
        wide = page.evaluate("[document.scrollingElement.scrollWidth, innerWidth]")
        assert wide[0] <= wide[1]
        small = page.evaluate(
            """() => [...document.querySelectorAll(".lab :is(button, input)")]
              .filter(e => e.checkVisibility())
              .map(e => [e.getBoundingClientRect(), e.outerHTML.slice(0, 80)])
              .filter(([box]) => box.width < 24 || box.height < 24).map(([, name]) => name)"""
        )
        assert small == []
        found = AXE.run(page, options={"resultTypes": ["violations"], "preload": False})
        violations = found.response["violations"]
        assert [(rule["help"], rule["nodes"][0]["html"]) for rule in violations] == []


@contextmanager
def without_script(browser):
    context = browser.new_context(java_script_enabled=False)
    try:
        yield context.new_page()
    finally:
        context.close()


def test_without_scripts_and_on_paper_still_pictures_stand_in(browser, address):
    with without_script(browser) as page:
        page.goto(f"{address}book/lab.html")
        assert all(still.is_visible() for still in page.locator(".lab-still img").all())
        assert not any(board.is_visible() for board in page.locator(".lab-board").all())
    with opened(browser) as page:
        begin(page, address)
        assert not any(still.is_visible() for still in page.locator(".lab-still").all())
        page.emulate_media(media="print")
        assert all(still.is_visible() for still in page.locator(".lab-still").all())
        assert not any(board.is_visible() for board in page.locator(".lab-board").all())


@pytest.fixture
def spoiled(site, tmp_path):
    """A copy of the site's part that the lab needs."""
    shutil.copytree(site / "_static", tmp_path / "_static")
    (tmp_path / "book").mkdir()
    shutil.copy(site / "book" / "lab.html", tmp_path / "book")
    return tmp_path


def cut(path):
    path.write_text(path.read_text(encoding="ascii")[:-1000], encoding="ascii")


def tamper(path):
    text = path.read_text(encoding="ascii")
    at = text.index("kernel") + 500
    other = "A" if text[at] != "A" else "B"
    path.write_text(text[:at] + other + text[at + 1 :], encoding="ascii")


def swap(path):
    shutil.copy(path.with_name("digits.js"), path)


@pytest.mark.parametrize("spoil", [cut, tamper, swap, lambda path: path.unlink()])
def test_a_spoiled_network_is_a_sentence_in_its_section_and_the_rest_runs(browser, spoiled, spoil):
    spoil(spoiled / "_static" / "lab" / "models" / "sparse.js")
    with opened(browser) as page:
        begin(page, f"{spoiled.as_uri()}/")
        failed = page.locator(".lab-failed")
        assert failed.count() == 1
        assert page.locator("[data-lab=sparse] .lab-failed").count() == 1
        assert re.search(r"cannot run: .*sparse\.js.*Reload", failed.inner_text())
        assert page.locator("[data-lab=sparse] .lab-still img").is_visible()
        assert page.locator(".lab-live").count() == page.locator("[data-lab]").count() - 1


@pytest.mark.parametrize("name", ["facts.js", "pictures.js"])
def test_without_what_all_sections_need_each_says_so(browser, spoiled, name):
    (spoiled / "_static" / "lab" / "models" / name).unlink()
    with opened(browser) as page:
        page.goto(f"{spoiled.as_uri()}/book/lab.html")
        failed = page.locator(".lab-failed")
        failed.first.wait_for()
        assert failed.count() == page.locator("[data-lab]").count()


def test_each_chapter_with_a_section_leads_there(site):
    page = (site / "book" / "lab.html").read_text(encoding="utf-8")
    for chapter, place in PLACES.items():
        assert f'id="{place}"' in page
        html = (site / "notebooks" / f"{chapter}.html").read_text(encoding="utf-8")
        assert f'href="../book/lab.html#{place}"' in html


def test_other_pages_load_nothing_of_the_lab(site):
    for path in sorted(site.rglob("*.html")):
        loads = "lab/page.js" in path.read_text(encoding="utf-8")
        assert loads == (path.relative_to(site).as_posix() == "book/lab.html"), path
