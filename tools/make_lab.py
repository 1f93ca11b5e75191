"""Make the networks of the lab: train them, round them, and write the files that its page loads.

    python -m tools.make_lab

They are trained through `helpers`, under fixed seeds. Test images only say how large a network's
error is. On another machine the weights come out a little different.
"""

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import keras
import numpy as np
from PIL import Image

from helpers.corruption import GaussianNoise, Seed
from helpers.datasets import ImageSet, LabelledImageSet, load_letters, load_mnist, load_photos
from helpers.metrics import squared_errors
from helpers.models import Autoencoder, dense_autoencoder, sparse_autoencoder
from helpers.sparsity import TopK
from helpers.stored import write_whole
from helpers.training import train
from helpers.variational import VariationalAutoencoder, binarise, dense_variational_autoencoder
from tools.digests import LAB_FACTS, ROOT, lab_digests
from tools.lab_files import (
    QUANTILES,
    codes_of,
    images_of,
    pack,
    pictures_script,
    script,
    short_list,
)

LAB = ROOT / "book" / "_static" / "lab"
MODELS, STILLS = LAB / "models", LAB / "stills"
PACKAGES = ("tensorflow", "keras", "numpy")
SEED = 0
SIGMA = 0.5  # at which the denoiser's error is given
SPARSE_PARTS, PARTS_AT_ONCE = 128, 12
GENERATOR_CODE = 16
TILES = 9  # pictures in a row of a still picture
GAP = 2  # grey pixels between them

Model = Autoencoder | VariationalAutoencoder


@dataclass(frozen=True)
class Network:
    """A network of the lab.

    Attributes:
        kind: the images that it learns from, "digits", "letters" or "photos".
        build: makes it, of the training images.
        epochs: how often it sees each of them.
        options: what else `train` is told.
        spoil: what its inputs go through where its error is measured.
    """

    kind: str
    build: Callable[[np.ndarray], Model]
    epochs: int
    options: dict[str, object]
    spoil: GaussianNoise | None = None


def any_strength(batch: keras.KerasTensor, seed: Seed) -> keras.KerasTensor:
    """A batch with noise of every strength from 0 to 1, cut off at black and white."""
    shape = keras.ops.shape(batch)
    sigma = keras.random.uniform((shape[0], 1, 1, 1), 0, 1, seed=seed)
    noisy = batch + sigma * keras.random.normal(shape, seed=seed)
    cut: keras.KerasTensor = keras.ops.clip(noisy, 0, 1)
    return cut


def dense(code_size: int) -> Callable[[np.ndarray], Model]:
    """One layer down and one up, as in the first chapter."""
    return lambda _: dense_autoencoder(code_size, seed=SEED)


# By the name of its file. The widths are small for the page's sake.
NETWORKS = {
    "digits": Network("digits", dense(32), 25, {}),
    "digits_8": Network("digits", dense(8), 25, {}),
    "digits_2": Network("digits", dense(2), 25, {}),
    "letters": Network("letters", dense(32), 40, {}),
    "photos": Network("photos", dense(32), 40, {}),
    "denoiser": Network(
        "digits",
        dense(32),
        25,
        {"corruption": any_strength},
        GaussianNoise(SIGMA, clip=True),
    ),
    "plane": Network(
        "digits",
        lambda _: dense_autoencoder(2, [64, 32], code_activation=None, seed=SEED),
        40,
        {},
    ),
    "sparse": Network(
        "digits",
        lambda images: sparse_autoencoder(SPARSE_PARTS, TopK(PARTS_AT_ONCE), images, seed=SEED),
        25,
        {},
    ),
    "generator": Network(
        "digits",
        lambda _: dense_variational_autoencoder(GENERATOR_CODE, (64, 64), seed=SEED),
        40,
        {"augmentation": binarise, "learning_rate": 3e-3},
    ),
}


