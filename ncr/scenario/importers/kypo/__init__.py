"""KYPO, now CyberRangeCZ: sandbox topologies and linear trainings."""
