# SPDX-License-Identifier: Apache-2.0
"""What the make targets share: tables for people, JSON for programs, pages and charts."""
