# SPDX-License-Identifier: Apache-2.0
"""What a driver of the accelerator sees, from one table, rtl/top/interface.toml: headers for
Verilog, C and C++, pages, and a description for debuggers (CMSIS-SVD)."""
