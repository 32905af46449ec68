"""nbformat, imported without what it has no use for.

It validates by `jsonschema`, which looks for packages that validate addresses. One of them,
`rfc3987_syntax`, compiles 39 grammars when it is imported, for 1.4 s; no notebook's schema asks for
an address.
"""

import sys

UNUSED = "rfc3987_syntax"
if "jsonschema" not in sys.modules and UNUSED not in sys.modules:
    sys.modules[UNUSED] = None  # as if it were not installed
    import jsonschema  # noqa: F401

    del sys.modules[UNUSED]

from nbformat import from_dict, read  # noqa: E402

__all__ = ["from_dict", "read"]
