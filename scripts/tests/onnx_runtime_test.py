# SPDX-License-Identifier: Apache-2.0
"""The built program beside ONNX Runtime, by scripts/check_onnx.py: networks of floats, networks as
exporters write them, networks that ONNX Runtime has quantised. Skipped where the runtime is not
installed; scripts/setup.sh ci installs it into the build folder."""
import contextlib
import io
import logging
import os
import re
import sys
import tempfile
import unittest
import unittest.mock
from pathlib import Path
from typing import Any

import scripts.tests
from scripts import check_onnx

if not check_onnx.MISSING:
    import numpy as np
    from onnx import helper, numpy_helper
    from onnxruntime import quantization as q

BUILD = Path(os.environ.get("BUILD", "build"))
PROGRAM = Path(os.environ.get("SPARSYS", BUILD / "bin/sparsys"))
INSTALLED = BUILD / "onnx/bin/python"
SEED = int(os.environ.get("SPARSYS_SEED", "1"))


def check(*arguments: object) -> tuple[Any, str]:
    """What check_onnx returns, and what it prints."""
    out = io.StringIO()
    words = ["", "--program", str(PROGRAM), *map(str, arguments)]
    with contextlib.redirect_stdout(out), unittest.mock.patch("sys.argv", words):
        return check_onnx.main(), out.getvalue()


@unittest.skipIf(check_onnx.MISSING, f"ONNX Runtime: {check_onnx.MISSING}")
class OnnxRuntime(unittest.TestCase):
    def test_random_networks(self):
        result, printed = check("--random", 12, "--seed", SEED)
        self.assertEqual(result, 0, printed)

    def test_networks_as_exporters_write_them(self):
        result, printed = check("--graphs", 1, "--seed", SEED)
        self.assertEqual(result, 0, printed)


@unittest.skipIf(check_onnx.MISSING, f"ONNX Runtime: {check_onnx.MISSING}")
class Bytes(unittest.TestCase):
    """y = Softmax(B Relu(MaxPool(A x))), quantised by the runtime's own tool."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        logging.disable(logging.WARNING)
        self.addCleanup(logging.disable, logging.NOTSET)

    def save(self, seed: int, layers: int) -> Path:
        random = np.random.default_rng(seed)
        nodes = [helper.make_node("Conv", ["x", "a"], ["c"], kernel_shape=[3, 3]),
                 helper.make_node("Relu", ["c"], ["r"])]
        shape, output = [1, 6, 6, 6], "r"
        constants = {"a": random.normal(size=(6, 2, 3, 3)) / 4}
        if layers > 1:
            nodes += [helper.make_node("MaxPool", ["r"], ["p"], kernel_shape=[2, 2],
                                       strides=[2, 2]),
                      helper.make_node("Flatten", ["p"], ["f"]),
                      helper.make_node("Gemm", ["f", "b", "d"], ["g"], transB=1),
                      helper.make_node("Softmax", ["g"], ["y"], axis=1)]
            constants |= {"b": random.normal(size=(10, 54)) / 7, "d": random.normal(size=10)}
            shape, output = [1, 10], "y"
        graph = helper.make_graph(
            nodes, "net", [helper.make_tensor_value_info("x", 1, [1, 2, 8, 8])],
            [helper.make_tensor_value_info(output, 1, shape)],
            [numpy_helper.from_array(v.astype(np.float32), k) for k, v in constants.items()])
        path = self.folder / "float.onnx"
        check_onnx.onnx.save(helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)
        return path

    def quantised(self, seed: int, qdq: bool, layers: int) -> Path:
        class Samples(q.CalibrationDataReader):
            def __init__(self) -> None:
                random = np.random.default_rng(seed)
                self.left = [{"x": random.normal(size=(1, 2, 8, 8)).astype(np.float32)}
                             for _ in range(20)]

            def get_next(self) -> dict | None:
                return self.left.pop() if self.left else None

        source, path = self.save(seed, layers), self.folder / "bytes.onnx"
        q.quantize_static(source, path, Samples(), per_channel=bool(seed % 2),
                          quant_format=q.QuantFormat.QDQ if qdq else q.QuantFormat.QOperator,
                          activation_type=q.QuantType.QUInt8 if seed % 3 else q.QuantType.QInt8,
                          weight_type=q.QuantType.QInt8)
        return path

    def test_few_values_differ(self):
        for seed in range(SEED, SEED + 3):
            for qdq in (True, False):
                with self.subTest(seed=seed, qdq=qdq):
                    result, printed = check(self.quantised(seed, qdq, layers=2))
                    self.assertEqual(result, 0, printed)
                    share = re.search(r"(\d+) of 500 values .*differ(?:.*, by (\d+) step)?",
                                      printed)
                    self.assertTrue(share, printed)
                    # A step of the first layer is less than one of the second: it has finer values.
                    self.assertLessEqual(int(share[1]), 25, printed)
                    self.assertLessEqual(int(share[2] or 0), 2, printed)

    def test_a_layer_is_at_most_a_step_apart(self):
        for qdq in (True, False):
            result, printed = check(self.quantised(SEED, qdq, layers=1))
            self.assertEqual(result, 0, printed)
            self.assertIn("of 10800 values", printed)

    def test_a_difference_is_seen(self):
        """The same file with another zero point behind the import."""
        path = self.quantised(SEED, True, layers=1)
        compare = check_onnx.onnx_bytes.compare

        def shifted(program: Path, source: Path, *rest: Any) -> Any:
            model = check_onnx.onnx.load(source)
            for tensor in model.graph.initializer:
                if tensor.name == "a_scale":
                    values = numpy_helper.to_array(tensor)
                    tensor.CopyFrom(numpy_helper.from_array(values * 2, tensor.name))
            check_onnx.onnx.save(model, source)
            return compare(program, source, *rest)

        with unittest.mock.patch.object(check_onnx.onnx_bytes, "compare", shifted):
            result, printed = check(path)
        self.assertEqual(result, 1)
        self.assertIn("differ from ONNX Runtime's, by", printed)


if __name__ == "__main__":
    # With the Python that has the runtime, if this one has not.
    if check_onnx.MISSING and INSTALLED.is_file() and Path(sys.executable) != INSTALLED:
        os.execv(INSTALLED, [INSTALLED, "-B", "-m", "scripts.tests.onnx_runtime_test"])
    scripts.tests.main()
