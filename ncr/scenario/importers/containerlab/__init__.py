"""containerlab topologies: nodes as services, links as networks of two."""
