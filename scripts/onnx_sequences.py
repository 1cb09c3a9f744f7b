# SPDX-License-Identifier: Apache-2.0
"""More networks as exporters write them (onnx_graphs.py): attention, recurrences, normalisations,
functions, products of values."""
from collections.abc import Callable
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from scripts.onnx_graphs import Graph, g_opset


def layer_norm(g: Graph, x: str, size: int) -> str:
    """As a node, or as PyTorch's older exporter writes it."""
    scale, shift = g.vector(size, 0.5, 1.5), g.vector(size)
    if g.opset >= 17 and g.pick(True, False):
        return g.node("LayerNormalization", x, scale, shift, axis=-1, epsilon=1e-5)
    axes = {"axes": [-1]} if g.opset < 18 else {}
    more = [] if axes else [g.longs(-1)]
    centred = g.node("Sub", x, g.node("ReduceMean", x, *more, **axes))
    variance = g.node("ReduceMean", g.node("Pow", centred, g.scalar(2)), *more, **axes)
    root = g.node("Sqrt", g.node("Add", variance, g.scalar(1e-5)))
    return g.node("Add", g.node("Mul", g.node("Div", centred, root), scale), shift)


def gelu(g: Graph, x: str) -> str:
    if g.opset >= 20 and g.pick(True, False):
        return g.node("Gelu", x, approximate=g.pick("none", "tanh"))
    if g.pick(True, False):
        bent = g.node("Erf", g.node("Div", x, g.scalar(2 ** 0.5)))
        return g.node("Mul", g.node("Mul", x, g.node("Add", bent, g.scalar(1))), g.scalar(0.5))
    cube = g.node("Mul", g.node("Pow", x, g.scalar(3)), g.scalar(0.044715))
    bent = g.node("Tanh", g.node("Mul", g.node("Add", x, cube), g.scalar((2 / np.pi) ** 0.5)))
    return g.node("Mul", g.node("Mul", g.scalar(0.5), x), g.node("Add", g.scalar(1), bent))


def masked_softmax(g: Graph, scores: str, steps: int) -> str:
    """Each step sees itself and those before it."""
    seen = np.tril(np.ones((steps, steps), bool))
    hidden = g.pick(-1e9, -np.inf)
    kind = g.pick("where", "add", "triangle", "scatter")
    if kind == "where":
        scores = g.node("Where", g.constant(seen[None, None]), scores, g.scalar(hidden))
    elif kind == "add":
        scores = g.node("Add", scores, g.constant(np.where(seen, 0, hidden).astype(np.float32)))
    elif kind == "triangle" and g.opset >= 14:
        ones = g.node("ConstantOfShape", g.longs(steps, steps),
                      value=numpy_helper.from_array(np.ones(1, np.float32)))
        lower = g.node("Cast", g.node("Trilu", ones, upper=0), to=TensorProto.BOOL)
        mask = g.node("Where", lower, g.scalar(0), g.scalar(hidden))
        scores = g.node("Add", scores, mask)
    else:
        # The first step sees all others, too.
        mask = g.constant(np.where(seen, 0, hidden).astype(np.float32))
        first = g.constant(np.array([[0, step] for step in range(1, steps)], np.int64))
        open_up = g.node("ScatterND", mask, first, g.vector(steps - 1))
        scores = g.node("Add", scores, open_up)
    y = g.node("Softmax", scores, axis=-1)
    if not g.pick(True, False):
        return y
    return g.node("Where", g.node("IsNaN", y), g.scalar(0), y)


def attention(seed: int) -> Any:
    """A transformer's block: heads, a mask, its feed-forward part."""
    steps, heads, each = 5, 2, 4
    size = heads * each
    g = Graph(seed, ["N", steps, size], g_opset(seed, 13, 17, 20))
    y = layer_norm(g, "input", size)
    packed = g.node("Add", g.node("MatMul", y, g.weights(size, 3 * size)), g.vector(3 * size))
    parts = g.node("Split", packed, g.longs(size, size, size), outputs=3, axis=-1)
    q, k, v = (g.node("Transpose", g.node("Reshape", p, g.longs(0, steps, heads, each)),
                      perm=[0, 2, 1, 3]) for p in parts)
    if g.pick(True, False):
        scores = g.node("MatMul", q, g.node("Transpose", k, perm=[0, 1, 3, 2]))
    else:
        scores = g.node("Einsum", q, k, equation="bhid,bhjd->bhij")
    scores = g.node("Div", scores, g.scalar(each ** 0.5))
    y = g.node("MatMul", masked_softmax(g, scores, steps), v)
    y = g.node("Reshape", g.node("Transpose", y, perm=[0, 2, 1, 3]), g.longs(0, steps, size))
    x = g.node("Add", "input", g.node("MatMul", y, g.weights(size, size)))
    y = gelu(g, g.node("MatMul", layer_norm(g, x, size), g.weights(size, 12)))
    x = g.node("Add", x, g.node("MatMul", y, g.weights(12, size)))
    return g.model(g.dense(g.node("Gather", x, g.constant(np.int64(0)), axis=1), size, 3))


