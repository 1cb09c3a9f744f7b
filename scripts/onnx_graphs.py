# SPDX-License-Identifier: Apache-2.0
"""Networks as exporters write them, with random weights: what `sparsys import` is tried on.

Each function of GRAPHS makes one, from a seed: blocks of published networks, small, in the idioms
of PyTorch's exporters, of tf2onnx for Keras, of scikit-learn's. Details vary with the seed.
"""
from collections.abc import Callable
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

Names = list[str]


class Graph:
    """Nodes and constants as they are added; every call gives the name of the value it makes."""

    def __init__(self, seed: int, shape: list[Any], opset: int = 13) -> None:
        self.random = np.random.default_rng(seed)
        self.nodes, self.constants = [], []
        self.opset, self.count = opset, 0
        self.input_shape = shape
        self.value_types = {}
        self.domains = {"": opset}

    def pick(self, *values: Any) -> Any:
        return values[self.random.integers(len(values))]

    def name(self, base: str) -> str:
        self.count += 1
        return f"/{base}_{self.count}/out"

    def constant(self, values: Any, node: bool | None = None) -> str:
        """An initializer, or a Constant node as PyTorch's older exporter writes them."""
        name = self.name("const")
        tensor = numpy_helper.from_array(np.asarray(values), name)
        if self.pick(True, False) if node is None else node:
            self.nodes.append(helper.make_node("Constant", [], [name], value=tensor))
        else:
            self.constants.append(tensor)
        return name

    def weights(self, *shape: int) -> str:
        scale = np.sqrt(2 / max(1, np.prod(shape[1:])))
        return self.constant((self.random.normal(size=shape) * scale).astype(np.float32), False)

    def vector(self, size: int, least: float = -0.5, most: float = 0.5) -> str:
        return self.constant(self.random.uniform(least, most, size).astype(np.float32), False)

    def scalar(self, value: float) -> str:
        return self.constant(np.float32(value))

    def longs(self, *values: int) -> str:
        return self.constant(np.array(values, np.int64))

    def node(self, op: str, *inputs: str, outputs: int = 1, domain: str = "",
             **attributes: Any) -> Any:
        names = [self.name(op) for _ in range(outputs)]
        self.nodes.append(helper.make_node(op, list(inputs), names, name=names[0][:-4],
                                           domain=domain, **attributes))
        return names[0] if outputs == 1 else names

    # ---- layers, in the idioms of exporters ----

    def conv(self, x: str, inputs: int, outputs: int, kernel: int = 3, stride: int = 1,
             group: int = 1, bias: bool = False, pad: int | None = None) -> str:
        pad = kernel // 2 if pad is None else pad
        parts = [x, self.weights(outputs, inputs // group, kernel, kernel)]
        if bias:
            parts.append(self.vector(outputs))
        return self.node("Conv", *parts, kernel_shape=[kernel] * 2, strides=[stride] * 2,
                         pads=[pad] * 4, dilations=[1, 1], group=group)

    def norm(self, x: str, channels: int) -> str:
        return self.node("BatchNormalization", x, self.vector(channels, 0.5, 1.5),
                         self.vector(channels), self.vector(channels),
                         self.vector(channels, 0.5, 2), epsilon=1e-5, momentum=0.9)

    def relu6(self, x: str) -> str:
        if self.opset < 11:
            return self.node("Clip", x, min=0.0, max=6.0)
        return self.node("Clip", x, self.scalar(0), self.scalar(6))

    def hard_swish(self, x: str) -> str:
        kind = self.pick("node", "gate", "written", "divided")
        if kind == "node" and self.opset >= 14:
            return self.node("HardSwish", x)
        if kind == "gate":
            return self.node("Mul", x, self.node("HardSigmoid", x, alpha=1 / 6, beta=0.5))
        clipped = self.relu6(self.node("Add", x, self.scalar(3)))
        if kind == "written":
            return self.node("Div", self.node("Mul", x, clipped), self.scalar(6))
        return self.node("Mul", x, self.node("Div", clipped, self.scalar(6)))

    def gate(self, x: str, channels: int) -> str:
        """Squeeze and excitation."""
        mean = self.mean(x, keep=True)
        small = max(1, channels // 4)
        inner = self.node("Relu", self.conv(mean, channels, small, 1, bias=True))
        outer = self.conv(inner, small, channels, 1, bias=True)
        gate = self.pick(lambda: self.node("HardSigmoid", outer, alpha=1 / 6, beta=0.5),
                         lambda: self.node("Sigmoid", outer))()
        return self.node("Mul", *self.pick((x, gate), (gate, x)))

    def mean(self, x: str, keep: bool, axes: tuple[int, int] = (2, 3)) -> str:
        if keep and axes == (2, 3) and self.pick(True, False):
            return self.node("GlobalAveragePool", x)
        if self.opset >= 18:
            return self.node("ReduceMean", x, self.longs(*axes), keepdims=int(keep))
        return self.node("ReduceMean", x, axes=list(axes), keepdims=int(keep))

    def flatten(self, x: str) -> str:
        """What x.view(x.size(0), -1) and its like become."""
        kind = self.pick("flatten", "shape", "fixed")
        if kind == "flatten":
            return self.node("Flatten", x, axis=1)
        if kind == "fixed":
            return self.node("Reshape", x, self.longs(*self.pick((1, -1), (0, -1))))
        size = self.node("Gather", self.node("Shape", x), self.constant(np.int64(0)), axis=0)
        if self.opset >= 13:
            size = self.node("Unsqueeze", size, self.longs(0))
        else:
            size = self.node("Unsqueeze", size, axes=[0])
        return self.node("Reshape", x, self.node("Concat", size, self.longs(-1), axis=0))

    def dense(self, x: str, inputs: int, outputs: int) -> str:
        if self.pick(True, False):
            return self.node("Gemm", x, self.weights(outputs, inputs), self.vector(outputs),
                             alpha=1.0, beta=1.0, transB=1)
        product = self.node("MatMul", x, self.weights(inputs, outputs))
        return self.node("Add", *self.pick((product, self.vector(outputs)),
                                           (self.vector(outputs), product)))

    def squeeze(self, x: str, *axes: int) -> str:
        if self.opset >= 13:
            return self.node("Squeeze", x, self.longs(*axes))
        return self.node("Squeeze", x, axes=list(axes))

    def unsqueeze(self, x: str, *axes: int) -> str:
        if self.opset >= 13:
            return self.node("Unsqueeze", x, self.longs(*axes))
        return self.node("Unsqueeze", x, axes=list(axes))

    def model(self, *outputs: str, kind: int = TensorProto.FLOAT, rank: int = 2) -> Any:
        graph = helper.make_graph(
            self.nodes, "main_graph",
            [helper.make_tensor_value_info("input", kind, self.input_shape)],
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, [None] * rank)
             for name in outputs],
            self.constants)
        opsets = [helper.make_opsetid(domain, version) for domain, version in self.domains.items()]
        return helper.make_model(graph, opset_imports=opsets, ir_version=8,
                                 producer_name="pytorch", producer_version="2.1")


# ---- PyTorch ----

def mobilenet_v1(seed: int) -> Any:
    g = Graph(seed, ["batch", 3, 32, 32], 11)
    x = g.relu6(g.norm(g.conv("input", 3, 8, stride=2), 8))
    for inputs, outputs, stride in ((8, 16, 1), (16, 32, 2), (32, 32, 1)):
        x = g.node("Relu", g.norm(g.conv(x, inputs, inputs, stride=stride, group=inputs), inputs))
        x = g.relu6(g.norm(g.conv(x, inputs, outputs, 1), outputs))
    x = g.flatten(g.node("AveragePool", x, kernel_shape=[8, 8], strides=[8, 8]))
    return g.model(g.node("Softmax", g.dense(x, 32, 10), axis=1))


def mobilenet_v2(seed: int) -> Any:
    g = Graph(seed, [1, 3, 28, 28], g_opset(seed, 13, 18))
    x = g.relu6(g.norm(g.conv("input", 3, 8, stride=2), 8))
    channels = 8
    for outputs, stride, expand in ((8, 1, 2), (12, 2, 3), (12, 1, 3)):
        y = g.relu6(g.norm(g.conv(x, channels, channels * expand, 1), channels * expand))
        y = g.relu6(g.norm(g.conv(y, channels * expand, channels * expand, stride=stride,
                                  group=channels * expand), channels * expand))
        y = g.norm(g.conv(y, channels * expand, outputs, 1), outputs)
        x = g.node("Add", x, y) if stride == 1 and channels == outputs else y
        channels = outputs
    return g.model(g.dense(g.flatten(g.mean(x, keep=True)), 12, 5))


def mobilenet_v3(seed: int) -> Any:
    g = Graph(seed, ["N", 1, 24, 24], g_opset(seed, 11, 14))
    x = g.hard_swish(g.norm(g.conv("input", 1, 8, stride=2), 8))
    for outputs in (8, 16):
        y = g.node("Relu", g.norm(g.conv(x, 8, 16, 1), 16))
        y = g.hard_swish(g.norm(g.conv(y, 16, 16, 5, group=16), 16))
        y = g.norm(g.conv(g.gate(y, 16), 16, outputs, 1), outputs)
        x = g.node("Add", y, x) if outputs == 8 else y
    x = g.hard_swish(g.dense(g.flatten(g.mean(x, keep=True)), 16, 12))
    return g.model(g.node("LogSoftmax", g.dense(x, 12, 7), axis=1))


def shufflenet(seed: int) -> Any:
    g = Graph(seed, [1, 4, 16, 12], g_opset(seed, 11, 13))
    x = g.node("Relu", g.conv("input", 4, 8))
    for _ in range(2):
        if g.pick(True, False):
            halves = g.node("Split", x, outputs=2, axis=1)
        elif g.opset >= 13:
            halves = g.node("Split", x, g.longs(4, 4), outputs=2, axis=1)
        else:
            halves = [g.node("Slice", x, g.longs(a), g.longs(b), g.longs(1))
                      for a, b in ((0, 4), (4, 9223372036854775807))]
        y = g.node("Relu", g.norm(g.conv(halves[1], 4, 4, 3, group=4), 4))
        x = g.node("Concat", halves[0], y, axis=1)
        # The channels of both halves take turns.
        sizes = g.node("Shape", x)
        height, width = (g.unsqueeze(g.node("Gather", sizes, g.constant(np.int64(d)), axis=0), 0)
                         for d in (2, 3))
        shape = g.node("Concat", g.longs(-1), g.longs(2), g.longs(4), height, width, axis=0)
        y = g.node("Transpose", g.node("Reshape", x, shape), perm=[0, 2, 1, 3, 4])
        x = g.node("Reshape", y, g.node("Concat", g.longs(-1, 8), height, width, axis=0))
    return g.model(g.dense(g.mean(x, keep=False), 8, 6))


def squeezenet(seed: int) -> Any:
    g = Graph(seed, [1, 3, 31, 31], g_opset(seed, 9, 12))
    x = g.node("Relu", g.conv("input", 3, 8, stride=2, bias=True, pad=0))
    for _ in range(2):
        ceil = {"ceil_mode": 1} if g.opset >= 10 else {}
        x = g.node("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], **ceil)
        y = g.node("Relu", g.conv(x, 8, 4, 1, bias=True))
        x = g.node("Concat", g.node("Relu", g.conv(y, 4, 4, 1, bias=True)),
                   g.node("Relu", g.conv(y, 4, 4, 3, bias=True)), axis=1)
    x = g.node("Relu", g.conv(g.node("Dropout", x), 8, 10, 1, bias=True))
    x = g.node("Flatten", g.node("GlobalAveragePool", x))
    return g.model(g.node("Softmax", x, axis=1))


def resnet(seed: int) -> Any:
    g = Graph(seed, ["batch_size", 3, 16, 16], g_opset(seed, 13, 17))
    x = g.node("Relu", g.norm(g.conv("input", 3, 8), 8))
    x = g.node("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    for outputs, stride in ((8, 1), (16, 2)):
        y = g.node("Relu", g.norm(g.conv(x, 8, outputs, stride=stride), outputs))
        y = g.norm(g.conv(y, outputs, outputs), outputs)
        z = x if stride == 1 else g.norm(g.conv(x, 8, 16, 1, stride=2), 16)
        x = g.node("Relu", g.node("Add", y, z))
    return g.model(g.dense(g.flatten(g.mean(x, keep=True)), 16, 10))


def densenet(seed: int) -> Any:
    g = Graph(seed, [1, 3, 12, 12], 13)
    x, channels = g.conv("input", 3, 6), 6
    for _ in range(3):
        y = g.node("Relu", g.norm(x, channels))
        y = g.node("Relu", g.norm(g.conv(y, channels, 8, 1), 8))
        x = g.node("Concat", x, g.conv(y, 8, 4), axis=1)
        channels += 4
    x = g.node("AveragePool", g.conv(g.node("Relu", g.norm(x, channels)), channels, 9, 1),
               kernel_shape=[2, 2], strides=[2, 2], pads=[0, 0, 1, 1], count_include_pad=1)
    x = g.node("Relu", g.norm(x, 9))
    return g.model(g.dense(g.mean(x, keep=False), 9, 4))


def keyword_1d(seed: int) -> Any:
    """1-D convolutions over time."""
    g = Graph(seed, ["N", 10, 33], g_opset(seed, 11, 13))
    x, channels = "input", 10
    for outputs, kernel, stride in ((8, 5, 2), (8, 3, 1), (12, 3, 2)):
        y = g.node("Conv", x, g.weights(outputs, channels, kernel), kernel_shape=[kernel],
                   strides=[stride], pads=[kernel // 2] * 2)
        y = g.node("Relu", g.norm(y, outputs))
        x = g.node("Add", y, x) if y and stride == 1 and outputs == channels else y
        channels = outputs
    x = g.node("MaxPool", x, kernel_shape=[2], strides=[2])
    x = g.pick(lambda: g.squeeze(g.node("GlobalAveragePool", x), 2),
               lambda: g.flatten(g.node("GlobalMaxPool", x)))()
    return g.model(g.node("Sigmoid", g.dense(x, 12, 3)))


def autoencoder(seed: int) -> Any:
    g = Graph(seed, ["N", 40], 13)
    x = "input"
    for inputs, outputs in ((40, 16), (16, 4), (4, 16), (16, 40)):
        x = g.dense(x, inputs, outputs)
        if outputs != 40:
            x = g.node(g.pick("Relu", "Elu", "LeakyRelu", "Softplus", "Selu"), g.norm(x, outputs))
    return g.model(x)


def decoder(seed: int) -> Any:
    g = Graph(seed, [1, 2, 8, 8], 13)
    x = g.node("Relu", g.conv("input", 2, 4, stride=2))
    skip = x
    x = g.node("ConvTranspose", g.conv(x, 4, 6, stride=2), g.weights(6, 4, 2, 2), g.vector(4),
               kernel_shape=[2, 2], strides=[2, 2])
    x = g.node("Concat", x, skip, axis=1)
    x = g.node("Resize", x, "", g.constant(np.array([1, 1, 2, 2], np.float32)), mode="nearest",
               coordinate_transformation_mode="asymmetric", nearest_mode="floor")
    x = g.node("PRelu", g.conv(x, 8, 3), g.constant(np.float32([[[0.1]], [[0.2]], [[0.3]]])))
    return g.model(g.node("Tanh", x), rank=4)


def mixer(seed: int) -> Any:
    """Patches as rows of a matrix, products on both sides."""
    g = Graph(seed, ["N", 1, 8, 8], 13)
    x = g.node("Conv", "input", g.weights(6, 1, 4, 4), kernel_shape=[4, 4], strides=[4, 4])
    x = g.node("Reshape", x, g.longs(0, 6, 4))
    x = g.node("Transpose", x, perm=[0, 2, 1])
    for _ in range(2):
        y = g.node("Transpose", x, perm=[0, 2, 1])
        y = g.node("Relu", g.node("Add", g.node("MatMul", y, g.weights(4, 5)), g.vector(5)))
        y = g.node("MatMul", y, g.weights(5, 4))
        x = g.node("Add", x, g.node("Transpose", y, perm=[0, 2, 1]))
        y = g.node("Relu", g.node("MatMul", x, g.weights(6, 9)))
        x = g.node("Add", x, g.node("Add", g.node("MatMul", y, g.weights(9, 6)), g.vector(6)))
    x = g.node("ReduceMean", x, axes=[1], keepdims=0)
    return g.model(g.dense(x, 6, 3))


# ---- Keras by tf2onnx: channels last at the ends, folded normalisation, SAME padding ----

def keras_mobilenet(seed: int) -> Any:
    g = Graph(seed, ["unk__1", 16, 16, g_opset(seed, 1, 3)], 13)
    channels = g.input_shape[3]
    x = g.node("Transpose", "input", perm=[0, 3, 1, 2])
    if g.pick(True, False):
        x = g.node("Sub", g.node("Mul", x, g.scalar(2)), g.scalar(1))
    x = g.node("Conv", x, g.weights(8, channels, 3, 3), g.vector(8), kernel_shape=[3, 3],
               strides=[2, 2], auto_pad="SAME_UPPER")
    x = g.relu6(x)
    x = g.node("Pad", x, g.longs(0, 0, 0, 0, 0, 0, 1, 1))
    x = g.node("Conv", x, g.weights(8, 1, 3, 3), g.vector(8), kernel_shape=[3, 3], strides=[2, 2],
               group=8)
    x = g.relu6(g.node("Add", x, g.constant(np.full([1, 8, 1, 1], 0.1, np.float32))))
    if g.pick(True, False):
        x = g.node("Transpose", g.conv(x, 8, 12, 1), perm=[0, 2, 3, 1])
        x = g.node("LeakyRelu", g.node("Add", x, g.vector(12)), alpha=0.3)
        x = g.node("Reshape", x, g.longs(-1, 4 * 4 * 12))
        return g.model(g.node("Softmax", g.dense(x, 192, 5), axis=-1))
    x = g.squeeze(g.node("ReduceMean", g.conv(x, 8, 12, 1), axes=[2, 3], keepdims=1), 2, 3)
    return g.model(g.node("Softmax", g.dense(x, 12, 5), axis=1))


def keras_residual(seed: int) -> Any:
    """A converter without an optimiser: every layer stands between two transpositions."""
    g = Graph(seed, ["N", 8, 6, 2], 13)

    def layer(x: str, inputs: int, outputs: int) -> str:
        y = g.node("Transpose", x, perm=[0, 3, 1, 2])
        y = g.node("Conv", y, g.weights(outputs, inputs, 3, 3), kernel_shape=[3, 3],
                   auto_pad="SAME_UPPER")
        y = g.node("Transpose", y, perm=[0, 2, 3, 1])
        return g.node("Add", g.node("Mul", y, g.vector(outputs, 0.5, 1.5)), g.vector(outputs))

    x = g.node("Relu", layer("input", 2, 6))
    for _ in range(2):
        y = layer(g.node("Relu", layer(x, 6, 6)), 6, 6)
        x = g.node("Relu", g.node("Add", x, y))
    if g.pick(True, False):
        x = g.node("Concat", x, layer(x, 6, 3), axis=3)
    else:
        x = g.node("Concat", x, g.node("Slice", x, g.longs(0), g.longs(3), g.longs(-1)), axis=-1)
    x = g.node("MaxPool", g.node("Transpose", x, perm=[0, 3, 1, 2]), kernel_shape=[2, 2],
               strides=[2, 2])
    x = g.node("Transpose", x, perm=[0, 2, 3, 1])
    if g.pick(True, False):
        return g.model(g.dense(g.mean(x, keep=False, axes=(1, 2)), 9, 4))
    shape = g.node("Concat", g.node("Slice", g.node("Shape", x), g.longs(0), g.longs(1)),
                   g.longs(-1), axis=0)
    return g.model(g.node("Softmax", g.dense(g.node("Reshape", x, shape), 108, 4)))


# ---- elements of other types, scikit-learn ----

def half_weights(seed: int) -> Any:
    """Weights of float16, double and int8, made float by the graph."""
    g = Graph(seed, ["N", 12], 13)

    def stored(rows: int, columns: int, kind: str) -> str:
        values = g.random.normal(size=(rows, columns)) / 4
        if kind == "int8":
            codes = g.constant(np.clip(np.round(values * 64), -128, 127).astype(np.int8))
            return g.node("DequantizeLinear", codes, g.scalar(1 / 64), g.constant(np.int8(0)))
        return g.node("Cast", g.constant(values.astype(kind)), to=TensorProto.FLOAT)

    x = g.node("Relu", g.node("MatMul", "input", stored(12, 10, "float16")))
    x = g.node("Tanh", g.node("Gemm", x, stored(8, 10, "float64"), transB=1))
    # Weight normalisation: g v / |v|
    v = g.weights(8, 4)
    length = g.node("Sqrt", g.node("ReduceSum", g.node("Mul", v, v), g.longs(0), keepdims=1))
    x = g.node("MatMul", x, g.node("Mul", g.node("Div", v, length), g.vector(4)))
    return g.model(g.node("Softmax", g.node("MatMul", x, stored(4, 3, "int8"))))


def bytes_in(seed: int) -> Any:
    """Pixels as bytes, scaled in the network; channels are picked one by one."""
    g = Graph(seed, [1, 10, 10, 3], 13)
    x = g.node("Transpose", g.node("Cast", "input", to=TensorProto.FLOAT), perm=[0, 3, 1, 2])
    x = g.node("Div", x, g.scalar(255))
    x = g.node("Div", g.node("Sub", x, g.constant(np.float32([[[0.4]], [[0.5]], [[0.6]]]))),
               g.constant(np.float32([[[0.2]], [[0.25]], [[0.3]]])))
    x = g.node("Gather", x, g.longs(2, 1, 0), axis=1)
    x = g.node("Relu", g.conv(x, 3, 4, pad=0, bias=True))
    return g.model(g.dense(g.flatten(x), 256, 3), kind=TensorProto.UINT8)


def logistic_regression(seed: int) -> Any:
    g = Graph(seed, [None, 5], 13)
    g.domains["ai.onnx.ml"] = 1
    x = g.node("Scaler", "input", domain="ai.onnx.ml", offset=[0.1, 0.2, 0.3, 0.4, 0.5],
               scale=[1.0, 2.0, 0.5, 1.5, 1.0])
    post = g.pick("SOFTMAX", "LOGISTIC")
    _, scores = g.node("LinearClassifier", x, outputs=2, domain="ai.onnx.ml",
                       classlabels_ints=[0, 1, 2], post_transform=post, multi_class=0,
                       coefficients=g.random.normal(size=15).tolist(),
                       intercepts=g.random.normal(size=3).tolist())
    return g.model(g.node("Normalizer", scores, domain="ai.onnx.ml", norm="L1"))


def conditions(seed: int) -> Any:
    """Comparisons with numbers and with other values, what follows them, and what exporters write
    for Softplus and shrinking functions."""
    g = Graph(seed, ["N", 12], g_opset(seed, 13, 17))
    x = g.dense("input", 12, 8)
    other = g.dense("input", 12, 8)

    def compared(a: str, b: str) -> str:
        if g.pick(True, False):
            return g.node(g.pick("Greater", "Less", "GreaterOrEqual", "LessOrEqual"), a, b)
        return g.node("Not", g.node("Equal", g.node("Relu", a), g.scalar(0)))

    def bound() -> str:
        return g.pick(g.scalar(0.1), g.vector(8), other)

    smooth = g.node("Where", g.node("Greater", x, g.scalar(20)), x, g.node("Softplus", x))
    both = g.node(g.pick("And", "Or"), compared(x, bound()), compared(other, g.scalar(-0.2)))
    parts = [smooth, g.node("Where", both, x, g.pick(other, g.scalar(-1), g.vector(8))),
             g.node("Where", compared(bound(), x), g.scalar(0), other),
             g.node("Mul", x, g.node("Cast", compared(x, g.scalar(0)), to=TensorProto.FLOAT)),
             g.node("Sign", other),
             g.node("Cast", g.node("Cast", g.node("Relu", other), to=TensorProto.BOOL),
                    to=TensorProto.FLOAT)]
    x = g.dense(g.node("Concat", *parts, axis=1), 48, 6)
    sums = g.node("ReduceLogSumExp", g.node("Mul", x, g.scalar(30)), axes=[1],
                  keepdims=g.pick(0, 1)) if g.opset < 18 else x
    product = g.node("ReduceProd", x, axes=[-1], keepdims=1)
    shape = g.node("Reshape", sums, g.longs(-1, 1))
    return g.model(g.node("Concat", x, g.node("Sub", x, shape), product, axis=-1))


def chosen_features(seed: int) -> Any:
    """Columns of a table, each scaled or made 0 and 1, and naive Bayes on them."""
    g = Graph(seed, [None, 7], 13)
    g.domains["ai.onnx.ml"] = 1

    def learn(op: str, *inputs: str, **attributes: Any) -> str:
        return g.node(op, *inputs, domain="ai.onnx.ml", **attributes)

    x = "input"
    if g.pick(True, False):
        x = learn("Imputer", x, imputed_value_floats=[0.0] * 7, replaced_value_float=float("nan"))
    parts = []
    for columns in ([0, 1], [2, 6, 4], [5]):
        part = learn("ArrayFeatureExtractor", x, g.longs(*columns))
        kind = g.pick("Scaler", "Binarizer", "Normalizer")
        if kind == "Scaler":
            part = learn(kind, part, offset=[0.1] * len(columns), scale=[2.0] * len(columns))
        elif kind == "Binarizer":
            part = learn(kind, part, threshold=0.25)
        else:
            part = learn(kind, g.node("Add", g.node("Abs", part), g.scalar(0.1)), norm="MAX")
        parts.append(part)
    scores = g.dense(g.node("Concat", *parts, axis=1), 6, 3)
    total = g.node("ReduceLogSumExp", scores, axes=[1], keepdims=0)
    logs = g.node("Sub", scores, g.node("Reshape", total, g.longs(-1, 1)))
    return g.model(g.node("Exp", logs))


def g_opset(seed: int, *opsets: int) -> int:
    return opsets[seed % len(opsets)]


GRAPHS: dict[str, Callable[[int], Any]] = {
    make.__name__: make
    for make in (mobilenet_v1, mobilenet_v2, mobilenet_v3, shufflenet, squeezenet, resnet, densenet,
                 keyword_1d, autoencoder, decoder, mixer, keras_mobilenet, keras_residual,
                 half_weights, bytes_in, logistic_regression, conditions, chosen_features)
}
