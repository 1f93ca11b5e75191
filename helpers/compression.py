"""Bytes per image: codes as whole numbers of a few bits, and the codecs of image files."""

import io
import math
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike
from PIL import Image

from helpers.checks import as_array, check_array, check_choice, check_count, is_whole
from helpers.datasets.image_set import IMAGE_SHAPE, check_images
from helpers.datasets.patches import PATCH_SIZE, from_patches, to_patches

MAX_BITS = 16
CODECS = ("PNG", "WebP", "JPEG")
# In pixels: WebP has 14 bits for a side, libjpeg a limit of its own, PNG 31 bits.
LONGEST_SIDE = {"PNG": 2**31 - 1, "WebP": 2**14 - 1, "JPEG": 65_500}


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


class Compressed(NamedTuple):
    """What a codec makes of images: bytes per image, and the images read back."""

    bytes_per_image: float
    images: np.ndarray


def codec_mosaic(images: ArrayLike, codec: str, quality: int | None = None) -> Compressed:
    """All images as one nearly square mosaic in one file, so that headers hardly count.

    Pixels are rounded to 256 levels, as such files hold them. The codecs take their time, for
    small files. The mosaic's last row is filled up with black.

    Args:
        images: `(n, 28, 28, 1)`, pixels in [0, 1].
        codec: "PNG", "WebP" or "JPEG".
        quality: 0 to 100; None for lossless PNG or WebP.

    Returns:
        The length of the file over n, and the images `(n, 28, 28, 1)` as float32 in [0, 1].

    Raises:
        ValueError: the images have another shape or range, are more than a file of this codec holds
            or Pillow reads back, or there is no such codec or quality.
    """
    images = check_images(images)
    options = _file_options(codec, quality)
    columns = math.ceil(math.sqrt(len(images)))
    rows = math.ceil(len(images) / columns)
    _check_fits(rows * PATCH_SIZE, columns * PATCH_SIZE, codec, "images as a mosaic")
    blank = np.zeros((rows * columns - len(images), *IMAGE_SHAPE), images.dtype)
    shape = (rows * PATCH_SIZE, columns * PATCH_SIZE)
    length, mosaic = _through_file(from_patches(np.concatenate([images, blank]), shape), options)
    return Compressed(length / len(images), to_patches(mosaic)[: len(images)])


def codec_files(images: ArrayLike, codec: str, quality: int | None = None) -> Compressed:
    """Each image in a file of its own, headers and all.

    What `codec_mosaic` is without its mosaic: the difference is what headers cost, and what a
    codec gains from many images at once.

    Args:
        images: `(n, 28, 28, 1)`, pixels in [0, 1].
        codec: "PNG", "WebP" or "JPEG".
        quality: 0 to 100; None for lossless PNG or WebP.

    Returns:
        The mean length of the files, and the images `(n, 28, 28, 1)` as float32 in [0, 1].

    Raises:
        ValueError: the images have another shape or range, or there is no such codec or quality.
    """
    images = check_images(images)
    options = _file_options(codec, quality)
    lengths, pictures = zip(
        *(_through_file(image[..., 0], options) for image in images), strict=True
    )
    return Compressed(sum(lengths) / len(images), np.stack(pictures)[..., np.newaxis])


def codec_picture(picture: ArrayLike, codec: str, quality: int | None = None) -> Compressed:
    """One large picture as a file.

    Args:
        picture: `(height, width)`, floating point, pixels in [0, 1].
        codec: "PNG", "WebP" or "JPEG".
        quality: 0 to 100; None for lossless PNG or WebP.

    Returns:
        The length of the file, and the picture `(height, width)` as float32 in [0, 1].

    Raises:
        ValueError: the picture has another shape or range, is larger than the codec's files hold or
            Pillow reads back, or there is no such codec or quality.
    """
    picture = as_array(picture, "picture")
    if picture.ndim != 2:
        raise ValueError(f"picture must have shape (height, width); got shape {picture.shape}")
    picture = check_array(picture, "picture", pixels=True)
    if picture.min() < 0 or picture.max() > 1:
        raise ValueError(
            f"picture must hold pixels in [0, 1]; got values from {picture.min():g} to "
            f"{picture.max():g}"
        )
    options = _file_options(codec, quality)
    height, width = picture.shape
    _check_fits(height, width, codec, "picture")
    return Compressed(*_through_file(picture, options))


def _file_options(codec: str, quality: int | None) -> dict[str, Any]:
    check_choice(codec, CODECS, "codec")
    if quality is None and codec == "JPEG":
        raise ValueError(
            "quality must be from 0 to 100 for JPEG, which is never lossless; got None"
        )
    if quality is None:
        # Method 6 would take thirty times as long as 4, for at most a hundredth fewer bytes.
        lossless = {"lossless": True, "method": 4, "quality": 100}
        return {"format": codec, **(lossless if codec == "WebP" else {"optimize": True})}
    if codec == "PNG":
        raise ValueError(f"quality must be None for PNG, which is lossless; got {quality!r}")
    if not is_whole(quality) or not 0 <= quality <= 100:
        raise ValueError(f"quality must be a whole number from 0 to 100; got {quality!r}")
    thorough = {"method": 6} if codec == "WebP" else {"optimize": True}
    return {"format": codec, "quality": int(quality), **thorough}


def _check_fits(height: int, width: int, codec: str, name: str) -> None:
    longest, pixels = LONGEST_SIDE[codec], Image.MAX_IMAGE_PIXELS or math.inf
    if max(height, width) > longest or height * width > pixels:
        raise ValueError(
            f"{name} must have at most {longest} pixels a side and {pixels} in all, which is what "
            f"{codec} holds and Pillow reads back; got {height}×{width}"
        )


def _through_file(picture: np.ndarray, options: dict[str, Any]) -> tuple[int, np.ndarray]:
    file = io.BytesIO()
    Image.fromarray(np.rint(picture * 255).astype(np.uint8)).save(file, **options)
    with Image.open(file) as written:
        return len(file.getvalue()), np.asarray(written.convert("L"), dtype=np.float32) / 255
