"""Variational autoencoders: a code is drawn, and the loss is a bound on the likelihood, in nats."""

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Self

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops
from numpy.typing import ArrayLike

from helpers.checks import check_array, check_choice, check_count, is_number
from helpers.corruption import Seed
from helpers.datasets.image_set import IMAGE_SHAPE
from helpers.models import check_apart, check_joint, dense_autoencoder, ends
from helpers.seeds import check_seed, spawn_seeds

ROWS_AT_ONCE = 5000  # codes decoded in one call, some 16 MB of digits
BATCH_SIZE = 1000


@keras.saving.register_keras_serializable(package="helpers")
class Bernoulli(keras.losses.Loss):
    """Each number is 0 or 1, and the decoder gives the logit of the probability of a 1.

    As a loss it is minus the log-likelihood in nats: summed over the numbers of an image, averaged
    over images. For numbers between 0 and 1 it is finite too, and no likelihood.
    """

    def __init__(self, name: str = "bernoulli", **kwargs: object) -> None:
        super().__init__(name=name, **kwargs)

    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        """Images and logits `(n, …)` to nats `(n,)`."""
        return _summed(ops.softplus(y_pred) - y_true * y_pred)

    def mean(self, outputs: keras.KerasTensor) -> keras.KerasTensor:
        """The expected images of what the decoder gives."""
        return ops.sigmoid(outputs)

    def draw(self, means: np.ndarray, random: np.random.Generator) -> np.ndarray:
        """Images drawn from their expectations."""
        return (random.random(means.shape) < means).astype(np.float32)

    def check(self, images: np.ndarray) -> None:
        """Refuse images of which this is no likelihood."""
        if not np.isin(images, (0, 1)).all():
            low, high = images.min(), images.max()
            raise ValueError(
                "images must hold nothing but 0 and 1, since the likelihood is that of coins; got "
                f"values from {low:g} to {high:g} and some between: binarise(images, seed) draws "
                "each pixel with its grey value as the probability of a 1"
            )


@keras.saving.register_keras_serializable(package="helpers")
class Gaussian(keras.losses.Loss):
    """Each number is the decoder's output plus noise of one known standard deviation.

    As a loss it is minus the log-density in nats: summed over the numbers of an image, averaged
    over images. It may be negative.

    Args:
        deviation: the noise's standard deviation, in the unit of the numbers.

    Raises:
        ValueError: the deviation is not positive and finite.
    """

    def __init__(self, deviation: float = 1.0, name: str = "gaussian", **kwargs: object) -> None:
        if not is_number(deviation) or not 0 < deviation < math.inf:
            raise ValueError(f"deviation must be positive and finite; got {deviation!r}")
        super().__init__(name=name, **kwargs)
        self.deviation = float(deviation)

    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        """Images and their expectations `(n, …)` to nats `(n,)`."""
        constant = math.log(self.deviation) + math.log(2 * math.pi) / 2
        return _summed(ops.square((y_true - y_pred) / self.deviation) / 2 + constant)

    def mean(self, outputs: keras.KerasTensor) -> keras.KerasTensor:
        """The expected images of what the decoder gives: just that."""
        return outputs

    def draw(self, means: np.ndarray, random: np.random.Generator) -> np.ndarray:
        """Images drawn around their expectations."""
        noise = random.standard_normal(means.shape, dtype=np.float32)
        return means + np.float32(self.deviation) * noise

    def check(self, images: np.ndarray) -> None:
        """Any finite numbers will do."""

    def get_config(self) -> dict[str, object]:
        """What `.keras` files store of the loss."""
        return super().get_config() | {"deviation": self.deviation}


Likelihood = Bernoulli | Gaussian
LIKELIHOODS: dict[str, Callable[[], Likelihood]] = {"bernoulli": Bernoulli, "gaussian": Gaussian}


def _precise(array: keras.KerasTensor) -> keras.KerasTensor:
    wide = keras.backend.standardize_dtype(array.dtype) == "float64"
    return ops.cast(array, "float64" if wide else "float32")


def _summed(numbers: keras.KerasTensor) -> keras.KerasTensor:
    return ops.sum(numbers, axis=tuple(range(1, len(numbers.shape))))


