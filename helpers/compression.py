"""Bytes per image: codes as whole numbers of a few bits, and the codecs of image files.

`rate_points` says what a code costs and keeps at several numbers of bits, `frontier` which of many
such points nothing smaller beats, `codec_points` what a codec makes of the same images.
"""

import io
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np
import PIL
from numpy.typing import ArrayLike
from PIL import Image, features

from helpers.checks import as_array, check_array, check_choice, check_count, is_number, is_whole
from helpers.datasets.image_set import IMAGE_SHAPE, ImageSet, check_images
from helpers.datasets.patches import PATCH_SIZE, from_patches, to_patches
from helpers.metrics import squared_error

MAX_BITS = 16
CODECS = ("PNG", "WebP", "JPEG", "JPEG 2000", "AVIF")
IF_BUILT_IN = {"JPEG 2000": "jpg_2000", "AVIF": "avif"}  # what Pillow calls them
NEVER_LOSSLESS = ("JPEG", "AVIF")  # Pillow writes no lossless AVIF of grey pixels
# In pixels: WebP has 14 bits for a side, AVIF 16, libjpeg a limit of its own, the others 31 or 32.
LONGEST_SIDE = {
    "PNG": 2**31 - 1,
    "WebP": 2**14 - 1,
    "JPEG": 65_500,
    "JPEG 2000": 2**31 - 1,
    "AVIF": 2**16 - 1,
}
SHRINKS = (1, 2, 4, 7, 14)  # what divides a side of 28 pixels
Coder = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, eq=False)
class Quantiser:
    """Codes as whole numbers: each code number in equal steps from its lowest to its highest.

    `Quantiser.fit(train_codes, bits=8)` sets the range; `decode(encode(codes))` is what is left of
    other codes. The range itself is sent once and not counted.

    Attributes:
        bits: bits for each code number, 1 to 16.
        lowest: `(code_size,)`, what level 0 stands for.
        span: `(code_size,)`, how far above it the last level is; 0 where a number never changes.
    """

    bits: int
    lowest: np.ndarray
    span: np.ndarray

    @classmethod
    def fit(cls, codes: ArrayLike, bits: int) -> Self:
        """A quantiser with the range of these codes.

        Args:
            codes: `(n, code_size)`, or `(n, height, width, channels)`: codes of training images.
            bits: bits for each code number, 1 to 16.

        Returns:
            The quantiser.

        Raises:
            ValueError: the codes are empty, not floating point or not finite, a number's range is
                beyond the largest float, or the bits are not a whole number from 1 to 16.
        """
        codes = check_array(codes, "codes").astype(np.float64)
        bits = check_count(bits, "bits")
        if bits > MAX_BITS:
            raise ValueError(f"bits must be at most {MAX_BITS}; got {bits}")
        lowest = codes.min(axis=0)
        with np.errstate(over="ignore"):
            span = codes.max(axis=0) - lowest
        if not np.isfinite(span).all():
            raise ValueError(
                "codes must have ranges that a float can hold; got numbers from "
                f"{codes.min():g} to {codes.max():g}"
            )
        return cls(bits, lowest, span)

    @property
    def step(self) -> np.ndarray:
        """The distance between two levels, `(code_size,)`; 0 where a number never changes."""
        return self.span / self._last

    @property
    def _last(self) -> int:
        levels: int = 2**self.bits
        return levels - 1

    @property
    def bytes_per_image(self) -> float:
        """Bytes of one code: its numbers times their bits over 8."""
        return self.lowest.size * self.bits / 8

    def encode(self, codes: ArrayLike) -> np.ndarray:
        """The nearest level of each code number; beyond the range, the first or last level.

        Args:
            codes: `(n, code_size)`, shaped as the codes the quantiser was fitted on.

        Returns:
            uint16, the shape of the codes, from 0 to 2**bits - 1.

        Raises:
            ValueError: the codes have another shape, are not floating point or not finite.
        """
        codes = check_array(codes, "codes")
        self._check_shape(codes, "codes")
        with np.errstate(over="ignore", under="ignore"):  # far beyond the range, or a denormal one
            distance = codes - self.lowest
            share = np.divide(distance, self.span, out=np.zeros_like(distance), where=self.span > 0)
            levels = np.rint(share * self._last)
        encoded: np.ndarray = np.clip(levels, 0, self._last).astype(np.uint16)
        return encoded

    def decode(self, levels: ArrayLike) -> np.ndarray:
        """The code numbers that the levels stand for.

        Inside the range they are within half a step of what was encoded, wherever the range lies.

        Args:
            levels: integers `(n, code_size)` from 0 to 2**bits - 1.

        Returns:
            float64 codes, the shape of the levels: float32 has no steps that are fine enough where
            a small range lies far from 0.

        Raises:
            ValueError: the levels have another shape, are not integers or are out of range.
        """
        levels = as_array(levels, "levels", "integers")
        self._check_shape(levels, "levels")
        if not np.issubdtype(levels.dtype, np.integer):
            raise ValueError(f"levels must be integers; got dtype {levels.dtype}")
        if levels.min() < 0 or levels.max() > self._last:
            raise ValueError(
                f"levels must be from 0 to {self._last}; "
                f"got values from {levels.min()} to {levels.max()}"
            )
        with np.errstate(under="ignore"):
            codes: np.ndarray = self.lowest + levels / self._last * self.span
        return codes

    def _check_shape(self, array: np.ndarray, name: str) -> None:
        if array.shape[1:] != self.lowest.shape or array.ndim < 2 or len(array) == 0:
            wanted = ", ".join(map(str, self.lowest.shape))
            raise ValueError(
                f"{name} must have shape (n, {wanted}) with n at least 1, as the quantiser was "
                f"fitted on; got shape {array.shape}"
            )


