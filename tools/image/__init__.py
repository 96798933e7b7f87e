"""Build the charger's image: the compiled modules that a board or the simulator boots."""

from tools.image.builder import BuildError, boards, build, sizes
from tools.image.compiler import CompileError

__all__ = ["BuildError", "CompileError", "boards", "build", "sizes"]
