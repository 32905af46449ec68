"""What copydetect compares code with; it calls its own comparison of whole folders its interface."""

from copydetect.utils import filter_code, winnow

__all__ = ["filter_code", "winnow"]
