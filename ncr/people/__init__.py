"""Who takes part: partners, teams, accounts, roles, sign-in and tokens."""
