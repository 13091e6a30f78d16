"""The rehearsal: a scenario proven on the real engine, by two teams on a told clock, before people rely on it."""
