"""Whether XLA compiles a training step: where it is faster, works, and changes nothing else."""

import functools
from collections.abc import Callable, Iterator

import keras
import tensorflow as tf

Step = Callable[[tuple[tf.Tensor, tf.Tensor]], dict[str, tf.Tensor]]

# Compiling takes as long as it saves in 500 to 5,000 steps, and in one run more than it ever saved:
# three runs each of a small and a deep model (experiments/speed.py) do not agree. What is compiled
# stays in memory, some 20 MB a training.
PAYS_FROM = 2000
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

# What their gradients and Keras's optimizers take besides. Only those divide whole numbers safely.
UPDATING = {
    *("AssignVariableOp", "AssignAddVariableOp", "AssignSubVariableOp", "BiasAddGrad", "FloorDiv"),
    *("Pow", "Unpack", "ReluGrad", "Relu6Grad", "LeakyReluGrad", "EluGrad", "SeluGrad"),
    *("SigmoidGrad", "TanhGrad", "SoftplusGrad", "SoftsignGrad", "SqrtGrad", "RsqrtGrad"),
    *("ReciprocalGrad",),
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
            devices; or the loss fails on such a batch, or does not depend on what the model learns.
    """
    if xla and model.distribute_strategy.num_replicas_in_sync > 1:
        raise ValueError(
            "xla must be None or False where a model runs on several devices; got True"
        )
    operations = _forward_operations(model, shape[1:])
    if xla is False or (xla is None and not (_may_pay(model, steps) and operations <= FASTER)):
        return model.train_step
    compiled = tf.function(model.train_step, autograph=False, jit_compile=True)
    batch = tf.zeros(shape, keras.config.floatx())
    whole = _names(compiled.get_concrete_function((batch, batch)).graph)
    if xla is None and not whole <= FASTER | UPDATING:
        return model.train_step
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


def _forward_operations(model: keras.Model, shape: tuple[int, ...]) -> set[str]:
    """The names of TensorFlow's operations in a model and its loss, before any gradient.

    Keras builds the loss here, on images; under `tf.distribute` it would try on the positions.
    """
    operations = set()

    @functools.partial(tf.function, autograph=False)
    def gradients(batch: tf.Tensor) -> list[tf.Tensor | None]:
        with tf.GradientTape() as tape:
            answers = model(batch, training=True)
            loss = model.compute_loss(x=batch, y=batch, y_pred=answers)
        operations.update(_names(tf.compat.v1.get_default_graph()))
        return tape.gradient(loss, model.trainable_variables)

    spec = tf.TensorSpec((None, *shape), keras.config.floatx())
    try:
        found = gradients.get_concrete_function(spec).structured_outputs
    except Exception as error:  # whatever a loss or a layer of the reader's own may raise
        raise ValueError(
            f"loss must be one of model and images of shape {shape}; it raised "
            f"{type(error).__name__}: {error}"
        ) from error
    if found and all(gradient is None for gradient in found):
        raise ValueError(
            "loss must depend on what the model learns, by functions that TensorFlow can derive; "
            "got one without a gradient"
        )
    return operations


def _names(graph: tf.Graph) -> set[str]:
    definition = graph.as_graph_def()
    parts = [definition.node, *(part.node_def for part in definition.library.function)]
    return {node.op for nodes in parts for node in nodes}


def _may_pay(model: keras.Model, steps: int) -> bool:
    return (
        steps >= PAYS_FROM
        and {device.device_type for device in tf.config.list_logical_devices()} == {"CPU"}
        and model.distribute_strategy.num_replicas_in_sync == 1
        and all(layer.supports_jit for layer in _layers(model))
    )


def _layers(model: keras.Model) -> Iterator[keras.layers.Layer]:
    for layer in model.layers:
        yield layer
        if isinstance(layer, keras.Model):
            yield from _layers(layer)
