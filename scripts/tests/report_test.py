# SPDX-License-Identifier: Apache-2.0
"""Tables, JSON files and pages of scripts/report."""
import contextlib
import datetime
import io
import json
import os
import tempfile
import unittest
import unittest.mock
from pathlib import Path

import jinja2

import scripts.tests
from scripts.report import chart, json_file, page, text_file
from scripts.report.table import print_table


class Table(unittest.TestCase):
    def printed(self, rows, header):
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            print_table(rows, header)
        return out.getvalue()

    def test_numbers_stand_to_the_right_and_text_to_the_left(self):
        self.assertEqual(self.printed([["a", 1], ["bcd", 200], ["", "-"]], ["name", "count"]),
                         "name  count\n"
                         "----  -----\n"
                         "a         1\n"
                         "bcd     200\n"
                         "          -\n")

    def test_no_rows(self):
        self.assertEqual(self.printed([], ["a", "bc"]), "a  bc\n-  --\n")


class Files(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "new" / "a.json"

    def test_json_says_where_it_came_from(self):
        json_file.write(self.path, {"value": 1}, "make something")
        read = json.loads(self.path.read_text())
        self.assertEqual(read["value"], 1)
        self.assertEqual(read["made"]["command"], "make something")
        self.assertRegex(read["made"]["commit"], r"^[0-9a-f]{12}(-dirty)?$|^unknown$")
        date = datetime.datetime.strptime(read["made"]["date"], "%Y-%m-%dT%H:%M:%S%z")
        age = datetime.datetime.now(datetime.UTC) - date
        self.assertLess(abs(age.total_seconds()), 60)

    def test_commit_without_git(self):
        with unittest.mock.patch.dict(os.environ, PATH="/nowhere"):
            self.assertEqual(json_file.commit.__wrapped__(), "unknown")

    def test_a_value_that_is_no_json_leaves_what_was_there(self):
        json_file.write(self.path, [1])
        with self.assertRaises(TypeError):
            json_file.write(self.path, {"a": object()})
        self.assertEqual(json.loads(self.path.read_text()), [1])

    def test_what_fails_half_way_leaves_nothing_behind(self):
        text_file.write(self.path, "first\n")
        with self.assertRaises(UnicodeEncodeError):
            text_file.write(self.path, "second \udc80")
        self.assertEqual(os.listdir(self.path.parent), [self.path.name])
        self.assertEqual(self.path.read_text(), "first\n")

    def test_others_may_read_it(self):
        text_file.write(self.path, "")
        self.assertEqual(self.path.stat().st_mode & 0o777, 0o644)


class Page(unittest.TestCase):
    def render(self, source, **context):
        head = '{% extends "base.html.j2" %}{% from "macros.html.j2" import table, figure %}'
        return page.environment().from_string(head + source).render(context)

    def test_what_is_no_html_is_escaped_and_pictures_are_not(self):
        picture = chart.Figure("f", 10, 10, "<title>")
        text = self.render("{% block content %}{{ table(['<a>'], [['<b>']]) }}"
                           "{{ figure(picture, '<c>') }}{% endblock %}", picture=picture)
        for escaped in ("&lt;a&gt;", "&lt;b&gt;", "&lt;c&gt;", "&lt;title&gt;"):
            self.assertIn(escaped, text)
        self.assertIn("<svg ", text)
        self.assertNotIn("<b>", text)

    def test_date_commit_and_command_at_the_foot(self):
        made = {"date": "2020-01-02T03:04:05Z", "commit": "abc", "command": "make x"}
        self.assertIn("2020-01-02T03:04:05Z, commit abc: <code>make x</code>",
                      self.render("", made=made))
        self.assertEqual(self.render("", made=[made, made]).count("commit abc"), 2)
        self.assertNotIn("<footer>", self.render(""))

    def test_nothing_from_elsewhere(self):
        self.assertNotRegex(self.render(""), r"<script|<link|@import|src=|href=|url\(")

    def test_numbers(self):
        text = self.render("{% block content %}{{ 1234.567 | digits(1) }} {{ 0 | digits }} "
                           "{{ none | digits(2) }}{% endblock %}")
        self.assertIn("1,234.6 0 -", text)

    def test_a_value_that_is_missing_is_an_error(self):
        with self.assertRaises(jinja2.UndefinedError):
            self.render("{% block content %}{{ missing }}{% endblock %}")


if __name__ == "__main__":
    scripts.tests.main()
