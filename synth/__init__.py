# SPDX-License-Identifier: Apache-2.0
"""Synthesis of the RTL: standard-cell area and timing, FPGAs, netlists, checks, and their page."""
