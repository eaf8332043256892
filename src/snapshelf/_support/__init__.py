"""What every room may use: SQL, settings, cores, ids."""
