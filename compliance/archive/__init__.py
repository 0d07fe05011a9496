"""The message archive, stage by stage: pull, decode, seal, scan. Each stage can be repeated."""
