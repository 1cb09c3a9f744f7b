# SPDX-License-Identifier: Apache-2.0
"""The table rtl/top/interface.toml, read and checked."""
import dataclasses
import re
import tomllib
from typing import Any

TABLE = "rtl/top/interface.toml"
ACCESSES = ("RO", "RW", "WO", "W1C")
WORD_BITS = 64  # of a command's words
KEYS = {
    "registers": {"offset", "name", "access", "reset", "note", "idle", "fields"},
    "header": {"word", "bits", "name", "about"},
    "opcodes": {"code", "name", "channel", "does", "address", "fields"},
    "errors": {"code", "name", "cause", "detail"},
    "image": {"words", "name", "about"},
}
FIELD_KEYS = {"bits", "name", "about", "at", "with", "min", "max", "length"}


class Error(Exception):
    """One line for people."""


@dataclasses.dataclass
class Field:
    """Bits of a register or of a command's word; `at`: "flags", a word's number, or "" of a
    register."""
    bits: str
    name: str
    about: str = ""
    at: str = ""
    needs: str = ""  # the flag without which it is 0
    min: int | None = None
    max: int | None = None
    length: bool = False

    @property
    def low(self) -> int:
        return int(self.bits.rpartition(":")[2])

    @property
    def width(self) -> int:
        return int(self.bits.partition(":")[0]) - self.low + 1

    @property
    def mask(self) -> int:
        return (1 << self.width) - 1 << self.low


@dataclasses.dataclass
class Register:
    name: str
    offset: int
    access: str
    reset: int | None  # None: tells parameters
    note: str
    idle: bool  # written while not running only
    fields: list[Field]

    @property
    def mask(self) -> int:
        return sum(field.mask for field in self.fields)


@dataclasses.dataclass
class Opcode:
    name: str
    code: int
    channel: str
    does: str
    address: str  # "always", "never", or the flag that uses it
    fields: list[Field]

    def flag(self, name: str) -> Field:
        return next(f for f in self.fields if f.at == "flags" and f.name == name)

    @property
    def flags(self) -> int:
        return sum(field.mask for field in self.fields if field.at == "flags")

    def used(self, word: int, *, conditional: bool = True) -> int:
        """Bits of word 2 or 3 that fields take; without `conditional` those that need no flag."""
        return sum(field.mask for field in self.fields
                   if field.at == str(word) and (conditional or not field.needs))


@dataclasses.dataclass
class Interface:
    version: dict[str, int]
    constants: dict[str, dict[str, Any]]
    registers: list[Register]
    header: list[Field]
    channels: dict[str, int]
    opcodes: list[Opcode]
    errors: list[dict[str, Any]]
    image: list[dict[str, Any]]

    def header_field(self, name: str) -> Field:
        return next(field for field in self.header if field.name == name)


def read_field(where: str, entry: dict[str, Any], bits: int) -> Field:
    if unknown := set(entry) - FIELD_KEYS:
        raise Error(f"{where}: unknown key {min(unknown)}")
    if not {"bits", "name"} <= set(entry):
        raise Error(f"{where}: a field without bits or name")
    if not re.fullmatch(r"\d+(:\d+)?", entry["bits"]):
        raise Error(f"{where}.{entry['name']}: bits are \"high:low\" or \"n\"")
    field = Field(entry["bits"], entry["name"], entry.get("about", ""), entry.get("at", ""),
                  entry.get("with", ""), entry.get("min"), entry.get("max"),
                  entry.get("length", False))
    if field.width < 1 or field.low + field.width > bits:
        raise Error(f"{where}.{field.name}: bits {field.bits} are not within {bits}")
    return field


def refuse_overlaps(where: str, fields: list[Field]) -> None:
    taken: dict[str, int] = {}
    names = [field.name for field in fields]
    for field in fields:
        if names.count(field.name) > 1:
            raise Error(f"{where}: two fields {field.name}")
        if taken.get(field.at, 0) & field.mask:
            raise Error(f"{where}.{field.name}: overlaps another field")
        taken[field.at] = taken.get(field.at, 0) | field.mask


