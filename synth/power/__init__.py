# SPDX-License-Identifier: Apache-2.0
"""Power of a PE's netlist from the switching activity of a run."""
