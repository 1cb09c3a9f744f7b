# SPDX-License-Identifier: Apache-2.0
"""Schemas of the reports: right ones pass, and each kind of break is refused by its place."""
import contextlib
import io
import json
import tempfile
import unittest
import unittest.mock
from pathlib import Path

import scripts.tests
from scripts.report import validate
from scripts.tests.samples import SAMPLES, sample


def required(schema, value, place=()):
    """Places of the fields that a schema demands of a value, as deep as its own lines go."""
    for name in schema.get("required", []):
        yield (*place, name)
    for name, inner in schema.get("properties", {}).items():
        if isinstance(value, dict) and value.get(name) is not None:
            yield from required(inner, value[name], (*place, name))
    if isinstance(value, list) and value:
        yield from required(schema.get("items", {}), value[0], (*place, 0))


class Schemas(unittest.TestCase):
    def test_there_is_a_sample_of_each(self):
        self.assertEqual(sorted(SAMPLES), validate.names())

    def test_samples_are_right(self):
        for name in SAMPLES:
            validate.check(sample(name), name)

    def test_a_field_that_is_missing_is_refused(self):
        count = 0
        for name in SAMPLES:
            for *place, field in required(validate.validator(name).schema, sample(name)):
                broken = inner = sample(name)
                for step in place:
                    inner = inner[step]
                del inner[field]
                with self.assertRaisesRegex(validate.Invalid, f"'{field}' is a required"):
                    validate.check(broken, name)
                count += 1
        self.assertGreater(count, 150)

    def test_values_that_cannot_be(self):
        for name, place, value in (
                ("demo", ["float_error_pct"], 101), ("demo", ["mismatched_signals"], -1),
                ("demo", ["mismatched_signals"], "0"), ("demo", ["layers"], []),
                ("demo", ["dataset"], 7), ("demo-mxu", ["cycles"], 1.5),
                ("run-mxu", ["input_stall_cycles"], None), ("test", ["passed"], True),
                ("lint", ["checks", 0, "complaints"], [""]), ("bench", ["ratios"], []),
                ("bench", ["made", "date"], "yesterday"), ("bench", ["made", "commit"], "HEAD")):
            broken = inner = sample(name)
            for step in place[:-1]:
                inner = inner[step]
            inner[place[-1]] = value
            with self.subTest(name, place=place), self.assertRaises(validate.Invalid) as caught:
                validate.check(broken, name)
            self.assertIn(".".join(map(str, place)), str(caught.exception))

    def test_a_bound_is_one_of_two(self):
        for change in ({"at_most": 1}, {"at_least": None}):
            broken = sample("bench")
            broken["ratios"][0].update(change)
            with self.assertRaises(validate.Invalid):
                validate.check(broken, "bench")


class Program(unittest.TestCase):
    def run_with(self, *arguments):
        errors = io.StringIO()
        with contextlib.redirect_stderr(errors), unittest.mock.patch("sys.argv", ["", *arguments]):
            status = validate.main()
        return status, errors.getvalue()

    def test_schema_by_name_and_by_option(self):
        with tempfile.TemporaryDirectory() as folder:
            lint, other = Path(folder, "lint.json"), Path(folder, "other.json")
            lint.write_text(json.dumps(sample("lint")))
            other.write_text(json.dumps(sample("lint")))
            self.assertEqual(self.run_with(str(lint)), (0, ""))
            self.assertEqual(self.run_with("--schema", "lint", str(lint), str(other)), (0, ""))
            status, errors = self.run_with(str(other), str(lint))
            self.assertEqual(status, 1)
            self.assertIn(f"{other}: no schema other, there are area, bench", errors)
            self.assertEqual(self.run_with("--schema", "demo", str(lint))[0], 1)

    def test_files_that_are_none(self):
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "lint.json").write_text("{")
            for path in (f"{folder}/lint.json", f"{folder}/nowhere/lint.json", folder):
                status, errors = self.run_with(path)
                self.assertEqual((status, len(errors.splitlines())), (1, 1), errors)
                self.assertIn(path, errors)


if __name__ == "__main__":
    scripts.tests.main()