def main() -> None:
    """Train, round, measure and write."""
    made_of = lab_digests()
    digits, letters, photos = load_mnist(), load_letters(), load_photos()
    sets = {"digits": digits, "letters": letters, "photos": photos}
    MODELS.mkdir(parents=True, exist_ok=True)
    models, facts = {}, {}
    for name, network in NETWORKS.items():
        models[name], facts[name] = made(name, network, sets[network.kind])
        print(f"{name}: error {facts[name]['trained_error']} -> {facts[name]['error']}", flush=True)
    pictures = choice(digits, letters, photos)
    write_whole(MODELS / "pictures.js", pictures_script(pictures))
    told = {
        name: {key: fact[key] for key in ("checksum", "quantiles")} for name, fact in facts.items()
    }
    write_whole(MODELS / "facts.js", f"autoencoderLab.publish({json.dumps(told)});\n")
    STILLS.mkdir(exist_ok=True)
    for name, rows in stills(models, [image for _, _, image in pictures]).items():
        draw_still(rows, STILLS / f"{name}.png")
    whole = {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "versions": {package: version(package) for package in PACKAGES},
        "code_sha256": made_of.code,
        "helpers_sha256": made_of.helpers,
        "networks": facts,
    }
    write_whole(LAB_FACTS, json.dumps(whole, indent=1) + "\n")


def made(name: str, network: Network, images: ImageSet) -> tuple[Model, dict[str, object]]:
    """A network, trained and rounded, whose files are written, and what is known of it."""
    model = network.build(images.train)
    loss = model.likelihood if isinstance(model, VariationalAutoencoder) else "mse"
    options = {"loss": loss} | network.options
    train(model, images.train, epochs=network.epochs, seed=SEED, **options)  # type: ignore[arg-type]
    before = errors_of(model, network, images.test).mean()
    content = pack(model, (images.train.max(axis=0) > 0).ravel())
    errors = errors_of(model, network, images.test)
    codes = codes_of(model, images.validation)
    content["range"] = short_list(np.quantile(codes, (0.005, 0.995), axis=0))
    if codes.shape[1] == 2 and isinstance(images, LabelledImageSet):
        content |= plane_marks(codes_of(model, images.test), images.test_labels)
    text, found = script(name, content)
    write_whole(MODELS / f"{name}.js", text)
    store_model(model, MODELS / f"{name}.keras")
    return model, {
        "kind": network.kind,
        "layers": [
            layer.units
            for half in (model.encoder, model.decoder)
            for layer in half.layers
            if isinstance(layer, keras.layers.Dense)
        ],
        "parameters": int(
            sum(
                np.size(weight)
                for half in (model.encoder, model.decoder)
                for weight in half.trainable_weights
            )
        ),
        "seed": SEED,
        "epochs": network.epochs,
        "trained_error": float(before),
        "error": float(errors.mean()),
        "quantiles": short_list(np.quantile(errors, QUANTILES)),
        "checksum": found,
        "js_sha256": file_digest(MODELS / f"{name}.js"),
        "keras_sha256": file_digest(MODELS / f"{name}.keras"),
    }


def errors_of(model: Model, network: Network, images: np.ndarray) -> np.ndarray:
    """The squared error of each image, after what its input went through."""
    inputs = network.spoil.corrupt(images, SEED) if network.spoil else images
    return squared_errors(images, images_of(model, codes_of(model, inputs)))


def plane_marks(codes: np.ndarray, labels: np.ndarray) -> dict[str, object]:
    """Where on each axis equal shares of the test digits lie, and where 400 of them do."""
    marks = [short_list(np.quantile(axis, np.linspace(0, 1, 25))) for axis in codes.T]
    shown = [
        [*short_list(code), int(label)]
        for code, label in zip(codes[:400], labels[:400], strict=True)
    ]
    return {"marks": marks, "map": shown}


def store_model(model: Model, path: Path) -> None:
    """Write a model that is not compiled, whole."""
    draft = path.with_suffix(".draft.keras")
    copy = type(model).from_config(model.get_config())
    copy.set_weights(model.get_weights())
    copy.save(draft)
    os.replace(draft, path)


