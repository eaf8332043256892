"""The shop's own rules: boost, bury, pin, hide and redirect."""
