"""The published JSON Schemas, as the service uses them (docs/wire/schemas)."""

import json
import re
from functools import cache
from pathlib import Path

from jsonschema import Draft202012Validator, validators
from jsonschema.exceptions import ValidationError, best_match
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from tools.cloud.errors import Refused

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "wire" / "schemas"


def _pattern(_validator, pattern, value, _schema):
    # Python's $ also matches before a last line feed, ECMA-262's (which JSON Schema means) does not.
    if isinstance(value, str) and not re.search(re.sub(r"\$$", r"\\Z", pattern), value):
        yield ValidationError(f"{value!r} does not match {pattern!r}")


# JSON Schema takes 1.0 for an integer; a register or a duration written like that is refused.
_Validator = validators.extend(
    Draft202012Validator,
    {"pattern": _pattern},
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine(
        "integer", lambda _, value: isinstance(value, int) and not isinstance(value, bool)
    ),
)


@cache
def _registry() -> Registry:
    files = sorted(FOLDER.glob("*.json"))
    if not files:
        raise FileNotFoundError(f"{FOLDER}: the published schemas are missing")
    return Registry().with_resources((path.name, _resource(path)) for path in files)


def _resource(path: Path) -> Resource:
    schema = json.loads(path.read_text())
    # With its own $schema a file would be checked by the library's class instead of _Validator.
    schema.pop("$schema")
    return DRAFT202012.create_resource(schema)


@cache
def validator(name: str) -> Draft202012Validator:
    """The validator of one published schema, such as "record" or "common.json#/$defs/uid"."""
    reference = name if "#" in name else f"{name}.json"
    return _Validator({"$ref": reference}, registry=_registry())


@cache
def pattern(name: str) -> re.Pattern:
    """The pattern of a shared definition, such as "uid", for values by the ten thousand."""
    common = _registry().contents("common.json")
    return re.compile(re.sub(r"\$$", r"\\Z", common["$defs"][name]["pattern"]))


def problem(name: str, value: object) -> str:
    """What is wrong with a value by a published schema, naming the member; "" when nothing is."""
    error = best_match(validator(name).iter_errors(value))
    if error is None:
        return ""
    member = ".".join(str(step) for step in error.absolute_path)
    message = error.message if len(error.message) <= 160 else error.message[:157] + "..."
    return f"{member}: {message}" if member else message


def check(name: str, value: object) -> None:
    """Refused("bad_value") when a value does not match a published schema."""
    why = problem(name, value)
    if why:
        raise Refused("bad_value", why)
