# SPDX-License-Identifier: Apache-2.0
"""Has ONNX Runtime check what `sparsys export` writes.

  python3 -m scripts.check_onnx MODEL...      models that `sparsys export` takes: exports them, has
                                              onnx.checker look at the file and ONNX Runtime compute
                                              the samples that come with it
  python3 -m scripts.check_onnx NET.onnx...   ONNX files: imports and exports them, has ONNX Runtime
                                              run both. One that is refused is tried again as
                                              onnxslim simplifies it, if that is installed. Of a
                                              quantised one, which becomes bytes for the matrix
                                              unit: the share of values that differ
  python3 -m scripts.check_onnx --random 100  random networks of operators that `sparsys export`
                                              writes, likewise
  python3 -m scripts.check_onnx --graphs 10   networks as exporters write them, ten of each kind in
                                              scripts/onnx_graphs.py and onnx_sequences.py,
                                              likewise

Needs: pip install onnx onnxruntime numpy (in a virtual environment). Exit code 1 if anything
differs.
"""
import argparse
import collections
import dataclasses
import importlib
import importlib.util
import json
import pathlib
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from typing import Any

try:
    import numpy as np
    import onnx
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper
    from onnx.reference import ReferenceEvaluator

    from scripts import onnx_bytes, onnx_graphs, onnx_sequences

    MISSING = ""
except ImportError as error:
    MISSING = str(error)

# Largest difference that float32 sums in another order may make, of the largest output; and where
# weights were scaled on the way in.
TOLERANCE = 1e-5
TOLERANCE_OF_FOREIGN = 1e-4
TYPES = {"tensor(float)": "float32", "tensor(double)": "float64", "tensor(float16)": "float16",
         "tensor(uint8)": "uint8", "tensor(int8)": "int8", "tensor(int32)": "int32",
         "tensor(int64)": "int64"}


def sparsys(program: pathlib.Path, *arguments: object) -> str | None:
    """Runs it. Gives the line of its error, or None."""
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True)
    return None if done.returncode == 0 else done.stderr.strip()


def as_list(output: Any) -> Any:
    """A tensor, or a map from labels to scores for each sample."""
    if isinstance(output, list):
        output = np.array([list(scores.values()) for scores in output], np.float32)
    return output.ravel()


def run(path: pathlib.Path, samples: dict, reference: bool = False) -> Any:
    """Outputs of the samples, one at a time as the file has it; by ONNX's own reference in place of
    ONNX Runtime."""
    if reference:
        session = ReferenceEvaluator(str(path))
    else:
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        # Some of its optimisations round on their own.
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        session = onnxruntime.InferenceSession(str(path), options,
                                               providers=["CPUExecutionProvider"])
    inputs = np.array(samples["inputs"], np.float32).reshape(samples["samples"], -1)
    shaped = [x.reshape(samples["input_shape"]) for x in inputs]
    if not reference:
        kinds = {value.name: TYPES.get(value.type, "float32") for value in session.get_inputs()}
        shaped = [x.astype(kinds.get(samples["input"], "float32")) for x in shaped]
    return np.stack([as_list(session.run([samples["output"]], {samples["input"]: x})[0])
                     for x in shaped])


def difference(path: pathlib.Path, samples: dict, reference: bool = False) -> float:
    """Of the largest output, or of 1."""
    expected = np.array(samples["outputs"], np.float32).reshape(samples["samples"], -1)
    found = run(path, samples, reference)
    if found.shape != expected.shape:
        return float("inf")
    return float(np.abs(found - expected).max() / max(1.0, np.abs(expected).max()))


def check(program: pathlib.Path, model: pathlib.Path, folder: pathlib.Path) -> float:
    """Exports a model and has it run. Gives the difference; raises RuntimeError."""
    exported, samples = folder / "exported.onnx", folder / "samples.json"
    error = sparsys(program, "export", model, "--out", exported, "--samples", samples)
    if error:
        raise RuntimeError(error)
    loaded = onnx.load(exported)
    onnx.checker.check_model(loaded, full_check=True)
    onnx.shape_inference.infer_shapes(loaded, check_type=True, strict_mode=True, data_prop=True)
    return difference(exported, json.loads(samples.read_text()))


