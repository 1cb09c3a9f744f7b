# SPDX-License-Identifier: Apache-2.0
"""The design space as a job array of Slurm, on one machine: the test starts a controller and a node
of its own (Debian: slurmctld, slurmd, slurm-client, munge) and runs scripts/explore.slurm."""
import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from scripts import ROOT

NEEDED = ("munged", "slurmctld", "slurmd", "sbatch", "squeue")
PARTS = 3
SKIPPED = 77
CONFIG = """ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmctldPort={port}
SlurmdPort={node_port}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
MpiDefault=none
SwitchType=switch/none
NodeName={host} NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=all Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Cluster:
    """A controller and a node, stopped at the end by their process numbers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.processes: list[subprocess.Popen] = []
        self.environment = {**os.environ, "SLURM_CONF": str(folder / "slurm.conf")}

    def __enter__(self) -> "Cluster":
        for name in ("state", "spool"):
            (self.folder / name).mkdir()
        host = socket.gethostname().split(".")[0]
        (self.folder / "slurm.conf").write_text(CONFIG.format(
            host=host, folder=self.folder, port=free_port(), node_port=free_port()))
        key = self.folder / "munge.key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o400)
        self.start("munged", "--foreground", f"--key-file={key}", "--force",
                   f"--socket={self.folder}/munge.socket", f"--pid-file={self.folder}/munged.pid",
                   f"--log-file={self.folder}/munged.log", f"--seed-file={self.folder}/munge.seed")
        self.wait((self.folder / "munge.socket").exists, "munged")
        self.start("slurmctld", "-D", "-c")
        self.start("slurmd", "-D", "-N", host)
        self.wait(lambda: "idle" in self.run("sinfo", "-h", "-o", "%t").stdout, "the node")
        return self

    def __exit__(self, *_: object) -> None:
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()

    def start(self, *command: str) -> None:
        log = (self.folder / f"{command[0]}.out").open("w")
        self.processes.append(subprocess.Popen(command, env=self.environment, stdout=log,
                                               stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL))

    def run(self, *command: str) -> subprocess.CompletedProcess:
        return subprocess.run(command, env=self.environment, capture_output=True, text=True,
                              cwd=ROOT, stdin=subprocess.DEVNULL)

    def wait(self, ready, what: str, seconds: int = 120) -> None:
        end = time.monotonic() + seconds
        while not ready():
            if time.monotonic() > end:
                logs = "".join(f"--- {log.name}\n{log.read_text()[-2000:]}"
                               for log in self.folder.glob("*.log"))
                raise SystemExit(f"{what}: not ready after {seconds} s\n{logs}")
            time.sleep(0.5)

    def submit(self, *options: str) -> None:
        done = self.run("sbatch", "--parsable", f"--output={self.folder}/job-%A_%a.out", *options,
                        str(ROOT / "scripts/explore.slurm"))
        if done.returncode != 0:
            raise SystemExit(f"sbatch: {done.stderr}")
        self.wait(lambda: not self.run("squeue", "-h").stdout.strip(), "the jobs", 900)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python3 -m scripts.tests.slurm_test",
                                     description=__doc__)
    parser.add_argument("--build", type=Path, required=True)
    build = parser.parse_args().build.resolve()
    missing = [name for name in NEEDED if not shutil.which(name)]
    if missing or os.geteuid() != 0:
        print(f"skipped: {', '.join(missing) + ' not installed' if missing else 'not root'}")
        return SKIPPED
    with tempfile.TemporaryDirectory(prefix="sparsys-slurm-") as name:
        folder = Path(name)
        own = folder / "build"
        (own / "bin").mkdir(parents=True)
        (own / "bin/sparsys").symlink_to(build / "bin/sparsys")
        with Cluster(folder) as cluster:
            cluster.environment |= {"BUILD": str(own), "EXPLORE_ARGS": "--quick"}
            cluster.submit(f"--array=1-{PARTS}")
            parts = sorted((own / "explore/parts").glob("*.json"))
            cluster.submit()
            outputs = "".join(file.read_text() for file in folder.glob("job-*.out"))
        if len(parts) != PARTS or not (own / "reports/explore.json").exists():
            print(f"{len(parts)} of {PARTS} parts\n{outputs}")
            return 1
        joined = json.loads((own / "reports/explore.json").read_text())["points"]
        points = [point for part in parts for point in json.loads(part.read_text())["points"]]
        page = own / "reports/explore.html"
        print(f"{len(joined)} points of {PARTS} tasks")
        same = {point["key"] for point in joined} == {point["key"] for point in points}
        return 0 if same and len(joined) == len(points) and page.exists() else 1


if __name__ == "__main__":
    sys.exit(main())
