# SPDX-License-Identifier: Apache-2.0
"""scripts/check_onnx.py, with a program that stands in for sparsys."""
import contextlib
import io
import os
import sys
import tempfile
import unittest
import unittest.mock
from pathlib import Path

import scripts.tests
from scripts import check_onnx

# import and export copy the ONNX file; the samples' outputs are the reference's, OFF beside them.
STUB = """#!{python}
import json, os, shutil, sys
import numpy as np
import onnx
from onnx.reference import ReferenceEvaluator
if os.environ.get("REFUSE") == sys.argv[1]:
    sys.exit(f"sparsys: {{sys.argv[1]}} refused")
options = dict(zip(sys.argv[3::2], sys.argv[4::2]))
shutil.copy(sys.argv[2], options["--out"])
if sys.argv[1] == "export":
    graph = onnx.load(sys.argv[2]).graph
    shape = [d.dim_value for d in graph.input[0].type.tensor_type.shape.dim]
    inputs = np.random.default_rng(1).random([2, *shape]).astype(np.float32)
    name, output = graph.input[0].name, graph.output[0].name
    session = ReferenceEvaluator(sys.argv[2])
    outputs = [session.run([output], {{name: x}})[0].ravel() for x in inputs]
    json.dump({{"input": name, "input_shape": shape, "output": output, "samples": 2,
               "inputs": inputs.ravel().tolist(),
               "outputs": (np.stack(outputs) + float(os.environ.get("OFF", 0))).ravel().tolist()}},
              open(options["--samples"], "w"))
"""


def run_main(*arguments):
    """What main returns, or what it exits with, and what it prints."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), unittest.mock.patch("sys.argv", ["", *arguments]):
        try:
            return check_onnx.main(), out.getvalue()
        except SystemExit as error:
            return error.code, out.getvalue()


class Arguments(unittest.TestCase):
    def test_a_library_that_is_missing_is_one_line(self):
        with unittest.mock.patch.object(check_onnx, "MISSING", "No module named 'onnx'"):
            self.assertEqual(run_main("x.model")[0],
                             "check_onnx: No module named 'onnx'; install with: "
                             "pip install onnx onnxruntime numpy")

    @unittest.skipIf(check_onnx.MISSING, check_onnx.MISSING)
    def test_a_program_that_is_missing_is_one_line(self):
        self.assertIn("no such file", run_main("x.model", "--program", "/nowhere/sparsys")[0])


@unittest.skipIf(check_onnx.MISSING, check_onnx.MISSING)
class Networks(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.program = self.folder / "sparsys"
        self.program.write_text(STUB.format(python=sys.executable))
        self.program.chmod(0o755)

    def run_with(self, *arguments, **environment):
        with unittest.mock.patch.dict(os.environ, environment):
            return run_main("--program", str(self.program), *arguments)

    def test_random_networks_agree(self):
        result, printed = self.run_with("--random", "3", "--seed", "3")
        self.assertEqual(result, 0, printed)
        self.assertIn("3 of 3 random networks agree", printed)

    def test_random_networks_have_all_operators(self):
        nodes = [node.op_type for seed in range(60)
                 for node in check_onnx.RandomNetwork(seed).nodes]
        self.assertEqual(set(nodes), {
            "Add", "AveragePool", "Constant", "Conv", "Dropout", "Flatten", "Gemm", "Identity",
            "MatMul", "MaxPool", "Relu", "Reshape", "Sigmoid", "Softmax", "Tanh"})

    def test_a_difference_is_seen(self):
        result, printed = self.run_with("--random", "2", "--seed", "3", OFF="0.01")
        self.assertEqual(result, 1)
        self.assertRegex(printed, "--seed 3: outputs differ by 0.0")
        self.assertIn("0 of 2 random networks agree", printed)

    def test_a_refusal_is_told(self):
        result, printed = self.run_with("--random", "1", "--seed", "7", REFUSE="import")
        self.assertEqual(result, 1)
        self.assertIn("--seed 7: sparsys: import refused", printed)

    def test_models(self):
        model = self.folder / "a.model"
        model.write_bytes(check_onnx.RandomNetwork(5).model().SerializeToString())
        self.assertEqual(self.run_with(str(model))[0], 0)
        result, printed = self.run_with(str(model), OFF="0.01")
        self.assertEqual(result, 1)
        self.assertIn("WRONG", printed)
        self.assertRegex(self.run_with(str(model), REFUSE="export")[0], "a.model: sparsys: export")

    def test_onnx_files(self):
        path = self.folder / "a.onnx"
        check_onnx.onnx.save(check_onnx.RandomNetwork(5).model(), path)
        result, printed = self.run_with(str(path))
        self.assertEqual(result, 0, printed)
        self.assertIn("largest difference", printed)
        result, printed = self.run_with(str(path), OFF="0.01")
        self.assertEqual(result, 1)
        self.assertIn("a.onnx: outputs differ by 0.0", printed)
        result, printed = self.run_with(str(path), REFUSE="import")
        self.assertEqual(result, 1)
        self.assertIn("a.onnx: sparsys: import refused", printed)

    def test_graphs_of_exporters_are_valid(self):
        for kind, make in check_onnx.onnx_graphs.GRAPHS.items():
            for seed in range(3):
                with self.subTest(kind=kind, seed=seed):
                    check_onnx.onnx.checker.check_model(make(seed))


if __name__ == "__main__":
    scripts.tests.main()
