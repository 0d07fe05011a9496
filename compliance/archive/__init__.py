"""The message archive, stage by stage: pull, decode (and log), scan. Each stage can be repeated."""
