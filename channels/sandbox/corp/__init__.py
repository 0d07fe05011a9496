"""What happens inside the simulated corp, whoever causes it: an API call or a person."""
