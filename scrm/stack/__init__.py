"""Starts the whole product on one machine: for the demo, the smoke run and integration tests."""
