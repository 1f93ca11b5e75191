"""Make the judge anew: train it, store its weights with the helpers, and write their hash.

    python -m tools.make_judge

It learns from the training digits under a fixed seed. From which probability on it trusts its
answer is set on the validation digits; the test digits only say how often it errs. On another
machine the weights come out a little different, so whoever runs this makes anew what rests on them.
"""

import hashlib
import io
import os
import re
from pathlib import Path

import keras
import numpy as np

from helpers import judge
from helpers.datasets import load_mnist
from helpers.stored import write_whole

EPOCHS = 12
BATCH_SIZE = 128
SEED = 0


def trained() -> dict[str, np.ndarray]:
    """The judge's weights, its threshold and its test error, by the names of the file."""
    digits = load_mnist()
    classifier, _ = judge.build_judge(SEED)
    steps = EPOCHS * -(-len(digits.train) // BATCH_SIZE)
    rate = keras.optimizers.schedules.CosineDecay(2e-3, steps)
    classifier.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
    keras.utils.set_random_seed(SEED)  # the order of the images
    classifier.fit(
        digits.train, digits.train_labels, batch_size=BATCH_SIZE, epochs=EPOCHS, verbose=2
    )
    sure = classifier.predict(digits.validation, batch_size=1000, verbose=0).max(axis=1)
    read = classifier.predict(digits.test, batch_size=1000, verbose=0).argmax(axis=1)
    return {
        **{f"weights_{number}": each for number, each in enumerate(classifier.get_weights())},
        "threshold": np.quantile(sure, 1 - judge.TRUSTED_SHARE),
        "test_error": np.mean(read != digits.test_labels),
    }


def store(arrays: dict[str, np.ndarray]) -> str:
    """Write the file whole, and its hash into the module that checks it; the hash is returned."""
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)  # type: ignore[arg-type]  # arrays by name, as it wants
    found = hashlib.sha256(file.getvalue()).hexdigest()
    draft = judge.JUDGE_PATH.with_suffix(".draft")
    draft.write_bytes(file.getvalue())
    os.replace(draft, judge.JUDGE_PATH)
    module = Path(judge.__file__)
    code = module.read_text(encoding="utf-8")
    write_whole(module, re.sub(r'(?m)^JUDGE_SHA256 = ".*"$', f'JUDGE_SHA256 = "{found}"', code))
    return found


def main() -> None:
    """Train, store, and say what was made."""
    arrays = trained()
    found = store(arrays)
    print(
        f"judge: misreads {100 * float(arrays['test_error']):.2f} % of the test digits, trusts an "
        f"answer from {float(arrays['threshold']):.3f} on; SHA-256 {found}"
    )


if __name__ == "__main__":
    main()