@keras.saving.register_keras_serializable(package="helpers")
class Sampling(layers.Layer):
    """Draws a code from each image's posterior, and adds to the loss what that costs.

    The posterior is normal with independent numbers. What it costs is its divergence from the
    prior, a standard normal, in nats: summed over the code's numbers, averaged over images,
    multiplied by beta. The metric `divergence` is the sum itself, without beta and free nats.

    Args:
        beta: what a nat of divergence costs, in nats of the loss; 1 for the bound.
        free_nats: of divergence, averaged over a batch, that each number of the code has for
            nothing: below it a number is charged so much and feels no pull towards the prior.
        seed: of the draws.

    Raises:
        ValueError: beta or the free nats are negative or not finite, the seed is not valid, or what
            comes in is not `(n, 2 * code size)`.

    Source:
        D. Kingma and M. Welling, "Auto-encoding variational Bayes", 2014. Beta: I. Higgins et al.,
        "beta-VAE", 2017. Free nats: D. Kingma et al., "Improving variational inference with inverse
        autoregressive flow", 2016.
    """

    def __init__(
        self, beta: float = 1.0, free_nats: float = 0.0, seed: int | None = None, **kwargs: object
    ) -> None:
        super().__init__(**kwargs)
        self.initial_beta = _check_not_negative(beta, "beta")
        self.free_nats = _check_not_negative(free_nats, "free_nats")
        self.seed = check_seed(seed)
        self.generator = keras.random.SeedGenerator(self.seed)
        self.divergence = keras.metrics.Mean("divergence")

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Make beta, a variable that a callback may assign."""
        if len(shape) != 2 or shape[-1] is None or shape[-1] % 2:
            raise ValueError(
                "posteriors must have shape (n, 2 * code size), means and then logarithms of "
                f"variances; got {tuple(shape)}"
            )
        constant = keras.initializers.Constant(self.initial_beta)
        self.beta = self.add_weight(shape=(), initializer=constant, trainable=False, name="beta")

    def call(self, posteriors: keras.KerasTensor) -> keras.KerasTensor:
        """Means and logarithms of variances `(n, 2 * code size)` to codes `(n, code size)`."""
        # In single precision at least, whatever the layers around it compute in.
        means, log_variances = ops.split(_precise(posteriors), 2, axis=-1)
        divergences = (ops.square(means) + ops.exp(log_variances) - log_variances - 1) / 2
        self.divergence.update_state(ops.sum(divergences, axis=-1))
        charged = ops.mean(divergences, axis=0)
        if self.free_nats:
            charged = ops.maximum(charged, self.free_nats)
        cost = ops.cast(self.beta, charged.dtype) * ops.sum(charged)
        self.add_loss(ops.cast(cost, keras.config.floatx()))
        noise = keras.random.normal(ops.shape(means), dtype=means.dtype, seed=self.generator)
        return ops.cast(means + ops.exp(log_variances / 2) * noise, self.compute_dtype)

    def get_config(self) -> dict[str, object]:
        """What `.keras` files store of the layer."""
        own = {"beta": self.initial_beta, "free_nats": self.free_nats, "seed": self.seed}
        return super().get_config() | own


@keras.saving.register_keras_serializable(package="helpers")
class VariationalAutoencoder(keras.Model):
    """An encoder to a distribution over codes, a draw from it, and a decoder to one over images.

    It is a Keras model like any other (`compile`, `fit`, `evaluate`, `save`). Its loss is the
    negative evidence lower bound in nats per image, reported whole and in its two parts,
    `reconstruction` and `divergence`. `fit(images)` needs no target, and `compile` no loss. `train`
    wants the loss by name: `train(vae, images, augmentation=binarise, loss=vae.likelihood)`.

    Called, and in `fit` and `evaluate`, it draws codes and returns what the decoder gives (logits,
    where the likelihood is Bernoulli's). `predict(images)` draws nothing: it returns the expected
    image of each posterior's mean.

    Args:
        encoder: a built model from images `(n, …)` to `(n, 2 * code size)`: means, and then
            logarithms of variances.
        decoder: a built model from codes `(n, code size)` to one number for each of an image.
        likelihood: what the decoder's numbers mean: "bernoulli", for images of 0 and 1, "gaussian",
            with a standard deviation of 1, or a `Bernoulli` or `Gaussian` of your own.
        beta: as `Sampling` takes it; 1 for the bound.
        free_nats: as `Sampling` takes it; 0 for the bound.
        seed: of the draws; None is the book's default seed.

    Raises:
        ValueError: a half is not a built model with one input and one output, the two do not fit
            together or share weights, there is no such likelihood, or beta, the free nats or the
            seed are not valid.
    """

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        *,
        likelihood: str | Likelihood = "bernoulli",
        beta: float = 1.0,
        free_nats: float = 0.0,
        seed: int | None = None,
        **kwargs: object,
    ) -> None:
        image_shape, posterior_shape = ends(encoder, "encoder")
        if len(posterior_shape) != 1 or posterior_shape[0] is None or posterior_shape[0] % 2:
            raise ValueError(
                "encoder must return (n, 2 * code size), means and then logarithms of variances; "
                f"it returns {('n', *posterior_shape)}"
            )
        code_size = posterior_shape[0] // 2
        taken, returned = ends(decoder, "decoder")
        check_joint((code_size,), taken, "decoder must take codes")
        check_joint(image_shape, returned, "decoder must return a number for each of an image")
        check_apart(encoder, decoder)
        likelihood = _check_likelihood(likelihood)
        sampling = Sampling(beta, free_nats, seed, name="sampling")
        images = keras.Input(image_shape, name="images")
        super().__init__(images, decoder(sampling(encoder(images))), **kwargs)
        self.encoder, self.sampling, self.decoder = encoder, sampling, decoder
        self.likelihood = likelihood
        self.code_size = code_size
        self.reconstruction = keras.metrics.Mean("reconstruction")

    def compile(
        self,
        optimizer: str | keras.optimizers.Optimizer = "rmsprop",
        loss: Likelihood | None = None,
        **kwargs: object,
    ) -> None:
        """Keras's `compile`; the loss is the likelihood, and the model adds the divergence.

        Args:
            optimizer: as Keras takes it.
            loss: None, or the model's own likelihood.
            kwargs: as Keras takes them.

        Raises:
            ValueError: the loss is another one, such as a mean over pixels, beside which the
                divergence would weigh hundreds of times too much.
        """
        own = self.likelihood
        same = type(loss) is type(own) and loss.get_config() == own.get_config()
        if loss is not None and not same:
            raise ValueError(
                "loss must be the model's own likelihood, in nats and summed over pixels: "
                f"compile(optimizer), or train(vae, images, loss=vae.likelihood); got {loss!r}"
            )
        super().compile(optimizer, own, **kwargs)

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compile a loaded model as it was, which Keras leaves out where `compile` is another."""
        self.compile(**keras.saving.deserialize_keras_object(config))
        self.optimizer.build(self.trainable_variables)  # into which its state can be loaded

    def compute_loss(
        self,
        x: keras.KerasTensor | None = None,
        y: keras.KerasTensor | None = None,
        y_pred: keras.KerasTensor | None = None,
        sample_weight: keras.KerasTensor | None = None,
        training: bool = True,
    ) -> keras.KerasTensor:
        """Reconstruction plus divergence; where no target is given, it is the input."""
        target = x if y is None else y
        loss = super().compute_loss(x, target, y_pred, sample_weight, training)
        count = ops.shape(y_pred)[0]
        self.reconstruction.update_state(loss - ops.sum(self.losses), sample_weight=count)
        return loss

    def compute_metrics(
        self,
        x: keras.KerasTensor,
        y: keras.KerasTensor | None,
        y_pred: keras.KerasTensor,
        sample_weight: keras.KerasTensor | None = None,
    ) -> dict[str, keras.KerasTensor]:
        """Keras's; where no target is given, it is the input."""
        return super().compute_metrics(x, x if y is None else y, y_pred, sample_weight)

    def predict_step(self, data: keras.KerasTensor | tuple) -> keras.KerasTensor:
        """The expected images of the posteriors' means, for `predict`."""
        images, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        means = ops.split(self.encoder(images, training=False), 2, axis=-1)[0]
        return self.likelihood.mean(_precise(self.decoder(means, training=False)))

    def encode(self, images: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
        """The posteriors of images: means and standard deviations, each `(n, code size)`.

        Args:
            images: `(n, …)`, as the model takes them.

        Returns:
            The two, in single precision at least, whatever the layers compute in.

        Raises:
            ValueError: the images have another shape, or are not floating point or not finite.
        """
        images = self._check_images(images)
        posteriors = self.encoder.predict(images, batch_size=BATCH_SIZE, verbose=0)
        posteriors = ops.convert_to_numpy(_precise(posteriors))
        means, log_variances = np.split(posteriors, 2, axis=-1)
        return means, np.exp(log_variances / 2)

    def decode(self, codes: ArrayLike) -> np.ndarray:
        """The expected images of codes: for a Bernoulli likelihood, the probabilities of a 1.

        Args:
            codes: `(n, code size)`.

        Returns:
            Images `(n, …)`.

        Raises:
            ValueError: the codes have another shape, or are not floating point or not finite.
        """
        codes = check_array(codes, "codes")
        if codes.shape[1:] != (self.code_size,):
            raise ValueError(f"codes must have shape (n, {self.code_size}); got {codes.shape}")
        outputs = self.decoder.predict(codes, batch_size=BATCH_SIZE, verbose=0)
        return ops.convert_to_numpy(self.likelihood.mean(_precise(outputs)))

    def generate(self, count: int, *, drawn: bool = False, seed: int | None = None) -> np.ndarray:
        """New images, of codes that are drawn from the prior.

        Args:
            count: how many.
            drawn: whether the images' own numbers are drawn too, pixel by pixel; otherwise they are
                their expectations, grey where the decoder is not sure.
            seed: of what is drawn; None is the book's default seed.

        Returns:
            Images `(count, …)`.

        Raises:
            ValueError: the count is not a whole number of at least 1, drawn is not True or False,
                or the seed is not valid.
        """
        if not isinstance(drawn, bool):
            raise ValueError(f"drawn must be True or False; got {drawn!r}")
        random = np.random.default_rng(spawn_seeds(seed, 1)[0])
        shape = (check_count(count, "count"), self.code_size)
        means = self.decode(random.standard_normal(shape, dtype=np.float32))
        return self.likelihood.draw(means, random) if drawn else means

    def _check_images(self, images: ArrayLike) -> np.ndarray:
        images = check_array(images, "images", pixels=True)
        if images.shape[1:] != self.input_shape[1:]:
            wanted = ", ".join(map(str, ("n", *self.input_shape[1:])))
            raise ValueError(
                f"images must have the shape that the model takes, ({wanted}); got {images.shape}"
            )
        return images

    def get_config(self) -> dict[str, object]:
        """What `.keras` files store of the model's structure."""
        parts = {
            name: keras.saving.serialize_keras_object(getattr(self, name))
            for name in ("encoder", "decoder", "likelihood")
        }
        settings = self.sampling.get_config()
        own = {name: settings[name] for name in ("beta", "free_nats", "seed")}
        return {"name": self.name, **parts, **own}

    @classmethod
    # As a layer's is; a model's takes custom objects besides, for which nothing here has a use.
    def from_config(cls, config: dict[str, Any]) -> Self:  # type: ignore[override]
        """The model whose `get_config` this is."""
        parts = {
            name: keras.saving.deserialize_keras_object(config[name])
            for name in ("encoder", "decoder", "likelihood")
        }
        return cls(**(config | parts))


def dense_variational_autoencoder(
    code_size: int = 50,
    hidden_units: Sequence[int] = (400, 400),
    *,
    shape: Sequence[int] = IMAGE_SHAPE,
    activation: str = "silu",
    likelihood: str | Likelihood = "bernoulli",
    beta: float = 1.0,
    free_nats: float = 0.0,
    seed: int | None = None,
) -> VariationalAutoencoder:
    """Fully connected layers to means and variances of a code, and their mirror image back.

    Args:
        code_size: how many numbers the code has.
        hidden_units: the widths of the encoder's layers before the code; the decoder has them in
            reverse.
        shape: of one input, without the batch axis.
        activation: Keras's name for the function of the hidden layers.
        likelihood: as `VariationalAutoencoder` takes it.
        beta: as `VariationalAutoencoder` takes it.
        free_nats: as `VariationalAutoencoder` takes it.
        seed: of the initial weights and of the draws; None is the book's default seed.

    Returns:
        An untrained model for arrays `(n, *shape)`.

    Raises:
        ValueError: the code size, a width or a size in the shape is not a whole number of at least
            1, Keras has no such activation, there is no such likelihood, or beta, the free nats or
            the seed are not valid.
    """
    code_size = check_count(code_size, "code_size")
    down, up, draws = spawn_seeds(check_seed(seed), 3)
    dense = partial(dense_autoencoder, shape=shape, activation=activation)
    to_posterior = dense(2 * code_size, hidden_units, code_activation=None, seed=down)
    from_code = dense(code_size, hidden_units, output_activation=None, seed=up)
    return VariationalAutoencoder(
        to_posterior.encoder,
        from_code.decoder,
        likelihood=likelihood,
        beta=beta,
        free_nats=free_nats,
        seed=draws,
        name="dense_variational_autoencoder",
    )


class BetaWarmUp(keras.callbacks.Callback):
    """Lets beta rise from 0 in equal steps over the first epochs, and then stay the model's own.

    Args:
        epochs: in this many epochs beta is below the model's own; 0 in the first.

    Raises:
        ValueError: epochs is not a whole number of at least 1, or, as training begins, the model is
            not a `VariationalAutoencoder`.
    """

    def __init__(self, epochs: int) -> None:
        super().__init__()
        self.epochs = check_count(epochs, "epochs")

    def on_train_begin(self, logs: dict | None = None) -> None:  # noqa: ARG002
        """Refuse other models."""
        if not isinstance(self.model, VariationalAutoencoder):
            raise ValueError(
                f"model must be a VariationalAutoencoder; got {type(self.model).__name__}"
            )

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:  # noqa: ARG002
        """Set beta for this epoch."""
        sampling = self.model.sampling
        sampling.beta.assign(min(epoch / self.epochs, 1) * sampling.initial_beta)

    def on_train_end(self, logs: dict | None = None) -> None:  # noqa: ARG002
        """Leave the model with its own beta, however few epochs there were."""
        self.model.sampling.beta.assign(self.model.sampling.initial_beta)


def binarise(batch: np.ndarray | keras.KerasTensor, seed: Seed) -> keras.KerasTensor:
    """Images of 0 and 1, in which each pixel is 1 with its grey value as the probability.

    As `train(…, augmentation=binarise)` it draws input and target of each batch anew.

    Args:
        batch: `(n, …)`, from 0 to 1, an array or a tensor.
        seed: a whole number, or a `keras.random.SeedGenerator`.

    Returns:
        Images of the same shape.

    Raises:
        ValueError: the batch is not floating point.

    Source:
        R. Salakhutdinov and I. Murray, "On the quantitative analysis of deep belief networks",
        2008.
    """
    batch = ops.convert_to_tensor(batch)
    dtype = keras.backend.standardize_dtype(batch.dtype)
    if "float" not in dtype:
        raise ValueError(
            f"batch must hold floating-point numbers from 0 to 1; got dtype {dtype}; divide pixels "
            "0–255 by 255"
        )
    # Always drawn as float32, so that a seed means the same for every dtype, and since half
    # precision is too coarse for the probabilities of dark pixels.
    drawn = keras.random.uniform(ops.shape(batch), dtype="float32", seed=seed)
    return ops.cast(drawn < ops.cast(batch, "float32"), dtype)


def log_weights(
    vae: VariationalAutoencoder, images: ArrayLike, samples: int, *, seed: int | None = None
) -> np.ndarray:
    """The logarithms of the importance weights of codes drawn from each image's posterior.

    A weight is p(x | z) p(z) / q(z | x), and p(x) on average. The average of the logarithms is
    the evidence lower bound: `importance_bounds` makes of them this bound and tighter ones.

    Args:
        vae: a trained model.
        images: `(n, …)`, of 0 and 1 for a Bernoulli likelihood.
        samples: how many codes are drawn for each image.
        seed: of the codes; None is the book's default seed. The codes that an image gets depend on
            what stands before it, and not on the machine.

    Returns:
        float32 `(n, samples)`, in nats. 10,000 images with 5,000 codes are 200 MB.

    Raises:
        ValueError: it is no such model, the images have another shape, are empty, not finite or not
            such that the likelihood is one, samples is not a whole number of at least 1, or the
            seed is not valid.
    """
    if not isinstance(vae, VariationalAutoencoder):
        raise ValueError(f"vae must be a VariationalAutoencoder; got {type(vae).__name__}")
    images = vae._check_images(images)
    vae.likelihood.check(images)
    samples = check_count(samples, "samples")
    random = np.random.default_rng(spawn_seeds(seed, 1)[0])
    means, deviations = (part.astype(np.float32) for part in vae.encode(images))
    images = images.astype(np.float32)
    many = max(1, ROWS_AT_ONCE // samples)
    found = np.empty((len(images), samples), np.float32)

    @tf.function(jit_compile=True, autograph=False)
    def of_codes(codes: tf.Tensor, images: tf.Tensor, ratios: tf.Tensor) -> tf.Tensor:
        outputs = ops.cast(vae.decoder(codes, training=False), "float32")
        repeated = tf.repeat(images, codes.shape[0] // images.shape[0], axis=0)
        return ratios - vae.likelihood.call(repeated, outputs)

    for start in range(0, len(images), many):
        part = slice(start, start + many)
        for first in range(0, samples, ROWS_AT_ONCE):
            columns = slice(first, min(first + ROWS_AT_ONCE, samples))
            shape = (len(images[part]), columns.stop - first, vae.code_size)
            noise = random.standard_normal(shape, dtype=np.float32)
            spread = deviations[part, np.newaxis]
            codes = means[part, np.newaxis] + spread * noise
            # log p(z) - log q(z | x); what both have, -log(2 pi) / 2, is left out.
            ratios = (np.square(noise) - np.square(codes)) / 2 + np.log(spread)
            given = [codes.reshape(-1, vae.code_size), images[part], ratios.sum(axis=-1).ravel()]
            tensors = [tf.constant(array) for array in given]
            # Called directly, the graphs of many calls count as one function that is traced again
            # and again, and TensorFlow warns.
            weights = of_codes.get_concrete_function(*tensors)(*tensors)
            found[part, columns] = weights.numpy().reshape(shape[:2])
    return found


def importance_bounds(log_weights: ArrayLike, codes: int) -> np.ndarray:
    """Lower bounds on the log-likelihood of each image, from as many codes as one takes at a time.

    With one code it is the evidence lower bound; with more it is tighter, and with infinitely many
    the log-likelihood. The weights are taken in groups of so many, and the bounds of all whole
    groups averaged.

    Args:
        log_weights: `(n, samples)`, as the function of that name gives them.
        codes: how many one bound takes: 1 to samples.

    Returns:
        float64 `(n,)`, in nats.

    Raises:
        ValueError: the weights have another shape or are not finite, or codes is no such number.

    Source:
        Y. Burda, R. Grosse and R. Salakhutdinov, "Importance weighted autoencoders", 2016.
    """
    weights = check_array(log_weights, "log_weights")
    if weights.ndim != 2:
        raise ValueError(f"log_weights must have shape (n, samples); got {weights.shape}")
    codes = check_count(codes, "codes")
    if codes > weights.shape[1]:
        raise ValueError(
            f"codes must be at most the samples of each image, {weights.shape[1]}; got {codes}"
        )
    groups = weights.shape[1] // codes
    grouped = weights[:, : groups * codes].reshape(len(weights), groups, codes)
    highest = grouped.max(axis=2, keepdims=True)
    means = np.exp(grouped - highest, dtype=np.float64).mean(axis=2)
    bounds: np.ndarray = (np.log(means) + highest[..., 0]).mean(axis=1)
    return bounds


def _check_likelihood(likelihood: str | Likelihood) -> Likelihood:
    if isinstance(likelihood, Bernoulli | Gaussian):
        if likelihood.reduction not in ("sum_over_batch_size", "mean"):
            raise ValueError(
                "likelihood must be averaged over images, as the divergence beside it is, with "
                'reduction="sum_over_batch_size", which is what it has by itself; got '
                f"reduction={likelihood.reduction!r}"
            )
        return likelihood
    if not isinstance(likelihood, str):
        raise ValueError(
            f"likelihood must be one of {list(LIKELIHOODS)}, or a Bernoulli or Gaussian; "
            f"got {likelihood!r}"
        )
    return LIKELIHOODS[check_choice(likelihood, LIKELIHOODS, "likelihood")]()


def _check_not_negative(value: float, name: str) -> float:
    if not is_number(value) or not 0 <= value < math.inf:
        raise ValueError(f"{name} must be at least 0 and finite; got {value!r}")
    return float(value)
