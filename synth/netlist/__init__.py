# SPDX-License-Identifier: Apache-2.0
"""Netlists of standard cells for simulation in the RTL's place."""
