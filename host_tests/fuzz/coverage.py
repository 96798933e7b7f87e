"""What the code under test has reached: a mark at every branch, put there as the code is imported.

    follow(("agent",))           before anything of `agent` is imported
    HITS.clear(); ...; HITS.seen()   an integer, one bit a branch

Marks are statements in the syntax tree, so this costs a few per cent, works on every CPython, and line
numbers stay as they are.
"""

import ast
import sys
from importlib.machinery import PathFinder, SourceFileLoader

_NAME = "_fuzz_hits"
_BLOCKS = ("body", "orelse", "finalbody")


class Hits:
    """The marks: `marks[n]` is 1 once branch n was reached. tokens: constants of the code."""

    def __init__(self):
        self.marks = bytearray()
        self.tokens = {}

    def place(self):
        """A new branch's number."""
        self.marks.append(0)
        return len(self.marks) - 1

    def clear(self):
        """Forget what was reached."""
        self.marks[:] = bytes(len(self.marks))

    def seen(self):
        """What was reached since `clear`, as an integer with one bit for each branch (every 8th)."""
        return int.from_bytes(self.marks, "little")


HITS = Hits()


class _Marker(ast.NodeTransformer):
    """Puts a mark at the head of every block, and before every later operand of `and`, `or`, `if else`."""

    def visit(self, node):
        self.generic_visit(node)
        if isinstance(node, ast.Constant):
            HITS.tokens[node.value] = None
        elif isinstance(node, ast.BoolOp):
            node.values[1:] = [self._marked(value) for value in node.values[1:]]
        elif isinstance(node, ast.IfExp):
            node.body, node.orelse = self._marked(node.body), self._marked(node.orelse)
        elif isinstance(node, ast.If) and not node.orelse:
            node.orelse = [self._mark(node)]
            node.body.insert(0, self._mark(node))
            return node
        if not isinstance(node, (ast.Module, ast.ClassDef)):
            for name in _BLOCKS:
                block = getattr(node, name, None)
                if isinstance(block, list) and block and isinstance(block[0], ast.stmt):
                    block.insert(1 if _is_text(block[0]) else 0, self._mark(block[0]))
        return node

    def _mark(self, at):
        place = ast.Subscript(_hits(), ast.Constant(HITS.place()), ast.Store())
        return _at(ast.Assign([place], ast.Constant(1)), at)

    def _marked(self, value):
        put = ast.Attribute(_hits(), "__setitem__", ast.Load())
        call = ast.Call(put, [ast.Constant(HITS.place()), ast.Constant(1)], [])
        pair = ast.Tuple([call, value], ast.Load())
        return _at(ast.Subscript(pair, ast.Constant(1), ast.Load()), value)


def _hits():
    return ast.Name(_NAME, ast.Load())


def _at(node, place):
    return ast.fix_missing_locations(ast.copy_location(node, place))


def _is_text(node):
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


class _Loader(SourceFileLoader):
    def get_code(self, fullname):
        path = self.get_filename(fullname)
        tree = _Marker().visit(ast.parse(self.get_data(path), path))
        return compile(tree, path, "exec", dont_inherit=True)

    def exec_module(self, module):
        module.__dict__[_NAME] = HITS.marks
        super().exec_module(module)


class _Finder:
    def __init__(self, prefixes):
        self._prefixes = tuple(prefixes)

    def find_spec(self, fullname, path=None, target=None):
        if not (fullname + ".").startswith(self._prefixes):
            return None
        spec = PathFinder.find_spec(fullname, path)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = _Loader(fullname, spec.origin)
        return spec


def follow(packages):
    """Mark the modules of these packages (dotted names) when they are imported from now on."""
    sys.meta_path.insert(0, _Finder(name + "." for name in packages))
