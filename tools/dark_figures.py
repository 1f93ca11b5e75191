"""A dark copy of each figure that a kernel shows, for readers of the site in dark mode.

An extension of IPython: `tools/notebooks.py` starts a chapter's kernel with it and with the
environment variable DARK_FIGURES, the folder where the copies go. Each is named by the SHA-256 of
the light PNG, which is drawn first and is what it would be without the extension.

The copy is drawn by a renderer that changes colours on their way to the pixels, and leaves the
figure as it is:

- White becomes the dark background of the site, and black the site's text on it. A colour keeps
  its hue, and stands out from the dark background at least as a text does.
- Pixels of images, and colours that a colour map makes from numbers, stay. So do lines inside an
  image. A text has its own colour where that can be read better on what lies below it.
"""

import base64
import colorsys
import functools
import hashlib
import os
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import cast

import numpy as np
from IPython.core import pylabtools
from matplotlib.backend_bases import GraphicsContextBase as Ink
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.collections import Collection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.path import Path as Outline
from matplotlib.transforms import Affine2D, Bbox, Transform

Colour = tuple[float, ...]  # red, green and blue, from 0 to 1, and opacity if there is one
SURFACE, INK = to_rgb("#14181e"), to_rgb("#ced6dd")  # the dark theme's background, and its text
# These would come too near to others of the book's colours.
MADE = {
    to_rgb("#117733"): to_rgb("#8cc152"),
    to_rgb("#56B4E9"): to_rgb("#7fd4ff"),
    to_rgb("#882255"): to_rgb("#e5488f"),
    to_rgb("#CC79A7"): to_rgb("#e9a0cb"),
}
READABLE = 4.5  # the least contrast of a text, by WCAG; of a line it is 3


def contrast(one: Colour, other: Colour) -> float:
    """How well two colours can be told apart, by WCAG: from 1 to 21."""
    rgb = np.array([one[:3], other[:3]])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    low, high = sorted(linear @ [0.2126, 0.7152, 0.0722] + 0.05)
    return float(high / low)


@functools.lru_cache(maxsize=4096)
def dark(colour: Colour) -> Colour:
    """What a colour on white becomes on the dark background; its opacity stays."""
    rgb, opacity, steps = colour[:3], colour[3:], np.linspace(0, 1, 256)
    if rgb in MADE:
        return *MADE[rgb], *opacity
    strength, wanted = max(rgb) - min(rgb), contrast(rgb, (1, 1, 1))
    if strength < 0.06:  # a grey
        shades = [tuple(SURFACE + step * np.subtract(INK, SURFACE)) for step in steps]
        if wanted > 2.5:  # a fainter one stays faint
            wanted = max(wanted, READABLE)
    else:
        hue, _, saturation = colorsys.rgb_to_hls(*rgb)
        shades = [colorsys.hls_to_rgb(hue, step, saturation) for step in steps]
        shades = [shade for shade in shades if sum(shade) >= sum(SURFACE)]
        if strength > 0.3:  # no pale ground
            wanted = np.clip(wanted, READABLE, 9)
            if contrast(rgb, SURFACE) >= wanted:
                return colour
    return *min(shades, key=lambda shade: abs(contrast(shade, SURFACE) - wanted)), *opacity


