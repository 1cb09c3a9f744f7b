# SPDX-License-Identifier: Apache-2.0
"""Workflows of GitHub and GitLab, and make targets named anywhere outside of the Makefile."""
import re
from collections.abc import Iterator

from . import Result, Tree, tools

GITHUB, GITLAB = ".github/workflows/", ".gitlab-ci.yml"
# A command that begins with make, and its words; wider blanks end it, as in a table.
COMMAND = re.compile(r"(?:^|&&|\|\||[;|(])\s*(?:nice |sudo |time )*make((?: [^\s;&|#)]+)*)")


def workflow_files(tree: Tree) -> list[str]:
    return [path for path in tree.ending(".yml", ".yaml")
            if path.startswith(GITHUB) or path == GITLAB]


def check_yaml(tree: Tree) -> Result:
    """All YAML by yamllint, save FuseSoC's, whose first line is not YAML's."""
    return tools.run(tree, "yamllint", ["--strict", "--format=parsable"],
                     tree.ending(".yml", ".yaml", ".yamllint"), r"^.+?:\d+:\d+: .+$")


def check_schemas(tree: Tree, build: str) -> Result:
    """Workflows by the schemas of GitHub and GitLab, and each of GitHub's jobs for a time limit."""
    own = tree.root / build / "tools/bin/check-jsonschema"
    program = str(own) if own.exists() else "check-jsonschema"
    files = workflow_files(tree)
    github = [path for path in files if path.startswith(GITHUB)]
    complaints = []
    for schema, of_schema in (("vendor.github-workflows", github),
                              ("custom.github-workflows-require-timeout", github),
                              ("vendor.gitlab-ci", [path for path in files if path == GITLAB])):
        result = tools.run(tree, program, ["--builtin-schema", schema], of_schema,
                           r"^\s*(\S+::\$.*: .+)$")
        if result.skipped:
            return result
        complaints += result.complaints
    return Result(len(files), complaints)


def code_lines(path: str, text: str) -> Iterator[tuple[int, str]]:
    """What may be a command: lines of scripts and workflows; code blocks and spans of documents."""
    fenced = False
    for number, line in enumerate(text.split("\n"), 1):
        if not path.endswith(".md"):
            yield number, re.sub(r"^\s*(?:- +)?(?:run: +)?", "", line)
        elif line.lstrip().startswith("```"):
            fenced = not fenced
        elif fenced or line.startswith("    "):
            yield number, line.strip().removeprefix("$ ")
        else:
            for span in re.findall(r"`([^`]+)`", line):
                yield number, span


def matrix_values(line: str, text: str) -> list[str]:
    """The line for each value of GitHub's matrix that is in it."""
    name = re.search(r"\$\{\{ matrix\.(\w+) \}\}", line)
    if not name:
        return [line]
    values = re.search(rf"^\s*{name[1]}: \[(.*)\]$", text, re.M)
    return [line.replace(name[0], value.strip()) for value in values[1].split(",")] if values \
        else []


def check_targets(tree: Tree) -> Result:
    """Every target that a document, workflow or script names is in the Makefile."""
    rules = re.findall(r"^([\w. -]+):(?!=)", tree.read("Makefile"), re.M)
    known = {target for rule in rules for target in rule.split()}
    complaints, count = [], 0
    for path in [*tree.ending(".md", ".sh", ".ci/run"), *workflow_files(tree)]:
        text = tree.read(path)
        for number, code in code_lines(path, text):
            for line in matrix_values(code, text):
                command = re.sub(r"\s#.*", "", line)
                words = [word for found in COMMAND.findall(command) for word in found.split()]
                named = [word for word in words if re.fullmatch(r"[a-z][a-z0-9-]*", word)]
                count += len(named)
                complaints += [f"{path}:{number}: make {name}: no such target"
                               for name in named if name not in known]
    return Result(count, complaints)