class RandomNetwork:
    """A network of all operators, as an exporter might write it."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self.nodes, self.initializers = [], []
        self.opset = int(self.random.integers(7, 22))
        self.count = 0
        self.sizes = [1, self.pick(1, 2, 3, 4), self.pick(5, 8, 11, 14), self.pick(6, 7, 12)]
        self.input_shape = list(self.sizes)
        self.value = "input"
        for _ in range(self.pick(1, 2, 3, 4)):
            self.pick(self.conv, self.conv, self.pool, self.mean, self.relu, self.curve, self.add,
                      self.residual, self.identity)()
        self.flatten()
        for layer in range(self.pick(1, 2)):
            self.pick(self.gemm, self.matmul)()
            if layer == 0:
                self.pick(self.relu, self.curve)()
        if self.pick(True, False):
            axis = {"axis": 1} if self.opset < 13 or self.pick(True, False) else {}
            self.node("Softmax", [self.value], self.sizes, **axis)

    def pick(self, *values: Any) -> Any:
        return values[self.random.integers(len(values))]

    def constant(self, shape: list[int], name: str) -> str:
        values = self.random.normal(size=shape) / np.sqrt(max(1, np.prod(shape[1:])))
        values[self.random.random(shape) < 0.5] = 0
        return self.tensor(values.astype(np.float32), name)

    def tensor(self, values: Any, name: str) -> str:
        self.count += 1
        name = f"{name}{self.count}"
        tensor = numpy_helper.from_array(values, name)
        # Before operator set 9 a Constant holds floating-point numbers alone.
        if self.pick(True, True, False) or (self.opset < 9 and values.dtype == np.int64):
            self.initializers.append(tensor)
        else:
            self.nodes.append(helper.make_node("Constant", [], [name], value=tensor))
        return name

    def node(self, op: str, inputs: list[str], sizes: Iterable[int], **attributes: Any) -> None:
        self.count += 1
        output = f"value{self.count}"
        name = self.pick(f"{op}_{self.count}", "")
        self.nodes.append(helper.make_node(op, inputs, [output], name=name, **attributes))
        self.value, self.sizes = output, [int(s) for s in sizes]

    def window(self, kernel: list[int], dilation: list[int], ceil_mode: bool) -> tuple[Any, Any]:
        """Attributes for pads and strides, and the output's sizes; None if there is none."""
        strides = [self.pick(1, 1, 2, 3) for _ in range(2)]
        attributes = {"kernel_shape": kernel, "strides": strides}
        reach = [(k - 1) * d + 1 for k, d in zip(kernel, dilation)]
        padding = self.pick("none", "pads", "SAME_UPPER", "SAME_LOWER", "VALID")
        pads = [0, 0, 0, 0]
        if padding == "pads":
            pads = [int(self.random.integers(0, min(k, 3))) for k in kernel + kernel]
            attributes["pads"] = pads
        elif padding != "none":
            attributes["auto_pad"] = padding
        out, rounded = [], set()
        for axis in range(2):
            size = self.sizes[2 + axis]
            if padding.startswith("SAME"):
                out.append(-(-size // strides[axis]))
                # Where windows leave a rest of the input out, padding is 0 here; the runtimes do
                # not agree.
                if (out[-1] - 1) * strides[axis] + reach[axis] < size:
                    return None, None
                continue
            room = size + pads[axis] + pads[2 + axis] - reach[axis]
            if room < 0:
                return None, None
            out.append(room // strides[axis] + 1)
            if ceil_mode and room % strides[axis]:
                if padding == "VALID":
                    return None, None
                up = out[-1] * strides[axis] < size + pads[axis]
                rounded.add(up)
                out[-1] += up
        # Where one size is rounded up and the other's last window is none, onnx.checker counts it
        # all the same. Together with auto_pad, sizes are not rounded up by the runtimes of today.
        if len(rounded) > 1 or (ceil_mode and "auto_pad" in attributes):
            return None, None
        return attributes, out

    def conv(self) -> None:
        group = self.pick(*[g for g in (1, 1, 2, 3, 4) if self.sizes[1] % g == 0])
        outputs = group * self.pick(1, 2, 3)
        kernel = [self.pick(1, 2, 3, 5) for _ in range(2)]
        dilation = [self.pick(1, 1, 2) for _ in range(2)]
        # ONNX's reference fails where a kernel of one element has a dilation.
        dilation = [d if k > 1 else 1 for k, d in zip(kernel, dilation)]
        attributes, out = self.window(kernel, dilation, False)
        if not out:
            return
        inputs = [self.value, self.constant([outputs, self.sizes[1] // group, *kernel], "weights")]
        if self.pick(True, False):
            inputs.append(self.constant([outputs], "bias"))
        if group > 1 or self.pick(True, False):
            attributes["group"] = group
        self.node("Conv", inputs, [1, outputs, *out], dilations=dilation, **attributes)

    def pool(self) -> None:
        kernel = [self.pick(1, 2, 3) for _ in range(2)]
        dilation = [self.pick(1, 1, 2) for _ in range(2)] if self.opset >= 10 else [1, 1]
        ceil_mode = self.opset >= 10 and self.pick(True, False)
        attributes, out = self.window(kernel, dilation, ceil_mode)
        # ONNX Runtime leaves dilation out of a pooling's SAME padding, against the standard.
        if not out or ("SAME" in attributes.get("auto_pad", "") and dilation != [1, 1]):
            return
        if self.opset >= 10:
            attributes.update(dilations=dilation, ceil_mode=int(ceil_mode))
        self.node("MaxPool", [self.value], [1, self.sizes[1], *out], **attributes)

    def mean(self) -> None:
        kernel = [self.pick(1, 2, 3) for _ in range(2)]
        ceil_mode = self.opset >= 10 and self.pick(True, False)
        attributes, out = self.window(kernel, [1, 1], ceil_mode)
        if not out:
            return
        if self.opset >= 10:
            attributes["ceil_mode"] = int(ceil_mode)
        # Counting the padding is supported where there is none.
        if "SAME" not in attributes.get("auto_pad", "") and not any(attributes.get("pads", [])):
            attributes["count_include_pad"] = self.pick(0, 1)
        self.node("AveragePool", [self.value], [1, self.sizes[1], *out], **attributes)

    def curve(self) -> None:
        self.node(self.pick("Sigmoid", "Tanh"), [self.value], self.sizes)

    def relu(self) -> None:
        self.node("Relu", [self.value], self.sizes)

    def add(self) -> None:
        shape = self.pick([self.sizes[1], 1, 1], [1, self.sizes[1], 1, 1], [1], self.sizes[-1:])
        inputs = [self.value, self.constant(shape, "added")]
        self.node("Add", inputs if self.pick(True, False) else inputs[::-1], self.sizes)

    def residual(self) -> None:
        before = self.value
        self.relu()
        self.node("Add", [before, self.value], self.sizes)

    def identity(self) -> None:
        self.node(self.pick("Identity", "Dropout"), [self.value], self.sizes)

    def flatten(self) -> None:
        size = int(np.prod(self.sizes))
        if self.pick(True, False):
            self.node("Flatten", [self.value], [1, size], **self.pick({}, {"axis": 1}))
        else:
            shape = self.pick([1, size], [-1, size], [0, -1], [1, -1])
            shape = self.tensor(np.array(shape, np.int64), "shape")
            self.node("Reshape", [self.value, shape], [1, size])

    def gemm(self) -> None:
        outputs, transposed = self.pick(1, 3, 10), self.pick(0, 1)
        shape = [outputs, self.sizes[1]] if transposed else [self.sizes[1], outputs]
        inputs = [self.value, self.constant(shape, "weights")]
        if self.opset < 11 or self.pick(True, True, False):
            inputs.append(self.constant(self.pick([outputs], [1, outputs], [1]), "bias"))
        attributes = self.pick({}, {"alpha": 0.5, "beta": 2.0})
        self.node("Gemm", inputs, [1, outputs], transB=transposed, **attributes)

    def matmul(self) -> None:
        outputs = self.pick(1, 3, 10)
        weights = self.constant([self.sizes[1], outputs], "weights")
        self.node("MatMul", [self.value, weights], [1, outputs])
        if self.pick(True, False):
            self.node("Add", [self.value, self.constant([outputs], "bias")], self.sizes)

    def model(self) -> Any:
        def describe(name: str, sizes: Iterable[int]) -> Any:
            return helper.make_tensor_value_info(name, TensorProto.FLOAT, sizes)

        graph = helper.make_graph(
            self.nodes,
            "random",
            [describe("input", self.input_shape)],
            [describe(self.value, self.sizes)],
            self.initializers,
        )
        opsets = [helper.make_opsetid("", self.opset)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=self.pick(7, 8, 9))


@dataclasses.dataclass
class Totals:
    """What a series of random networks came to."""
    largest: float = 0.0
    failed: int = 0
    by_reference: int = 0  # files that ONNX Runtime could not run
    operators: collections.Counter = dataclasses.field(default_factory=collections.Counter)


def check_one(program: pathlib.Path, network: RandomNetwork, folder: pathlib.Path,
              totals: Totals) -> None:
    """Imports, exports and runs one random network; raises what is wrong."""
    source, model = folder / "random.onnx", folder / "random.model"
    onnx.save(network.model(), source)
    onnx.checker.check_model(str(source))
    error = sparsys(program, "import", source, "--out", model, "--scale", "0.00390625",
                    "--offset", "-0.5")
    if error:
        raise RuntimeError(error)
    found = check(program, model, folder)
    samples = json.loads((folder / "samples.json").read_text())
    try:
        found = max(found, difference(source, samples))
    except Exception:  # whatever the runtime raises
        # A convolution with SAME padding and dilation: it has none.
        totals.by_reference += 1
        found = max(found, difference(source, samples, reference=True))
    if not found <= TOLERANCE:
        raise RuntimeError(f"outputs differ by {found:.2g}")
    totals.largest = max(totals.largest, found)
    totals.operators.update(node.op_type for node in network.nodes)


def check_random(program: pathlib.Path, count: int, seed: int, folder: pathlib.Path) -> bool:
    """Whether all agree; prints what is wrong, and the largest difference."""
    totals = Totals()
    for number in range(seed, seed + count):
        try:
            check_one(program, RandomNetwork(number), folder, totals)
        except Exception as error:  # whatever the runtime raises
            totals.failed += 1
            print(f"--seed {number}: {str(error).splitlines()[0]}")
    print(", ".join(f"{op} {n}" for op, n in sorted(totals.operators.items())))
    print(f"{totals.by_reference} files were run by ONNX's reference, as ONNX Runtime could not; "
          "what was exported it ran all")
    print(f"{count - totals.failed} of {count} random networks agree; largest difference "
          f"{totals.largest:.2g} of the largest output")
    return totals.failed == 0


def import_file(program: pathlib.Path, source: pathlib.Path, arguments: list[str],
                folder: pathlib.Path) -> tuple[pathlib.Path, str]:
    """Gives the ONNX file that was read, the first or what onnxslim makes of it, and a remark."""
    error = sparsys(program, "import", source, "--out", folder / "net.model", *arguments)
    if not error:
        return source, ""
    if not importlib.util.find_spec("onnxslim"):
        raise RuntimeError(f"{error} (onnxslim is not installed)")
    slim = folder / "slim.onnx"
    importlib.import_module("onnxslim").slim(str(source), str(slim))
    if sparsys(program, "import", slim, "--out", folder / "net.model", *arguments):
        raise RuntimeError(error)
    return slim, ", after onnxslim"


def check_file(program: pathlib.Path, source: pathlib.Path, arguments: list[str],
               folder: pathlib.Path) -> str:
    """Whether a file of someone else's is read right: what to print; raises what is wrong."""
    read, remark = import_file(program, source, arguments, folder)
    network = onnx_bytes.describe(program, folder / "net.model")
    if network:
        shares = onnx_bytes.compare(program, read, folder / "net.model", network, folder)
        # A layer's step grows in the layers behind it, so that only one layer has a bound.
        if len(network["layers"]) == 1 and shares.largest > 1:
            raise RuntimeError(str(shares))
        return f"{shares}{remark}"
    found = check(program, folder / "net.model", folder)
    samples = json.loads((folder / "samples.json").read_text())
    found = max(found, difference(read, samples))
    if not found <= TOLERANCE_OF_FOREIGN:
        raise RuntimeError(f"outputs differ by {found:.2g}")
    return f"largest difference {found:.2g} of the largest output{remark}"


def check_graphs(program: pathlib.Path, count: int, seed: int, folder: pathlib.Path) -> bool:
    """Whether all kinds of exporters' networks are read right; prints a line for each kind."""
    good = True
    source = folder / "graph.onnx"
    for kind, make in {**onnx_graphs.GRAPHS, **onnx_sequences.GRAPHS}.items():
        failed = 0
        for number in range(seed, seed + count):
            onnx.save(make(number), source)
            try:
                check_file(program, source, [], folder)
            except Exception as error:  # whatever the runtime raises
                failed += 1
                print(f"{kind} --seed {number}: {str(error).splitlines()[0]}")
        print(f"{kind}: {count - failed} of {count} agree")
        good &= failed == 0
    return good


def check_models(program: pathlib.Path, models: list[pathlib.Path], arguments: list[str],
                 folder: pathlib.Path) -> bool:
    """Whether all agree; prints each one's difference."""
    good = True
    for model in models:
        if model.suffix == ".onnx":
            try:
                print(f"{model}: {check_file(program, model, arguments, folder)}")
            except Exception as error:  # whatever the runtime raises
                good = False
                print(f"{model}: {str(error).splitlines()[0]}")
            continue
        try:
            found = check(program, model, folder)
        except Exception as error:  # whatever the runtime raises
            sys.exit(f"check_onnx: {model}: {str(error).splitlines()[0]}")
        good &= found <= TOLERANCE
        print(f"{model}: largest difference {found:.2g} of the largest output"
              f"{'' if found <= TOLERANCE else ' WRONG'}")
    return good


def main() -> int | str:
    parser = argparse.ArgumentParser(prog="python3 -m scripts.check_onnx", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", metavar="MODEL", type=pathlib.Path)
    parser.add_argument("--program", type=pathlib.Path, default=pathlib.Path("build/bin/sparsys"),
                        help="default: build/bin/sparsys")
    parser.add_argument("--random", type=int, default=0, metavar="COUNT")
    parser.add_argument("--graphs", type=int, default=0, metavar="COUNT")
    parser.add_argument("--seed", type=int, default=1, help="of the first random network")
    for name in ("--input", "--output"):
        parser.add_argument(name, metavar="NAME", help="as for sparsys import")
    parser.add_argument("--dim", action="append", default=[], metavar="NAME=SIZE",
                        help="as for sparsys import")
    arguments = parser.parse_args()
    if MISSING:
        return f"check_onnx: {MISSING}; install with: pip install onnx onnxruntime numpy"
    if not arguments.models and not arguments.random and not arguments.graphs:
        parser.error("no models, and no --random or --graphs")
    if not arguments.program.is_file():
        return f"check_onnx: {arguments.program}: no such file; run make build first"
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        passed = [part for name in ("input", "output") if getattr(arguments, name)
                  for part in (f"--{name}", getattr(arguments, name))]
        passed += [part for dim in arguments.dim for part in ("--dim", dim)]
        good = check_models(arguments.program, arguments.models, passed, folder)
        if arguments.graphs:
            good &= check_graphs(arguments.program, arguments.graphs, arguments.seed, folder)
        if arguments.random:
            good &= check_random(arguments.program, arguments.random, arguments.seed, folder)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
