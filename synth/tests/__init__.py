# SPDX-License-Identifier: Apache-2.0
"""Tests of synthesis; python3 -m synth.tests.fpga_test, from the root."""
