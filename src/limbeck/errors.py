"""The one exception that is meant for people."""


class UserError(Exception):
    """Something that the user can mend: one line that says what, where and what is allowed."""
