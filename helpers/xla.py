"""Whether XLA compiles a training step: where it is faster, works, and changes nothing else."""

import functools
from collections.abc import Callable, Iterator

import keras
import tensorflow as tf

Step = Callable[[tuple[tf.Tensor, tf.Tensor]], dict[str, tf.Tensor]]

# Compiling takes about as long as it saves in this many steps: experiments/speed.py.
PAYS_FROM = 1000
# What XLA speeds up on CPU: matrix products, and what is done number by number. Convolutions,
# sorting and random numbers get slower: experiments/speed.py. None of these raises, whatever the
# numbers. Of the others some do, and not under XLA, which drops assertions and answers where a
# look-up is out of range; so a model with any other operation is left to TensorFlow.
FASTER = {
    *("MatMul", "BatchMatMulV2", "BiasAdd", "Const", "Identity", "IdentityN", "NoOp"),
    *("Placeholder", "ReadVariableOp", "StopGradient", "PreventGradient", "Cast", "Shape"),
    *("Reshape", "Squeeze", "ExpandDims", "StridedSlice", "Pack", "ConcatV2", "Transpose"),
    *("Range", "Fill", "Tile", "BroadcastTo", "ZerosLike", "OnesLike", "Sum", "Mean", "Prod"),
    *("Max", "Min", "Add", "AddV2", "AddN", "Sub", "Mul", "MulNoNan", "RealDiv", "DivNoNan"),
    *("Reciprocal", "Neg", "Abs", "Sign", "Square", "SquaredDifference", "Sqrt", "Rsqrt", "Exp"),
    *("Expm1", "Log", "Log1p", "Erf", "Erfc", "Sin", "Cos", "Maximum", "Minimum", "ClipByValue"),
    *("Greater", "GreaterEqual", "Less", "LessEqual", "Equal", "NotEqual", "LogicalAnd"),
    *("LogicalOr", "LogicalNot", "Select", "SelectV2", "Relu", "Relu6", "LeakyRelu", "Elu"),
    *("Selu", "Sigmoid", "Tanh", "Softplus", "Softsign", "Softmax", "LogSoftmax"),
}


def keras_step(model: keras.Model, shape: tuple[int, ...], steps: int, xla: bool | None) -> Step:
    """A compiled model's own train step, itself compiled by XLA or not.

    XLA gets the step alone: gathering images and drawing noise are slower there.

    Args:
        model: compiled and built.
        shape: of a batch, `(batch_size, …)`.
        steps: how many will be trained.
        xla: True for XLA, False for none; None where it is known to be faster for so many steps,
            on CPU alone, and to change nothing else.

    Returns:
        A function of input and target, called inside a graph.

    Raises:
        ValueError: XLA is asked for and cannot compile the step, or the model runs on several
            devices; or the model or its loss fail on such a batch.
    """
    if xla and model.distribute_strategy.num_replicas_in_sync > 1:
        raise ValueError(
            "xla must be None or False where a model runs on several devices; got True"
        )
    operations = _operations(model, shape[1:])  # Keras builds the loss here, on images
    if xla is False or (xla is None and not _is_faster(model, operations, steps)):
        return model.train_step
    compiled = tf.function(model.train_step, autograph=False, jit_compile=True)
    batch = tf.zeros(shape, keras.config.floatx())
    try:
        compiled.experimental_get_compiler_ir((batch, batch))(stage="hlo")  # trains nothing
    except (ValueError, tf.errors.OpError) as error:
        if xla:
            raise ValueError(
                "xla must be None or False for this model, whose step XLA cannot compile: "
                f"{str(error).splitlines()[0]}"
            ) from error
        return model.train_step
    return compiled


def _operations(model: keras.Model, shape: tuple[int, ...]) -> set[str]:
    """The names of TensorFlow's operations in a compiled model and its loss."""

    @functools.partial(tf.function, autograph=False)
    def loss(batch: tf.Tensor) -> tf.Tensor:
        return model.compute_loss(x=batch, y=batch, y_pred=model(batch, training=True))

    spec = tf.TensorSpec((None, *shape), keras.config.floatx())
    try:
        graph = loss.get_concrete_function(spec).graph.as_graph_def()
    except Exception as error:  # whatever a loss or a layer of the reader's own may raise
        raise ValueError(
            f"loss must be one of model and images of shape {shape}; it raised "
            f"{type(error).__name__}: {error}"
        ) from error
    parts = [graph.node, *(part.node_def for part in graph.library.function)]
    return {node.op for nodes in parts for node in nodes}


def _is_faster(model: keras.Model, operations: set[str], steps: int) -> bool:
    optimizer = type(getattr(model.optimizer, "inner_optimizer", model.optimizer))
    return (
        steps >= PAYS_FROM
        and {device.device_type for device in tf.config.list_logical_devices()} == {"CPU"}
        and model.distribute_strategy.num_replicas_in_sync == 1
        # What a step or an optimizer of the reader's own does is not among the operations.
        and type(model).train_step is keras.Model.train_step
        and getattr(keras.optimizers, optimizer.__name__, None) is optimizer
        and all(layer.supports_jit for layer in _layers(model))
        and operations <= FASTER
    )


def _layers(model: keras.Model) -> Iterator[keras.layers.Layer]:
    for layer in model.layers:
        yield layer
        if isinstance(layer, keras.Model):
            yield from _layers(layer)
