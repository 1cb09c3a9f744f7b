# SPDX-License-Identifier: Apache-2.0
"""Tests of the scripts; python3 -m unittest scripts.tests.report_test, from the root."""
