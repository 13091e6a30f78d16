"""What is exercised: the scenario format, read and proven, as pure data."""
