"""Networks as the lab's page loads them: rounded, as text in a script, one character a weight.

Each dense layer has one scale for each unit of its smaller side, and 91 levels. A layer with few
weights has two characters for each, and 91 times 91 levels: it costs little, and on the way through
a code of two numbers small differences matter. What is shipped to readers as a Keras file has the
same rounded weights.
"""

import base64
import json
from typing import NamedTuple

import keras
import numpy as np

from helpers.models import Autoencoder
from helpers.sparsity import TopK
from helpers.variational import VariationalAutoencoder

BASE = 91  # characters: those from "#" to "~" but the backslash, which JSON would write as two
FIRST, LEFT_OUT = 35, 92
FEW = 5_000  # weights
DIGITS = 5  # significant ones, of scales and biases
QUANTILES = np.linspace(0, 1, 101)


class Packed(NamedTuple):
    """A layer as it is shipped.

    Attributes:
        content: what the page is told of it.
        weights: what this says, as Keras takes them: kernel and bias.
    """

    content: dict[str, object]
    weights: list[np.ndarray]


def pack_layer(layer: keras.layers.Dense, inked: np.ndarray | None = None) -> Packed:
    """A dense layer, rounded.

    Args:
        layer: the layer.
        inked: of each input, whether it ever differed from 0 in training; None for all. The
            weights of the others were never trained and become 0.
    """
    kernel, bias = (np.asarray(each, np.float64) for each in layer.get_weights())
    if inked is not None:
        kernel = kernel * inked[:, None]
    inputs, outputs = kernel.shape
    places = 2 if kernel.size < FEW else 1
    half = (BASE**places - 1) // 2  # levels run from -half to half
    scaled = "outputs" if outputs <= inputs else "inputs"
    largest = np.abs(kernel).max(axis=int(scaled == "inputs"), keepdims=True)
    scale = _short(np.where(largest, largest, 1) / half)
    levels = np.rint(kernel / scale).clip(-half, half).astype(int)
    bias = _short(bias)
    content = {
        "inputs": inputs,
        "outputs": outputs,
        "activation": layer.activation.__name__,
        "scaled": scaled,
        "scale": scale.ravel().tolist(),
        "bias": bias.tolist(),
        "places": places,
        "kernel": characters(levels + half, places),
    }
    shipped = (levels * scale.astype(np.float32)).astype(np.float32)
    return Packed(content, [shipped, bias.astype(np.float32)])


def characters(numbers: np.ndarray, places: int) -> str:
    """Whole numbers from 0 as text, row by row, each in as many characters, the largest first."""
    digits = [numbers // BASE**place % BASE for place in reversed(range(places))]
    codes = FIRST + np.stack(digits, axis=-1).ravel()
    return (codes + (codes >= LEFT_OUT)).astype(np.uint8).tobytes().decode("ascii")


def pack(model: Autoencoder | VariationalAutoencoder, inked: np.ndarray) -> dict[str, object]:
    """A model's layers as its file holds them; the model itself is rounded by this.

    Args:
        model: of dense layers, and `TopK`.
        inked: of each pixel, whether it ever differed from 0 in training.

    Raises:
        ValueError: the model has a layer that the page does not know.
    """
    content: dict[str, object] = {"largest": None}
    for half in ("encoder", "decoder"):
        packed: list[dict[str, object]] = []
        for layer in getattr(model, half).layers:
            if isinstance(layer, keras.layers.Dense):
                first = half == "encoder" and not packed
                found = pack_layer(layer, inked if first else None)
                layer.set_weights(found.weights)
                packed.append(found.content)
            elif isinstance(layer, TopK):
                content["largest"] = layer.initial_k
            elif not isinstance(layer, keras.layers.Flatten | keras.layers.Reshape):
                raise ValueError(f"the lab has no layer {type(layer).__name__}")
        content[half] = packed
    if isinstance(model, VariationalAutoencoder):
        # What the likelihood does to the decoder's numbers is one more activation to the page.
        content["decoder"][-1]["activation"] = "sigmoid"  # type: ignore[index]
    return content


def codes_of(model: Autoencoder | VariationalAutoencoder, images: np.ndarray) -> np.ndarray:
    """The codes that the page has for images: of a variational autoencoder the means."""
    if isinstance(model, VariationalAutoencoder):
        return model.encode(images)[0]
    return np.asarray(model.encoder.predict(images, batch_size=1000, verbose=0))


def images_of(model: Autoencoder | VariationalAutoencoder, codes: np.ndarray) -> np.ndarray:
    """The images that the page has for codes."""
    if isinstance(model, VariationalAutoencoder):
        return model.decode(codes)
    return np.asarray(model.decoder.predict(codes, batch_size=1000, verbose=0))


def script(name: str, content: dict[str, object]) -> tuple[str, int]:
    """The file of a network, and the checksum of the text in it, which the page computes too."""
    text = json.dumps(content, separators=(",", ":"))
    return f"autoencoderLab.add({json.dumps(name)},{json.dumps(text)});\n", checksum(text)


def checksum(text: str) -> int:
    """FNV-1a with 32 bits, of ASCII text: what changes by accident is noticed."""
    found = 0x811C9DC5
    for byte in text.encode("ascii"):
        found = (found ^ byte) * 0x01000193 & 0xFFFFFFFF
    return found


def pictures_script(pictures: list[tuple[str, str, np.ndarray]]) -> str:
    """The file of the pictures that readers can pick: kind, name and pixels of each."""
    kinds, names, images = zip(*pictures, strict=True)
    content = b"".join(np.rint(255 * image).astype(np.uint8).tobytes() for image in images)
    arguments = (list(kinds), list(names), base64.b64encode(content).decode("ascii"))
    return f"autoencoderLab.addPictures({','.join(json.dumps(each) for each in arguments)});\n"


def _short(numbers: np.ndarray) -> np.ndarray:
    """The numbers with few digits, in the same shape."""
    short = [float(f"{number:.{DIGITS}g}") for number in np.ravel(numbers)]
    return np.reshape(short, np.shape(numbers))


def short_list(numbers: np.ndarray) -> list:
    """The numbers with few digits, as nested lists."""
    return list(_short(np.asarray(numbers, np.float64)).tolist())