class RatePoint(NamedTuple):
    """What one way to store images costs and what it loses: bytes and squared errors per image."""

    bytes_per_image: float
    validation_error: float
    test_error: float


def rate_points(
    encode: Coder, decode: Coder, images: ImageSet, bits: Iterable[int] = (3, 4, 5, 6, 8)
) -> list[RatePoint]:
    """Bytes and errors of a code, rounded to several numbers of bits.

    The range of each code number is that of the training images. Its 2**bits levels are equally
    spaced, and each takes as many bits as any other.

    Args:
        encode: images `(n, 28, 28, 1)` to codes `(n, code_size)`, such as `encoder.predict`.
        decode: codes of that shape back to images.
        images: the images.
        bits: bits for each code number, each from 1 to 16.

    Returns:
        A point for each number of bits, in their order.

    Raises:
        ValueError: a number of bits is not a whole number from 1 to 16, or the coders return codes
            or images of other shapes.
    """
    codes = [encode(part) for part in (images.train, images.validation, images.test)]
    points = []
    for count in bits:
        quantiser = Quantiser.fit(codes[0], count)
        errors = [
            squared_error(part, decode(quantiser.decode(quantiser.encode(code))))
            for part, code in ((images.validation, codes[1]), (images.test, codes[2]))
        ]
        points.append(RatePoint(quantiser.bytes_per_image, *errors))
    return points


def frontier(points: Iterable[RatePoint]) -> np.ndarray:
    """The points that none of as many bytes or fewer beats on validation images.

    Args:
        points: what `rate_points` gives, of one code or of many.

    Returns:
        float64 `(2, kept)`: bytes per image, rising, and the test errors at these points. A test
        error may rise from one to the next, since validation images chose.

    Raises:
        ValueError: there is no point.
    """
    points = sorted(points)
    if not points:
        raise ValueError("points must hold at least one point; got none")
    kept = [points[0]]
    for point in points[1:]:
        if point.validation_error < kept[-1].validation_error:
            kept.append(point)
    return np.array([[point.bytes_per_image, point.test_error] for point in kept]).T


def codec_points(
    images: ArrayLike, codec: str, qualities: Iterable[int], shrink: int = 1
) -> np.ndarray:
    """Bytes and errors of a codec at several qualities, of all images as one mosaic.

    Args:
        images: `(n, 28, 28, 1)`, pixels in [0, 1].
        codec: one of `CODECS`.
        qualities: as `codec_mosaic` takes them.
        shrink: as `codec_mosaic` takes it.

    Returns:
        float64 `(2, qualities)`: bytes per image, rising, and squared errors per image.

    Raises:
        ValueError: as `codec_mosaic`, or there is no quality.
    """
    files = [codec_mosaic(images, codec, quality, shrink) for quality in qualities]
    if not files:
        raise ValueError("qualities must hold at least one quality; got none")
    points = [(file.bytes_per_image, squared_error(images, file.images)) for file in files]
    return np.array(sorted(points)).T


def error_within(curve: ArrayLike, size: float) -> float:
    """The error of a curve's last point that takes no more than so many bytes.

    Args:
        curve: `(2, points)`, bytes per image, rising, and errors, as `frontier` and `codec_points`
            give them.
        size: bytes per image.

    Returns:
        The error; infinity where every point needs more bytes.

    Raises:
        ValueError: the curve has another shape, its bytes do not rise, or a number is not finite.
    """
    curve = check_array(curve, "curve")
    if curve.ndim != 2 or len(curve) != 2:
        raise ValueError(f"curve must have shape (2, points); got shape {curve.shape}")
    if not is_number(size) or not math.isfinite(size):
        raise ValueError(f"size must be a finite number; got {size!r}")
    sizes, errors = curve
    if (np.diff(sizes) < 0).any():
        raise ValueError(f"curve must have rising bytes; got {sizes.tolist()}")
    return float(np.append(math.inf, errors[sizes <= size])[-1])


