# SPDX-License-Identifier: Apache-2.0
"""The gate: present figures against accepted ones, which stand in synth/baseline.json."""
import json
import pathlib

from synth.yosys import ROOT, Failure

BASELINE = ROOT / "synth/baseline.json"
GREW_PCT, SLOWED_PCT = 2.0, 5.0


def accepted_of(data):
    """What of a report goes into the file of accepted figures."""
    return {"library": data["library"], "yosys": data["tools"]["yosys"],
            "sta": data["tools"]["sta"],
            "blocks": {f"{b['engine']}: {b['name']}": {"um2": b["area_um2"],
                                                       "ns": b["critical_path_ns"]}
                       for b in data["blocks"]}}


def compare_area(name, was, now):
    """(failure or None, remark or None) of a block's um2."""
    if was == 0:
        return (f"{name}: grew from nothing to {now:,.0f} um2" if now > 0 else None), None
    grew = 100 * (now / was - 1)
    if grew > GREW_PCT:
        return (f"{name}: grew by {grew:.1f} %, from {was:,.0f} to {now:,.0f} um2 "
                f"(allowed: {GREW_PCT:g} %)"), None
    return None, f"{name}: is {-grew:.1f} % smaller" if grew < -GREW_PCT else None


def compare_path(name, was, now):
    """The same of its longest path in ns, which is None where there is none."""
    if was is None and now is not None:
        return f"{name}: has a path of {now:.2f} ns now and had none", None
    slowed = 100 * (now / was - 1) if was and now is not None else 0
    if slowed > SLOWED_PCT:
        return (f"{name}: slowed by {slowed:.1f} %, from {was:.2f} to {now:.2f} ns "
                f"(allowed: {SLOWED_PCT:g} %)"), None
    return None, f"{name}: is {-slowed:.1f} % faster" if slowed < -SLOWED_PCT else None


def compare(accepted, now):
    """Differences between accepted and present blocks: (failures, remarks), lines for people."""
    failures, remarks = [], []
    for name, was in accepted.items():
        if name not in now:
            remarks.append(f"{name}: is no more")
            continue
        for failure, remark in (compare_area(name, was["um2"], now[name]["um2"]),
                                compare_path(name, was["ns"], now[name]["ns"])):
            failures += [failure] if failure else []
            remarks += [remark] if remark else []
    return failures, remarks + [f"{name}: is new" for name in now if name not in accepted]


def accepted_figures(path, config, library):
    """What was accepted for a configuration."""
    writes = "make area-baseline writes it"
    try:
        baseline = json.loads(pathlib.Path(path).read_text())
    except OSError as error:
        raise Failure(f"{path}: {error.strerror}; {writes}") from None
    except ValueError:
        raise Failure(f"{path}: no JSON; {writes}") from None
    accepted = baseline.get(config) if isinstance(baseline, dict) else None
    if not isinstance(accepted, dict) or "blocks" not in accepted:
        raise Failure(f"{path}: nothing accepted for the {config} configuration; {writes}")
    if accepted["library"] != library:
        raise Failure(f"{path}: accepted with library {accepted['library']}, this is {library}")
    return accepted


def check(data, path):
    """Prints the differences of a report's figures; the process's exit code."""
    accepted = accepted_figures(path, data["config"], data["library"])
    failures, remarks = compare(accepted["blocks"], accepted_of(data)["blocks"])
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
