"""The one exception for what the people who run a review can mend themselves."""


class ReviewError(ValueError):
    """The settings, the data or the call are at fault; the message says which, where, and what is allowed."""
