"""Read board.json files and say what is wrong with them."""

import functools
import json
from pathlib import Path

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from tools.boards import rules
from tools.setup.places import ROOT

DESCRIPTION = "board.json"


class BoardError(Exception):
    """The description cannot be used; the text has a line for each field."""


def names():
    """Boards of the tree that are data."""
    return sorted(path.parent.name for path in (ROOT / "boards").glob("*/" + DESCRIPTION))


def folder_of(board):
    """The folder of a board: by name below boards/, or a path to one that lies elsewhere; None without."""
    for folder in (ROOT / "boards" / board, Path(board)):
        if (folder / DESCRIPTION).is_file():
            return folder
    return None


@functools.cache
def validator():
    """The schema, ready to hold descriptions against."""
    schema = json.loads((ROOT / "boards" / "board.schema.json").read_text())
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def check(board):
    """What is wrong with a description (a dict): ["field: reason"], empty when nothing is."""
    found = []
    for error in validator().iter_errors(board):
        if error.context:  # of several forms, tell about the one that was meant
            error = best_match([error])
        field = ".".join(str(part) for part in error.absolute_path) or "board.json"
        found.append("%s: %s" % (field, error.message))
    return found or rules.errors(board)


def checked(folder):
    """The description in a folder, as a dict. BoardError when it is not as it should be."""
    path = Path(folder) / DESCRIPTION
    try:
        board = json.loads(path.read_text())
    except OSError as error:
        raise BoardError("%s: %s" % (path, error.strerror)) from error
    except ValueError as error:
        raise BoardError("%s: not JSON: %s" % (path, error)) from error
    found = check(board)
    if not found and board["name"] != Path(folder).resolve().name:
        found.append("name: the folder's name is %s" % Path(folder).resolve().name)
    if found:
        raise BoardError("\n".join("%s: %s" % (path.parent.name, line) for line in found))
    return board
