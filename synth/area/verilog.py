# SPDX-License-Identifier: Apache-2.0
"""Netlists as Yosys writes them: modules, instances, and assignments bit by bit."""
import re

from synth.yosys import Failure

# Type, parameters, name of an instance.
INSTANCE = re.compile(r"^  (\\\S+ |[A-Za-z_$][\w$]*)(?: #\((.*?)\n  \))? (\\\S+ |[A-Za-z_$][\w$]*) "
                      r"\(\n", re.M | re.S)
PARAMETER = re.compile(r"\.(\w+)\((?:(\d+)'s?([dbh])([0-9a-fA-F]+)|(\d+))\)")
BASES = {"d": 10, "b": 2, "h": 16}


def bodies(text):
    """The modules of a netlist: {name: text}."""
    pattern = r"^module (\\\S+ |\w+)\(.*?^endmodule\n"
    return {m[1].strip(): m[0] for m in re.finditer(pattern, text, re.M | re.S)}


def parameters_of(text):
    """Numbers of a parameter list: {name: value}."""
    return {m[1]: int(m[5]) if m[5] else int(m[4], BASES[m[3]])
            for m in PARAMETER.finditer(text or "")}


def bits_of(expression, widths):
    """The bits of an expression, highest first; `widths` {port: bits}."""
    out = []
    for item in re.findall(r"\d+'[hd][0-9a-f]+|\\\S+ |[A-Za-z_$][\w$]*(?:\[[\d:]+\])?", expression):
        constant = re.match(r"(\d+)'([hd])([0-9a-f]+)", item)
        vector = re.match(r"([A-Za-z_$][\w$]*)(?:\[(\d+)(?::(\d+))?\])?$", item)
        if constant:
            value = int(constant[3], 16 if constant[2] == "h" else 10)
            out += [f"1'h{value >> i & 1}" for i in reversed(range(int(constant[1])))]
        elif vector and (vector[2] or vector[1] in widths):
            high = int(vector[2]) if vector[2] else widths[vector[1]] - 1
            low = int(vector[3] or high) if vector[2] else 0
            out += [f"{vector[1]}[{i}]" for i in reversed(range(low, high + 1))]
        else:
            out.append(item)
    return out


def assign_bits(text):
    """A module with its assignments to and from lists of bits made bit by bit, as readers of
    netlists want them."""
    ports = re.finditer(r"^  (?:in|out)put \[(\d+):0\] (\S+);$", text, re.M)
    widths = {m[2]: int(m[1]) + 1 for m in ports}

    def split(match):
        left, right = bits_of(match[1], widths), bits_of(match[2], widths)
        if len(left) != len(right):
            raise Failure(f"an assignment of {len(right)} bits to {len(left)} in a netlist: "
                          f"{match[0][:80]}")
        return "\n".join(f"  assign {a} = {b};" for a, b in zip(left, right))

    return re.sub(r"^  assign (.*?) = (.*?);$", split, text, flags=re.M)
