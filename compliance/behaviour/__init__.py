"""What employees do, apart from what they say: facts of the event stream, the trail, the archive.

Each rule looks back over a short window and names causes by their condition, so that running it
again, or late, raises nothing twice.
"""

from compliance.behaviour.rules import RULES, Rule, run

__all__ = ["RULES", "Rule", "run"]
