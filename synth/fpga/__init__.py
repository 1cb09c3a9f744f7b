# SPDX-License-Identifier: Apache-2.0
"""Both engines on FPGAs (docs/method/fpga.md), and a board's top with its pins."""
