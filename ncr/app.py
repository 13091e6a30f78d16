"""The composition root: picks the database and the engine from the settings and wires the rooms together."""
