"""Boards as data: find them, and hold their descriptions against the schema and the rules of their chips."""

from tools.boards.checker import BoardError, check, checked, folder_of, names

__all__ = ["BoardError", "check", "checked", "folder_of", "names"]