class Compressed(NamedTuple):
    """What a codec makes of images: bytes per image, and the images read back."""

    bytes_per_image: float
    images: np.ndarray


def codec_mosaic(
    images: ArrayLike, codec: str, quality: int | None = None, shrink: int = 1
) -> Compressed:
    """All images as one nearly square mosaic in one file, so that headers hardly count.

    Pixels are rounded to 256 levels, as such files hold them. The codecs take their time, for
    small files. The mosaic's last row is filled up with black.

    Args:
        images: `(n, 28, 28, 1)`, pixels in [0, 1].
        codec: one of `CODECS`.
        quality: 0 to 100, for JPEG 2000 the PSNR in dB that it aims at; None for lossless PNG,
            WebP or JPEG 2000.
        shrink: 1, or by which factor the mosaic is made smaller before it is written, and larger
            again after: 2, 4, 7 or 14. With few bytes to spend, fewer pixels can be better ones.

    Returns:
        The length of the file over n, and the images `(n, 28, 28, 1)` as float32 in [0, 1].

    Raises:
        ValueError: the images have another shape or range, are more than a file of this codec holds
            or Pillow reads back, or there is no such codec, quality or factor.
    """
    images = check_images(images)
    options = _file_options(codec, quality)
    if not is_whole(shrink) or shrink not in SHRINKS:
        raise ValueError(f"shrink must be one of {SHRINKS}; got {shrink!r}")
    columns = math.ceil(math.sqrt(len(images)))
    rows = math.ceil(len(images) / columns)
    _check_fits(rows * PATCH_SIZE, columns * PATCH_SIZE, codec)
    blank = np.zeros((rows * columns - len(images), *IMAGE_SHAPE), images.dtype)
    shape = (rows * PATCH_SIZE, columns * PATCH_SIZE)
    mosaic = from_patches(np.concatenate([images, blank]), shape)
    length, mosaic = _through_file(mosaic, options, shrink)
    return Compressed(length / len(images), to_patches(mosaic)[: len(images)])


def _file_options(codec: str, quality: int | None) -> dict[str, Any]:
    check_choice(codec, CODECS, "codec")
    if codec in IF_BUILT_IN and not features.check(IF_BUILT_IN[codec]):
        raise ValueError(
            f"codec must be one that Pillow was built with; got {codec!r}, which Pillow "
            f"{PIL.__version__} here is without: 11.3 or newer from PyPI has it"
        )
    name: dict[str, Any] = {"format": codec.replace(" ", "")}
    if quality is None and codec in NEVER_LOSSLESS:
        raise ValueError(
            f"quality must be from 0 to 100 for {codec}, which is never lossless; got None"
        )
    if quality is None:
        # Method 6 would take thirty times as long as 4, for at most a hundredth fewer bytes.
        lossless: dict[str, dict[str, Any]] = {
            "PNG": {"optimize": True},
            "WebP": {"lossless": True, "method": 4, "quality": 100},
            "JPEG 2000": {"irreversible": False},
        }
        return name | lossless[codec]
    if codec == "PNG":
        raise ValueError(f"quality must be None for PNG, which is lossless; got {quality!r}")
    if not is_whole(quality) or not 0 <= quality <= 100:
        raise ValueError(f"quality must be a whole number from 0 to 100; got {quality!r}")
    quality = int(quality)
    lossy: dict[str, dict[str, Any]] = {
        "WebP": {"quality": quality, "method": 6},
        "JPEG": {"quality": quality, "optimize": True},
        "JPEG 2000": {"quality_mode": "dB", "quality_layers": [quality], "irreversible": True},
        # Slower than 6 is very slow, and one thread writes the same file on any machine.
        "AVIF": {"quality": quality, "speed": 6, "max_threads": 1},
    }
    return name | lossy[codec]


def _check_fits(height: int, width: int, codec: str) -> None:
    longest, pixels = LONGEST_SIDE[codec], Image.MAX_IMAGE_PIXELS or math.inf
    if max(height, width) > longest or height * width > pixels:
        raise ValueError(
            f"images as a mosaic must have at most {longest} pixels a side, and {pixels} in all, "
            f"which is what {codec} holds and Pillow reads back; got {height}×{width}"
        )


def _through_file(
    picture: np.ndarray, options: dict[str, Any], shrink: int = 1
) -> tuple[int, np.ndarray]:
    file = io.BytesIO()
    image = Image.fromarray(np.rint(picture * 255).astype(np.uint8))
    small = (image.width // shrink, image.height // shrink)
    resized = image if shrink == 1 else image.resize(small, Image.Resampling.LANCZOS)
    resized.save(file, **options)
    with Image.open(file) as written:
        grey = written.convert("L")
        if shrink > 1:
            grey = grey.resize(image.size, Image.Resampling.LANCZOS)
        return len(file.getvalue()), np.asarray(grey, dtype=np.float32) / 255
