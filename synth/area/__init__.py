# SPDX-License-Identifier: Apache-2.0
"""Standard-cell area and timing of both engines (docs/method/area.md)."""
