# SPDX-License-Identifier: Apache-2.0
"""Checks of the RTL, and of what the recipe makes of it, by Yosys."""