def recurrence(seed: int) -> Any:
    steps, inputs, hidden = 6, 3, 4
    g = Graph(seed, ["N", steps, inputs], 14)
    op = g.pick("LSTM", "GRU", "RNN")
    gates = {"LSTM": 4, "GRU": 3, "RNN": 1}[op]
    direction = g.pick("forward", "reverse", "bidirectional")
    ways = 2 if direction == "bidirectional" else 1
    more = {"linear_before_reset": g.pick(0, 1)} if op == "GRU" else {}
    if op == "RNN" and g.pick(True, False):
        more["activations"] = ["Relu"] * ways
    bias = g.constant(g.random.normal(size=(ways, 2 * gates * hidden)).astype(np.float32) / 2)
    zeros = g.constant(np.zeros((ways, 1, hidden), np.float32))
    states = ["", zeros] if g.pick(True, False) else []
    x = g.node("Transpose", "input", perm=[1, 0, 2])
    all_states, last = g.node(op, x, g.weights(ways, gates * hidden, inputs),
                              g.weights(ways, gates * hidden, hidden), bias, *states, outputs=2,
                              hidden_size=hidden, direction=direction, **more)
    if g.pick(True, False):
        x = g.node("Transpose", last, perm=[1, 0, 2])
        return g.model(g.dense(g.node("Reshape", x, g.longs(-1, ways * hidden)), ways * hidden, 3))
    x = g.node("Reshape", g.node("Transpose", all_states, perm=[2, 0, 1, 3]),
               g.longs(-1, steps, ways * hidden))
    return g.model(g.dense(g.node("ReduceMean", x, axes=[1], keepdims=0), ways * hidden, 3))


def normalised(seed: int) -> Any:
    """A convolution behind each kind of normalisation."""
    g = Graph(seed, [1, 3, 9, 8], g_opset(seed, 13, 18, 21))
    x, channels = "input", 3
    kinds = ["InstanceNormalization", "LRN", "LpNormalization", "MeanVarianceNormalization"]
    if g.opset >= 18:
        kinds.append("GroupNormalization")
    for _ in range(3):
        x = g.conv(x, channels, 6, bias=True)
        channels = 6
        kind = g.pick(*kinds)
        if kind == "InstanceNormalization":
            x = g.node(kind, x, g.vector(6, 0.5, 1.5), g.vector(6), epsilon=1e-3)
        elif kind == "GroupNormalization":
            size = 6 if g.opset >= 21 else 2
            x = g.node(kind, x, g.vector(size, 0.5, 1.5), g.vector(size), num_groups=2)
        elif kind == "LRN":
            x = g.node(kind, x, size=g.pick(3, 5), alpha=0.1, beta=g.pick(0.5, 0.75), bias=1.5)
        elif kind == "LpNormalization":
            x = g.node(kind, x, axis=1, p=g.pick(1, 2))
        else:
            x = g.node(kind, x, axes=[0, 2, 3])
    return g.model(g.dense(g.flatten(x), 6 * 72, 4))


def curve(g: Graph, x: str) -> str:
    above = g.node("Add", g.node("Abs", x), g.scalar(0.5))
    axes = ([g.longs(1)], {}) if g.opset >= 18 else ([], {"axes": [1]})
    return g.pick(lambda: g.node("Exp", g.node("Tanh", x)), lambda: g.node("Log", above),
                  lambda: g.node("Sqrt", above), lambda: g.node("Reciprocal", above),
                  lambda: g.node("Pow", above, g.scalar(g.pick(0.5, -0.5, 1.7, 2, 3))),
                  lambda: g.node("Sin", x), lambda: g.node("Cos", x), lambda: g.node("Erf", x),
                  lambda: g.node("Softsign", x), lambda: g.node("Div", x, above),
                  lambda: g.node("Div", g.scalar(2), above),
                  lambda: g.node("Sub", g.scalar(1), x), lambda: gelu(g, x),
                  lambda: g.node("Div", x, g.node(g.pick("ReduceL1", "ReduceL2"), above, *axes[0],
                                                  **axes[1])))()


