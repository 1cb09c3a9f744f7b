# SPDX-License-Identifier: Apache-2.0
"""The same data in other clothes through whole command lines: bytes and floats, IDX, NumPy and PNG
files; inverted, sorted, from 0 to 255; 47 classes; numbers; inputs as targets. Each is trained,
compressed for the engine and as a file, quantised and run, and is wrong in at most 1.2 times as
much as the shuffled, scaled form. Usage: data_kinds_test.py PROGRAM"""

import json
import math
import os
import random
import struct
import subprocess
import sys
import tempfile
import zipfile
import zlib
from array import array
from pathlib import Path

SIDE = 8
TRAIN, TEST = 2500, 1500

program = str(Path(sys.argv[1]).resolve())
failures = []


def require(holds, text):
    if not holds:
        print(f"FAILED: {text}")
        failures.append(text)


# ---- files ----


def idx(path, shape, values, floats=False):
    """Bytes, or big-endian floats."""
    head = struct.pack(f">HBB{len(shape)}I", 0, 0x0D if floats else 8, len(shape), *shape)
    if floats:
        words = array("f", values)
        words.byteswap()
        path.write_bytes(head + words.tobytes())
    else:
        path.write_bytes(head + bytes(values))


def npy(shape, values, kind):
    """The bytes of a NumPy file; kind: u1, i8 or f4."""
    codes = {"u1": "B", "i8": "q", "f4": "f"}
    order = "|" if kind == "u1" else "<"
    size = ", ".join(map(str, shape)) + ("," if len(shape) == 1 else "")
    text = f"{{'descr': '{order}{kind}', 'fortran_order': False, 'shape': ({size}), }}"
    text += " " * (-(len(text) + 11) % 64) + "\n"
    head = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode()
    return head + array(codes[kind], values).tobytes()


def png(path, values):
    """A grey image of SIDE x SIDE bytes."""

    def chunk(name, data):
        check = struct.pack(">I", zlib.crc32(name + data))
        return struct.pack(">I", len(data)) + name + data + check

    rows = b"".join(b"\x00" + bytes(values[r * SIDE : (r + 1) * SIDE]) for r in range(SIDE))
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", SIDE, SIDE, 8, 0, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + header + body)


# ---- data: a list of (pixels, label) for each part ----


def pictures(classes):
    """A pattern for each class, of another brightness in each image, and noise."""
    dice = random.Random(classes)
    pattern = [[dice.uniform(20, 200) for _ in range(SIDE * SIDE)] for _ in range(classes)]
    parts = []
    for count in (TRAIN, TEST):
        part = []
        for _ in range(count):
            label = dice.randrange(classes)
            gain = dice.uniform(0.5, 1.1)
            pixels = [min(255, max(0, int(gain * p + dice.gauss(0, 75)))) for p in pattern[label]]
            part.append((pixels, label))
        parts.append(part)
    return parts


def curve(part):
    """Two numbers of an image."""
    for pixels, _ in part:
        a = sum(pixels[::2]) / 4000
        b = sum(pixels[:24]) / 3000
        yield math.sin(3 * a) + b
        yield a - 2 * b * b


def flat(part):
    return [p for pixels, _ in part for p in pixels]


def labels(part):
    return [label for _, label in part]


def inverted(parts):
    return [[([255 - p for p in pixels], label) for pixels, label in part] for part in parts]


def by_class(parts):
    return [sorted(parts[0], key=lambda sample: sample[1]), parts[1]]


def put_idx(folder, parts, scale=None):
    folder.mkdir()
    for name, part in zip(("train", "t10k"), parts, strict=True):
        values = flat(part) if scale is None else [scale * p for p in flat(part)]
        shape = (len(part), SIDE, SIDE)
        idx(folder / f"{name}-images-idx3-ubyte", shape, values, scale is not None)
        idx(folder / f"{name}-labels-idx1-ubyte", (len(part),), labels(part))


