"""The two shapes that everything here passes around."""

from typing import Any

# A row of the simulated corp. WeCom's own JSON objects are open-ended, so a typed class per object
# would only repeat the contract; each module documents the keys it writes.
Doc = dict[str, Any]
Docs = list[Doc]
