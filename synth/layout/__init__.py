# SPDX-License-Identifier: Apache-2.0
"""Placement and routing of blocks with graywolf and qrouter, and paths with the wires."""
