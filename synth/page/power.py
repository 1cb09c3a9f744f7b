# SPDX-License-Identifier: Apache-2.0
"""The power part of the page: rows for templates/power.html.j2."""
from scripts.report.page import digits

HEADER = ["", "mW", "pJ a cycle", "pJ at 45 nm", "estimate, pJ", "EIE, pJ"]


def row(one: dict) -> list[str]:
    return [one["name"], digits(one["milliwatts"], 2), digits(one["pj_per_cycle"], 1),
            *(digits(one[k], 2) for k in ("pj_per_cycle_45nm", "estimate_pj_per_cycle",
                                          "paper_pj_per_cycle"))]


def run(data: dict) -> dict:
    memory = data["memory"]
    return {**data,
            "kind_rows": [*map(row, data["kinds"]), row(data["logic"]),
                          row(data["clock_if_gated"]),
                          ["memory", "-", "-", "-", digits(memory["estimate_pj_per_cycle"], 2),
                           digits(memory["paper_pj_per_cycle"], 2)]],
            "unit_rows": list(map(row, data["units"]))}


def context(data: dict) -> dict:
    """What the template shows of power.json."""
    return {**data, "header": HEADER, "runs": list(map(run, data["runs"]))}
