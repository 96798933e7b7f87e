"""The one error of the setup."""


class NotHad(Exception):
    """Something could not be fetched or does not run here; the text says why and what to do."""
