"""Open Cyber Range SDL, as its reference parser 0.21 reads it and Ranger runs it."""