def functions(seed: int) -> Any:
    """Functions of elements that are no activations, quotients, the larger of two values."""
    g = Graph(seed, ["N", 10], g_opset(seed, 13, 18))
    x = g.dense("input", 10, 8)
    for _ in range(3):
        x = g.node(g.pick("Max", "Min", "Add", "Mul", "Sub"), x, curve(g, x))
    return g.model(g.dense(x, 8, 4))


def products(seed: int) -> Any:
    """Matrices by matrices, values both, in the forms that exporters use."""
    g = Graph(seed, [1, 3, 4], 13)
    x = g.node("MatMul", "input", g.weights(4, 6))
    turned = g.node("Transpose", x, perm=[0, 2, 1])
    kind = g.pick("gemm", "einsum", "stack", "dense")
    if kind == "gemm":
        a = g.squeeze(x, 0)
        y = g.node("Gemm", a, g.squeeze(g.node("Tanh", x), 0), g.vector(6), transA=1, alpha=0.5,
                   beta=1.5)
        y = g.node("Gemm", g.weights(3, 6), y, transB=g.pick(0, 1))
        y = g.unsqueeze(y, 0)
    elif kind == "einsum":
        y = g.node("Einsum", x, g.node("Tanh", x), equation=g.pick("bik,bjk->bij", "bki,bkj->bij"))
    elif kind == "stack":
        parts = g.node("Reshape", x, g.longs(1, 3, 2, 3))
        heads = g.node("Transpose", parts, perm=[0, 2, 1, 3])
        y = g.node("MatMul", g.node("Transpose", heads, perm=[0, 1, 3, 2]), x)
        y = g.node("Reshape", y, g.longs(0, 6, 6))
    else:
        y = g.node("Einsum", x, g.constant(g.random.normal(size=(6, 2, 3)).astype(np.float32)),
                   equation="bsd,dhk->bshk")
        y = g.node("Reshape", y, g.longs(0, 3, 6))
    y = g.node("MatMul", y, turned) if kind == "dense" else y
    return g.model(g.node("ReduceMean", y, axes=[1], keepdims=0))


def volumes(seed: int) -> Any:
    """Normalisation over neighbouring channels, as PyTorch writes it; images made larger."""
    g = Graph(seed, ["N", 6, 7, 5], 13)
    x = g.node("Conv", "input", g.weights(6, 6, 3, 3), g.vector(6), pads=[1, 1, 1, 1])
    squares = g.unsqueeze(g.node("Mul", x, x), 1)
    kind = g.pick("channels", "maps")
    if kind == "channels":
        padded = g.node("Pad", squares, g.longs(0, 0, 2, 0, 0, 0, 0, 1, 0, 0))
        mean = g.node("AveragePool", padded, kernel_shape=[4, 1, 1], strides=[1, 1, 1])
    else:
        mean = g.node("AveragePool", squares, kernel_shape=[1, 3, 2], strides=[1, 1, 1],
                      pads=[0, 1, 0, 0, 1, 1])
    mean = g.node("Add", g.node("Mul", g.squeeze(mean, 1), g.scalar(0.3)), g.scalar(1.5))
    x = g.node("Div", x, g.node("Pow", mean, g.scalar(0.75)))
    position = g.pick("half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric")
    scales = g.constant(np.array([1, 1, *g.pick((2, 2), (1.5, 3), (0.5, 2))], np.float32))
    x = g.node("Resize", x, "", scales, mode="cubic", cubic_coeff_a=g.pick(-0.75, -0.5),
               exclude_outside=g.pick(0, 1), coordinate_transformation_mode=position)
    return g.model(x, rank=4)


def scores_by_label(seed: int) -> Any:
    """A classifier of scikit-learn's: labels, and a map from labels to probabilities."""
    g = Graph(seed, [None, 6], 13)
    g.domains["ai.onnx.ml"] = 1
    x = g.node("Normalizer", "input", domain="ai.onnx.ml", norm=g.pick("L1", "L2"))
    x = g.node("Softmax", g.dense(g.node("Relu", g.dense(x, 6, 5)), 5, 3), axis=1)
    label = g.node("ArgMax", x, axis=1)
    scores = g.node("ZipMap", x, domain="ai.onnx.ml", classlabels_int64s=[3, 5, 7])
    model = g.model(x)
    del model.graph.output[:]
    model.graph.output.append(helper.make_tensor_value_info(label, TensorProto.INT64, None))
    entry = helper.make_map_type_proto(TensorProto.INT64, helper.make_tensor_type_proto(
        TensorProto.FLOAT, []))
    model.graph.output.append(helper.make_value_info(scores, helper.make_sequence_type_proto(
        entry)))
    return model


GRAPHS: dict[str, Callable[[int], Any]] = {
    make.__name__: make
    for make in (attention, recurrence, normalised, functions, products, volumes,
                 scores_by_label)
}
