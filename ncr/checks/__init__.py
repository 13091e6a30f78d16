"""Is it up: probes that judge a team's services."""