def read_register(entry: dict[str, Any]) -> Register:
    where = entry["name"]
    fields = [read_field(where, field, 32) for field in entry["fields"]]
    refuse_overlaps(where, fields)
    register = Register(where, entry["offset"], entry["access"], entry.get("reset"),
                        entry.get("note", ""), entry.get("idle", False), fields)
    if register.access not in ACCESSES:
        raise Error(f"{where}: access {register.access} is none of {', '.join(ACCESSES)}")
    if register.offset % 4 or not 0 <= register.offset < 4096:
        raise Error(f"{where}: offset {register.offset:#x} is no word of a page")
    if register.reset is not None and register.reset & ~register.mask:
        raise Error(f"{where}: reset value {register.reset:#x} has bits of no field")
    if register.idle and register.access != "RW":
        raise Error(f"{where}: idle, but not RW")
    return register


def read_opcode(entry: dict[str, Any], channels: dict[str, int]) -> Opcode:
    where = entry["name"]
    fields = [read_field(where, field, 8 if field.get("at") == "flags" else WORD_BITS)
              for field in entry.get("fields", [])]
    refuse_overlaps(where, fields)
    flags = [field.name for field in fields if field.at == "flags"]
    for field in fields:
        if field.at not in ("flags", "2", "3"):
            raise Error(f"{where}.{field.name}: at is flags, 2 or 3")
        if field.needs and field.needs not in flags:
            raise Error(f"{where}.{field.name}: with {field.needs}, which is no flag")
    if entry["channel"] not in (*channels, "none"):
        raise Error(f"{where}: no channel {entry['channel']}")
    if entry["address"] not in ("always", "never", *flags):
        raise Error(f"{where}: address is always, never or a flag")
    return Opcode(where, entry["code"], entry["channel"], entry["does"], entry["address"], fields)


def read_header(entry: dict[str, Any]) -> Field:
    """A field of every command's word 0 or 1."""
    bits = {key: value for key, value in entry.items() if key != "word"}
    return read_field("header", {**bits, "at": str(entry["word"])}, WORD_BITS)


def refuse_repeats(what: str, values: list[Any]) -> None:
    for value in values:
        if values.count(value) > 1:
            raise Error(f"{what}: {value} twice")


def refuse_unknown_keys(table: dict[str, Any]) -> None:
    for kind, known in KEYS.items():
        for entry in table[kind]:
            if unknown := set(entry) - known:
                raise Error(f"{kind}: unknown key {min(unknown)} in {entry.get('name', entry)}")


def read(text: str) -> Interface:
    """Raises Error, with one line that names the entry."""
    try:
        table = tomllib.loads(text)
        refuse_unknown_keys(table)
        interface = Interface(
            table["version"], table["constants"], [read_register(r) for r in table["registers"]],
            [read_header(entry) for entry in table["header"]],
            table["channels"], [read_opcode(o, table["channels"]) for o in table["opcodes"]],
            table["errors"], table["image"])
        refuse_overlaps("header", interface.header)
        refuse_repeats("offset of a register", [r.offset for r in interface.registers])
        refuse_repeats("register", [r.name for r in interface.registers])
        refuse_repeats("opcode", [o.code for o in interface.opcodes])
        refuse_repeats("opcode", [o.name for o in interface.opcodes])
        refuse_repeats("error", [e["code"] for e in interface.errors])
        refuse_repeats("error", [e["name"] for e in interface.errors])
    except tomllib.TOMLDecodeError as error:
        raise Error(f"{TABLE}: {error}") from None
    except KeyError as error:
        raise Error(f"{TABLE}: no {error.args[0]}") from None
    except Error as error:
        raise Error(f"{TABLE}: {error}") from None
    return interface
