"""No secret is compared with an operator that ends at the first difference."""

import ast

from tools.setup import ROOT

SECRET = ("hmac", "digest", "check", "signature", "expected", "mac", "master", "wrapped")
# A hash that travels in the open, in a message that is signed: not a secret.
OPEN = {("listupdate.py", "digest != self._sha")}


def names(node):
    """Every name in an expression."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name):
            yield inner.id
        elif isinstance(inner, ast.Attribute):
            yield inner.attr


def compared(source):
    """The comparisons by == or != that a secret takes part in."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Compare):
            continue
        if not any(isinstance(op, (ast.Eq, ast.NotEq)) for op in node.ops):
            continue
        sides = [node.left, *node.comparators]
        if any(isinstance(side, ast.Call) and "len" in names(side) for side in sides):
            continue
        words = [word.lower() for side in sides for word in names(side)]
        if any(secret in word.split("_") for word in words for secret in SECRET):
            yield ast.unparse(node)


def test_equality_is_never_asked_of_a_secret():
    found = set()
    for folder in ("agent", "firmware"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            found |= {(path.name, text) for text in compared(path.read_text())}
    assert found <= OPEN, found - OPEN


def test_such_a_comparison_would_be_found():
    for source in ("if signature == given: pass", "a = hmac_sha256(k, b) != c", "m.master == n"):
        assert list(compared(source)), source
    assert not list(compared("len(master) != 32"))
