# SPDX-License-Identifier: Apache-2.0
"""The gate: present figures against accepted ones, which stand in synth/baseline.json."""
import json
import math
import os
import pathlib

from synth.yosys import ROOT, Failure

BASELINE = ROOT / "synth/baseline.json"
GREW_PCT, SLOWED_PCT = 2.0, 5.0
# Figures of a block: field, most change in percent, words for people, format.
FIELDS = (("um2", GREW_PCT, "grew", "smaller", ",.0f"),
          ("ns", SLOWED_PCT, "slowed", "faster", ".2f"))
# What others read of a PE beside the paper's (`sparsys bench-eie --areas`), and how far an accepted
# figure may be from the present one, up or down.
PE_FIELDS = ("engine", "parameters", "over_paper", "over_paper_utilised")
STALE_PCT = 0.5


def accepted_of(data: dict) -> dict:
    """What of a report goes into the file of accepted figures."""
    return {"library": data["library"], "yosys": data["tools"]["yosys"],
            "sta": data["tools"]["sta"],
            "blocks": {f"{b['engine']}: {b['name']}": {"um2": b["area_um2"],
                                                       "ns": b["critical_path_ns"]}
                       for b in data["blocks"]},
            "pes": [{k: pe[k] for k in PE_FIELDS} for pe in data["pes"]]}


def change(was: float | None, now: float | None) -> float:
    """In percent; from nothing to something it is infinite, to nothing it is no growth."""
    if was and now is not None:
        return 100 * (now / was - 1)
    return math.inf if now else 0.0


def compare(accepted: dict, now: dict) -> tuple[list[str], list[str]]:
    """Differences between accepted and present blocks: (failures, remarks), lines for people."""
    failures, remarks = [], []
    for name, was in accepted.items():
        if name not in now:
            remarks.append(f"{name}: is no more")
            continue
        for field, most, worse, better, form in FIELDS:
            before, after = was[field], now[name][field]
            pct = change(before, after)
            if pct > most:
                failures.append(f"{name}: {worse} by {pct:.1f} %, from {before or 0:{form}} to "
                                f"{after:{form}} {field} (allowed: {most:g} %)")
            elif pct < -most:
                remarks.append(f"{name}: is {-pct:.1f} % {better}")
    return failures, remarks + [f"{name}: is new" for name in now if name not in accepted]


def stale(accepted: list[dict], now: list[dict]) -> list[str]:
    """Accepted areas of PEs that are not those of the present RTL, lines for people."""
    was, lines = {pe["engine"]: pe for pe in accepted}, []
    for pe in now:
        name, old = pe["engine"], was.pop(pe["engine"], None)
        if not old or old["parameters"] != pe["parameters"]:
            lines.append(f"{name}: no area of a PE with these parameters is accepted")
            continue
        lines += [f"{name}: {field} of a PE is {pe[field]:.4f}, accepted is {old[field]:.4f}"
                  for field in PE_FIELDS[2:] if abs(change(old[field], pe[field])) > STALE_PCT]
    return lines + [f"{name}: the area of a PE is accepted, but there is no such engine"
                    for name in was]


def accepted_figures(path: str | os.PathLike[str], config: str, library: str) -> dict:
    """What was accepted for a configuration."""
    writes = "make area-baseline writes it"
    try:
        baseline = json.loads(pathlib.Path(path).read_text())
    except OSError as error:
        raise Failure(f"{path}: {error.strerror}; {writes}") from None
    except ValueError:
        raise Failure(f"{path}: no JSON; {writes}") from None
    accepted = baseline.get(config) if isinstance(baseline, dict) else None
    if not isinstance(accepted, dict) or not {"blocks", "pes"} <= accepted.keys():
        raise Failure(f"{path}: nothing accepted for the {config} configuration; {writes}")
    if accepted["library"] != library:
        raise Failure(f"{path}: accepted with library {accepted['library']}, this is {library}")
    return accepted


def check(data: dict, path: str | os.PathLike[str]) -> int:
    """Prints the differences of a report's figures; the process's exit code."""
    accepted = accepted_figures(path, data["config"], data["library"])
    failures, remarks = compare(accepted["blocks"], accepted_of(data)["blocks"])
    failures += stale(accepted["pes"], data["pes"])
    for line in remarks:
        print(line)
    for tool, now in data["tools"].items():
        if accepted[tool] != now:
            print(f"accepted with {accepted[tool]}, this is {now}")
    for line in failures:
        print(f"FAILED {line}")
    if failures:
        print("make area-baseline accepts the present figures")
        return 1
    print(f"{len(data['blocks'])} blocks of the {data['config']} configuration: none larger by "
          f"more than {GREW_PCT:g} % or slower by more than {SLOWED_PCT:g} % than accepted")
    return 0
