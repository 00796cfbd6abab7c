"""What can be wrong with the data folder or the database, in words for the operator."""


class StoreError(Exception):
    """The store cannot be opened; the message is one line that says why and what to do."""
