# SPDX-License-Identifier: Apache-2.0
"""Quantised ONNX models on the matrix unit's functional model, beside ONNX Runtime: for
scripts/check_onnx.py.

ONNX Runtime multiplies by a float scale and rounds halves to even, the matrix unit by 31 bits and
rounds halves up, so that a value of a layer may be a step apart; what is told is how many of the
values that come out are, and how far.
"""
import dataclasses
import json
import pathlib
import subprocess
from typing import Any

import numpy as np
import onnx
import onnxruntime

# Operators in front of which the program ends: the largest score stays the largest.
AT_THE_END = {"Softmax", "LogSoftmax", "Sigmoid", "QLinearSoftmax", "QLinearSigmoid"}
# What may stand behind them, or between the last value and the output.
PASSING = {"QuantizeLinear", "DequantizeLinear", "Identity", "Flatten", "Reshape", "Squeeze"}
BYTES = {"tensor(uint8)": (np.uint8, 128), "tensor(int8)": (np.int8, 0)}


@dataclasses.dataclass
class Shares:
    """Of all values of all samples, in steps of the output's scale."""
    values: int
    differ: int
    largest: int

    def __str__(self) -> str:
        if self.differ == 0:
            return f"0 of {self.values} values differ from ONNX Runtime's"
        share = 100 * self.differ / self.values
        steps = "1 step" if self.largest == 1 else f"{self.largest} steps"
        return (f"{self.differ} of {self.values} values ({share:.2f} %) differ from "
                f"ONNX Runtime's, by {steps} at most")


def describe(program: pathlib.Path, model: pathlib.Path) -> dict | None:
    """What `sparsys inspect` tells of a network of bytes; None of others."""
    done = subprocess.run([program, "inspect", model, "--json", "-"], capture_output=True,
                          text=True)
    found = json.loads(done.stdout) if done.returncode == 0 else {}
    return found if found.get("kind") == "quantised network" else None


def last_value(graph: Any) -> str:
    """The value that the network ends with as the program reads it."""
    makers = {output: node for node in graph.node for output in node.output}
    name = graph.output[0].name
    node = makers.get(name)
    while node and node.op_type in PASSING:
        node = makers.get(node.input[0])
    return node.input[0] if node and node.op_type in AT_THE_END else name


def real_values(graph: Any, name: str, values: Any, network: dict) -> Any:
    """Real numbers of what the runtime gives: bytes by the scale and zero point of the network."""
    if values.dtype.kind == "f":
        return values
    zero = network["layers"][-1]["output_zero"] + (128 if values.dtype == np.uint8 else 0)
    return (values.astype(np.float64) - zero) * network["layers"][-1]["output_scale"]


def compare(program: pathlib.Path, source: pathlib.Path, model: pathlib.Path, network: dict,
            folder: pathlib.Path, samples: int = 50, seed: int = 1) -> Shares:
    """Runs random inputs, each a byte of the input's scale, through both."""
    loaded = onnx.load(source)
    name = last_value(loaded.graph)
    if name != loaded.graph.output[0].name:
        loaded.graph.output.append(onnx.ValueInfoProto(name=name))
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    # As written: fused operators round elsewhere.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(loaded.SerializeToString(), options,
                                           providers=["CPUExecutionProvider"])
    first, last = network["layers"][0], network["layers"][-1]
    steps = np.random.default_rng(seed).integers(-128, 128, (samples, network["inputs"]))
    real = ((steps - first["input_zero"]) * first["input_scale"]).astype(np.float32)
    taken = session.get_inputs()[0]
    shape = [size if isinstance(size, int) else 1 for size in taken.shape]
    if taken.type in BYTES:
        kind, offset = BYTES[taken.type]
        inputs = (steps + offset).astype(kind)
    else:
        inputs = real
    expected = np.stack([
        real_values(loaded.graph, name, session.run([name], {taken.name: x.reshape(shape)})[0],
                    network).ravel() for x in inputs])
    given, outputs = folder / "inputs.npy", folder / "outputs.npy"
    np.save(given, real)
    done = subprocess.run([program, "run", "--model", model, "--level", "function", "--input",
                           given, "--outputs", outputs], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip())
    apart = np.rint(np.abs(np.load(outputs) - expected) / last["output_scale"]).astype(np.int64)
    return Shares(apart.size, int((apart > 0).sum()), int(apart.max()))