class DarkRenderer(RendererAgg):
    """Draws in dark colours what is not data."""

    def __init__(self, width: float, height: float, dpi: float) -> None:
        self.images: list[Bbox] = []
        self.keeps = False  # whether all that is drawn keeps its colours
        super().__init__(width, height, dpi)
        self._replace(draw_path=self._draw_shape, draw_text=self._draw_text)

    def _update_methods(self) -> None:
        super()._update_methods()  # puts compiled methods into the instance
        self._replace(
            draw_image=self._draw_image,
            draw_markers=self._draw_shape,
            draw_path_collection=self._draw_shapes,
        )

    def _replace(self, **methods: Callable) -> None:
        for name, method in methods.items():
            vars(self)[name] = functools.partial(method, getattr(self, name))

    def _draw_image(self, draw: Callable, gc: Ink, x: float, y: float, image: np.ndarray) -> None:
        box = Bbox.from_bounds(x, y, image.shape[1], image.shape[0])
        self.images.append(box.padded(-1.5))  # what frames the image lies outside
        draw(gc, x, y, image)

    def _draw_shape(self, draw: Callable, gc: Ink, *shape: object) -> None:
        """A line, a patch, the outline of a text, or one marker at several places."""
        *places, face = shape if len(shape) % 2 else (*shape, None)
        path, transform = cast(tuple[Outline, Transform], places[-2:])
        gc, darken = self._inks(gc, path.get_extents(transform))
        draw(gc, *places, darken(face))

    def _draw_shapes(self, draw: Callable, gc: Ink, *how: Iterable, **hatches: np.ndarray) -> None:
        gc, darken = self._inks(gc)
        colours = [np.reshape([darken(each) for each in some], (-1, 4)) for some in how[5:7]]
        draw(gc, *how[:5], *colours, *how[7:], **hatches)

    def _draw_text(
        self, draw: Callable, gc: Ink, x: float, y: float, text: str, *how: object, **named: object
    ) -> None:
        """A text, in that of its two colours which can be read on what is already drawn there."""
        font, angle, is_formula = cast(tuple[FontProperties, float, bool], (*how, False)[:3])
        width, height, descent = self.get_text_width_height_descent(text, font, is_formula)
        corners = [(across, down) for across in (0, width) for down in (descent, descent - height)]
        places = Affine2D().rotate_deg(-angle).translate(x, y).transform(corners).clip(0)
        (left, top), (right, bottom) = (
            places.min(axis=0).astype(int),
            places.max(axis=0).astype(int),
        )
        below = np.asarray(self.buffer_rgba())[top:bottom, left:right, :3].reshape(-1, 3) / 255
        ground = tuple(np.median(below, axis=0)) if len(below) else SURFACE
        dark_gc, darken = self._inks(gc)
        own = contrast(gc.get_rgb(), ground)
        if contrast(darken(gc.get_rgb()), ground) >= min(own, READABLE):
            gc = dark_gc
        draw(gc, x, y, text, *how, **named)

    def _inks(self, gc: Ink, place: Bbox | None = None) -> tuple[Ink, Callable]:
        """The dark graphics context, and what darkens a colour; in an image, both leave it."""
        in_image = place is not None and any(
            np.all([box.min <= place.min, place.max <= box.max]) for box in self.images
        )
        if self.keeps or in_image:
            return gc, lambda colour: colour
        copy = self.new_gc()
        copy.copy_properties(gc)
        darken: Callable = _darkened
        copy.set_foreground(darken(gc.get_rgb()), isRGBA=True)
        if gc.get_hatch():
            copy.set_hatch_color(darken(gc.get_hatch_color()))
        return copy, darken


def _darkened(colour: Iterable[float] | None) -> Colour | None:
    return None if colour is None else dark(tuple(map(float, colour)))


class DarkCanvas(FigureCanvasAgg):
    """Draws with the renderer above."""

    def get_renderer(self) -> DarkRenderer:
        """A new one, on which no image is drawn."""
        return DarkRenderer(*self.get_width_height(physical=True), self.figure.dpi)


def draw_dark(figure: Figure, print_figure: Callable, **how: object) -> bytes:
    """The dark copy of a figure that has been drawn, as a PNG of the same size.

    Args:
        figure: stays as it is.
        print_figure: IPython's.
        **how: its other arguments.
    """
    canvas, layout = figure.canvas, figure.get_layout_engine()
    mapped = [artist for artist in figure.findobj(Collection) if artist.get_array() is not None]
    try:
        if layout is not None:
            figure.set_layout_engine("none")  # it has placed everything
        for artist in mapped:
            vars(artist)["draw"] = functools.partial(_draw_as_it_is, artist)
        DarkCanvas(figure)  # becomes the figure's
        drawn: bytes = print_figure(figure, **{**how, "base64": False})
        return drawn
    finally:
        for artist in mapped:
            vars(artist).pop("draw", None)
        if layout is not None:
            figure.set_layout_engine(layout)
        figure.set_canvas(canvas)


def _draw_as_it_is(artist: Collection, renderer: DarkRenderer) -> None:
    renderer.keeps = True
    type(artist).draw(artist, renderer)
    renderer.keeps = False


def load_ipython_extension(_: object) -> None:
    """Let the kernel leave a dark copy of each figure that it shows."""
    folder, print_figure = Path(os.environ["DARK_FIGURES"]), pylabtools.print_figure

    @functools.wraps(print_figure)
    def print_both(fig: Figure, fmt: str = "png", **how: object) -> bytes | str | None:
        light: bytes | str | None = print_figure(fig, fmt, **how)
        if light and fmt == "png":
            png = base64.b64decode(light) if isinstance(light, str) else light
            copy = folder / hashlib.sha256(png).hexdigest()
            try:
                copy.with_suffix(".png").write_bytes(draw_dark(fig, print_figure, fmt=fmt, **how))
            except Exception:  # the chapter runs on, and `store` says what happened
                copy.with_suffix(".txt").write_text(traceback.format_exc(), encoding="utf-8")
        return light

    vars(pylabtools)["print_figure"] = print_both
