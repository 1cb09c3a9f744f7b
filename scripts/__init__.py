# SPDX-License-Identifier: Apache-2.0
"""Helpers of the make targets; run from the root of the checkout: python3 -m scripts.lint."""
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
