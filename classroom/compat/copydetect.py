"""What copydetect compares code with; its documented interface compares whole folders."""

from copydetect.utils import filter_code, winnow

__all__ = ["filter_code", "winnow"]