def put_npy(folder, parts):
    folder.mkdir()
    for name, part in zip(("train", "test"), parts, strict=True):
        shape = (len(part), SIDE, SIDE)
        (folder / f"x_{name}.npy").write_bytes(npy(shape, flat(part), "u1"))
        (folder / f"y_{name}.npy").write_bytes(npy(shape[:1], labels(part), "i8"))


def put_npz(path, parts, scale, targets=labels):
    """Vectors of floats; targets are classes, numbers, or none at all."""
    with zipfile.ZipFile(path, "w") as file:
        for name, part in zip(("train", "test"), parts, strict=True):
            values = [scale * p for p in flat(part)]
            file.writestr(f"x_{name}.npy", npy((len(part), SIDE * SIDE), values, "f4"))
            if targets is None:
                continue
            wanted = list(targets(part))
            shape = (len(part), len(wanted) // len(part))
            classes = targets is labels
            shape = shape[:1] if classes else shape
            kind = "i8" if classes else "f4"
            file.writestr(f"y_{name}.npy", npy(shape, wanted, kind))


def put_png(folder, parts):
    for name, part in zip(("train", "test"), parts, strict=True):
        for number, (pixels, label) in enumerate(part):
            inner = folder / name / f"class {label:02}"
            inner.mkdir(parents=True, exist_ok=True)
            png(inner / f"{number}.png", pixels)


# ---- the program ----


def sparsys(*words):
    done = subprocess.run([program, *map(str, words)], capture_output=True, text=True)
    require(
        done.returncode == 0,
        f"exit code {done.returncode}: {' '.join(map(str, words))}\n{done.stdout}{done.stderr}",
    )
    return done.stdout


def error_of(model, data, level="function", more=()):
    sparsys(
        "run",
        model,
        "--data",
        data,
        "--images",
        TEST,
        "--level",
        level,
        "--json",
        "run.json",
        *more,
    )
    return json.loads(Path("run.json").read_text())["error_pct"]


def errors(data, more=()):
    """In per cent: as floats, as a file, on the sparse engine, as bytes."""
    threads = ("--threads", 2)
    sparsys("train", "--data", data, "--out", "float.model", "--epochs", 15, *more, *threads)
    deep = (
        "--density",
        "0.4,0.4,0.6",
        "--rounds",
        1,
        "--retrain-epochs",
        8,
        "--fine-tune-epochs",
        1,
        "--bits",
        4,
        *more,
        *threads,
    )
    sparsys("compress", "float.model", "--data", data, "--out", "net.sps", *deep)
    sparsys("compress", "float.model", "--data", data, "--out", "net.eie", "--target", "eie", *deep)
    sparsys("quantise", "float.model", "--data", data, "--out", "net.int8", *more, *threads)
    return {
        "float": error_of("float.model", data, "float", more),
        "stored": error_of("net.sps", data, "float", more),
        "sparse engine": error_of("net.eie", data, more=more),
        "bytes": error_of("net.int8", data, more=more),
    }


def check_forms(title, forms, most, more=()):
    """`forms`: name and data; the first is the shuffled, scaled one, which is off by at most
    `most`."""
    plain = None
    for name, data in forms:
        found = errors(data, more)
        print(f"{title}, {name}: " + ", ".join(f"{k} {v:.2f} %" for k, v in found.items()))
        if plain is None:
            plain = found
            require(found["float"] < most, f"{title}: {found['float']} %, expected below {most}")
            for form, error in found.items():
                require(error < 1.2 * found["float"] + 1.5, f"{title}: {form} {error} %")
        for form, error in found.items():
            require(
                error <= 1.2 * plain[form],
                f"{title}, {name}: {form} {error} %, expected at most 1.2 * {plain[form]} %",
            )


def check_task(wanted):
    """What `train` made is told by `inspect`, and kept by the stored file."""
    for model in ("float.model", "net.sps"):
        out = sparsys("inspect", model, "--json", "inspect.json")
        require(json.loads(Path("inspect.json").read_text())["task"] == wanted, f"task of {model}")
        require(f"task: {wanted}" in out, f"text of the task of {model}")


def check_scale_of_outputs(data):
    """What `run` says of an autoencoder is what its outputs are off the inputs, both on the
    network's scale: of the models that errors() left."""
    count = 50
    for model, level in (("float.model", "float"), ("net.eie", "cycle"), ("net.int8", "function")):
        sparsys(
            "run",
            model,
            "--data",
            data,
            "--images",
            count,
            "--level",
            level,
            "--task",
            "autoencoder",
            "--outputs",
            "y.csv",
            "--json",
            "run.json",
        )
        said = json.loads(Path("run.json").read_text())
        sparsys("inspect", "float.model", "--json", "inspect.json")
        network = json.loads(Path("inspect.json").read_text())
        scale, offset = network["input_scale"], network["input_offset"]
        with zipfile.ZipFile(data) as file:
            raw = file.read("x_test.npy")
        size = SIDE * SIDE
        head = 10 + struct.unpack("<H", raw[8:10])[0]
        values = array("f", raw[head : head + 4 * size * count])
        rows = [[float(v) for v in line.split(",")] for line in Path("y.csv").read_text().split()]
        require(len(rows) == count and len(rows[0]) == size, "shape of the outputs")
        off = spread = 0
        for o in range(size):
            wanted = [values[i * size + o] * scale + offset for i in range(count)]
            mean = sum(wanted) / count
            off += sum((rows[i][o] - w) ** 2 for i, w in enumerate(wanted))
            spread += sum((w - mean) ** 2 for w in wanted)
        require(
            abs(said["error_pct"] - 100 * off / spread) < 0.01,
            f"{model}: {said['error_pct']} %, its outputs are off by {100 * off / spread} %",
        )
        require(
            math.isclose(said["mean_squared_error"], off / count / size, rel_tol=1e-3),
            f"{model}: mean squared error {said['mean_squared_error']}",
        )


def main():
    ten = pictures(10)
    put_idx(Path("plain"), ten)
    put_idx(Path("inverted"), inverted(ten))
    put_idx(Path("sorted"), by_class(ten))
    put_idx(Path("floats"), ten, 1 / 255)
    put_npy(Path("arrays"), ten)
    put_npz(Path("wide.npz"), ten, 1.0)
    put_png(Path("images"), ten)
    check_forms(
        "10 classes",
        [
            ("bytes in IDX files", "plain"),
            ("inverted", "inverted"),
            ("sorted", "sorted"),
            ("floats in IDX files", "floats"),
            ("arrays, a file each", "arrays"),
            ("0 to 255 as floats", "wide.npz"),
            ("PNG images", "images"),
        ],
        15,
    )
    many = pictures(47)
    put_idx(Path("many"), many)
    put_idx(Path("many sorted"), by_class(inverted(many)))
    check_forms("47 classes", [("bytes", "many"), ("sorted and inverted", "many sorted")], 45)
    check_task("classification")
    put_npz(Path("numbers.npz"), ten, 1 / 255, curve)
    put_npz(Path("numbers wide.npz"), ten, 1.0, lambda part: [1000 * y + 5 for y in curve(part)])
    check_forms("numbers", [("scaled", "numbers.npz"), ("0 to 255", "numbers wide.npz")], 10)
    put_npz(Path("itself.npz"), ten, 1 / 255, None)
    put_npz(Path("itself wide.npz"), ten, 1.0, None)
    task = ("--task", "autoencoder")
    check_forms(
        "inputs as targets", [("scaled", "itself.npz"), ("0 to 255", "itself wide.npz")], 60, task
    )
    check_task("regression")
    check_scale_of_outputs("itself wide.npz")


with tempfile.TemporaryDirectory() as work:
    os.chdir(work)
    os.environ.pop("SPARSYS_DATA", None)
    main()
    os.chdir("/")
print(f"{len(failures)} failures")
sys.exit(1 if failures else 0)