def file_digest(path: Path) -> str:
    """The SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def choice(
    digits: LabelledImageSet, letters: LabelledImageSet, photos: ImageSet
) -> list[tuple[str, str, np.ndarray]]:
    """The pictures that readers can pick: two test digits a class, letters, and photo patches."""
    of_class = [np.flatnonzero(digits.test_labels == label) for label in range(10)]
    picked = [("digit", str(label), digits.test[of_class[label][0]]) for label in range(10)]
    picked += [
        ("digit", f"another {label}", digits.test[of_class[label][1]]) for label in range(10)
    ]
    for number in (0, 7, 11, 20):
        name = chr(ord("A") + letters.test_labels[number])
        picked.append(("letter", name, letters.test[number]))
    contrast = np.argsort(-photos.test.std(axis=(1, 2, 3)))
    for rank, number in enumerate(contrast[[10, 60, 200]]):
        picked.append(("photo", f"number {rank + 1}", photos.test[number]))
    return picked


def stills(models: dict[str, Model], pictures: list[np.ndarray]) -> dict[str, list[np.ndarray]]:
    """What stands where nothing runs: rows of images `(TILES, 28, 28, 1)` by the section's name."""
    digits = np.stack(pictures[:TILES])
    seven = np.stack([pictures[7]])
    random = np.random.default_rng(SEED)

    def through(name: str, images: np.ndarray) -> np.ndarray:
        return images_of(models[name], codes_of(models[name], images))

    mixed = np.stack([*pictures[:5], *pictures[20:22], *pictures[24:26]])
    code = codes_of(models["digits"], seven)
    one_number = np.repeat(code, TILES, axis=0)
    unit = code.argmax()
    one_number[:, unit] = np.linspace(0, 2 * code[0, unit], TILES)
    marks = np.linspace(0.02, 0.98, TILES)
    across, up = np.quantile(codes_of(models["plane"], load_mnist().validation), marks, axis=0).T
    noise = random.standard_normal((1, *seven.shape[1:]))
    sigmas = np.linspace(0, 1, TILES)[:, None, None, None]
    noisy = np.clip(seven + sigmas * noise, 0, 1).astype(np.float32)
    parts = codes_of(models["sparse"], seven)[0]
    counts = [round(count) for count in np.linspace(0, PARTS_AT_ONCE, TILES)]
    order = np.argsort(-parts)
    some_parts = np.stack(
        [np.where(np.isin(np.arange(len(parts)), order[:count]), parts, 0) for count in counts]
    )
    ends = codes_of(models["generator"], np.stack([pictures[7], pictures[2]]))
    share = np.linspace(0, 1, TILES)[:, None]
    pixels = seven + share[..., None, None] * (pictures[2] - pictures[7])
    return {
        "properties": [mixed, through("digits", mixed)],
        "bars": [images_of(models["digits"], one_number)],
        "sizes": [digits, *(through(name, digits) for name in ("digits_2", "digits_8", "digits"))],
        "plane": [
            images_of(models["plane"], np.stack([across, np.full(TILES, height)], 1))
            for height in up[::-1]
        ],
        "denoising": [noisy, through("digits", noisy), through("denoiser", noisy)],
        "filters": [filters(models[name]) for name in ("digits", "denoiser")],
        "sparse": [images_of(models["sparse"], some_parts)],
        "generating": [
            images_of(
                models["generator"],
                random.standard_normal((TILES, GENERATOR_CODE), dtype=np.float32),
            ),
            images_of(models["generator"], ends[0] + share * (ends[1] - ends[0])),
            pixels,
        ],
    }


def filters(model: Model) -> np.ndarray:
    """The first weights of a model as images, each stretched about mid-grey."""
    kernel: np.ndarray = np.asarray(model.encoder.layers[1].kernel).T[:TILES]
    stretched = 0.5 + kernel / np.abs(kernel).max(axis=1, keepdims=True) / 2
    return np.reshape(stretched, (-1, 28, 28, 1))


def draw_still(rows: list[np.ndarray], path: Path) -> None:
    """Write rows of images as one picture, a grey line between them."""
    side = rows[0].shape[1] + GAP
    sheet = np.full((len(rows) * side - GAP, len(rows[0]) * side - GAP), 128, np.uint8)
    for down, row in enumerate(rows):
        for right, image in enumerate(row):
            place = (slice(down * side, down * side + 28), slice(right * side, right * side + 28))
            sheet[place] = np.rint(255 * np.clip(image[..., 0], 0, 1))
    draft = path.with_suffix(".draft.png")
    Image.fromarray(sheet).save(draft, optimize=True)
    os.replace(draft, path)


if __name__ == "__main__":
    main()
