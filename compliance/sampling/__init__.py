"""Random review: what is drawn, by which seed, and what it showed."""

from compliance.sampling.services import plan_draw, sample_review

__all__ = ["plan_draw", "sample_review"]
